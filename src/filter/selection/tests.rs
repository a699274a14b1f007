// SPDX-License-Identifier: MPL-2.0

//! People of one colour each walk about; what is shown of them is counted, pixel by pixel.

use super::*;
use crate::filter::Plane;
use crate::filter::regions::hysteresis::{RegionParams, Regions};
use crate::filter::scene::{Colors, chroma_size};
use SubjectSelect::{Largest, Nearest, Point};

const SIZE: (usize, usize) = (128, 72);
const CENTRE: [f32; 2] = [0.5, 0.5];

/// Somebody: where they stand, how wide they are, and their colours.
#[derive(Debug, Clone, Copy)]
struct Person {
    x: f32,
    radius: f32,
    clothes: (f32, f32, f32),
    head: (f32, f32, f32),
    /// Rows from the bottom at which no leg is seen.
    ankles: (usize, usize),
}

const RED: (f32, f32, f32) = (0.4, 0.45, 0.7);
const BLUE: (f32, f32, f32) = (0.3, 0.65, 0.45);
const GRAY: (f32, f32, f32) = (0.75, 0.5, 0.5);
const SKIN: (f32, f32, f32) = (0.65, 0.44, 0.58);
const BLACK: (f32, f32, f32) = (0.06, 0.5, 0.5);

fn person(x: f32, radius: f32, clothes: (f32, f32, f32)) -> Person {
    Person {
        x,
        radius,
        clothes,
        head: SKIN,
        ankles: (0, 0),
    }
}

/// The colour of somebody at a place: a head on a body, both wider than high at the bottom.
fn at(person: &Person, x: usize, y: usize) -> Option<(f32, f32, f32)> {
    let (row, r) = (y, person.radius);
    let (dx, y) = ((x as f32 - person.x).abs(), y as f32);
    let top = SIZE.1 as f32 - 4.0 * r;
    let head = dx.hypot(y - (top + r * 0.7)) < r * 0.7;
    let legs = !(person.ankles.0..person.ankles.1).contains(&(SIZE.1 - row));
    let body = y > top + r * 1.2 && dx < r && legs;
    match (head, body) {
        (true, _) => Some(person.head),
        (_, true) => Some(person.clothes),
        _ => None,
    }
}

/// A scene and what is known of it.
struct Scene {
    regions: Regions,
    selection: Selection,
    rule: SubjectSelect,
    point: [f32; 2],
    frames: f32,
}

/// Pixels that are shown of each person, and how many each has in sight.
#[derive(Debug)]
struct Shown {
    of: Vec<(usize, usize)>,
}

impl Shown {
    /// Share of what is in sight of a person that is shown; 0 of nothing.
    fn share(&self, person: usize) -> f32 {
        let (shown, all) = self.of[person];
        shown as f32 / all.max(1) as f32
    }
}

impl Scene {
    fn new(rule: SubjectSelect, point: [f32; 2]) -> Self {
        Self {
            regions: Regions::default(),
            selection: Selection::default(),
            rule,
            point,
            frames: 1.0,
        }
    }

    /// Shows the next frame; the first person is in front.
    fn show(&mut self, people: &[Person]) -> Shown {
        let half = chroma_size(SIZE);
        let (mut luma, mut matte) = (Plane::new(SIZE.0, SIZE.1), Plane::new(SIZE.0, SIZE.1));
        let (mut u, mut v) = (Plane::new(half.0, half.1), Plane::new(half.0, half.1));
        let mut whose = vec![None; SIZE.0 * SIZE.1];
        for y in 0..SIZE.1 {
            for x in 0..SIZE.0 {
                let mut people = people.iter().enumerate();
                let seen = people.find_map(|(i, person)| Some((i, at(person, x, y)?)));
                // A room with a little of everything.
                let color = seen.map_or((((x * 7 + y * 3) % 16) as f32 / 16.0, 0.5, 0.5), |s| s.1);
                luma.row_mut(y)[x] = color.0;
                u.row_mut(y / 2)[x / 2] = color.1;
                v.row_mut(y / 2)[x / 2] = color.2;
                matte.row_mut(y)[x] = f32::from(u8::from(seen.is_some()));
                whose[y * SIZE.0 + x] = seen.map(|s| s.0);
            }
        }
        let params = RegionParams {
            low: 0.3,
            high: 0.7,
            min_area: 15.0,
            max_hole: 4.0,
        };
        let level = crate::simd::level();
        self.regions.find(level, &matte, &params);
        let picture = Picture {
            regions: &self.regions,
            colors: Colors {
                luma: &luma,
                chroma: [&u, &v],
            },
            per_row: (1.0, 1.0),
        };
        let wanted = Wanted {
            rule: self.rule,
            point: self.point,
        };
        let shown = self.selection.apply(level, picture, self.frames, wanted);
        let mut of = vec![(0, 0); people.len()];
        for (shown, whose) in shown.iter().zip(&whose) {
            match whose {
                Some(whose) => {
                    of[*whose].0 += usize::from(*shown);
                    of[*whose].1 += 1;
                }
                None => assert_eq!(*shown, 0, "the room is shown"),
            }
        }
        Shown { of }
    }
}

