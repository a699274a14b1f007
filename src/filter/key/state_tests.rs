// SPDX-License-Identifier: MPL-2.0

//! What the key remembers, and what it must not.

use super::tests::{
    Frame, HEIGHT, RAW, SKIN, WIDTH, before, cloth, network, over, params, subject,
};
use super::*;
use crate::filter::testing::disc;
use crate::filter::{KeyColor, Params, Refiner, TemporalMode, Timing};
use crate::frame::{Colorimetry, GrayImage, GrayRef};
use std::time::Duration;

const LEVEL: fn() -> Level = crate::simd::level;

/// A person before cloth whose colour is as strong as a function says.
fn dyed(seed: u64, strength: impl Fn(usize) -> f32) -> Frame {
    let alpha = subject();
    Frame::new(Colorimetry::default(), seed, |x, y| {
        let dye = over(strength(x), [0.2, 0.7, 0.3], [0.45; 3]);
        over(alpha.row(y)[x], SKIN, dye)
    })
}

/// Refines frames as those of one stream, from `n` on; the first may begin another one.
fn refine(refiner: &mut Refiner, frames: &[Frame], n: usize, discont: bool) -> Vec<GrayImage> {
    let raw = network(80.0);
    let refined = frames.iter().enumerate().map(|(i, frame)| {
        let raw = GrayRef::new(&raw, RAW.0, RAW.1, RAW.0).unwrap();
        let timing = Timing {
            pts: Some(Duration::from_secs(1) * (n + i) as u32 / 30),
            discont: discont && i == 0,
        };
        let mut out = GrayImage::default();
        refiner.apply(raw, &frame.view(), timing, &mut out).unwrap();
        out
    });
    refined.collect()
}

fn refiner(params: &Params) -> Refiner {
    let mut refiner = Refiner::new(LEVEL());
    refiner.set_params(params);
    refiner
}

/// Cloth that is washed out on the right is no proof there, though it was one before the stream
/// began anew.
#[test]
fn a_stream_that_begins_anew_is_as_a_new_one() {
    let strong: Vec<_> = (0..8).map(|n| dyed(n, |_| 1.0)).collect();
    let washed = |x: usize| if x > 250 { 0.38 } else { 1.0 };
    let weak: Vec<_> = (0..4).map(|n| dyed(20 + n, washed)).collect();
    let params = params(Some(KeyColor::Auto));
    let mut used = refiner(&params);
    refine(&mut used, &strong, 0, true);
    let anew = refine(&mut used, &weak, 8, true);
    let new = refine(&mut refiner(&params), &weak, 8, true);
    assert!(anew == new);
}

/// A key of its own that looks at frames.
fn look(key: &mut Key, frame: &Frame) -> Screen {
    let (params, level) = (params(Some(KeyColor::Auto)), LEVEL());
    let codes = network(80.0);
    let raw = GrayRef::new(&codes, RAW.0, RAW.1, RAW.0).unwrap();
    let mut matte = Plane::default();
    matte.load(raw);
    let (frame, size) = (frame.view(), (WIDTH, HEIGHT));
    key.sample(level, &params, (raw, &frame), size).unwrap();
    let matrix = frame.color().matrix;
    let screen = key.look(level, (&params, matrix), (&matte, None), 1.0);
    if screen == Screen::Seen {
        key.before_cleaning(&matte);
        key.after_cleaning(level, &matte, &RegionsOfInterest::default());
        key.draw(level, &matte, 1.0);
    }
    screen
}

/// In other light the clean plate is forgotten, and with it what was proven: what is too weak to
/// prove anything by itself proves nothing because it did before.
#[test]
fn proof_is_forgotten_with_the_plate() {
    let mut key = Key::default();
    for n in 0..4 {
        assert_eq!(look(&mut key, &dyed(n, |_| 1.0)), Screen::Seen);
    }
    assert!(key.ground.contains(&Ground::Screen));
    assert_eq!(look(&mut key, &dyed(9, |_| 0.38)), Screen::Seen);
    assert!(!key.ground.contains(&Ground::Screen));
}

