// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::disc;
use crate::frame::GrayImage;

fn edge() -> (Plane, Coefficients) {
    let b = disc(60, 60, (30.0, 30.0), 15.0, 1.0);
    (
        Plane::new(60, 60),
        Coefficients {
            a: Plane::new(60, 60),
            b,
        },
    )
}

#[test]
fn feather_keeps_the_side_that_it_does_not_go_to() {
    for radius in [2.0, 4.0, 6.0] {
        for sign in [1.0, -1.0] {
            let (guide, mut out) = edge();
            let hard = out.b.clone();
            Shape::default().feather(crate::simd::level(), sign * radius, &guide, &mut out);
            let (mut grown, mut shrunk) = (0, 0);
            for (h, o) in hard.data().iter().zip(out.b.data()) {
                grown += i32::from(*o > h + 0.1);
                shrunk += i32::from(*o < h - 0.1);
            }
            let (wanted, other) = if sign > 0.0 {
                (grown, shrunk)
            } else {
                (shrunk, grown)
            };
            assert!(
                wanted > 40 && other < wanted / 4,
                "{radius} {sign}: {grown} {shrunk}"
            );
        }
    }
}

#[test]
fn levels_and_gamma_follow_their_formulas() {
    let (_, mut out) = edge();
    out.a.data_mut().fill(0.5);
    out.b.data_mut().fill(0.6);
    let mut shape = Shape::default();
    shape.levels(0.2, 0.7, &mut out);
    assert!((out.a.data()[0] - 1.0).abs() < 1e-6 && (out.b.data()[0] - 0.8).abs() < 1e-6);
    let mut image = GrayImage::new(4, 1);
    image.data_mut().copy_from_slice(&[0, 64, 128, 255]);
    shape.gamma(2.0, &mut image.as_mut());
    assert_eq!(image.data(), [0, 128, 181, 255]);
}
