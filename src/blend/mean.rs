// SPDX-License-Identifier: MPL-2.0

//! Colours of pictures, as 8-bit code values whatever the depth.

use crate::frame::FrameRef;

/// Mean code values of the colour components, in 8 bits.
pub(super) type Mean = [f32; 3];

/// Pixels and rows from one that is looked at to the next; both even.
pub(super) const STEP: (usize, usize) = (8, 16);

/// Adds a pixel's components.
pub(super) fn add_pixel(frame: &FrameRef, x: usize, y: usize, sums: &mut Mean) {
    let info = frame.layout().info();
    for (sum, c) in sums.iter_mut().zip(info.components) {
        let at = &frame.row(c.plane, y >> c.h_sub)[c.offset + (x >> c.w_sub) * c.step..];
        *sum += match info.depth > 8 {
            true => {
                let finer = (1u32 << (info.depth - 8)) as f32;
                f32::from(info.word().code([at[0], at[1]])) / finer
            }
            false => f32::from(at[0]),
        };
    }
}

/// Mean of a whole picture, looked at here and there.
pub(super) fn mean_of(frame: &FrameRef) -> Mean {
    let (mut sums, mut count) = ([0.0; 3], 0.0);
    for y in (0..frame.height()).step_by(STEP.1) {
        for x in (0..frame.width()).step_by(STEP.0) {
            add_pixel(frame, x, y, &mut sums);
            count += 1.0;
        }
    }
    sums.map(|sum| sum / count)
}

/// The colour of a picture of one colour.
pub(super) fn color_of(flat: &FrameRef) -> [f32; 4] {
    let mut code = [0.0; 3];
    add_pixel(flat, 0, 0, &mut code);
    [code[0], code[1], code[2], 0.0]
}
