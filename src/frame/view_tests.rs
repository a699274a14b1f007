// SPDX-License-Identifier: MPL-2.0

use super::*;

#[test]
fn short_memory_is_refused_with_numbers() {
    let data = [0u8; 24];
    let planes = [(&data[..16], 4), (&data[..7], 4)];
    let error = FrameRef::new(PixelLayout::Nv12, Colorimetry::default(), 4, 4, &planes)
        .expect_err("7 bytes cannot hold 2 rows of 4");
    assert_eq!(
        error.to_string(),
        "plane 1 of NV12 4x4 holds 7 bytes, but needs 8"
    );
}

#[test]
fn last_row_needs_no_padding() {
    let mut data = [0u8; 10 + 5];
    let planes = [(&mut data[..], 10)];
    let mut frame =
        FrameMut::new(PixelLayout::Gray8, Colorimetry::default(), 5, 2, planes).unwrap();
    frame.row_mut(0, 1).fill(7);
    assert_eq!(frame.as_ref().row(0, 1), [7; 5]);
    assert_eq!(frame.as_ref().row(0, 0), [0; 5]);
}

#[test]
fn overlapping_rows_and_empty_sizes_are_refused() {
    let data = [0u8; 64];
    let planes = [(&data[..], 3)];
    let view = |w, h| FrameRef::new(PixelLayout::Gray8, Colorimetry::default(), w, h, &planes);
    assert!(matches!(view(4, 2), Err(FrameError::Stride { .. })));
    assert!(matches!(view(0, 2), Err(FrameError::Empty { .. })));
}
