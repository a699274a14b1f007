// SPDX-License-Identifier: MPL-2.0

//! What the adaptive filter promises: a still edge stands still, a moving one is not late, what is
//! uncovered does not ghost, and a network that changed its mind is believed.

use super::*;
use crate::filter::testing::{Random, Watch, disc, noise};

const SIZE: (usize, usize) = (128, 72);

/// A textured disc before a textured background, sensor noise, and a raw matte with noise of its
/// own.
struct Stream {
    random: Random,
    background: Plane,
    front: Plane,
    watch: Watch,
    filter: TemporalFilter,
    frames: f32,
}

struct Frame {
    truth: Plane,
    raw: Plane,
    steady: Plane,
}

impl Stream {
    fn new() -> Self {
        Self {
            random: Random::new(11),
            background: noise(SIZE.0, SIZE.1, 1),
            front: noise(SIZE.0, SIZE.1, 2),
            watch: Watch::default(),
            filter: TemporalFilter::default(),
            frames: 1.0,
        }
    }

    /// The next frame, with the disc at `left` and a square of the raw matte raised by `extra`.
    fn next(&mut self, left: f32, extra: f32) -> Frame {
        let truth = disc(SIZE.0, SIZE.1, (left, 36.0), 16.0, 3.0);
        let (mut luma, mut raw) = (Plane::new(SIZE.0, SIZE.1), truth.clone());
        for y in 0..SIZE.1 {
            for x in 0..SIZE.0 {
                let (t, random) = (truth.row(y)[x], &mut self.random);
                let front = 0.6 + 0.2 * self.front.row(y)[(x + 128 - left as usize) % 128];
                let back = 0.2 + 0.2 * self.background.row(y)[x];
                luma.row_mut(y)[x] = t * front + (1.0 - t) * back + 0.006 * random.normal();
                let square = x < 20 && (10..30).contains(&y);
                let value = t + if square { extra } else { 0.0 };
                // Noisy where a network is: at the edge.
                let unsure = 4.0 * value * (1.0 - value);
                let noisy = value + 0.35 * unsure * random.normal() + 0.01 * random.normal();
                raw.row_mut(y)[x] = noisy.clamp(0.0, 1.0);
            }
        }
        let (level, mut steady) = (crate::simd::level(), raw.clone());
        self.watch.update(level, &luma, self.frames);
        let params = TemporalParams {
            mode: TemporalMode::Adaptive,
            strength: 0.8,
            reprojects: true,
            frames: self.frames,
        };
        self.filter
            .apply(level, params, &luma, &self.watch.motion, &mut steady);
        Frame { truth, raw, steady }
    }
}

fn toggles(before: &Plane, now: &Plane) -> usize {
    let pairs = before.data().iter().zip(now.data());
    pairs.filter(|(a, b)| (**a > 0.5) != (**b > 0.5)).count()
}

fn iou(matte: &Plane, truth: &Plane) -> f32 {
    let (mut both, mut either) = (0, 0);
    for (m, t) in matte.data().iter().zip(truth.data()) {
        both += i32::from(*m > 0.5 && *t > 0.5);
        either += i32::from(*m > 0.5 || *t > 0.5);
    }
    both as f32 / either as f32
}

#[test]
fn a_still_edge_stands_still() {
    let mut stream = Stream::new();
    let frames: Vec<_> = (0..40).map(|_| stream.next(50.0, 0.0)).collect();
    let (mut raw, mut steady) = (0, 0);
    for pair in frames[10..].windows(2) {
        raw += toggles(&pair[0].raw, &pair[1].raw);
        steady += toggles(&pair[0].steady, &pair[1].steady);
    }
    assert!(raw > 300, "{raw}");
    assert!(20 * steady < raw, "{steady} of {raw}");
    let last = &frames[39];
    assert!(iou(&last.steady, &last.truth) > iou(&last.raw, &last.truth));
}

#[test]
fn a_step_is_followed_at_once_and_leaves_no_ghost() {
    let mut stream = Stream::new();
    for _ in 0..20 {
        stream.next(40.0, 0.0);
    }
    let frame = stream.next(80.0, 0.0);
    let (steady, raw) = (
        iou(&frame.steady, &frame.truth),
        iou(&frame.raw, &frame.truth),
    );
    assert!(steady > raw - 0.01, "{steady} against {raw}");
    let ghost: f32 = (26..54).map(|x| frame.steady.row(36)[x]).sum::<f32>() / 28.0;
    assert!(ghost < 0.03, "{ghost}");
}

#[test]
fn motion_is_followed_and_uncovered_ground_is_free_at_any_frame_rate() {
    for (frames, speed) in [(1.0, 2.0), (3.0, 6.0), (0.5, 1.0)] {
        let mut stream = Stream::new();
        stream.frames = frames;
        let (mut left, mut steady, mut raw, mut count) = (24.0, 0.0, 0.0, 0.0);
        while left < 100.0 {
            let frame = stream.next(left, 0.0);
            left += speed;
            steady += iou(&frame.steady, &frame.truth);
            raw += iou(&frame.raw, &frame.truth);
            count += 1.0;
            let behind = left - speed - 16.0 - 6.0;
            if behind > 12.0 {
                let row = frame.steady.row(36);
                assert!(
                    row[behind as usize] < 0.1,
                    "{} behind {left}",
                    row[behind as usize]
                );
            }
        }
        assert!(
            steady > raw - 0.01 * count,
            "{frames}: {} {}",
            steady / count,
            raw / count
        );
    }
}

#[test]
fn a_network_that_changed_its_mind_is_believed() {
    let mut stream = Stream::new();
    for _ in 0..20 {
        stream.next(80.0, 0.0);
    }
    let seen = (0..30).position(|_| {
        let frame = stream.next(80.0, 1.0);
        (12..28).all(|y| frame.steady.row(y)[2..18].iter().all(|&v| v > 0.5))
    });
    let seen = seen.expect("the square appears");
    assert!(seen < 10, "only after {seen} frames");
}
