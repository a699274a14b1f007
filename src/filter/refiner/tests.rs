// SPDX-License-Identifier: MPL-2.0

//! The chain as a whole: what it promises whatever the input.

use super::*;
use crate::filter::testing::{Random, disc, noise, sizes};
use crate::filter::{KeyColor, Preset, Region, TemporalMode};
use crate::frame::{Colorimetry, FrameRef, GrayImage, GrayRef, PixelLayout};
use std::time::Duration;

/// No key, and some.
const KEYS: [Option<KeyColor>; 3] = [None, Some(KeyColor::Auto), Some(KeyColor::Named(0x00_ff00))];

/// A gray frame of any size in memory of its own.
struct Picture {
    data: Vec<u8>,
    width: usize,
    height: usize,
    stride: usize,
}

impl Picture {
    fn new(plane: &Plane, padding: usize) -> Self {
        let (width, height) = plane.size();
        let stride = width + padding;
        let mut data = vec![0x55; stride * height];
        for y in 0..height {
            for (to, from) in data[y * stride..].iter_mut().zip(plane.row(y)) {
                *to = (from * 255.0 + 0.5) as u8;
            }
        }
        Self {
            data,
            width,
            height,
            stride,
        }
    }

    fn frame(&self) -> FrameRef<'_> {
        let planes = [(&self.data[..], self.stride)];
        let color = Colorimetry::default();
        FrameRef::new(PixelLayout::Gray8, color, self.width, self.height, &planes).unwrap()
    }

    fn gray(&self) -> GrayRef<'_> {
        GrayRef::new(&self.data, self.width, self.height, self.stride).unwrap()
    }
}

fn at(frame: u32) -> Timing {
    Timing {
        pts: Some(Duration::from_secs(1) * frame / 30),
        discont: false,
    }
}

fn all_params() -> Vec<Params> {
    let mut all = Vec::new();
    for preset in [Preset::Fast, Preset::Balanced, Preset::Quality, Preset::Off] {
        for edge_mode in EdgeMode::ALL {
            for temporal in TemporalMode::ALL {
                all.push(Params {
                    edge_mode: *edge_mode,
                    temporal: *temporal,
                    ..preset.into()
                });
            }
        }
    }
    all
}

#[test]
fn every_size_of_frame_and_matte_is_taken() {
    for (i, (width, height)) in sizes().into_iter().enumerate() {
        let (mw, mh) = sizes()[(i * 31) % 70];
        let frame = Picture::new(&noise(width, height, 1), i % 4);
        let raw = Picture::new(&noise(mw, mh, 2), i % 3);
        let params = &all_params()[i % all_params().len()];
        let mut first: Option<GrayImage> = None;
        for level in crate::simd::levels() {
            let mut refiner = Refiner::new(level);
            refiner.set_params(params);
            let mut out = GrayImage::default();
            for n in 0..3 {
                refiner
                    .apply(raw.gray(), &frame.frame(), at(n), &mut out)
                    .unwrap();
            }
            assert_eq!((out.width(), out.height()), (width, height));
            let first = first.get_or_insert_with(|| out.clone());
            for (a, b) in first.data().iter().zip(out.data()) {
                assert!(
                    a.abs_diff(*b) <= 2,
                    "{width}x{height} {mw}x{mh} {level:?} {params:?}"
                );
            }
        }
    }
}

#[test]
fn flat_mattes_stay_what_they_are() {
    let frame = Picture::new(&noise(64, 48, 1), 0);
    for value in [0, 255] {
        let raw = vec![value; 32 * 24];
        let raw = GrayRef::new(&raw, 32, 24, 32).unwrap();
        for params in all_params() {
            let (mut refiner, mut out) = (Refiner::new(crate::simd::level()), GrayImage::default());
            refiner.set_params(&params);
            for n in 0..3 {
                let stats = refiner.apply(raw, &frame.frame(), at(n), &mut out).unwrap();
                assert_eq!(stats.coverage, f32::from(value) / 255.0);
            }
            assert!(out.data().iter().all(|&v| v == value), "{value} {params:?}");
        }
    }
}

