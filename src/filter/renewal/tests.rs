// SPDX-License-Identifier: MPL-2.0

//! A textured subject before a textured room; the promises that the automatic interval makes.

use super::*;
use crate::filter::testing::Random;
use crate::frame::GrayImage;
use crate::simd;

const SIZE: (usize, usize) = (256, 144);
const FRAME: Duration = Duration::from_millis(33);
/// More than the runs that a scene begins with.
const SETTLED: usize = 40;

/// One value per four pixels, 0 to 63, the same for the same place.
fn texture(x: i32, y: i32, seed: i32) -> i32 {
    let hash = (x.div_euclid(4) * 7919 + y.div_euclid(4) * 104_729 + seed).wrapping_mul(73_244_475);
    (hash >> 9) & 63
}

/// People, each at a place, over a room that is `room` brighter or darker; noise in code values.
fn scene(people: &[(f32, f32)], room: i32, noise: f32, seed: u64) -> (GrayImage, GrayImage) {
    let mut random = Random::new(seed);
    let (mut luma, mut matte) = (
        GrayImage::new(SIZE.0, SIZE.1),
        GrayImage::new(SIZE.0, SIZE.1),
    );
    for index in 0..SIZE.0 * SIZE.1 {
        let (x, y) = ((index % SIZE.0) as i32, (index / SIZE.0) as i32);
        let (mut value, mut alpha) = ((40 + room + texture(x, y, 1)) as f32, 0.0f32);
        for (left, top) in people {
            let (dx, dy) = (x as f32 - left, y as f32 - top);
            let head = 20.0 - dx.hypot(dy);
            let body = (34.0 - dx.abs()).min(dy - 24.0);
            let own = (head.max(body) + 0.5).clamp(0.0, 1.0);
            let skin = 150 + texture((dx + 512.5) as i32, (dy + 512.5) as i32, 2);
            value += (skin as f32 - value) * own;
            alpha = alpha.max(own);
        }
        luma.data_mut()[index] = (value + noise * random.normal()).clamp(0.0, 255.0) as u8;
        matte.data_mut()[index] = (alpha * 255.0) as u8;
    }
    (luma, matte)
}

/// A stream before a network that is always right.
struct Stream {
    renewal: Renewal,
    shown: GrayImage,
    run: GrayImage,
    /// The matte of the run, and the one that was shown last.
    matte: GrayImage,
    newest: GrayImage,
    since_run: u32,
    seed: u64,
}

impl Stream {
    /// After enough frames of one scene to rest.
    fn settled(people: &[(f32, f32)], noise: f32) -> Self {
        let (luma, matte) = scene(people, 0, noise, 0);
        let mut stream = Self {
            renewal: Renewal::default(),
            shown: luma.clone(),
            run: luma,
            matte: matte.clone(),
            newest: matte,
            since_run: 0,
            seed: 1,
        };
        for _ in 0..SETTLED {
            stream.next(people, 0, noise);
        }
        stream
    }

    /// Shows the next frame.
    fn next(&mut self, people: &[(f32, f32)], room: i32, noise: f32) -> Choice {
        self.seed += 1;
        self.since_run += 1;
        let (luma, truth) = scene(people, room, noise, self.seed);
        let mut out = GrayImage::new(SIZE.0, SIZE.1);
        let choice = match self.renewal.measures() {
            false => Choice::Run,
            true => self.judge(&luma, &mut out),
        };
        match choice {
            Choice::Rest => return choice,
            Choice::Move => self.newest = out,
            Choice::Run => {
                self.renewal.ran();
                self.since_run = 0;
                (self.run, self.matte, self.newest) = (luma.clone(), truth.clone(), truth);
            }
        }
        self.shown = luma;
        choice
    }

    /// What is done about a frame that is measured.
    fn judge(&mut self, luma: &GrayImage, out: &mut GrayImage) -> Choice {
        let (level, since_run) = (simd::level(), FRAME * self.since_run);
        let pictures = Pictures {
            shown: self.shown.as_ref(),
            run: self.run.as_ref(),
            now: luma.as_ref(),
        };
        let looked = self.renewal.look(level, pictures, since_run);
        looked.unwrap_or_else(|| {
            let moved = (pictures.run, pictures.now);
            let (matte, out) = (self.matte.as_ref(), &mut out.as_mut());
            self.renewal.follow(level, moved, matte, since_run, out)
        })
    }

