// SPDX-License-Identifier: MPL-2.0

//! Refining takes no memory from the heap once it runs.

#[path = "../common/counting.rs"]
mod counting;

use counting::allocations;
use gstmatte::filter::{
    EdgeMode, KeyColor, Params, Preset, Refiner, Screen, SubjectSelect, TemporalMode, Timing,
};
use gstmatte::frame::{Colorimetry, FrameRef, GrayImage, GrayRef, PixelLayout};
use std::time::Duration;

const FRAME: (usize, usize) = (322, 182);
const MATTE: (usize, usize) = (64, 36);

/// A frame and its raw matte: a gray patch that moves over a green texture.
fn scene(n: usize) -> (Vec<u8>, Vec<u8>) {
    let mut frame = vec![128; FRAME.0 * FRAME.1 + FRAME.0 * FRAME.1.div_ceil(2)];
    let inside = |x: usize, y: usize| x.abs_diff(100 + 3 * n) < 50 && y > 40;
    for y in 0..FRAME.1 {
        for x in 0..FRAME.0 {
            let texture = (x * 7 + y * 13 + n * 5) % 23;
            frame[y * FRAME.0 + x] = (if inside(x, y) { 180 } else { 60 } + texture) as u8;
        }
    }
    let (_, chroma) = frame.split_at_mut(FRAME.0 * FRAME.1);
    for (k, pair) in chroma.chunks_exact_mut(2).enumerate() {
        let (x, y) = (k % (FRAME.0 / 2) * 2, k / (FRAME.0 / 2) * 2);
        pair.copy_from_slice(if inside(x, y) {
            &[128, 128]
        } else {
            &[100, 80]
        });
    }
    let mut raw = vec![0; MATTE.0 * MATTE.1];
    for (k, value) in raw.iter_mut().enumerate() {
        let (x, y) = (k % MATTE.0 * 5, k / MATTE.0 * 5);
        // Speckles, so that the number of regions and runs changes from frame to frame.
        let speckle = (k * 31 + n * 17) % 97 < 6;
        *value = if inside(x, y) != speckle { 230 } else { 20 };
    }
    (frame, raw)
}

#[test]
fn nothing_is_allocated_a_frame() {
    let scenes: Vec<_> = (0..12).map(scene).collect();
    let mut all = vec![Params::from(Preset::Fast), Params::from(Preset::Quality)];
    all.extend(SubjectSelect::ALL.iter().map(|&subject_select| Params {
        subject_select,
        ..Params::default()
    }));
    for &edge_mode in EdgeMode::ALL {
        for &temporal in TemporalMode::ALL {
            all.push(Params {
                edge_mode,
                temporal,
                grow: -3.0,
                feather: 2.0,
                gamma: 1.2,
                ..Params::default()
            });
        }
    }
    let key = Some(KeyColor::Auto);
    all.extend([Preset::Fast, Preset::Balanced].map(|preset| Params {
        key,
        subject_select: SubjectSelect::Largest,
        ..preset.into()
    }));
    all.push(Params {
        key,
        guided_subsample: 2,
        grow: -3.0,
        feather: 2.0,
        gamma: 1.2,
        ..Params::default()
    });
    for layout in [PixelLayout::Nv12, PixelLayout::Gray8] {
        for params in &all {
            let mut refiner = Refiner::new(gstmatte::simd::level());
            refiner.set_params(params);
            let mut out = GrayImage::default();
            for n in 0..3 * scenes.len() {
                let (data, raw) = &scenes[n % scenes.len()];
                let (luma, chroma) = data.split_at(FRAME.0 * FRAME.1);
                let planes = [(luma, FRAME.0), (chroma, FRAME.0)];
                let planes = &planes[..layout.info().planes];
                let color = Colorimetry::default();
                let frame = FrameRef::new(layout, color, FRAME.0, FRAME.1, planes).unwrap();
                let raw = GrayRef::new(raw, MATTE.0, MATTE.1, MATTE.0).unwrap();
                let pts = Some(Duration::from_millis(33 * n as u64));
                let timing = Timing {
                    pts,
                    discont: false,
                };
                let before = allocations();
                let stats = refiner.apply(raw, &frame, timing, &mut out).unwrap();
                // The first round sizes the scratch memory.
                assert!(
                    n < scenes.len() || allocations() == before,
                    "{} allocations in frame {n} of {layout:?} with {params:?}",
                    allocations() - before
                );
                let keyed = params.key.is_some() && layout == PixelLayout::Nv12;
                assert_eq!(
                    stats.screen == Screen::Seen,
                    keyed,
                    "frame {n} of {params:?}"
                );
            }
        }
    }
}
