// SPDX-License-Identifier: MPL-2.0

//! Resampling of a frame's components, whatever its layout, one target row at a time.
//!
//! Rows are summed first, all components of a plane at once as they lie in memory, in integers
//! and over contiguous bytes: that is where nearly all samples go away, and each is read once.
//! The few sums that are left are then taken apart and summed along the row. Both steps are
//! exact for 8-bit and 10-bit samples at the usual sizes: weights are integers (see
//! [`axis`]), and who uses the sums divides by their [`Resampler::scales`].

mod axis;
mod error;
mod half;
mod kernels;

use super::packed::Strip;
use super::{FrameFormat, FrameRef, LayoutInfo, subsampled};
use crate::simd::Level;
use axis::{Axis, AxisSpec};
pub use error::SampleError;
use fearless_simd::{Simd, dispatch};
use fearless_simd_macros::simd;
pub use half::{HALF_MAX, Half};
pub(super) use kernels::{Affine, Element, write_packed, write_plane};
use kernels::{Code, Coding, RowTaps, Sum, add_rows, reduce, split};

/// Most pixels of a side of a frame that can be sampled.
pub const MAX_FRAME_SIDE: usize = axis::MAX_SOURCE;
/// Most samples of a side of a tensor or guide.
pub const MAX_TARGET_SIDE: usize = axis::MAX_TARGET;

/// One component within its plane, ready to be summed along rows.
#[derive(Debug)]
struct Part {
    /// Which component it is: 0 to 3.
    channel: usize,
    /// Samples of the plane before its first.
    offset: usize,
    /// Samples of the plane from one of its samples to the next.
    step: usize,
    /// Number of its samples in a row.
    samples: usize,
    /// Its row, with a tail of zeros for the last taps' padding.
    row: Vec<f32>,
    taps: RowTaps,
}

/// Sums of one plane's rows, with a tail for the last group of components.
#[derive(Debug)]
enum Sums {
    Narrow(Vec<u16>),
    Wide(Vec<i32>),
    /// For samples of 16 bits.
    Float(Vec<f32>),
}

/// One plane of the frame.
#[derive(Debug)]
struct Plane {
    index: usize,
    /// Samples of a row, all components.
    samples: usize,
    sample_bytes: usize,
    coding: Coding,
    axis: Axis,
    /// Rows that are spread out, where samples are not whole bytes.
    strip: Option<Strip>,
    sums: Sums,
    parts: Vec<Part>,
}

/// Turns frames of one format into rows of component sums at another size.
#[derive(Debug)]
pub(super) struct Resampler {
    format: FrameFormat,
    level: Level,
    height: usize,
    planes: Vec<Plane>,
    /// The current target row of each component.
    rows: Vec<Vec<f32>>,
    scales: Vec<f64>,
    /// For frames with alpha: what stands where nothing is to be seen, as sums of each component.
    nothing: Option<Vec<f32>>,
}

impl Resampler {
    /// A resampler of the first `channels` (1 to 4) components to `width` x `height`.
    pub fn new(
        format: FrameFormat,
        channels: usize,
        (width, height): (usize, usize),
        level: Level,
    ) -> Result<Self, SampleError> {
        let (w, h) = (format.width, format.height);
        if w == 0 || h == 0 || w > MAX_FRAME_SIDE || h > MAX_FRAME_SIDE {
            let (width, height) = (w, h);
            return Err(SampleError::FrameSize { width, height });
        }
        if width == 0 || height == 0 || width > MAX_TARGET_SIDE || height > MAX_TARGET_SIDE {
            return Err(SampleError::TargetSize { width, height });
        }
        let mut resampler = Self {
            format,
            level,
            height,
            planes: Vec::new(),
            rows: vec![vec![0.0; width]; channels],
            scales: vec![1.0; channels],
            nothing: None,
        };
        for index in 0..format.layout.info().planes {
            if let Some(plane) = resampler.plan(index, channels, width, height) {
                resampler.planes.push(plane);
            }
        }
        Ok(resampler)
    }

    /// A resampler of all colours to `width` x `height` that goes by the frame's own alpha, where it has
    /// one: what lies under alpha 0 is not looked at, `nothing` (a code value for each component)
    /// stands there instead. Between, the two are mixed after resampling, by the mean alpha.
    pub fn of_what_is_seen(
        format: FrameFormat,
        nothing: &[f32],
        size: (usize, usize),
        level: Level,
    ) -> Result<Self, SampleError> {
        let alpha = format.layout.info().alpha;
        let channels = nothing.len() + usize::from(alpha);
        let mut resampler = Self::new(format, channels, size, level)?;
        if alpha {
            let sums = nothing.iter().zip(&resampler.scales);
            resampler.nothing = Some(sums.map(|(&n, &s)| (f64::from(n) / s) as f32).collect());
        }
        Ok(resampler)
    }