    /// Intersection over union of the matte shown last and the truth.
    fn overlap(&self, people: &[(f32, f32)]) -> f64 {
        let (_, truth) = scene(people, 0, 0.0, 0);
        let (mut both, mut either) = (0.0, 0.0);
        for (a, b) in self.newest.data().iter().zip(truth.data()) {
            both += f64::from(u8::from(*a >= 128 && *b >= 128));
            either += f64::from(u8::from(*a >= 128 || *b >= 128));
        }
        both / either
    }
}

const MIDDLE: (f32, f32) = (120.0, 60.0);

#[test]
fn a_still_scene_rests_and_noise_alone_does_not_run_it() {
    for noise in [0.0, 1.0, 2.0, 3.0] {
        let mut stream = Stream::settled(&[MIDDLE], noise);
        let choices: Vec<_> = (0..60).map(|_| stream.next(&[MIDDLE], 0, noise)).collect();
        let count = |of| choices.iter().filter(|choice| **choice == of).count();
        assert!(count(Choice::Rest) >= 45, "noise {noise}: {choices:?}");
        assert_eq!(count(Choice::Move), 0, "noise {noise}: {choices:?}");
    }
}

#[test]
fn sudden_motion_runs_at_once() {
    for by in [8.0, 20.0, 45.0] {
        for noise in [0.0, 2.0] {
            let mut stream = Stream::settled(&[MIDDLE], noise);
            let place = [(MIDDLE.0 + by, MIDDLE.1)];
            let choice = stream.next(&place, 0, noise);
            let is_large = by >= 20.0;
            assert!(
                !is_large || choice == Choice::Run,
                "{by} with noise {noise}"
            );
            // A smaller motion that was followed instead has to fit.
            let overlap = stream.overlap(&place);
            assert!(overlap > 0.97, "{by} with noise {noise}: {overlap}");
        }
    }
}

#[test]
fn a_cut_runs_at_once() {
    let mut stream = Stream::settled(&[MIDDLE], 1.0);
    assert_eq!(stream.next(&[(60.0, 80.0)], 90, 1.0), Choice::Run);
    let mut stream = Stream::settled(&[MIDDLE], 1.0);
    assert_eq!(stream.next(&[], 0, 1.0), Choice::Run, "the subject is gone");
}

#[test]
fn a_new_person_is_seen_at_once() {
    // A shoulder at the border, then more of it.
    let mut stream = Stream::settled(&[MIDDLE], 1.0);
    let entering = [MIDDLE, (256.0, 70.0)];
    assert_eq!(stream.next(&entering, 0, 1.0), Choice::Run);
}

#[test]
fn slow_drift_is_caught() {
    for speed in [0.1, 0.3, 1.0] {
        let mut stream = Stream::settled(&[MIDDLE], 1.0);
        let (mut worst, mut runs) = (1.0f64, 0);
        for frame in 1..=90 {
            let place = [(MIDDLE.0 + speed * frame as f32, MIDDLE.1)];
            runs += u32::from(stream.next(&place, 0, 1.0) == Choice::Run);
            worst = worst.min(stream.overlap(&place));
        }
        assert!(worst > 0.95, "{speed} pixels a frame: {worst}");
        assert!(runs >= 3, "{speed} pixels a frame: {runs} runs");
    }
}

#[test]
fn a_gentle_motion_is_followed_and_not_every_frame_runs() {
    let mut stream = Stream::settled(&[MIDDLE], 1.0);
    let (mut runs, mut worst) = (0, 1.0f64);
    for frame in 1..=60 {
        let place = [(MIDDLE.0 + (frame as f32 * 0.2).sin() * 6.0, MIDDLE.1)];
        runs += u32::from(stream.next(&place, 0, 1.0) == Choice::Run);
        worst = worst.min(stream.overlap(&place));
    }
    assert!(runs <= 48, "{runs} runs of 60");
    assert!(worst > 0.95, "{worst}");
}

#[test]
fn pictures_of_other_sizes_run() {
    let mut stream = Stream::settled(&[MIDDLE], 0.0);
    stream.shown = GrayImage::new(10, 10);
    assert_eq!(stream.next(&[MIDDLE], 0, 0.0), Choice::Run);
    let mut stream = Stream::settled(&[MIDDLE], 0.0);
    stream.run = GrayImage::new(10, 10);
    assert_eq!(stream.next(&[MIDDLE], 0, 0.0), Choice::Run);
}