#[test]
fn each_rule_shows_one_whole_person_and_nothing_of_the_others() {
    let people = [
        person(20.0, 12.0, RED),
        person(66.0, 8.0, BLUE),
        person(110.0, 9.0, GRAY),
    ];
    for (rule, point, chosen) in [
        (Largest, CENTRE, 0),
        (Nearest, CENTRE, 1),
        (Point, [0.86, 0.7], 2),
        (Point, [0.15, 0.8], 0),
    ] {
        let mut scene = Scene::new(rule, point);
        for _ in 0..30 {
            let shown = scene.show(&people);
            for i in 0..people.len() {
                let expected = if i == chosen { 1.0 } else { 0.0 };
                assert_eq!(shown.share(i), expected, "{rule:?} {point:?} {i} {shown:?}");
            }
        }
    }
}

#[test]
fn at_a_point_where_nobody_is_nobody_is_shown() {
    let mut scene = Scene::new(Point, [0.02, 0.02]);
    let people = [person(64.0, 12.0, RED)];
    for _ in 0..100 {
        assert_eq!(scene.show(&people).share(0), 0.0);
    }
    // The point moves onto the person, and the person walks away from it.
    scene.point = [0.5, 0.8];
    for frame in 0..40 {
        let people = [person(64.0 + frame as f32, 12.0, RED)];
        assert_eq!(scene.show(&people).share(0), 1.0);
    }
}

/// Two walk past each other, behind or before, at several frame rates.
#[test]
fn two_that_cross_keep_their_identities() {
    for (chosen_in_front, speed) in [(true, 1.0), (false, 1.0), (true, 2.5), (false, 2.5)] {
        let mut scene = Scene::new(Point, [0.16, 0.8]);
        scene.frames = speed;
        let (mut least, mut most_other) = (1.0f32, 0.0f32);
        let mut x = 20.0;
        while x < 108.0 {
            let chosen = person(x, 11.0, RED);
            let other = person(128.0 - x, 11.0, BLUE);
            let shown = match chosen_in_front {
                true => scene.show(&[chosen, other]),
                false => {
                    let mut shown = scene.show(&[other, chosen]);
                    shown.of.reverse();
                    shown
                }
            };
            let apart = (128.0 - 2.0 * x).abs() > 26.0;
            if apart {
                assert!(
                    shown.share(0) > 0.99,
                    "{chosen_in_front} {speed} {x} {shown:?}"
                );
                assert_eq!(shown.of[1].0, 0, "{chosen_in_front} {speed} {x} {shown:?}");
            } else if shown.of[0].1 > 100 {
                least = least.min(shown.share(0));
            }
            // Of a whole person.
            most_other = most_other.max(shown.of[1].0 as f32 / 900.0);
            x += speed;
        }
        assert!(
            most_other < 0.15,
            "{chosen_in_front} {speed}: {most_other} of the other"
        );
        assert!(
            least > 0.6,
            "{chosen_in_front} {speed}: {least} of the chosen one"
        );
    }
}

/// The other one passes before the chosen one, with hair of the colour of the chosen one's clothes;
/// the chosen one's feet are a region of their own.
#[test]
fn hair_of_the_same_colour_stays_hidden_and_feet_alone_do_not_lose_anybody() {
    for speed in [1.0, 2.0] {
        let mut scene = Scene::new(Point, [0.5, 0.7]);
        scene.frames = speed;
        let chosen = Person {
            ankles: (4, 7),
            ..person(64.0, 11.0, BLACK)
        };
        let mut x = 14.0;
        let mut most = 0.0f32;
        while x < 116.0 {
            let other = Person {
                head: BLACK,
                ..person(x, 11.0, GRAY)
            };
            let shown = scene.show(&[other, chosen]);
            most = most.max(shown.of[0].0 as f32 / 801.0);
            if !(38.0..=100.0).contains(&x) {
                assert_eq!(shown.of[0].0, 0, "{speed} {x} {shown:?}");
                // A foot that comes out from behind somebody may stay somebody of its own.
                assert!(shown.share(1) > 0.9, "{speed} {x} {shown:?}");
            }
            x += speed;
        }
        assert!(most < 0.1, "{speed}: {most} of the other");
    }
}

