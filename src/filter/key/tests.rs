// SPDX-License-Identifier: MPL-2.0

//! The key in the chain: people before screens, drawn.

use super::*;
use crate::filter::testing::{Random, disc};
use crate::filter::{KeyColor, Params, Preset, Refiner, Timing};
use crate::frame::{Colorimetry, FrameRef, GrayImage, GrayRef, PixelLayout};
use std::time::Duration;

pub(super) const WIDTH: usize = 480;
pub(super) const HEIGHT: usize = 270;
pub(super) const RAW: (usize, usize) = (128, 72);

/// An I420 frame in memory of its own.
pub(super) struct Frame {
    planes: [Vec<u8>; 3],
    color: Colorimetry,
}

impl Frame {
    /// Drawn by a function from places to colours of 0 to 1.
    pub fn new(color: Colorimetry, seed: u64, rgb: impl Fn(usize, usize) -> [f32; 3]) -> Self {
        let mut random = Random::new(seed);
        let map = color.rgb_to_yuv(8);
        let (half, rows) = (WIDTH / 2, HEIGHT / 2);
        let mut sums = vec![[0.0_f32; 2]; half * rows];
        let mut planes = [
            vec![0; WIDTH * HEIGHT],
            vec![0; half * rows],
            vec![0; half * rows],
        ];
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let rgb = rgb(x, y);
                let code = |c: usize| {
                    let sum: f32 = map.m[c].iter().zip(rgb).map(|(m, v)| m * v).sum();
                    sum + map.offset[c]
                };
                planes[0][y * WIDTH + x] = (code(0) + 2.0 * random.normal()).round() as u8;
                let sum = &mut sums[y / 2 * half + x / 2];
                *sum = [sum[0] + code(1), sum[1] + code(2)];
            }
        }
        for (i, sum) in sums.iter().enumerate() {
            for c in 0..2 {
                planes[c + 1][i] = (sum[c] / 4.0 + 1.5 * random.normal()).round() as u8;
            }
        }
        Self { planes, color }
    }

    pub fn view(&self) -> FrameRef<'_> {
        let half = WIDTH / 2;
        let planes = [
            (&self.planes[0][..], WIDTH),
            (&self.planes[1][..], half),
            (&self.planes[2][..], half),
        ];
        FrameRef::new(PixelLayout::I420, self.color, WIDTH, HEIGHT, &planes).unwrap()
    }
}

/// A person: a disc, with alpha at the edge.
pub(super) fn subject() -> Plane {
    disc(WIDTH, HEIGHT, (240.0, 150.0), 80.0, 2.0)
}

/// What a network makes of the person: coarse, and a little off.
pub(super) fn network(radius: f32) -> Vec<u8> {
    let scale = RAW.0 as f32 / WIDTH as f32;
    let matte = disc(
        RAW.0,
        RAW.1,
        (243.0 * scale, 148.0 * scale),
        radius * scale,
        3.0,
    );
    matte
        .data()
        .iter()
        .map(|v| (v * 255.0 + 0.5) as u8)
        .collect()
}

/// Cloth in light that falls off to the left and down.
pub(super) fn cloth(x: usize, y: usize) -> [f32; 3] {
    let light = 0.55 + 0.45 * x as f32 / WIDTH as f32 - 0.15 * y as f32 / HEIGHT as f32;
    [0.2, 0.7, 0.3].map(|c| c * light)
}

pub(super) fn over(alpha: f32, front: [f32; 3], back: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|i| back[i] + (front[i] - back[i]) * alpha)
}

pub(super) const SKIN: [f32; 3] = [0.75, 0.55, 0.45];

/// A person in skin colour before `back`.
pub(super) fn before(back: impl Fn(usize, usize) -> [f32; 3], seed: u64) -> Frame {
    let alpha = subject();
    Frame::new(Colorimetry::default(), seed, |x, y| {
        over(alpha.row(y)[x], SKIN, back(x, y))
    })
}

pub(super) fn params(key: Option<KeyColor>) -> Params {
    Params {
        key,
        guided_subsample: 2,
        ..Preset::Balanced.into()
    }
}