/// Something covers the screen for a moment: the subject's light is still known to be the screen's.
#[test]
fn the_colour_is_known_while_the_screen_is_covered() {
    let gray = |_: usize, _: usize| [0.5; 3];
    let params = Params {
        temporal: TemporalMode::None,
        ..params(Some(KeyColor::Auto))
    };
    let mut refiner = refiner(&params);
    let seen: Vec<_> = (0..5).map(|n| before(cloth, n)).collect();
    refine(&mut refiner, &seen, 0, true);
    let color = refiner.screen().unwrap();
    let covered: Vec<_> = (0..10).map(|n| before(gray, n)).collect();
    refine(&mut refiner, &covered, 5, false);
    assert_eq!(refiner.screen(), Some(color));
    refine(&mut refiner, &covered, 15, false);
    assert_eq!(refiner.screen(), None, "it is not there any more");
}

/// Streams that take turns share scratch memory, and nothing else.
#[test]
fn scratch_memory_holds_no_past() {
    let params = params(Some(KeyColor::Auto));
    let films = [1.0, 0.7].map(|strength| {
        let frames = (0..8).map(|n| dyed(n, |x| strength + 0.3 * (x / 240) as f32));
        frames.collect::<Vec<_>>()
    });
    let alone = films
        .each_ref()
        .map(|film| refine(&mut refiner(&params), film, 0, true));
    let mut both = [refiner(&params), refiner(&params)];
    for n in 0..8 {
        for (i, refiner) in both.iter_mut().enumerate() {
            let out = refine(refiner, &films[i][n..=n], n, n == 0);
            assert!(out[0] == alone[i][n], "film {i}, frame {n}");
        }
    }
    let (mut key, mut scratch) = (Key::default(), Key::default());
    key.swap_scratch(&mut scratch);
    look(&mut key, &films[0][0]);
    key.swap_scratch(&mut scratch);
    let sizes = |key: &Key| {
        let planes = [&key.band.key, &key.small.raw, &key.matte, &key.removed];
        (planes.map(Plane::size), key.samples.capacity())
    };
    assert_eq!(sizes(&key), sizes(&Key::default()));
    assert_ne!(sizes(&scratch), sizes(&Key::default()));
}

/// Something that sticks out from behind the person, before the screen, which the network does not
/// take for subject: how far it shows more than without a key, as a share of the picture's height.
#[test]
fn what_touches_the_subject_shows_little() {
    let alpha = subject();
    let mut largest = 0.0_f32;
    for end in [324, 328, 332, 338, 480] {
        let frame = |seed| {
            Frame::new(Colorimetry::default(), seed, |x, y| {
                let stick = (240..end).contains(&x) && (140..160).contains(&y);
                let back = if stick { [0.7, 0.3, 0.3] } else { cloth(x, y) };
                over(alpha.row(y)[x], SKIN, back)
            })
        };
        let frames: Vec<_> = (0..8).map(frame).collect();
        for (width, height) in [(128, 72), (96, 54), (190, 107), (192, 108)] {
            let scale = width as f32 / WIDTH as f32;
            let middle = (240.0 * scale, 150.0 * scale);
            let matte = disc(width, height, middle, 80.0 * scale, 4.0);
            let codes = matte.data().iter().map(|v| (v * 255.0 + 0.5) as u8);
            let codes: Vec<_> = codes.collect();
            let raw = GrayRef::new(&codes, width, height, width).unwrap();
            let shown = [None, Some(KeyColor::Auto)].map(|key| {
                let (mut refiner, mut out) = (refiner(&params(key)), GrayImage::default());
                for (n, frame) in frames.iter().enumerate() {
                    let timing = Timing {
                        pts: Some(Duration::from_secs(1) * n as u32 / 30),
                        discont: false,
                    };
                    refiner.apply(raw, &frame.view(), timing, &mut out).unwrap();
                }
                let row = &out.data()[150 * WIDTH..][..WIDTH];
                row.iter().rposition(|alpha| *alpha > 25).unwrap()
            });
            let further = shown[1].saturating_sub(shown[0]) as f32 / HEIGHT as f32;
            assert!(further <= 0.045, "{width}x{height} to {end}: {further}");
            largest = largest.max(further);
        }
    }
    assert!(
        largest > 0.01,
        "{largest}: the page says more than there is"
    );
}
