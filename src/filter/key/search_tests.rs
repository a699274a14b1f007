// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::testing::Random;

/// Colours of a background: so many of a hundred like one, the others gray, with noise.
fn background(rgb: u32, of_hundred: usize) -> Vec<[f32; 2]> {
    let mut random = Random::new(3);
    let [u, v] = chroma(rgb, Matrix::Bt601);
    let color = |i: usize| {
        let screen = f32::from(u8::from(i % 100 < of_hundred));
        [u, v].map(|c| NEUTRAL + c * screen + 0.01 * random.normal())
    };
    (0..2000).map(color).collect()
}

fn found(wanted: KeyColor, samples: &[[f32; 2]]) -> Option<Found> {
    let mut search = Search::default();
    search.look(wanted, Matrix::Bt601, samples, 1.0);
    search.seen()
}

#[test]
fn a_screen_is_found_by_its_name_in_other_light() {
    let named = KeyColor::Named(0x00_ff00);
    // As a camera sees a green cloth, bright, dim, bluish and yellowish.
    for cloth in [0x3c_b45a, 0x1e_5a32, 0x14_9b78, 0x50_a01e] {
        let of = found(named, &background(cloth, 60)).unwrap_or_else(|| panic!("{cloth:06x}"));
        let wanted = KeyAxis::of(chroma(cloth, Matrix::Bt601)).unwrap();
        assert!(of.axis.cosine(wanted) > 0.99, "{cloth:06x}");
    }
    assert_eq!(found(named, &background(0x00_47bb, 60)), None, "a blue one");
    assert_eq!(found(named, &background(0x3c_b45a, 4)), None, "a plant");
    assert_eq!(found(named, &background(0xc8_b496, 100)), None, "a wall");
    assert_eq!(found(named, &[]), None);
}

#[test]
fn green_and_blue_screens_are_found_by_themselves_and_nothing_else() {
    for screen in [0x00_b140, 0x3c_b45a, 0x00_47bb, 0x28_50a0] {
        let of = found(KeyColor::Auto, &background(screen, 50));
        let of = of.unwrap_or_else(|| panic!("{screen:06x}"));
        let wanted = KeyAxis::of(chroma(screen, Matrix::Bt601)).unwrap();
        assert!(of.axis.cosine(wanted) > 0.99, "{screen:06x}");
    }
    for other in [0xc8_b496, 0xa0_6e46, 0xe0_b090, 0x80_8080, 0xff_00ff] {
        let of = found(KeyColor::Auto, &background(other, 100));
        assert_eq!(of, None, "{other:06x}");
    }
    assert_eq!(found(KeyColor::Auto, &background(0x00_b140, 15)), None);
}

#[test]
fn a_screen_is_followed_and_lost_slowly() {
    let mut search = Search::default();
    let named = KeyColor::Named(0x00_b140);
    let mut look = |samples: &[[f32; 2]]| {
        search.look(named, Matrix::Bt709, samples, 1.0);
        (search.seen(), search.known().is_some())
    };
    let bright = look(&background(0x3c_b45a, 60)).0.unwrap();
    let mut dim = bright;
    for _ in 0..90 {
        dim = look(&background(0x28_783c, 60)).0.unwrap();
    }
    let length = |c: [f32; 2]| c[0].hypot(c[1]);
    assert!(length(dim.color) < 0.75 * length(bright.color));
    for _ in 0..500 {
        assert!(look(&[]).0.is_some(), "nothing to be seen is no sign");
    }
    for _ in 0..10 {
        assert_eq!(
            look(&background(0, 0)),
            (None, true),
            "it is not heard at once"
        );
    }
    let back = look(&background(0x28_783c, 60)).0.unwrap();
    assert!((length(back.color) - length(dim.color)).abs() < 0.01);
    for _ in 0..20 {
        look(&background(0, 0));
    }
    assert_eq!(look(&background(0, 0)), (None, false));
}

/// Somebody covers the screen for long, or a hand the camera: what is seen of it then is enough, and
/// it has the colour that it had.
#[test]
fn a_screen_that_was_covered_is_recognised() {
    let (auto, matrix) = (KeyColor::Auto, Matrix::Bt709);
    let (whole, part) = (background(0x28_783c, 60), background(0x28_783c, 15));
    assert_eq!(found(auto, &part), None, "too little for a stranger");
    let mut search = Search::default();
    assert!(search.look(auto, matrix, &whole, 1.0), "it is new");
    let before = search.seen().unwrap();
    for _ in 0..3000 {
        assert!(!search.look(auto, matrix, &background(0, 0), 1.0));
    }
    assert_eq!((search.seen(), search.known()), (None, None));
    assert!(!search.look(auto, matrix, &background(0x28_783c, 7), 1.0));
    assert_eq!(search.seen(), None, "a plant");
    assert!(
        !search.look(auto, matrix, &part, 1.0),
        "it hangs where it did"
    );
    let back = search.seen().unwrap();
    assert!((back.length() - before.length()).abs() < 0.02);
    search.lose();
    assert!(!search.look(auto, matrix, &[], 1.0));
    assert_eq!((search.seen(), search.known()), (None, None));
    assert!(search.look(auto, matrix, &part, 1.0), "another scene");
    assert!(search.seen().is_some());
    search.reset();
    assert!(!search.look(auto, matrix, &part, 1.0));
    assert_eq!(search.seen(), None, "nothing is known after a reset");
}

#[test]
fn another_screen_takes_the_place_of_one_that_is_gone() {
    let (auto, matrix) = (KeyColor::Auto, Matrix::Bt709);
    let mut search = Search::default();
    search.look(auto, matrix, &background(0x00_b140, 60), 1.0);
    let green = search.seen().unwrap();
    let blue = background(0x00_47bb, 60);
    let mut frames = 0;
    while !search.look(auto, matrix, &blue, 1.0) {
        assert_eq!(search.seen(), None);
        frames += 1;
    }
    assert!((10..20).contains(&frames), "{frames}");
    assert!(search.seen().unwrap().axis.cosine(green.axis) < 0.5);
}