/// The matte and the screen of the last of some frames.
fn refined(params: &Params, raw: &[u8], frames: &[Frame]) -> (GrayImage, Screen) {
    let (mut refiner, mut out) = (Refiner::new(crate::simd::level()), GrayImage::default());
    refiner.set_params(params);
    let mut screen = Screen::Off;
    for (n, frame) in frames.iter().enumerate() {
        let raw = GrayRef::new(raw, RAW.0, RAW.1, RAW.0).unwrap();
        let timing = Timing {
            pts: Some(Duration::from_secs(1) * n as u32 / 30),
            discont: false,
        };
        let stats = refiner.apply(raw, &frame.view(), timing, &mut out).unwrap();
        screen = stats.screen;
    }
    (out, screen)
}

/// The mean difference from the true alpha.
fn error(out: &GrayImage, truth: &Plane) -> f32 {
    let places = out.data().iter().zip(truth.data());
    let sum: f32 = places.map(|(o, t)| (f32::from(*o) / 255.0 - t).abs()).sum();
    sum / truth.data().len() as f32
}

#[test]
fn the_edge_is_the_screens_and_not_the_networks() {
    let frames: Vec<_> = (0..8).map(|n| before(cloth, n)).collect();
    let (truth, raw) = (subject(), network(80.0));
    let (alone, screen) = refined(&params(None), &raw, &frames);
    assert_eq!(screen, Screen::Off);
    for key in [KeyColor::Auto, KeyColor::Named(0x00_b140)] {
        let (keyed, screen) = refined(&params(Some(key)), &raw, &frames);
        assert_eq!(screen, Screen::Seen);
        let (alone, keyed) = (error(&alone, &truth), error(&keyed, &truth));
        assert!(keyed < 0.3 * alone, "{key:?}: {keyed} against {alone}");
    }
}

#[test]
fn without_its_screen_the_network_is_alone() {
    let gray = |x: usize, y: usize| [0.4 + 0.2 * ((x / 20 + y / 20) % 2) as f32; 3];
    let raw = network(80.0);
    let frames: Vec<_> = (0..3).map(|n| before(gray, n)).collect();
    let (alone, _) = refined(&params(None), &raw, &frames);
    let (keyed, screen) = refined(&params(Some(KeyColor::Auto)), &raw, &frames);
    assert_eq!(screen, Screen::Missing);
    assert_eq!(alone, keyed);
    // A screen, but of another colour.
    let frames: Vec<_> = (0..3).map(|n| before(cloth, n)).collect();
    let (alone, _) = refined(&params(None), &raw, &frames);
    let blue = params(KeyColor::named(0x00_00ff));
    let (keyed, screen) = refined(&blue, &raw, &frames);
    assert_eq!(screen, Screen::Missing);
    assert_eq!(alone, keyed);
}

/// A narrow screen: what is beside it is room, though the key finds nothing of the screen there.
#[test]
fn the_room_beside_the_screen_is_not_shown() {
    let narrow = |x: usize, y: usize| match (130..350).contains(&x) {
        true => cloth(x, y),
        false => [0.6, 0.5, 0.45],
    };
    let frames: Vec<_> = (0..30).map(|n| before(narrow, n)).collect();
    let (keyed, screen) = refined(&params(Some(KeyColor::Auto)), &network(80.0), &frames);
    assert_eq!(screen, Screen::Seen);
    for y in 0..keyed.height() {
        let row = &keyed.data()[y * WIDTH..][..WIDTH];
        let room = row[..130].iter().chain(&row[350..]);
        assert_eq!(room.max(), Some(&0), "row {y}");
    }
    assert!(error(&keyed, &subject()) < 0.01);
}

