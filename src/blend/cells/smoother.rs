// SPDX-License-Identifier: MPL-2.0

//! Smoothing of weighted cells: a normalised convolution by up to three extended box passes
//! (Gwosdek et al. 2011, "Theoretical foundations of Gaussian convolution by extended box
//! filtering") or by a disc.

use super::Cell;
use crate::simd::Level;
use fearless_simd::{dispatch, f32x4, prelude::*};
use fearless_simd_macros::simd;

/// Passes of the box for a standard deviation in cells. Three come within 3 % of a Gaussian; a
/// small one is so much cells and little box that fewer look the same.
fn passes(sigma: f32) -> usize {
    match sigma {
        s if s < 0.8 => 1,
        s if s < 2.0 => 2,
        _ => 3,
    }
}

/// A box with fractional ends: `2 * radius + 1` whole samples and a part of one more on each side.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ExtendedBox {
    radius: usize,
    part: f32,
}

impl ExtendedBox {
    /// The box of which so many passes have the standard deviation `sigma`.
    fn new(sigma: f32, passes: usize) -> Self {
        let variance = sigma * sigma / passes as f32;
        let radius = (0.5 * (12.0 * variance + 1.0).sqrt() - 0.5).floor();
        let part = (2.0 * radius + 1.0) * (radius * (radius + 1.0) - 3.0 * variance)
            / (6.0 * (variance - (radius + 1.0) * (radius + 1.0)));
        Self {
            radius: radius as usize,
            part,
        }
    }
}

/// Smooths grids of one size.
#[derive(Debug)]
pub(crate) struct Smoother {
    level: Level,
    grid: (usize, usize),
    shape: Shape,
    other: Vec<Cell>,
    line: Vec<Cell>,
    empty: Vec<Cell>,
}

#[derive(Debug)]
enum Shape {
    /// Across and down, and how many passes they take.
    Box([ExtendedBox; 2], usize),
    /// Half widths of the disc's rows, from the middle row down.
    Disc(Vec<usize>),
    /// A disc on the screen whose pixels are no squares: its rows, from the middle row down.
    Ellipse(Vec<Chord>),
}

/// A row of an ellipse: how far it reaches to each side, in whole cells and the part of one more,
/// and how much of the row's height it fills.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Chord {
    half: usize,
    part: f32,
    weight: f32,
}

/// The rows of an ellipse of two radii in cells, each 1 at least.
fn ellipse((across, down): (f32, f32)) -> impl Iterator<Item = Chord> {
    /// Heights within a row at which its width is taken.
    const STEPS: usize = 16;
    let rows = 0..=(down + 0.5).floor() as usize;
    let chord = move |y: usize| {
        let top = y as f32 - 0.5;
        let height = (down - top).min(1.0);
        let widths = (0..STEPS).map(move |i| {
            let at = (top + height * (i as f32 + 0.5) / STEPS as f32) / down;
            across * (1.0 - at * at).max(0.0).sqrt()
        });
        let width = widths.sum::<f32>() / STEPS as f32;
        let beyond = (width - 0.5).max(0.0);
        Chord {
            half: beyond as usize,
            part: beyond.fract(),
            // What is narrower than the middle cell fills part of that one.
            weight: height * (2.0 * width).min(1.0),
        }
    };
    rows.map(chord).filter(|chord| chord.weight > 0.0)
}

impl Smoother {
    /// `sigma` is the standard deviation wanted in all, across and down, in cells; what averaging
    /// into cells and bilinear enlarging do already (1/12 + 1/6 of a cell squared) is taken off.
    pub fn new(grid: (usize, usize), sigma: (f32, f32), disc: bool, level: Level) -> Self {
        let mut smoother = Self {
            level,
            grid,
            other: Vec::new(),
            line: Vec::new(),
            empty: vec![[0.0; 4]; grid.0],
            shape: Shape::Disc(Vec::new()),
        };
        smoother.change(sigma, disc);
        smoother
    }

    /// Changes the parameters of [`Smoother::new`]. Takes memory only for what is larger than
    /// before.
    pub fn change(&mut self, sigma: (f32, f32), disc: bool) {
        let rest = |sigma: f32| (sigma * sigma - 0.25).max(0.0).sqrt();
        let (across, down) = (rest(sigma.0), rest(sigma.1));
        // A disc's variance along one axis is a quarter of its squared radius.
        let radius = 2.0 * across.min(down);
        if disc && radius >= 2.0 && across == down {
            let rows =
                (0..=radius as usize).map(|y| (radius * radius - (y * y) as f32).sqrt() as usize);
            match &mut self.shape {
                Shape::Disc(old) => {
                    old.clear();
                    old.extend(rows);
                }
                shape => *shape = Shape::Disc(rows.collect()),
            }
        } else if disc && radius >= 2.0 {
            let rows = ellipse((2.0 * across, 2.0 * down));
            match &mut self.shape {
                Shape::Ellipse(old) => {
                    old.clear();
                    old.extend(rows);
                }
                shape => *shape = Shape::Ellipse(rows.collect()),
            }
        } else {
            let passes = passes(across.max(down));
            let shapes = [across, down].map(|rest| ExtendedBox::new(rest, passes));
            self.shape = Shape::Box(shapes, passes);
        }
        let grid = self.grid;
        let (other, line) = match &self.shape {
            Shape::Box([across, _], _) => {
                let line = grid.0 + 2 * across.radius + 2;
                (grid.0 * grid.1, ROWS * line)
            }
            Shape::Disc(rows) => (prefix_width(grid.0, rows[0]) * grid.1, 0),
            Shape::Ellipse(rows) => (prefix_width(grid.0, rows[0].half + 1) * grid.1, 0),
        };
        self.other.resize(other, [0.0; 4]);
        self.line.resize(line, [0.0; 4]);
    }

