// SPDX-License-Identifier: MPL-2.0

//! The clean plate: how the screen looks at every place, also where the subject covers it.
//!
//! A screen is lit unevenly, has folds and ends somewhere. In cells of a coarse grid, the plate
//! learns from the sure background how strong the screen's colour is there and how much that
//! varies, and which share of the background is screen at all; from the sure subject it learns how
//! much of the colour that has by itself. Cells that are not seen keep what is known and follow
//! their neighbours (normalised convolution: H. Knutsson, C.-F. Westin, CVPR 1993). A place of
//! strength `k` then has the alpha
//!
//! `((screen - k) / (screen - subject) - tolerance - 2.5 noise) / softness`
//!
//! which is linear in `k`, as mixing is; the plate gives it as an offset and a factor.

use crate::filter::Plane;
use crate::filter::plane::ramp;
use crate::filter::plane::window::BoxMean;
use crate::filter::temporal::weight_after;
use crate::simd::Level;

/// Cells across.
const COLUMNS: usize = 32;
/// How fast a cell follows the picture, per 1/30 s; its share of screen falls at once.
const PACE: f32 = 0.08;
/// Share of its strength below which a cell shows something else than before.
const OTHER: f32 = 0.6;
/// What is not seen loses half of its weight in 20 s.
const FADES: f32 = 0.9988;
/// Share of a cell's places that must be seen.
const LEAST_SEEN: f32 = 0.06;
/// Radii of the windows that fill the plate, widest first, in cells.
const WINDOWS: [usize; 4] = [COLUMNS, 8, 3, 1];
/// Weight in a window of which the mean is believed.
const BELIEVED: f32 = 0.02;
/// Shares of screen in the background nearby from which the key is heard, and heard alone.
const PURITY: (f32, f32) = (0.6, 0.95);
/// Standard deviations of the screen that are screen.
const NOISE: f32 = 2.5;
/// Shares of the screen's strength that the subject may have by itself.
const SUBJECT: (f32, f32) = (-0.2, 0.6);
/// Narrowest step from screen to subject.
const NARROWEST: f32 = 0.02;

/// What a place of the picture is to the plate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Background of the screen's colour.
    Screen,
    /// Other background.
    Other,
    /// Subject.
    Subject,
    /// Not known.
    Unsure,
}

/// Sums of what a frame shows in a cell.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    places: f32,
    screen: f32,
    other: f32,
    strength: f32,
    square: f32,
    subject: f32,
    subject_strength: f32,
    subject_square: f32,
}

/// What is known of a cell.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    /// How far its background is known, 0 to 1.
    known: f32,
    /// Share of the screen in the background.
    purity: f32,
    strength: f32,
    variance: f32,
    /// How far the subject's strength is known, 0 to 1.
    subject_known: f32,
    subject: f32,
}

/// The plate with its scratch memory.
#[derive(Debug, Default)]
pub(super) struct Plate {
    /// Size of the pictures, and of the grid.
    of: (usize, usize),
    size: (usize, usize),
    sums: Vec<Sums>,
    cells: Vec<Cell>,
    weights: Plane,
    values: Plane,
    mean: BoxMean,
    window: [Plane; 2],
    filled: [Plane; 3],
    /// Offset and factor of the alpha of a place's strength, per cell.
    pub alpha: [Plane; 2],
    /// 1 over the screen's strength, per cell.
    pub inverse: Plane,
    /// How far the key is to be heard, per cell: 1 where the background nearby is all screen.
    pub trust: Plane,
}

impl Plate {
    /// Forgets everything; for pictures of this size.
    pub fn reset(&mut self, (width, height): (usize, usize)) {
        let rows = (COLUMNS * height)
            .div_ceil(width.max(1))
            .clamp(1, 4 * COLUMNS);
        self.of = (width, height);
        self.size = (COLUMNS.min(width), rows.min(height));
        self.cells.clear();
        self.cells
            .resize(self.size.0 * self.size.1, Cell::default());
    }

    /// Forgets everything but the size.
    pub fn forget(&mut self) {
        self.cells.fill(Cell::default());
    }

    /// Whether it is one of pictures of this size.
    pub fn fits(&self, size: (usize, usize)) -> bool {
        self.of == size
    }

    /// Exchanges what holds nothing from one frame to the next.
    pub fn swap_scratch(&mut self, other: &mut Self) {
        std::mem::swap(self, other);
        std::mem::swap(&mut self.of, &mut other.of);
        std::mem::swap(&mut self.size, &mut other.size);
        std::mem::swap(&mut self.cells, &mut other.cells);
    }

    /// Begins a frame.
    pub fn begin(&mut self) {
        self.sums.clear();
        self.sums.resize(self.cells.len(), Sums::default());
    }

    /// Adds a row of places, `y` of `rows`.
    pub fn add(
        &mut self,
        (y, rows): (usize, usize),
        places: impl ExactSizeIterator<Item = (Seen, f32)>,
    ) {
        let (columns, width) = (self.size.0, places.len());
        let sums = &mut self.sums[y * self.size.1 / rows * columns..][..columns];
        for (x, (seen, strength)) in places.enumerate() {
            let sum = &mut sums[x * columns / width];
            sum.places += 1.0;
            match seen {
                Seen::Screen => {
                    sum.screen += 1.0;
                    sum.strength += strength;
                    sum.square += strength * strength;
                }
                Seen::Other => sum.other += 1.0,
                Seen::Subject => {
                    sum.subject += 1.0;
                    sum.subject_strength += strength;
                    sum.subject_square += strength * strength;
                }
                Seen::Unsure => {}
            }
        }
    }

