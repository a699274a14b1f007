// SPDX-License-Identifier: MPL-2.0

//! What changed in the picture: per pixel, the difference between the luma now and a running
//! reference, judged against a running estimate of the sensor's noise; and scene cuts.
//!
//! The reference is the mean of the luma since the pixel last moved (over at most
//! `MEMORY` frames), so its own noise averages out and slow motion adds up until it is seen.
//! With `d` = luma - reference (less the drift of the whole picture's brightness), `D` = mean of
//! `d^2` over 3x3 pixels and `N` the running mean of `D` where nothing moved,
//! `change = smoothstep(STILL, MOVING, D / N)`, its mean over 3x3 pixels, since a soft edge is
//! wider than what moves it.
//!
//! Not every frame says something new. Cameras double frames in dim light, and compression leaves
//! blocks as they were. With `F` = mean of (luma - last luma)^2 over 3x3 pixels,
//! `news = ramp(REPEATED, ANEW, F / N)`, its maximum over 3x3 pixels; a pixel without news has not
//! changed, and nobody who averages over time may count it as one more look.

use crate::filter::Plane;
use crate::filter::plane::window3::Window3;
use crate::simd::Level;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;

/// Frames (at 30 a second) that the reference remembers.
const MEMORY: f32 = 16.0;
/// `D / N` up to which a pixel stands still.
const STILL: f32 = 2.5;
/// `D / N` from which a pixel moves for certain.
const MOVING: f32 = 9.0;
/// `F / N` up to which a pixel repeats the last frame. Frames that differ by noise have 2.
const REPEATED: f32 = 0.1;
/// `F / N` from which a pixel was seen anew for certain.
const ANEW: f32 = 0.6;
/// Least and greatest noise deviation believed in, luma 0 to 1.
const NOISE: (f32, f32) = (0.4 / 255.0, 8.0 / 255.0);
/// Share of the picture that must change for a scene cut.
const CUT_SHARE: f32 = 0.6;
/// Mean change of luma over the picture that a scene cut needs.
const CUT_CHANGE: f32 = 0.08;

/// The detector with its state.
#[derive(Debug, Default)]
pub struct Motion {
    reference: Plane,
    age: Plane,
    noise: Plane,
    change: Plane,
    news: Plane,
    rows: Rows,
    /// Only for the first estimate of the noise.
    energy: Plane,
    histogram: Vec<u32>,
    primed: bool,
}

/// What one frame was like.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MotionSummary {
    /// Share of pixels that changed, 0 to 1.
    pub moving: f32,
    /// Share of pixels that were seen anew, 0 to 1.
    pub news: f32,
    /// Whether this is another scene than the last frame's (also for the first frame).
    pub cut: bool,
}