    /// Plans one plane, unless no component of it is wanted.
    fn plan(
        &mut self,
        index: usize,
        channels: usize,
        width: usize,
        height: usize,
    ) -> Option<Plane> {
        let format = self.format;
        let info = format.layout.info();
        let wanted = info.components.iter().take(channels).enumerate();
        let wanted = wanted.filter(|(_, c)| c.plane == index);
        let h_sub = wanted.clone().next()?.1.h_sub;
        let axis = Axis::new(AxisSpec {
            pixels: format.height,
            samples: subsampled(format.height, h_sub),
            sub: h_sub,
            cosited: format.color.site.cosited_y,
            target: height,
        });
        let sample_bytes = info.sample_bytes();
        let samples = info.row_samples(index, format.width);
        let mut parts = Vec::new();
        for (channel, component) in wanted {
            let samples = subsampled(format.width, component.w_sub);
            let along = Axis::new(AxisSpec {
                pixels: format.width,
                samples,
                sub: component.w_sub,
                cosited: format.color.site.cosited_x,
                target: width,
            });
            self.scales[channel] = 1.0 / (f64::from(axis.sum()) * f64::from(along.sum()));
            let taps = row_taps(&along);
            parts.push(Part {
                channel,
                offset: component.offset / sample_bytes,
                step: component.step / sample_bytes,
                samples,
                row: vec![0.0; samples + 4 * taps.vectors],
                taps,
            });
        }
        let longest_step = parts.iter().map(|p| p.step).max().unwrap_or(1);
        let length = samples + longest_step - 1;
        Some(Plane {
            index,
            samples,
            sample_bytes,
            coding: coding(info),
            sums: match u64::from(axis.sum()) * u64::from(info.top()) {
                most if most <= u64::from(u16::MAX) => Sums::Narrow(vec![0; length]),
                most if most <= i32::MAX as u64 => Sums::Wide(vec![0; length]),
                _ => Sums::Float(vec![0.0; length]),
            },
            strip: Strip::new(format.layout, format.width, axis.max_taps(), self.level),
            axis,
            parts,
        })
    }

    /// What frames this was made for.
    pub fn format(&self) -> FrameFormat {
        self.format
    }

    /// What each colour component's sums must be multiplied by to become code values.
    pub fn scales(&self) -> &[f64] {
        let colors = self.nothing.as_ref().map_or(self.scales.len(), Vec::len);
        &self.scales[..colors]
    }

    /// The SIMD level that it runs at.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Whether a frame is of the format this was made for.
    ///
    /// # Errors
    /// [`SampleError::Changed`] where it is not.
    pub fn check(&self, frame: &FrameRef<'_>) -> Result<(), SampleError> {
        let (expected, found) = (self.format, FrameFormat::from(frame));
        if expected == found {
            Ok(())
        } else {
            Err(SampleError::Changed { expected, found })
        }
    }

    /// Calls `sink` with every target row, top to bottom: its number and its components' sums.
    ///
    /// # Errors
    /// [`SampleError::Changed`] where the frame is not of the format this was made for.
    pub fn run<const N: usize>(
        &mut self,
        frame: &FrameRef<'_>,
        mut sink: impl FnMut(usize, [&[f32]; N]),
    ) -> Result<(), SampleError> {
        self.check(frame)?;
        debug_assert!(N <= self.rows.len());
        for y in 0..self.height {
            for plane in &mut self.planes {
                let rows = &mut self.rows;
                dispatch!(self.level, simd => plane.sample_row(simd, frame, y, rows));
            }
            if let Some(nothing) = &self.nothing {
                let top = f64::from(self.format.layout.info().top());
                let unit = (self.scales[nothing.len()] / top) as f32;
                leave_out(&mut self.rows, nothing, unit);
            }
            sink(y, std::array::from_fn(|c| &self.rows[c][..]));
        }
        Ok(())
    }
}

/// Mixes rows of components with `nothing` by the row behind them, the alpha; `unit` makes it 0 to 1.
fn leave_out(rows: &mut [Vec<f32>], nothing: &[f32], unit: f32) {
    let (colors, alpha) = rows.split_at_mut(nothing.len());
    for (row, &nothing) in colors.iter_mut().zip(nothing) {
        for (code, &a) in row.iter_mut().zip(&alpha[0]) {
            *code = nothing + (*code - nothing) * (a * unit).min(1.0);
        }
    }
}

fn coding(info: &LayoutInfo) -> Coding {
    Coding {
        shift: info.shift,
        mask: info.top(),
    }
}

