// SPDX-License-Identifier: MPL-2.0

//! A picture with every colour, dark and bright, for a run that shows what an output holds.

use super::super::input::InputTensor;
use crate::frame::{Colorimetry, FrameFormat, FrameRef, PixelLayout, SampleError, Sampler};

/// Fills the picture with red that grows to the right, green that grows downwards, and blue that
/// shrinks.
pub(super) fn draw_test_picture(input: &mut InputTensor) -> Result<(), SampleError> {
    const SIDE: usize = 64;
    let pixel = |i: usize| {
        let [x, y] = [i % SIDE, i / SIDE].map(|place| (place * 255 / (SIDE - 1)) as u8);
        [x, y, y]
    };
    let picture: Vec<u8> = (0..SIDE * SIDE).flat_map(pixel).collect();
    let color = Colorimetry::default();
    let planes = [(picture.as_slice(), 3 * SIDE)];
    let frame = FrameRef::new(PixelLayout::Rgb, color, SIDE, SIDE, &planes);
    let frame = frame.map_err(|_| SampleError::TensorSize {
        found: 0,
        expected: 1,
    })?;
    let spec = *input.spec();
    let mut sampler = Sampler::new(FrameFormat::from(&frame), &spec, crate::simd::level())?;
    sampler.sample(&frame, input.as_mut())?;
    input.finish();
    Ok(())
}
