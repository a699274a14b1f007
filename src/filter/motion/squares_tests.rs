// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{Random, sizes};
use crate::frame::GrayImage;

#[test]
fn equals_the_definition() {
    let mut random = Random::new(3);
    for (width, height) in sizes() {
        let mut picture = || {
            let mut picture = GrayImage::new(width, height);
            picture
                .data_mut()
                .fill_with(|| (random.unit() * 256.0) as u8);
            picture
        };
        let (a, b) = (picture(), picture());
        for level in crate::simd::levels() {
            let mut squares = Squares::default();
            squares.compare(level, a.as_ref(), b.as_ref());
            let size = (width.div_ceil(SQUARE), height.div_ceil(SQUARE));
            assert_eq!(squares.size(), size);
            let mut total = 0;
            for (index, mean) in squares.means().iter().enumerate() {
                let (left, top) = (index % size.0 * SQUARE, index / size.0 * SQUARE);
                let (mut sum, mut pixels) = (0, 0);
                for y in top..(top + SQUARE).min(height) {
                    for x in left..(left + SQUARE).min(width) {
                        let at = y * width + x;
                        sum += u32::from(a.data()[at].abs_diff(b.data()[at]));
                        pixels += 1;
                    }
                }
                assert_eq!(
                    u32::from(*mean),
                    sum * 16 / pixels,
                    "{width}x{height} {index}"
                );
                total += u64::from(sum);
            }
            assert_eq!(squares.total(), total);
        }
    }
}