#[test]
fn output_scale_sets_the_size() {
    let (frame, raw) = (
        Picture::new(&noise(101, 55, 1), 3),
        Picture::new(&noise(32, 18, 2), 0),
    );
    let (mut refiner, mut out) = (Refiner::new(crate::simd::level()), GrayImage::default());
    for (scale, size) in [
        (1.0, (101, 55)),
        (0.5, (51, 28)),
        (0.25, (25, 14)),
        (0.0, (6, 3)),
    ] {
        refiner.set_params(&Params {
            output_scale: scale,
            ..Params::default()
        });
        refiner
            .apply(raw.gray(), &frame.frame(), Timing::default(), &mut out)
            .unwrap();
        assert_eq!((out.width(), out.height()), size);
    }
}

#[test]
fn the_edge_snaps_to_the_picture() {
    // A sharp disc in the picture; the raw matte is the same disc, blurred and a little off.
    let truth = disc(320, 240, (160.0, 120.0), 70.0, 1.0);
    let frame = Picture::new(&truth, 0);
    let raw = Picture::new(&disc(64, 48, (32.2, 23.6), 14.0, 3.0), 0);
    let error = |mode| {
        let (mut refiner, mut out) = (Refiner::new(crate::simd::level()), GrayImage::default());
        refiner.set_params(&Params {
            edge_mode: mode,
            ..Params::default()
        });
        refiner
            .apply(raw.gray(), &frame.frame(), at(0), &mut out)
            .unwrap();
        let sums = out.data().iter().zip(truth.data());
        sums.map(|(o, t)| (f32::from(*o) / 255.0 - t).abs())
            .sum::<f32>()
    };
    let bilinear = error(EdgeMode::None);
    for mode in &EdgeMode::ALL[1..] {
        let fitted = error(*mode);
        assert!(
            fitted < 0.6 * bilinear,
            "{mode:?}: {fitted} against {bilinear}"
        );
    }
}

#[test]
fn eight_k_frames_and_mattes_larger_than_the_frame_work() {
    let large = Picture::new(&disc(7680, 4320, (4000.0, 2500.0), 1500.0, 9.0), 0);
    let small = Picture::new(&disc(128, 72, (66.0, 42.0), 25.0, 2.0), 0);
    let (mut refiner, mut out) = (Refiner::new(crate::simd::level()), GrayImage::default());
    refiner
        .apply(small.gray(), &large.frame(), at(0), &mut out)
        .unwrap();
    assert_eq!((out.width(), out.height()), (7680, 4320));
    assert_eq!(out.data()[2500 * 7680 + 4000], 255);
    refiner
        .apply(large.gray(), &small.frame(), at(1), &mut out)
        .unwrap();
    assert_eq!((out.width(), out.height()), (128, 72));
    assert_eq!(out.data()[42 * 128 + 66], 255);
}

#[test]
fn time_and_breaks_reset_the_past() {
    let frame = Picture::new(&noise(64, 48, 1), 0);
    let raw = Picture::new(&noise(32, 24, 2), 0);
    let (mut refiner, mut out) = (Refiner::new(crate::simd::level()), GrayImage::default());
    let mut reset = |pts: u64, discont| {
        let timing = Timing {
            pts: Some(Duration::from_millis(pts)),
            discont,
        };
        refiner
            .apply(raw.gray(), &frame.frame(), timing, &mut out)
            .unwrap()
            .reset
    };
    assert!(reset(0, false), "the first frame");
    assert!(!reset(33, false));
    assert!(!reset(133, false), "a few dropped frames");
    assert!(reset(166, true), "discont");
    assert!(!reset(200, false));
    assert!(!reset(167, false), "the stream plays backwards");
    assert!(reset(5000, false), "a long gap");
}

