// SPDX-License-Identifier: MPL-2.0

use super::*;

#[test]
fn mix_is_exact_for_every_input() {
    for a in 0..=255u8 {
        for p in 0..=255u8 {
            for b in [0u8, 1, 17, 127, 128, 200, 254, 255] {
                let exact =
                    (f64::from(p) * f64::from(a) + f64::from(b) * f64::from(255 - a)) / 255.0;
                assert_eq!(mix(p, b, a), exact.round() as u8, "{p} {b} {a}");
            }
        }
    }
}

#[test]
fn mix_of_words_is_exact() {
    use crate::frame::PixelLayout::{Gray16Le, I42010Le, P010Le};
    for level in crate::simd::levels() {
        for layout in [I42010Le, P010Le, Gray16Le] {
            let word = layout.info().word();
            for a in 0..=255u8 {
                for (p, b) in [
                    (0u16, word.top()),
                    (word.top(), 0),
                    (512, 511),
                    (64, 940),
                    (7, 1000),
                    (word.top(), word.top() - 1),
                ] {
                    let mut row = word.bytes(p);
                    lerp16(level, &mut row, &word.bytes(b), &[a], word);
                    let exact =
                        (f64::from(p) * f64::from(a) + f64::from(b) * f64::from(255 - a)) / 255.0;
                    assert_eq!(word.code(row), exact.round() as u16);
                }
            }
        }
    }
}