impl Motion {
    /// Exchanges what holds nothing from one frame to the next: what was found out about one frame.
    pub(in crate::filter) fn swap_scratch(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.change, &mut other.change);
        std::mem::swap(&mut self.news, &mut other.news);
        std::mem::swap(&mut self.rows, &mut other.rows);
        std::mem::swap(&mut self.energy, &mut other.energy);
        std::mem::swap(&mut self.histogram, &mut other.histogram);
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.primed = false;
    }

    /// How far each pixel changed since the last frame: 0 stands still, 1 moves. Valid after
    /// [`Motion::update`], of the luma's size.
    pub fn change(&self) -> &Plane {
        &self.change
    }

    /// How far each pixel was seen anew: 0 if its surroundings repeat the last frame, 1 if they differ
    /// from it by noise or more. Valid after [`Motion::update`], of the luma's size.
    pub fn news(&self) -> &Plane {
        &self.news
    }

    /// The noise's energy at each pixel (luma 0 to 1, squared). Valid after [`Motion::update`].
    pub fn noise(&self) -> &Plane {
        &self.noise
    }

    /// Takes the next frame's luma, and the one of the frame before, which counts if it is of the
    /// same size; `frames` is the time between them in units of 1/30 s.
    pub fn update(
        &mut self,
        level: Level,
        (luma, last): (&Plane, &Plane),
        frames: f32,
    ) -> MotionSummary {
        let size = luma.size();
        if !self.primed || self.reference.size() != size || last.size() != size {
            self.start(luma);
            return MotionSummary {
                moving: 1.0,
                news: 1.0,
                cut: true,
            };
        }
        self.change.resize(size.0, size.1);
        self.news.resize(size.0, size.1);
        let drift = self.drift(luma);
        if self.age.data()[0] < 0.0 {
            dispatch!(level, simd => energies(simd, self, luma, drift));
            self.measure_noise();
        }
        let seen = dispatch!(level, simd => pass(simd, self, (luma, last), drift, frames));
        let count = luma.data().len() as f32;
        let moving = seen.moving as f32 / count;
        let cut = moving > CUT_SHARE && seen.difference / count > CUT_CHANGE;
        if cut {
            self.start(luma);
        }
        let news = seen.anew as f32 / count;
        MotionSummary { moving, news, cut }
    }

    fn start(&mut self, luma: &Plane) {
        let (width, height) = luma.size();
        self.reference.copy_from(luma);
        let Self {
            age,
            noise,
            change,
            news,
            ..
        } = self;
        for plane in [age, noise, change, news] {
            plane.resize(width, height);
        }
        self.change.data_mut().fill(1.0);
        self.news.data_mut().fill(1.0);
        self.noise.data_mut().fill(NOISE.1 * NOISE.1);
        // Below 0: the noise is not known yet and taken from the first difference.
        self.age.data_mut().fill(-1.0);
        self.primed = true;
    }

    /// How much brighter the whole picture became (exposure): the median of the difference.
    fn drift(&mut self, luma: &Plane) -> f32 {
        const BINS: usize = 256;
        const SPAN: f32 = 0.25;
        self.histogram.clear();
        self.histogram.resize(BINS, 0);
        let mut count = 0;
        for (l, r) in luma.data().iter().zip(self.reference.data()).step_by(7) {
            let bin = ((l - r) / SPAN + 0.5) * BINS as f32;
            self.histogram[(bin.max(0.0) as usize).min(BINS - 1)] += 1;
            count += 1;
        }
        let mut seen = 0;
        let median = self.histogram.iter().position(|n| {
            seen += n;
            2 * seen >= count
        });
        let bin = median.unwrap_or(BINS / 2) as f32 + 0.5;
        (bin / BINS as f32 - 0.5) * SPAN
    }

    /// The first estimate of the noise: a low quantile of the first difference's energy, since
    /// more than that much of a picture seldom moves.
    fn measure_noise(&mut self) {
        const BINS: usize = 512;
        let top = NOISE.1 * NOISE.1 * 2.0;
        self.histogram.clear();
        self.histogram.resize(BINS, 0);
        for e in self.energy.data() {
            let bin = (e / top).sqrt() * BINS as f32;
            self.histogram[(bin as usize).min(BINS - 1)] += 1;
        }
        let third = self.energy.data().len() as u32 / 3;
        let mut seen = 0;
        let bin = self.histogram.iter().position(|n| {
            seen += n;
            seen > third
        });
        let root = (bin.unwrap_or(0) as f32 + 1.0) / BINS as f32;
        let noise = (root * root * top * 1.5).clamp(NOISE.0 * NOISE.0, NOISE.1 * NOISE.1);
        self.noise.data_mut().fill(noise);
        self.age.data_mut().fill(1.0);
    }
}

/// Whether any of the values is above the limit; written so that it needs no order of theirs.
#[inline(always)]
pub(crate) fn exceeds(values: &[f32], limit: f32) -> bool {
    values.iter().fold(0, |any, v| any | u32::from(*v > limit)) != 0
}

/// Rows on their way through [`pass`]: of each kind the newest few, row `y` at `y % KEPT`.
#[derive(Debug, Default)]
struct Rows {
    squares: Plane,
    judged: Plane,
    /// The same of the difference from the last frame.
    fresh_squares: Plane,
    fresh: Plane,
    window: Window3,
}

/// Rows of each kind that are kept: three for a window, and the one that is written.
const KEPT: usize = 4;

impl Rows {
    fn resize(&mut self, width: usize) {
        let Self {
            squares,
            judged,
            fresh_squares,
            fresh,
            ..
        } = self;
        for plane in [squares, judged, fresh_squares, fresh] {
            plane.resize(width, KEPT);
        }
    }
}

/// Row `y` of `height` with its neighbours, those that exist.
#[inline(always)]
fn around(rows: &Plane, y: usize, height: usize) -> [Option<&[f32]>; 3] {
    let row = |y: usize| rows.row(y % KEPT);
    [
        y.checked_sub(1).map(row),
        Some(row(y)),
        (y + 1 < height).then(|| row(y + 1)),
    ]
}

/// What a pass counted.
struct Seen {
    /// Pixels that moved.
    moving: u32,
    /// Pixels that were seen anew.
    anew: u32,
    /// Sum of the differences of luma.
    difference: f32,
}