    /// Smooths `cells` (colours times weight, weight) into plain colours. If no background is
    /// near, its mean colour stands in.
    pub fn run(&mut self, cells: &mut [Cell]) {
        let mean = mean(cells);
        let (level, width) = (self.level, self.grid.0);
        let other = &mut self.other[..];
        match &self.shape {
            Shape::Box([shape, down], passes) => {
                let (shape, down, line) = (*shape, *down, &mut self.line[..]);
                for _ in 0..*passes {
                    let (sum, empty) = (&mut line[..width], &self.empty[..]);
                    dispatch!(level, simd => vertical(simd, cells, other, down, sum, empty));
                    let groups = other.chunks(ROWS * width);
                    for (from, to) in groups.zip(cells.chunks_mut(ROWS * width)) {
                        if from.len() == ROWS * width {
                            dispatch!(level, simd => horizontal::<_, ROWS>(simd, from, to, shape, line));
                            continue;
                        }
                        for (from, to) in from.chunks(width).zip(to.chunks_mut(width)) {
                            dispatch!(level, simd => horizontal::<_, 1>(simd, from, to, shape, line));
                        }
                    }
                }
            }
            Shape::Disc(rows) => {
                prefixes(cells, other, width, rows[0]);
                dispatch!(level, simd => disc(simd, other, cells, width, rows));
            }
            Shape::Ellipse(rows) => {
                prefixes(cells, other, width, rows[0].half + 1);
                dispatch!(level, simd => oval(simd, other, cells, width, rows));
            }
        }
        dispatch!(level, simd => normalise(simd, cells, mean));
    }
}

/// Mean colour of all cells, mid gray if none has weight.
fn mean(cells: &[Cell]) -> [f32; 3] {
    // In four sums, which need not wait for each other.
    let mut sums = [[0.0f32; 4]; 4];
    for cells in cells.chunks(sums.len()) {
        for (sum, cell) in sums.iter_mut().zip(cells) {
            for (s, c) in sum.iter_mut().zip(cell) {
                *s += c;
            }
        }
    }
    let sum: Cell = std::array::from_fn(|i| sums.iter().map(|s| s[i]).sum());
    if sum[3] < 1e-3 {
        return [128.0; 3];
    }
    std::array::from_fn(|i| sum[i] / sum[3])
}

#[simd]
fn normalise<S: Simd>(_: S, cells: &mut [Cell], mean: [f32; 3]) {
    // Small enough not to show where there is background, large enough to divide by.
    const LITTLE: f32 = 1e-3;
    let little = [LITTLE * mean[0], LITTLE * mean[1], LITTLE * mean[2], 0.0];
    for cell in cells {
        let scale = 1.0 / (cell[3].max(0.0) + LITTLE);
        for i in 0..4 {
            cell[i] = ((cell[i] + little[i]) * scale).clamp(0.0, 255.0);
        }
    }
}

/// One box pass along columns; outside is nothing.
#[simd]
fn vertical<S: Simd>(
    _: S,
    from: &[Cell],
    to: &mut [Cell],
    shape: ExtendedBox,
    sum: &mut [Cell],
    empty: &[Cell],
) {
    let ExtendedBox { radius, part } = shape;
    let width = sum.len();
    let height = from.len() / width;
    let row = |y: isize| -> &[f32] {
        match usize::try_from(y) {
            Ok(y) if y < height => from[y * width..][..width].as_flattened(),
            _ => empty[..width].as_flattened(),
        }
    };
    let sum = sum.as_flattened_mut();
    sum.fill(0.0);
    for y in 0..radius.min(height) {
        for (s, v) in sum.iter_mut().zip(row(y as isize)) {
            *s += v;
        }
    }
    let n = sum.len();
    for (y, out) in to.chunks_exact_mut(width).enumerate() {
        let (y, r) = (y as isize, radius as isize);
        let (enter, leave) = (&row(y + r)[..n], &row(y - r)[..n]);
        let (before, after) = (&row(y - r - 1)[..n], &row(y + r + 1)[..n]);
        let out = &mut out.as_flattened_mut()[..n];
        for i in 0..n {
            let whole = sum[i] + enter[i];
            out[i] = whole + part * (before[i] + after[i]);
            sum[i] = whole - leave[i];
        }
    }
}

