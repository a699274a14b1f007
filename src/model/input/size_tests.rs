// SPDX-License-Identifier: MPL-2.0

//! Sizes of inputs that follow the stream.

use super::*;

#[test]
fn only_open_sizes_follow_the_aspect() {
    let open = InputSize::Stream {
        sides: (None, None),
        pixels: 256 * 144,
        multiple: 16,
    };
    for (size, same) in [
        ((1280, 720), true),
        ((640, 360), true),
        ((854, 480), true),
        ((640, 480), false),
        ((1080, 1920), false),
    ] {
        assert_eq!(open.suits_both((1920, 1080), size), same, "{size:?}");
        assert!(InputSize::Fixed.suits_both((1920, 1080), size));
    }
}

#[test]
fn sizes_keep_the_aspect() {
    let open = (None, None);
    let pixels = 256 * 144;
    assert_eq!(near(open, pixels, 16, (1920, 1080)), (256, 144));
    assert_eq!(near(open, pixels, 16, (1080, 1920)), (144, 256));
    assert_eq!(near(open, pixels, 16, (640, 480)), (208, 160));
    assert_eq!(near(open, 512 * 512, 32, (500, 500)), (512, 512));
    assert_eq!(near((Some(320), None), pixels, 32, (16, 9)), (320, 192));
    assert_eq!(near((None, Some(64)), pixels, 16, (1, 1)), (64, 64));
    let (w, h) = near(open, pixels, 16, (100_000, 1));
    assert!(
        w % 16 == 0 && h % 16 == 0 && h >= 16 && w * h < 2 * pixels,
        "{w}x{h}"
    );
}