    /// Learns what was added, `frames` of 1/30 s after the last frame.
    pub fn learn(&mut self, frames: f32) {
        let pace = weight_after(PACE, frames);
        let fades = FADES.powf(frames);
        for (cell, sums) in self.cells.iter_mut().zip(&self.sums) {
            cell.learn(sums, pace, fades);
        }
    }

    /// Makes the alpha's coefficients and the trust of every cell.
    pub fn fill(&mut self, level: Level, tolerance: f32, softness: f32) {
        let [strength, deviation, subject] = &mut std::mem::take(&mut self.filled);
        self.spread(
            level,
            |cell| (cell.known * cell.purity, cell.strength),
            strength,
        );
        let root = |cell: &Cell| (cell.known * cell.purity, cell.variance.max(0.0).sqrt());
        self.spread(level, root, deviation);
        self.spread(level, |cell| (cell.subject_known, cell.subject), subject);
        let (columns, rows) = self.size;
        let [offset, factor] = &mut self.alpha;
        for plane in [&mut *offset, &mut *factor, &mut self.inverse] {
            plane.resize(columns, rows);
        }
        let coefficients = offset.data_mut().iter_mut().zip(factor.data_mut());
        let coefficients = coefficients.zip(self.inverse.data_mut());
        let known = strength
            .data()
            .iter()
            .zip(deviation.data())
            .zip(subject.data());
        for (((offset, factor), inverse), ((&screen, deviation), subject)) in
            coefficients.zip(known)
        {
            let screen = screen.max(1e-3);
            *inverse = 1.0 / screen;
            let subject = subject.clamp(SUBJECT.0 * screen, SUBJECT.1 * screen);
            let step = 1.0 / (screen - subject);
            let tolerance = (tolerance + NOISE * deviation * step).min(1.0 - NARROWEST);
            let width = (softness * (1.0 - tolerance)).max(NARROWEST);
            *factor = step / width;
            *offset = (screen * step - tolerance) / width;
        }
        self.filled = [strength, deviation, subject].map(std::mem::take);
        self.judge(level);
    }

    /// How far the key is to be heard.
    fn judge(&mut self, level: Level) {
        let mut trust = std::mem::take(&mut self.trust);
        self.spread(level, |cell| (cell.known, cell.purity), &mut trust);
        for trust in trust.data_mut() {
            *trust = ramp(*trust, PURITY);
        }
        self.trust = trust;
    }

    /// The values of cells by their weights, spread over all.
    fn spread(&mut self, level: Level, of: impl Fn(&Cell) -> (f32, f32), out: &mut Plane) {
        let (columns, rows) = self.size;
        for plane in [&mut self.weights, &mut self.values, &mut *out] {
            plane.resize(columns, rows);
        }
        let planes = self
            .weights
            .data_mut()
            .iter_mut()
            .zip(self.values.data_mut());
        for ((weight, value), cell) in planes.zip(&self.cells) {
            let (of_weight, of_value) = of(cell);
            (*weight, *value) = (of_weight, of_weight * of_value);
        }
        out.data_mut().fill(0.0);
        let [weight, value] = &mut self.window;
        weight.resize(columns, rows);
        value.resize(columns, rows);
        for radius in WINDOWS {
            self.mean.apply(level, &self.weights, radius, weight);
            self.mean.apply(level, &self.values, radius, value);
            let means = weight.data().iter().zip(value.data());
            for (out, (weight, value)) in out.data_mut().iter_mut().zip(means) {
                let believed = (weight / BELIEVED).min(1.0);
                *out += (value / weight.max(1e-6) - *out) * believed;
            }
        }
    }
}

impl Cell {
    fn learn(&mut self, sums: &Sums, pace: f32, fades: f32) {
        let background = sums.screen + sums.other;
        let places = sums.places.max(1.0);
        if background < LEAST_SEEN * places {
            self.known *= fades;
        } else {
            let purity = sums.screen / background;
            let is_new = self.known < LEAST_SEEN;
            let weight = if is_new { 1.0 } else { pace };
            let change = purity - self.purity;
            self.purity += change * if change < 0.0 { 1.0 } else { weight };
            self.known += (background / places - self.known).max(0.0) * weight;
            if sums.screen > 0.0 {
                let mean = sums.strength / sums.screen;
                let variance = (sums.square / sums.screen - mean * mean).max(0.0);
                let is_other = mean < OTHER * self.strength || OTHER * mean > self.strength;
                let weight = if is_other { 1.0 } else { weight };
                self.strength += (mean - self.strength) * weight;
                self.variance += (variance - self.variance) * weight;
            }
        }
        if sums.subject < LEAST_SEEN * places {
            self.subject_known *= fades;
        } else {
            let mean = sums.subject_strength / sums.subject;
            let variance = (sums.subject_square / sums.subject - mean * mean).max(0.0);
            // Of things of many colours, the one that is most like the screen is to be opaque.
            let mean = mean + variance.sqrt();
            let weight = if self.subject_known == 0.0 { 1.0 } else { pace };
            self.subject += (mean - self.subject) * weight;
            self.subject_known += (sums.subject / places - self.subject_known) * weight;
        }
    }
}

#[cfg(test)]
#[path = "plate_tests.rs"]
mod tests;
