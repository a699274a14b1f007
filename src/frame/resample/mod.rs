// SPDX-License-Identifier: MPL-2.0

//! Resampling of a frame's components, whatever its layout, one target row at a time.
//!
//! Rows are summed first, all components of a plane at once as they lie in memory, in integers
//! and over contiguous bytes: this is where nearly all samples go away, and each is read once.
//! The few sums that are left are then split into components and summed along the row ([`plane`]).
//! Both steps are exact for 8-bit and 10-bit samples at the usual sizes: weights are integers (see
//! [`axis`]), and the sums are to be multiplied by their [`Resampler::scales`].

mod axis;
mod error;
mod half;
mod kernels;
mod plane;

use super::{FrameFormat, FrameRef};
use crate::simd::Level;
pub use error::SampleError;
use fearless_simd::dispatch;
pub use half::{HALF_MAX, Half};
pub(super) use kernels::{Affine, Element, write_packed, write_plane};
use plane::Plane;

/// Most pixels of a side of a frame that can be sampled.
pub const MAX_FRAME_SIDE: usize = axis::MAX_SOURCE;
/// Most samples of a side of a tensor or guide.
pub const MAX_TARGET_SIDE: usize = axis::MAX_TARGET;

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
    /// For frames with alpha: what takes the place of what cannot be seen, as sums of each
    /// component.
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
            let scales = &mut resampler.scales;
            let plane = Plane::new(format, index, (width, height), level, scales);
            resampler.planes.extend(plane);
        }
        Ok(resampler)
    }

    /// A resampler of all colours to `width` x `height` that heeds the frame's own alpha, if it has
    /// one: under alpha 0, `nothing` (a code value for each component) takes the picture's place.
    /// In between, the two are mixed after resampling, by the mean alpha.
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

    /// Leaves the first component at 0 from now on if it has a plane of its own, which is then not read:
    /// for what depends on chroma only.
    pub fn skip_luma(&mut self) {
        let components = &self.format.layout.info().components;
        let luma = components[0].plane;
        if components[1..].iter().all(|chroma| chroma.plane != luma) {
            self.planes.retain(|plane| plane.index() != luma);
        }
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
    /// [`SampleError::Changed`] if it is not.
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
    /// [`SampleError::Changed`] if the frame is not of the format this was made for.
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
                mix_with_nothing(&mut self.rows, nothing, unit);
            }
            sink(y, std::array::from_fn(|c| &self.rows[c][..]));
        }
        Ok(())
    }
}

/// Mixes rows of components with `nothing` by the alpha in the row after them; times `unit`, that
/// is 0 to 1.
fn mix_with_nothing(rows: &mut [Vec<f32>], nothing: &[f32], unit: f32) {
    let (colors, alpha) = rows.split_at_mut(nothing.len());
    for (row, &nothing) in colors.iter_mut().zip(nothing) {
        for (code, &a) in row.iter_mut().zip(&alpha[0]) {
            *code = nothing + (*code - nothing) * (a * unit).min(1.0);
        }
    }
}
