// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::frame::{Colorimetry, Matrix, PixelLayout, Range};

fn format(layout: PixelLayout, color: Colorimetry) -> FrameFormat {
    FrameFormat {
        layout,
        color,
        width: 2,
        height: 2,
    }
}

#[test]
fn the_same_colorimetry_is_a_copy_of_each_component() {
    for (from, to) in [
        (PixelLayout::Nv12, PixelLayout::Yuy2),
        (PixelLayout::P010Le, PixelLayout::I42010Le),
        (PixelLayout::Rgb, PixelLayout::Bgra),
    ] {
        let color = Colorimetry::default();
        for (i, mix) in mixes(format(from, color), format(to, color))
            .iter()
            .enumerate()
        {
            assert!(mix.shift.is_some(), "{from:?} {to:?} {i} {mix:?}");
            assert_eq!(mix.channels[..mix.count], [i]);
        }
    }
}

#[test]
fn another_range_needs_no_other_component_but_another_matrix_does() {
    let limited = Colorimetry::default();
    let full = Colorimetry {
        range: Range::Full,
        ..limited
    };
    let bt709 = Colorimetry {
        matrix: Matrix::Bt709,
        ..limited
    };
    let of = |from, to| {
        mixes(
            format(PixelLayout::Nv12, from),
            format(PixelLayout::I420, to),
        )
    };
    let range = of(full, limited);
    assert!(range.iter().all(|m| m.count == 1 && m.shift.is_none()));
    assert!(of(bt709, limited).iter().all(|m| m.count > 1));
}
