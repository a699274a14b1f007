// SPDX-License-Identifier: MPL-2.0

//! What values can be, by what a test picture gives.

use super::*;
use crate::frame::TensorLayout;

fn kind(channels: usize, values: &[f32], likely: Option<OutputKind>) -> Option<OutputKind> {
    let reading = Reading {
        layout: TensorLayout::Nhwc,
        channels,
        height: 1,
        width: values.len() / channels,
    };
    Seen::of(values, &reading)?.kind(channels, likely)
}

#[test]
fn values_tell_what_they_can_only_be() {
    use OutputKind::{Alpha, Classes, Logits, Softmax};
    for (channels, values, likely, expected) in [
        (1, &[0.0, 0.5, 1.003][..], None, Some(Alpha)),
        (1, &[0.0, 0.5, 1.003], Some(Logits), Some(Alpha)),
        (1, &[-7.0, 0.5, 3.0], None, Some(Logits)),
        (1, &[-7.0, 0.5, 3.0], Some(Logits), Some(Logits)),
        // An alpha of an empty room, logits that hardly differ, 0 to 6: nothing is told.
        (1, &[0.0, 0.01, 0.02], None, None),
        (1, &[0.0, 3.0, 6.0], None, None),
        (1, &[-1.0, 0.0, 1.0], None, None),
        (2, &[0.25, 0.75, 0.9, 0.1], None, Some(Softmax)),
        (2, &[0.25, 0.75, 0.9, 0.1], Some(Classes), Some(Softmax)),
        (2, &[-1.0, 2.0, 0.9, 0.1], None, Some(Classes)),
        // Classes that do not exclude each other.
        (2, &[0.25, 0.5, 0.9, 0.9], None, None),
        (2, &[f32::NAN, 0.5, 0.9, 0.9], Some(Classes), None),
    ] {
        assert_eq!(
            kind(channels, values, likely),
            expected,
            "{values:?} {likely:?}"
        );
    }
    assert_eq!(
        Seen::of(
            &[1.0; 3],
            &Reading {
                layout: TensorLayout::Nchw,
                channels: 2,
                height: 1,
                width: 2
            }
        ),
        None
    );
}