#[test]
fn random_changes_while_playing_never_panic() {
    let mut random = Random::new(3);
    let (mut refiner, mut out) = (Refiner::new(crate::simd::level()), GrayImage::default());
    for n in 0..10_000u32 {
        let mut wild = || match random.next() % 8 {
            0 => f32::NAN,
            1 => f32::INFINITY,
            2 => -1e30,
            3 => 0.0,
            _ => 4.0 * random.unit() - 2.0,
        };
        let params = Params {
            temporal_strength: wild(),
            temporal_flow: wild() > 0.0,
            scene_memory: wild() > 0.0,
            hysteresis_low: wild(),
            hysteresis_high: wild(),
            min_area: wild(),
            max_hole: wild(),
            open: wild(),
            close: wild(),
            grow: 10.0 * wild(),
            guided_radius: 20.0 * wild(),
            guided_epsilon: wild(),
            feather: 10.0 * wild(),
            black_point: wild(),
            white_point: wild(),
            gamma: wild(),
            output_scale: wild(),
            subject_region: Some(Region::rectangle(wild(), wild(), wild(), wild())),
            keep: Some(Region::rectangle(wild(), wild(), wild(), wild())),
            subject_point: [wild(), wild()],
            key_tolerance: wild(),
            key_softness: wild(),
            subject_select: SubjectSelect::ALL[random.next() as usize % SubjectSelect::ALL.len()],
            temporal: TemporalMode::ALL[random.next() as usize % TemporalMode::ALL.len()],
            edge_mode: EdgeMode::ALL[random.next() as usize % EdgeMode::ALL.len()],
            guided_subsample: random.next() as u32 % 20,
            key: KEYS[random.next() as usize % KEYS.len()],
        };
        refiner.set_params(&params);
        let side = |random: &mut Random| 1 + random.next() as usize % 40;
        let frame = Picture::new(&noise(side(&mut random), side(&mut random), 1), 1);
        let raw = Picture::new(&noise(side(&mut random), side(&mut random), 2), 0);
        refiner
            .apply(raw.gray(), &frame.frame(), at(n), &mut out)
            .unwrap();
    }
}

/// A disc that moves before a noisy wall, with what a network might say of it.
fn presenter(seed: u64) -> Vec<(Picture, Picture)> {
    let mut random = Random::new(seed);
    let wall = noise(48, 36, seed);
    let frame_of = |n: usize| {
        let centre = (14.0 + (seed as f32 % 9.0) + 2.0 * n as f32, 18.0);
        let mut picture = disc(48, 36, centre, 10.0, 1.0);
        for (v, wall) in picture.data_mut().iter_mut().zip(wall.data()) {
            *v = 0.6 * *v + 0.3 * wall;
        }
        let mut raw = disc(24, 18, (centre.0 / 2.0, 9.0), 5.0, 3.0);
        for v in raw.data_mut() {
            *v = (*v + 0.1 * random.normal()).clamp(0.0, 1.0);
        }
        (Picture::new(&picture, 0), Picture::new(&raw, 0))
    };
    (0..5).map(frame_of).collect()
}

#[test]
fn refiners_that_take_turns_share_memory_and_nothing_else() {
    let streams = [presenter(1), presenter(2)];
    for (i, params) in all_params().into_iter().enumerate() {
        for subject_select in SubjectSelect::ALL {
            let params = Params {
                subject_select: *subject_select,
                scene_memory: i % 2 == 0,
                key: KEYS[i % KEYS.len()],
                ..params.clone()
            };
            let run = |refiner: &mut Refiner, n: usize, (frame, raw): &(Picture, Picture)| {
                let mut out = GrayImage::default();
                refiner
                    .apply(raw.gray(), &frame.frame(), at(n as u32), &mut out)
                    .unwrap();
                out.data().to_vec()
            };
            let refiner = || {
                let mut refiner = Refiner::new(crate::simd::level());
                refiner.set_params(&params);
                refiner
            };
            let alone = streams.each_ref().map(|stream| {
                let mut refiner = refiner();
                let frames = stream.iter().enumerate();
                let outs = frames.map(|(n, frame)| run(&mut refiner, n, frame));
                outs.collect::<Vec<_>>()
            });
            let mut refiners = [refiner(), refiner()];
            for n in 0..streams[0].len() {
                for (at, refiner) in refiners.iter_mut().enumerate() {
                    let found = run(refiner, n, &streams[at][n]);
                    assert!(
                        found == alone[at][n],
                        "frame {n} of stream {at}: {params:?}"
                    );
                }
            }
        }
    }
}

