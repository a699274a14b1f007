// SPDX-License-Identifier: MPL-2.0

use super::*;

const SIZE: (usize, usize) = (60, 40);

/// Where the key may add, with ground drawn by a function.
fn permitted(ground: impl Fn(usize, usize) -> Ground) -> Plane {
    let places: Vec<_> = (0..SIZE.0 * SIZE.1)
        .map(|n| ground(n % SIZE.0, n / SIZE.0))
        .collect();
    let mut out = Plane::new(SIZE.0, SIZE.1);
    Permit::default().find(crate::simd::level(), &places, &mut out);
    out
}

/// A person in the middle, to the lower border.
fn person(x: usize, y: usize) -> bool {
    (24..36).contains(&x) && y >= 10
}

fn before(x: usize, y: usize, back: Ground) -> Ground {
    match person(x, y) {
        true => Ground::Subject,
        false => back,
    }
}

#[test]
fn before_a_screen_it_may() {
    let out = permitted(|x, y| before(x, y, Ground::Screen));
    assert!(out.data().iter().all(|v| *v == 1.0));
}

#[test]
fn before_a_room_it_may_not() {
    let out = permitted(|x, y| before(x, y, Ground::Room));
    assert!(out.data().iter().all(|v| *v == 0.0));
}

/// The screen ends behind the person: on one side of the person there is room, and how far it
/// reaches behind the person is not known.
#[test]
fn where_the_screen_is_on_one_side_only_it_may_not() {
    let out = permitted(|x, y| before(x, y, if x < 30 { Ground::Screen } else { Ground::Room }));
    for y in 12..SIZE.1 {
        assert!(out.row(y)[23..].iter().all(|v| *v == 0.0), "row {y}");
    }
    assert_eq!(out.row(20)[5], 1.0);
}

/// Nothing is known of what lies beyond the picture's border.
#[test]
fn at_the_pictures_border_it_may_not() {
    let out = permitted(|x, _| {
        if x >= 40 {
            Ground::Subject
        } else {
            Ground::Screen
        }
    });
    assert!((0..SIZE.1).all(|y| out.row(y)[40..].iter().all(|v| *v == 0.0)));
}

#[test]
fn near_the_screens_edge_it_may_not() {
    let out = permitted(|x, y| before(x, y, if y < 20 { Ground::Room } else { Ground::Screen }));
    for x in [22, 23, 24, 35, 36] {
        assert_eq!(out.row(18)[x], 0.0);
        assert_eq!(out.row(21)[x], 0.0);
        assert_eq!(out.row(32)[x], 1.0);
    }
}