/// Squared difference of a row from the reference; returns the sum of the differences.
#[inline(always)]
fn difference(luma: &[f32], reference: &[f32], drift: f32, squares: &mut [f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    let whole = squares.len() / LANES * LANES;
    let square = |s: &mut f32, l: &f32, r: &f32, sum: &mut f32| {
        let d = l - r - drift;
        *s = d * d;
        *sum += d.abs();
    };
    let chunks = (luma[..whole].chunks_exact(LANES)).zip(reference[..whole].chunks_exact(LANES));
    for (s, (l, r)) in squares[..whole].chunks_exact_mut(LANES).zip(chunks) {
        for k in 0..LANES {
            square(&mut s[k], &l[k], &r[k], &mut sums[k]);
        }
    }
    for x in whole..squares.len() {
        square(&mut squares[x], &luma[x], &reference[x], &mut sums[0]);
    }
    sums.iter().sum()
}

/// Mean energy over 3x3 pixels, for all of the picture.
#[simd]
fn energies<S: Simd>(_: S, motion: &mut Motion, luma: &Plane, drift: f32) {
    let (width, height) = luma.size();
    motion.energy.resize(width, height);
    motion.rows.resize(width);
    for y in 0..=height {
        if y < height {
            let squares = motion.rows.squares.row_mut(y % KEPT);
            difference(luma.row(y), motion.reference.row(y), drift, squares);
        }
        if y > 0 {
            let rows = around(&motion.rows.squares, y - 1, height);
            let energy = motion.energy.row_mut(y - 1);
            motion.rows.window.mean(rows, energy);
        }
    }
}

/// All of a frame's work on motion, each row a few rows behind the one that it needs, so that what
/// lies between the steps never leaves the nearest memory.
#[simd]
fn pass<S: Simd>(
    _: S,
    motion: &mut Motion,
    (luma, last): (&Plane, &Plane),
    drift: f32,
    frames: f32,
) -> Seen {
    let (width, height) = luma.size();
    let rows = &mut motion.rows;
    rows.resize(width);
    let mut seen = Seen {
        moving: 0,
        anew: 0,
        difference: 0.0,
    };
    for y in 0..height + 2 {
        if y < height {
            let squares = rows.squares.row_mut(y % KEPT);
            seen.difference += difference(luma.row(y), motion.reference.row(y), drift, squares);
            let squares = rows.fresh_squares.row_mut(y % KEPT);
            for ((s, l), r) in squares.iter_mut().zip(luma.row(y)).zip(last.row(y)) {
                *s = (l - r) * (l - r);
            }
        }
        if let Some(y) = y.checked_sub(1).filter(|&y| y < height) {
            let fresh = rows.fresh.row_mut(y % KEPT);
            let (squares, noise) = (around(&rows.fresh_squares, y, height), motion.noise.row(y));
            rows.window.mean_with(squares, noise, fresh, energy_to_news);
            let change = rows.judged.row_mut(y % KEPT);
            rows.window.mean(around(&rows.squares, y, height), change);
            energy_to_change(change, motion.noise.row_mut(y), frames);
        }
        // Spread, so that the soft rim of what moved is let go too.
        if let Some(y) = y.checked_sub(2) {
            let news = motion.news.row_mut(y);
            rows.window.most(around(&rows.fresh, y, height), news);
            let change = motion.change.row_mut(y);
            rows.window.mean(around(&rows.judged, y, height), change);
            for (c, v) in change.iter_mut().zip(&*news) {
                *c *= v;
                seen.moving += u32::from(*c > 0.5);
                seen.anew += u32::from(*v > 0.5);
            }
            let state = (motion.reference.row_mut(y), motion.age.row_mut(y));
            update_reference(luma.row(y), change, state, drift, frames);
        }
    }
    seen
}

/// Turns the energy of the difference from the last frame into news.
#[inline(always)]
fn energy_to_news(energy: f32, noise: f32) -> f32 {
    ((energy / noise - REPEATED) * (1.0 / (ANEW - REPEATED))).clamp(0.0, 1.0)
}

/// Turns energy into change, and updates the estimate of the noise: it falls fast and rises slowly,
/// and takes nothing from what moves.
#[inline(always)]
fn energy_to_change(change: &mut [f32], noise: &mut [f32], frames: f32) {
    let (fall, rise) = ((0.1 * frames).min(1.0), (0.02 * frames).min(1.0));
    let (least, most) = (NOISE.0 * NOISE.0, NOISE.1 * NOISE.1);
    for (c, noise) in change.iter_mut().zip(noise) {
        let (e, n) = (*c, *noise);
        let ratio = e / n;
        let t = ((ratio - STILL) * (1.0 / (MOVING - STILL))).clamp(0.0, 1.0);
        *c = t * t * (3.0 - 2.0 * t);
        let rate = if ratio < 1.0 { fall } else { rise };
        let target = e.min(n * STILL);
        *noise = (n + (target - n) * rate).clamp(least, most);
    }
}

/// Updates the reference: with the picture itself where that changed, elsewhere with its mean since
/// then.
#[inline(always)]
fn update_reference(
    luma: &[f32],
    change: &[f32],
    (reference, age): (&mut [f32], &mut [f32]),
    drift: f32,
    frames: f32,
) {
    for (((r, l), c), w) in reference.iter_mut().zip(luma).zip(change).zip(age) {
        *w = ((1.0 - c) * *w + frames).min(MEMORY);
        let old = *r + drift;
        *r = old + (l - old) * (frames / *w).min(1.0);
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