/// Rows that are smoothed side by side: each of them is one long sum, in which an addition has to
/// wait for the one before.
const ROWS: usize = 4;

/// One box pass along `ROWS` rows; outside is nothing.
#[simd]
fn horizontal<S: Simd, const ROWS: usize>(
    simd: S,
    from: &[Cell],
    to: &mut [Cell],
    shape: ExtendedBox,
    lines: &mut [Cell],
) {
    let ExtendedBox { radius, part } = shape;
    let width = from.len() / ROWS;
    let length = width + 2 * (radius + 1);
    let load = |cell: &Cell| f32x4::from_slice(simd, cell);
    let mut sums = [f32x4::splat(simd, 0.0); ROWS];
    for (k, line) in lines.chunks_exact_mut(length).take(ROWS).enumerate() {
        line[..=radius].fill([0.0; 4]);
        line[radius + 1..][..width].copy_from_slice(&from[k * width..][..width]);
        line[radius + 1 + width..].fill([0.0; 4]);
        for cell in &line[1..=2 * radius] {
            sums[k] += load(cell);
        }
    }
    let last = 2 * radius + 1;
    for x in 0..width {
        for (k, sum) in sums.iter_mut().enumerate() {
            let line = &lines[k * length + x..][..last + 2];
            let whole = *sum + load(&line[last]);
            let ends = load(&line[0]) + load(&line[last + 1]);
            (whole + ends * part).store_slice(&mut to[k * width + x]);
            *sum = whole - load(&line[1]);
        }
    }
}

/// [`prefix`] of every row.
fn prefixes(cells: &[Cell], to: &mut [Cell], width: usize, reach: usize) {
    let rows = to.chunks_exact_mut(prefix_width(width, reach));
    for (from, to) in cells.chunks_exact(width).zip(rows) {
        prefix(from, to, reach);
    }
}

/// Sums from the left with space for a disc on either side: entry `x + reach + 1` is the sum up to
/// and with `x`.
fn prefix(from: &[Cell], to: &mut [Cell], reach: usize) {
    let mut sum = [0.0; 4];
    let (left, rest) = to.split_at_mut(reach + 1);
    left.fill(sum);
    let (middle, right) = rest.split_at_mut(from.len());
    for (out, cell) in middle.iter_mut().zip(from) {
        for i in 0..4 {
            sum[i] += cell[i];
        }
        *out = sum;
    }
    right.fill(sum);
}

/// Entries of a row of [`prefix`].
fn prefix_width(width: usize, reach: usize) -> usize {
    width + 2 * reach + 1
}

/// Sums over discs, out of rows of [`prefix`].
#[simd]
fn disc<S: Simd>(simd: S, prefixes: &[Cell], to: &mut [Cell], width: usize, rows: &[usize]) {
    let padded = prefix_width(width, rows[0]);
    let (height, reach) = (to.len() / width, rows[0]);
    for (y, out) in to.chunks_exact_mut(width).enumerate() {
        out.fill([0.0; 4]);
        let last = rows.len() - 1;
        for source in y.saturating_sub(last)..(y + last + 1).min(height) {
            let half = rows[y.abs_diff(source)];
            let line = &prefixes[source * padded..][..padded];
            let starts = &line[reach - half..][..width];
            let ends = &line[reach + half + 1..][..width];
            for ((o, start), end) in out.iter_mut().zip(starts).zip(ends) {
                let load = |cell: &Cell| f32x4::from_slice(simd, cell);
                (load(o) + (load(end) - load(start))).store_slice(o);
            }
        }
    }
}

/// Sums over ellipses, out of rows of [`prefix`]; a row's ends are parts of cells.
#[simd]
fn oval<S: Simd>(simd: S, prefixes: &[Cell], to: &mut [Cell], width: usize, rows: &[Chord]) {
    let reach = rows[0].half + 1;
    let padded = prefix_width(width, reach);
    let (height, last) = (to.len() / width, rows.len() - 1);
    let load = |cell: &Cell| f32x4::from_slice(simd, cell);
    for (y, out) in to.chunks_exact_mut(width).enumerate() {
        out.fill([0.0; 4]);
        for source in y.saturating_sub(last)..(y + last + 1).min(height) {
            let Chord { half, part, weight } = rows[y.abs_diff(source)];
            let line = &prefixes[source * padded..][..padded];
            let (whole, more) = (weight * (1.0 - part), weight * part);
            let starts = &line[reach - half - 1..][..width + 1];
            let ends = &line[reach + half + 1..][..width + 1];
            for (x, o) in out.iter_mut().enumerate() {
                let inner = load(&ends[x]) - load(&starts[x + 1]);
                let outer = load(&ends[x + 1]) - load(&starts[x]);
                (load(o) + inner * whole + outer * more).store_slice(o);
            }
        }
    }
}

#[cfg(test)]
#[path = "smoother_tests.rs"]
mod tests;
