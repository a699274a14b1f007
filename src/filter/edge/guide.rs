// SPDX-License-Identifier: MPL-2.0

//! The picture that steers the matte's edges: luma at the refined matte's size and, for a colour
//! guide, both colour differences on the grid of the edge fit. A plane of 8-bit luma is read
//! in place; everything else is sampled into a picture of its own.

use crate::filter::Plane;
use crate::frame::{
    ChromaScaler, ColorModel, FrameFormat, FrameRef, GrayImage, GrayRef, LumaScaler, SampleError,
};
use crate::simd::Level;

/// Samples guides from frames; keeps its plans and pictures between frames.
#[derive(Debug, Default)]
pub struct Guide {
    luma: GrayImage,
    luma_scaler: Option<(LumaScaler, (usize, usize))>,
}

/// Samples colours of frames at one size; keeps its plan and pictures between frames.
#[derive(Debug, Default)]
pub struct ColorGuide {
    pictures: [GrayImage; 2],
    scaler: Option<(ChromaScaler, (usize, usize))>,
}

impl ColorGuide {
    /// Both colour differences of `frame` at the size of the planes `u` and `v`, 0 to 1.
    ///
    /// # Errors
    /// [`SampleError`] if a size is out of range.
    pub fn sample(
        &mut self,
        level: Level,
        frame: &FrameRef<'_>,
        u: &mut Plane,
        v: &mut Plane,
    ) -> Result<(), SampleError> {
        self.sample_pictures(level, frame, u.size())?;
        let [of_u, of_v] = self.pictures();
        u.load(of_u);
        v.load(of_v);
        Ok(())
    }

    /// Exchanges the memory of the pictures, which hold nothing from one frame to the next.
    pub(in crate::filter) fn swap_pictures(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.pictures, &mut other.pictures);
    }

    /// Both colour differences that were sampled last, as bytes.
    pub fn pictures(&self) -> [GrayRef<'_>; 2] {
        self.pictures.each_ref().map(GrayImage::as_ref)
    }

    /// Both colour differences of `frame` at this size, for [`ColorGuide::pictures`].
    ///
    /// # Errors
    /// [`SampleError`] if a size is out of range.
    pub fn sample_pictures(
        &mut self,
        level: Level,
        frame: &FrameRef<'_>,
        size: (usize, usize),
    ) -> Result<(), SampleError> {
        let format = FrameFormat::from(frame);
        let scaler = match &mut self.scaler {
            Some((scaler, planned)) if *planned == size && scaler.format() == format => scaler,
            slot => {
                let scaler = ChromaScaler::new(format, size.0, size.1, level)?;
                &mut slot.insert((scaler, size)).0
            }
        };
        self.pictures
            .iter_mut()
            .for_each(|c| c.resize(size.0, size.1));
        scaler.scale(frame, &mut self.pictures.each_mut().map(GrayImage::as_mut))
    }
}

impl Guide {
    /// The luma of `frame` at `size`. Its range is the frame's own if it is read in place, full
    /// otherwise: a linear fit does not care.
    ///
    /// # Errors
    /// [`SampleError`] if a size is out of range.
    pub fn luma<'a>(
        &'a mut self,
        level: Level,
        frame: &FrameRef<'a>,
        size: (usize, usize),
    ) -> Result<GrayRef<'a>, SampleError> {
        if size == (frame.width(), frame.height())
            && let Some(plane) = luma_plane(frame)
        {
            return Ok(plane);
        }
        let format = FrameFormat::from(frame);
        let scaler = match &mut self.luma_scaler {
            Some((scaler, planned)) if *planned == size && scaler.format() == format => scaler,
            slot => {
                let scaler = LumaScaler::new(format, size.0, size.1, level)?;
                &mut slot.insert((scaler, size)).0
            }
        };
        self.luma.resize(size.0, size.1);
        scaler.scale(frame, &mut self.luma.as_mut())?;
        Ok(self.luma.as_ref())
    }
}

/// The luma of a frame as it lies in memory, if that is a plane of bytes.
fn luma_plane<'a>(frame: &FrameRef<'a>) -> Option<GrayRef<'a>> {
    let info = frame.layout().info();
    let luma = info.components[0];
    if info.model == ColorModel::Rgb || info.depth != 8 || luma.step != 1 {
        return None;
    }
    let data = &frame.plane(luma.plane)[luma.offset..];
    let stride = frame.stride(luma.plane);
    GrayRef::new(data, frame.width(), frame.height(), stride).ok()
}

#[cfg(test)]
#[path = "guide_tests.rs"]
mod tests;