#[test]
fn greenish_things_in_the_subject_stay_and_gaps_open() {
    let alpha = subject();
    let logo = disc(WIDTH, HEIGHT, (215.0, 150.0), 18.0, 2.0);
    let gap = disc(WIDTH, HEIGHT, (275.0, 160.0), 14.0, 2.0);
    let picture = |seed| {
        Frame::new(Colorimetry::default(), seed, |x, y| {
            let shirt = over(logo.row(y)[x], [0.3, 0.5, 0.34], SKIN);
            let person = over(gap.row(y)[x], cloth(x, y), shirt);
            over(alpha.row(y)[x], person, cloth(x, y))
        })
    };
    let frames: Vec<_> = (0..8).map(picture).collect();
    let (keyed, _) = refined(&params(Some(KeyColor::Auto)), &network(80.0), &frames);
    let at = |x: usize, y: usize| keyed.data()[y * WIDTH + x];
    assert!((205..225).all(|x| at(x, 150) > 250), "the logo");
    assert!((268..282).all(|x| at(x, 160) < 10), "the gap");
    assert_eq!(at(240, 110), 255);
}

/// A cup at the edge of the person, and a lamp far from it: the network calls both background, and
/// the key does not overrule what is sure.
#[test]
fn what_the_network_is_sure_of_is_not_added() {
    let alpha = subject();
    let cup = |x: usize, y: usize| (330..350).contains(&x) && (140..165).contains(&y);
    let lamp = |x: usize, y: usize| (420..440).contains(&x) && (40..60).contains(&y);
    let picture = |seed| {
        Frame::new(Colorimetry::default(), seed, |x, y| {
            if cup(x, y) || lamp(x, y) {
                return [0.8, 0.8, 0.85];
            }
            over(alpha.row(y)[x], SKIN, cloth(x, y))
        })
    };
    let frames: Vec<_> = (0..2).map(picture).collect();
    let (keyed, _) = refined(&params(Some(KeyColor::Auto)), &network(80.0), &frames);
    for (x, y) in [(335, 152), (345, 150), (430, 50)] {
        assert_eq!(keyed.data()[y * WIDTH + x], 0, "{x} {y}");
    }
}

#[test]
fn every_matrix_and_range_gives_the_same_matte() {
    use crate::frame::{Matrix, Range};
    let alpha = subject();
    let (truth, raw) = (subject(), network(80.0));
    for matrix in [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020] {
        for range in [Range::Limited, Range::Full] {
            let color = Colorimetry {
                matrix,
                range,
                ..Default::default()
            };
            let frame =
                |seed| Frame::new(color, seed, |x, y| over(alpha.row(y)[x], SKIN, cloth(x, y)));
            let frames: Vec<_> = (0..8).map(frame).collect();
            let (keyed, _) = refined(&params(Some(KeyColor::Auto)), &raw, &frames);
            let error = error(&keyed, &truth);
            assert!(error < 0.004, "{matrix:?} {range:?} {error}");
        }
    }
}

#[test]
fn the_edge_moves_and_softens_as_asked() {
    let frames: Vec<_> = (0..8).map(|n| before(cloth, n)).collect();
    let key = Some(KeyColor::Auto);
    let width = |params: Params| {
        let (keyed, _) = refined(&params, &network(80.0), &frames);
        let row = &keyed.data()[150 * WIDTH..][..WIDTH];
        row.iter().map(|v| f32::from(*v) / 255.0).sum::<f32>()
    };
    let plain = width(params(key));
    let grown = width(Params {
        grow: 6.0,
        ..params(key)
    });
    let choked = width(Params {
        grow: -6.0,
        ..params(key)
    });
    assert!((grown - plain - 12.0).abs() < 4.0, "{plain} {grown}");
    assert!((plain - choked - 12.0).abs() < 4.0, "{plain} {choked}");
    let feathered = width(Params {
        feather: 6.0,
        ..params(key)
    });
    assert!(feathered > plain + 3.0, "{plain} {feathered}");
}

#[test]
fn a_screen_that_goes_away_takes_the_key_with_it() {
    let gray = |_: usize, _: usize| [0.5; 3];
    let mut frames: Vec<_> = (0..10).map(|n| before(cloth, n)).collect();
    frames.extend((0..30).map(|n| before(gray, n)));
    let (_, screen) = refined(&params(Some(KeyColor::Auto)), &network(80.0), &frames);
    assert_eq!(screen, Screen::Missing);
    frames.extend((0..2).map(|n| before(cloth, n)));
    let (_, screen) = refined(&params(Some(KeyColor::Auto)), &network(80.0), &frames);
    assert_eq!(screen, Screen::Seen);
}