/// A camera that takes 15 frames a second and sends each of them twice: the mattes of the second
/// ones differ by the network's noise alone, and nothing of that shows.
#[test]
fn a_frame_that_repeats_the_last_one_changes_nothing() {
    let (width, height) = (160, 120);
    let (mut refiner, mut out) = (Refiner::new(crate::simd::level()), GrayImage::default());
    let mut random = Random::new(3);
    let grain = noise(width, height, 8);
    let (mut moved, mut stood) = (0, 0);
    let mut last: Option<GrayImage> = None;
    let mut frame = Picture::new(&grain, 0);
    for n in 0..60 {
        let centre = (60.0 + 0.7 * (n / 2) as f32, 60.0);
        if n % 2 == 0 {
            let mut picture = disc(width, height, centre, 30.0, 2.0);
            for (v, grain) in picture.data_mut().iter_mut().zip(grain.data()) {
                *v = 0.2 + 0.5 * *v + 0.1 * grain + 0.01 * random.normal();
            }
            frame = Picture::new(&picture, 0);
        }
        let mut raw = disc(80, 60, (centre.0 / 2.0, centre.1 / 2.0), 15.0, 6.0);
        for v in raw.data_mut() {
            let soft = 4.0 * *v * (1.0 - *v);
            *v = (*v + 0.06 * soft * random.normal()).clamp(0.0, 1.0);
        }
        let raw = Picture::new(&raw, 0);
        refiner
            .apply(raw.gray(), &frame.frame(), at(n), &mut out)
            .unwrap();
        if let Some(last) = last.filter(|_| n > 8) {
            let pairs = last.data().iter().zip(out.data());
            let difference: u32 = pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            if n % 2 == 0 {
                moved += difference;
            } else {
                stood += difference;
            }
        }
        last = Some(out.clone());
    }
    assert!(moved > 20_000 && stood * 50 < moved, "{stood} of {moved}");
}

/// Who keeps the last matte gets the same as who leaves that to the refiner, also while gamma, which
/// changes what is kept, goes on and off.
#[test]
fn a_kept_matte_is_as_good_as_the_refiners_own() {
    let (width, height) = (160, 120);
    let level = crate::simd::level();
    let (mut own, mut given) = (Refiner::new(level), Refiner::new(level));
    let mut random = Random::new(5);
    let picture = disc(width, height, (60.0, 60.0), 30.0, 2.0);
    let mut last: Option<GrayImage> = None;
    for n in 0..40u32 {
        let params = Params {
            gamma: [1.0, 1.6][(n / 8 % 2) as usize],
            ..Params::default()
        };
        own.set_params(&params);
        given.set_params(&params);
        let mut grainy = picture.clone();
        for v in grainy.data_mut() {
            *v = 0.2 + 0.5 * *v + 0.01 * random.normal();
        }
        let mut raw = disc(80, 60, (30.0, 30.0), 15.0, 6.0);
        for v in raw.data_mut() {
            *v = (*v + 0.03 * random.normal()).clamp(0.0, 1.0);
        }
        let (frame, raw) = (Picture::new(&grainy, 0), Picture::new(&raw, 0));
        let mut expected = GrayImage::default();
        own.apply(raw.gray(), &frame.frame(), at(n), &mut expected)
            .unwrap();
        let mut out = GrayImage::new(width, height);
        let kept = last.as_ref().map(GrayImage::as_ref);
        given
            .apply_into(raw.gray(), &frame.frame(), at(n), kept, &mut out.as_mut())
            .unwrap();
        assert_eq!(out, expected, "frame {n}");
        last = Some(out);
    }
}