#[test]
fn who_is_hidden_for_a_moment_stays_chosen_and_nobody_takes_their_place() {
    let mut scene = Scene::new(Largest, CENTRE);
    let other = person(100.0, 9.0, BLUE);
    let chosen = person(40.0, 11.0, RED);
    for _ in 0..30 {
        scene.show(&[other, chosen]);
    }
    for _ in 0..75 {
        assert_eq!(scene.show(&[other]).of[0].0, 0);
    }
    for _ in 0..30 {
        let shown = scene.show(&[other, chosen]);
        assert_eq!((shown.share(0), shown.share(1)), (0.0, 1.0));
    }
    // Gone for good: the next one is chosen, and stays so if the first one comes back not larger.
    for _ in 0..100 {
        scene.show(&[other]);
    }
    assert_eq!(scene.show(&[other]).share(0), 1.0);
}

#[test]
fn who_leaves_and_comes_back_is_recognised_by_their_clothes() {
    let mut scene = Scene::new(Point, [0.3, 0.8]);
    let other = person(104.0, 10.0, BLUE);
    for _ in 0..60 {
        scene.show(&[person(38.0, 11.0, RED), other]);
    }
    let walk = |x: f32| person(x, 11.0, RED);
    for x in (-14..38).rev() {
        scene.show(&[walk(x as f32), other]);
    }
    for _ in 0..600 {
        assert_eq!(scene.show(&[other]).of[0].0, 0);
    }
    // A stranger comes first.
    for x in -14..20 {
        let shown = scene.show(&[person(x as f32, 11.0, GRAY), other]);
        assert_eq!((shown.of[0].0, shown.of[1].0), (0, 0), "a stranger at {x}");
    }
    for x in (-14..20).rev() {
        let shown = scene.show(&[person(x as f32, 11.0, GRAY), other]);
        assert_eq!((shown.of[0].0, shown.of[1].0), (0, 0), "a stranger at {x}");
    }
    let mut back = 0.0;
    for x in -14..38 {
        back = scene.show(&[walk(x as f32), other]).share(0);
    }
    assert_eq!(back, 1.0);
}

#[test]
fn sizes_that_swing_change_no_choice() {
    let mut scene = Scene::new(Largest, CENTRE);
    for frame in 0..300 {
        let swing = (frame as f32 * 0.7).sin();
        let people = [
            person(34.0, 10.5 + swing, RED),
            person(94.0, 10.0 - swing, BLUE),
        ];
        let shown = scene.show(&people);
        assert_eq!(
            (shown.share(0), shown.share(1)),
            (1.0, 0.0),
            "frame {frame}"
        );
    }
}

#[test]
fn a_cut_forgets_places_but_knows_clothes() {
    let mut scene = Scene::new(Point, [0.25, 0.8]);
    for _ in 0..60 {
        scene.show(&[person(32.0, 11.0, RED), person(96.0, 11.0, BLUE)]);
    }
    scene.selection.lose();
    // The other one now stands where the chosen one stood.
    for _ in 0..10 {
        let shown = scene.show(&[person(96.0, 11.0, RED), person(32.0, 11.0, BLUE)]);
        assert_eq!((shown.share(0), shown.share(1)), (1.0, 0.0));
    }
    scene.selection.reset();
    let shown = scene.show(&[person(96.0, 11.0, RED), person(32.0, 11.0, BLUE)]);
    assert_eq!((shown.share(0), shown.share(1)), (0.0, 1.0));
}

#[test]
fn any_size_and_any_content_is_taken() {
    use crate::filter::testing::{noise, sizes};
    let params = RegionParams {
        low: 0.3,
        high: 0.7,
        min_area: 0.0,
        max_hole: 0.0,
    };
    let (mut regions, mut selection) = (Regions::default(), Selection::default());
    for (i, size) in sizes().into_iter().enumerate() {
        let half = chroma_size(size);
        for seed in 0..4 {
            let level = crate::simd::level();
            let (luma, matte) = (noise(size.0, size.1, seed), noise(size.0, size.1, seed + 9));
            let (u, v) = (noise(half.0, half.1, seed), noise(half.0, half.1, seed + 1));
            regions.find(level, &matte, &params);
            let picture = Picture {
                regions: &regions,
                colors: Colors {
                    luma: &luma,
                    chroma: [&u, &v],
                },
                per_row: (0.3, 0.7),
            };
            let wanted = Wanted {
                rule: SubjectSelect::ALL[1 + i % 3],
                point: [0.0, 1.0],
            };
            let shown = selection.apply(level, picture, 0.01 + seed as f32 * 20.0, wanted);
            assert_eq!(shown.len(), size.0 * size.1);
            let owned = shown.iter().zip(regions.owners());
            assert!(owned.into_iter().all(|(s, o)| *s == 0 || *o > 0));
        }
    }
}
