// SPDX-License-Identifier: MPL-2.0

//! Does anything move? For skipping the network while nothing does.
//!
//! Each frame's luma, averaged down to a small picture, is compared with that of a reference
//! frame. The picture is cut into blocks and the block that changed most counts: a moving hand is
//! as much a change as a moving person, and sensor noise, which averaging has mostly removed, is
//! none. The reference stays until the caller takes a new one, so slow changes add up and are seen.

use super::{FrameFormat, FrameRef, GrayImage, LumaScaler, SampleError};
use crate::simd::Level;

/// Size of the compared picture.
const WIDTH: usize = 128;
const HEIGHT: usize = 72;
/// Side of a block, in its pixels.
const BLOCK: usize = 8;

/// Compares frames of one format with a reference frame.
#[derive(Debug)]
pub struct StillDetector {
    scaler: LumaScaler,
    now: GrayImage,
    reference: GrayImage,
    known: bool,
}

impl StillDetector {
    /// A detector without a reference.
    ///
    /// # Errors
    /// [`SampleError`] if the format cannot be sampled.
    pub fn new(format: FrameFormat, level: Level) -> Result<Self, SampleError> {
        Ok(Self {
            scaler: LumaScaler::new(format, WIDTH, HEIGHT, level)?,
            now: GrayImage::new(WIDTH, HEIGHT),
            reference: GrayImage::new(WIDTH, HEIGHT),
            known: false,
        })
    }

    /// How much the most changed block differs from the reference: mean absolute difference of
    /// luma, 0 to 1. Infinite without a reference.
    ///
    /// # Errors
    /// [`SampleError`] if the frame is of another format.
    pub fn change(&mut self, frame: &FrameRef) -> Result<f32, SampleError> {
        self.scaler.scale(frame, &mut self.now.as_mut())?;
        if !self.known {
            return Ok(f32::INFINITY);
        }
        let (now, then) = (self.now.data(), self.reference.data());
        let mut most = 0;
        for rows in 0..HEIGHT / BLOCK {
            let mut sums = [0u32; WIDTH / BLOCK];
            for y in rows * BLOCK..(rows + 1) * BLOCK {
                let row = y * WIDTH..(y + 1) * WIDTH;
                let blocks = now[row.clone()]
                    .chunks_exact(BLOCK)
                    .zip(then[row].chunks_exact(BLOCK));
                for (sum, (a, b)) in sums.iter_mut().zip(blocks) {
                    let differences = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b)));
                    *sum += differences.sum::<u32>();
                }
            }
            most = sums.into_iter().fold(most, u32::max);
        }
        Ok(most as f32 / (BLOCK * BLOCK * 255) as f32)
    }

    /// Makes the frame that [`StillDetector::change`] saw last the reference.
    pub fn take_reference(&mut self) {
        std::mem::swap(&mut self.now, &mut self.reference);
        self.known = true;
    }

    /// Forgets the reference.
    pub fn forget(&mut self) {
        self.known = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Colorimetry, PixelLayout, Range};
    use crate::simd;

    const SIZE: (usize, usize) = (640, 360);

    fn change(detector: &mut StillDetector, pixel: impl Fn(usize, usize) -> u8) -> f32 {
        let data: Vec<u8> = (0..SIZE.0 * SIZE.1)
            .map(|i| pixel(i % SIZE.0, i / SIZE.0))
            .collect();
        let color = Colorimetry {
            range: Range::Full,
            ..Default::default()
        };
        let planes = [(&data[..], SIZE.0)];
        let frame = FrameRef::new(PixelLayout::Gray8, color, SIZE.0, SIZE.1, &planes).unwrap();
        detector.change(&frame).unwrap()
    }

    fn detector() -> StillDetector {
        let format = FrameFormat {
            layout: PixelLayout::Gray8,
            color: Colorimetry {
                range: Range::Full,
                ..Default::default()
            },
            width: SIZE.0,
            height: SIZE.1,
        };
        StillDetector::new(format, simd::level()).unwrap()
    }

    /// Noise of about 4 code values either way, from a hash of the place and the frame.
    fn noise(x: usize, y: usize, frame: usize) -> u8 {
        let hash = (x * 7919 + y * 104_729 + frame * 1_299_709).wrapping_mul(2_654_435_761) >> 7;
        (hash % 9) as u8
    }

    #[test]
    fn noise_is_still_and_a_moving_hand_is_not() {
        let mut detector = detector();
        let room = |frame: usize| move |x: usize, y: usize| (x / 5) as u8 + noise(x, y, frame);
        assert_eq!(change(&mut detector, room(0)), f32::INFINITY);
        detector.take_reference();
        assert!(change(&mut detector, room(1)) < 0.004);
        let hand = |x: usize, y: usize| match (300..340).contains(&x) && (100..140).contains(&y) {
            true => 200,
            false => room(2)(x, y),
        };
        assert!(change(&mut detector, hand) > 0.05);
        detector.forget();
        assert_eq!(change(&mut detector, room(3)), f32::INFINITY);
    }

    #[test]
    fn slow_changes_add_up() {
        let mut detector = detector();
        change(&mut detector, |_, _| 50);
        detector.take_reference();
        let seen: Vec<f32> = (1..5)
            .map(|i| change(&mut detector, |_, _| 50 + i))
            .collect();
        assert!(
            seen.windows(2).all(|pair| pair[1] > pair[0] + 0.003),
            "{seen:?}"
        );
    }
}
