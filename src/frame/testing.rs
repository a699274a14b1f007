// SPDX-License-Identifier: MPL-2.0

//! Frames and tensors that the tests of sampling share.

use super::*;
use crate::simd::level;
use crate::testing::Random;

/// Frames whose memory is noise, padding included.
pub(super) struct Noise {
    pub format: FrameFormat,
    pub planes: Vec<(Vec<u8>, usize)>,
}

impl Noise {
    /// `pad` bytes follow every row but the last.
    pub fn new(format: FrameFormat, pad: usize, seed: u64) -> Self {
        let info = format.layout.info();
        let mut random = Random::new(seed);
        let planes = (0..info.planes)
            .map(|plane| {
                let (row, rows) = info.plane_extent(plane, format.width, format.height);
                let stride = row + pad;
                let length = stride * (rows - 1) + row;
                ((0..length).map(|_| random.next() as u8).collect(), stride)
            })
            .collect();
        Self { format, planes }
    }

    pub fn view(&self) -> FrameRef<'_> {
        let planes: Vec<_> = self.planes.iter().map(|(d, s)| (&d[..], *s)).collect();
        let FrameFormat {
            layout,
            color,
            width,
            height,
        } = self.format;
        FrameRef::new(layout, color, width, height, &planes).unwrap()
    }
}

pub(super) fn format(
    layout: PixelLayout,
    color: Colorimetry,
    width: usize,
    height: usize,
) -> FrameFormat {
    FrameFormat {
        layout,
        color,
        width,
        height,
    }
}

/// A colorimetry for each number, so that tests walk through all of them.
pub(super) fn colorimetry(n: usize) -> Colorimetry {
    Colorimetry {
        matrix: [
            Matrix::Bt601,
            Matrix::Bt709,
            Matrix::Bt2020,
            Matrix::Fcc,
            Matrix::Smpte240m,
        ][n % 5],
        range: [Range::Limited, Range::Full][n / 5 % 2],
        site: ChromaSite {
            cosited_x: n / 2 % 2 == 1,
            cosited_y: n / 4 % 2 == 1,
        },
        ..Default::default()
    }
}

/// What the sampler makes of a frame.
pub(super) fn tensor(sampler: &mut Sampler, frame: &FrameRef<'_>) -> Vec<f32> {
    let mut out = vec![f32::NAN; sampler.spec().elements()];
    sampler.sample(frame, TensorMut::F32(&mut out)).unwrap();
    out
}

/// What a new sampler makes of noise.
pub(super) fn sampled(noise: &Noise, spec: &TensorSpec) -> Vec<f32> {
    let mut sampler = Sampler::new(noise.format, spec, level()).unwrap();
    tensor(&mut sampler, &noise.view())
}