fn row_taps(axis: &Axis) -> RowTaps {
    let mut starts = Vec::with_capacity(axis.target());
    if axis.is_identity() {
        return RowTaps {
            starts,
            weights: Vec::new(),
            vectors: 0,
        };
    }
    let vectors = axis.max_taps().div_ceil(4);
    let mut weights = vec![0.0; axis.target() * vectors * 4];
    for (t, padded) in weights.chunks_exact_mut(4 * vectors).enumerate() {
        let (start, taps) = axis.taps(t);
        starts.push(start as u32);
        for (padded, weight) in padded.iter_mut().zip(taps) {
            *padded = *weight as f32;
        }
    }
    RowTaps {
        starts,
        weights,
        vectors,
    }
}

impl Plane {
    #[inline(always)]
    fn sample_row<S: Simd>(
        &mut self,
        simd: S,
        frame: &FrameRef<'_>,
        y: usize,
        rows: &mut [Vec<f32>],
    ) {
        let (start, weights) = self.axis.taps(y);
        let (data, stride, start) = match &mut self.strip {
            Some(strip) if frame.is_packed() => {
                strip.take(frame, start, weights.len());
                (&strip.data[..], strip.row, 0)
            }
            _ => (frame.plane(self.index), frame.stride(self.index), start),
        };
        let source = Source {
            data,
            stride,
            samples: self.samples,
            coding: self.coding,
        };
        let parts = &mut self.parts;
        match (&mut self.sums, self.sample_bytes) {
            (Sums::Narrow(sums), 1) => {
                source.sum::<S, [u8; 1], _>(simd, start, weights, sums);
                finish(simd, sums, parts, rows);
            }
            (Sums::Narrow(sums), _) => {
                source.sum::<S, [u8; 2], _>(simd, start, weights, sums);
                finish(simd, sums, parts, rows);
            }
            (Sums::Wide(sums), 1) => {
                source.sum::<S, [u8; 1], _>(simd, start, weights, sums);
                finish(simd, sums, parts, rows);
            }
            (Sums::Wide(sums), _) => {
                source.sum::<S, [u8; 2], _>(simd, start, weights, sums);
                finish(simd, sums, parts, rows);
            }
            (Sums::Float(sums), _) => {
                source.sum::<S, [u8; 2], _>(simd, start, weights, sums);
                finish(simd, sums, parts, rows);
            }
        }
    }
}

/// A plane's memory.
#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    data: &'a [u8],
    stride: usize,
    samples: usize,
    coding: Coding,
}

impl<'a> Source<'a> {
    #[inline(always)]
    fn row<C: Code>(&self, y: usize) -> &'a [C] {
        &C::codes(&self.data[y * self.stride..])[..self.samples]
    }

    /// Sums the rows from `start` on, weighted. Four at a time: the sums are then loaded and
    /// stored a quarter as often.
    #[simd]
    fn sum<S: Simd, C: Code, A: Sum>(self, simd: S, start: usize, weights: &[u32], sums: &mut [A]) {
        let sums = &mut sums[..self.samples];
        for (i, group) in weights.chunks(4).enumerate() {
            let row = |k: usize| self.row::<C>(start + 4 * i + k);
            let weight = |k: usize| A::from_weight(group[k]);
            let (coding, fresh) = (self.coding, i == 0);
            match group.len() {
                1 => add_rows(simd, sums, [row(0)], [weight(0)], coding, fresh),
                2 => {
                    let (rows, weights) = ([row(0), row(1)], [weight(0), weight(1)]);
                    add_rows(simd, sums, rows, weights, coding, fresh);
                }
                3 => {
                    let rows = [row(0), row(1), row(2)];
                    let weights = [weight(0), weight(1), weight(2)];
                    add_rows(simd, sums, rows, weights, coding, fresh);
                }
                _ => {
                    let rows = [row(0), row(1), row(2), row(3)];
                    let weights = [weight(0), weight(1), weight(2), weight(3)];
                    add_rows(simd, sums, rows, weights, coding, fresh);
                }
            }
        }
    }
}

/// Takes the sums of rows apart into components and sums those along the row.
#[simd]
fn finish<S: Simd, A: Sum>(simd: S, sums: &[A], parts: &mut [Part], rows: &mut [Vec<f32>]) {
    for part in parts {
        let sums = &sums[part.offset..];
        let out = &mut rows[part.channel][..];
        let identity = part.taps.vectors == 0;
        let row = if identity {
            &mut *out
        } else {
            &mut part.row[..part.samples]
        };
        match part.step {
            1 => split::<S, A, 1>(simd, sums, row),
            2 => split::<S, A, 2>(simd, sums, row),
            3 => split::<S, A, 3>(simd, sums, row),
            _ => split::<S, A, 4>(simd, sums, row),
        }
        if !identity {
            reduce(simd, &part.row, &part.taps, out);
        }
    }
}
