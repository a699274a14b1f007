// SPDX-License-Identifier: MPL-2.0

//! The picture that steers the matte's edges: luma at the refined matte's size and, for a colour
//! guide, both colour differences on the grid of the edge fit. A plane of 8-bit luma is read
//! where it lies; everything else is sampled into a picture of its own.

use super::Plane;
use crate::frame::{
    ColorModel, ColorScaler, FrameFormat, FrameRef, GrayImage, GrayRef, GuideSpace, LumaScaler,
    SampleError,
};
use crate::simd::Level;

/// Samples guides from frames; keeps its plans and pictures between frames.
#[derive(Debug, Default)]
pub struct Guide {
    luma: GrayImage,
    luma_scaler: Option<(LumaScaler, (usize, usize))>,
    color: [GrayImage; 3],
    color_scaler: Option<(ColorScaler, (usize, usize))>,
}

impl Guide {
    /// The luma of `frame` at `size`. Its range is the frame's own where it is read in place, full
    /// otherwise: a linear fit does not care.
    ///
    /// # Errors
    /// [`SampleError`] where a size is out of range.
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

    /// Both colour differences of `frame` at the size of the planes `u` and `v`, 0 to 1.
    ///
    /// # Errors
    /// [`SampleError`] where a size is out of range.
    pub fn color(
        &mut self,
        level: Level,
        frame: &FrameRef<'_>,
        u: &mut Plane,
        v: &mut Plane,
    ) -> Result<(), SampleError> {
        let (size, format) = (u.size(), FrameFormat::from(frame));
        let scaler = match &mut self.color_scaler {
            Some((scaler, planned)) if *planned == size && scaler.format() == format => scaler,
            slot => {
                let space = GuideSpace::Yuv(format.color.matrix);
                let scaler = ColorScaler::new(format, space, size.0, size.1, level)?;
                &mut slot.insert((scaler, size)).0
            }
        };
        self.color.iter_mut().for_each(|c| c.resize(size.0, size.1));
        scaler.scale(frame, &mut self.color.each_mut().map(GrayImage::as_mut))?;
        u.load(self.color[1].as_ref());
        v.load(self.color[2].as_ref());
        Ok(())
    }
}

/// The luma of a frame as it lies in memory, where that is a plane of bytes.
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
mod tests {
    use super::*;
    use crate::frame::{Colorimetry, PixelLayout};

    #[test]
    fn planar_luma_is_read_in_place_and_packed_luma_is_sampled() {
        let data = [10, 128, 200, 128, 99, 99, 99, 99, 50, 128, 60, 128];
        let level = crate::simd::level();
        let view = |layout, planes: &[(&'static [u8], usize)]| {
            FrameRef::new(layout, Colorimetry::default(), 2, 2, planes).unwrap()
        };
        let data: &'static [u8] = Vec::from(data).leak();
        let mut guide = Guide::default();
        let frame = view(PixelLayout::Nv12, &[(data, 8), (data, 8)]);
        let luma = guide.luma(level, &frame, (2, 2)).unwrap();
        assert!(std::ptr::eq(luma.row(1), &data[8..10]));
        let frame = view(PixelLayout::Yuy2, &[(data, 8)]);
        let luma = guide.luma(level, &frame, (2, 2)).unwrap();
        // Limited range is stretched to full.
        assert!(luma.row(0)[0] < 10 && luma.row(0)[1] > 200 && luma.row(1)[0] < 50);
    }

    #[test]
    fn colour_differences_come_at_any_size() {
        let data: &'static [u8] = Vec::from([200u8; 64 * 64 * 3]).leak();
        let planes = [(data, 64 * 3)];
        let color = Colorimetry::default();
        let frame = FrameRef::new(PixelLayout::Rgb, color, 64, 64, &planes).unwrap();
        let (mut u, mut v) = (Plane::new(16, 9), Plane::new(16, 9));
        Guide::default()
            .color(crate::simd::level(), &frame, &mut u, &mut v)
            .unwrap();
        for plane in [&u, &v] {
            assert!(plane.data().iter().all(|c| (c * 255.0 - 128.0).abs() < 1.5));
        }
    }
}
