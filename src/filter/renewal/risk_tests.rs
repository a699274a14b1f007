// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{Random, sizes};
use crate::frame::GrayImage;

/// The definition, pixel by pixel of the matte, for mattes of as many pixels as four a square.
fn expected(misfit: &[u16], (columns, rows): (usize, usize), matte: &GrayImage) -> f64 {
    let pixel = |x: usize, y: usize| matte.data()[y * matte.width() + x];
    let mut wrong = 0.0;
    for (index, e) in misfit.iter().enumerate() {
        // The square's 2x2 pixels of the matte, and two more on each side.
        let (x, y) = (2 * (index % columns), 2 * (index / columns));
        let (across, down) = (
            (x.max(2) - 2)..(x + 4).min(2 * columns),
            (y.max(2) - 2)..(y + 4).min(2 * rows),
        );
        let around = down.flat_map(|v| across.clone().map(move |u| pixel(u, v)));
        let (least, most) = around.fold((255, 0), |(a, b), v| (a.min(v), b.max(v)));
        let near = least < 192 && most > 64;
        let e = f64::from(*e) / 16.0;
        wrong += match near {
            true => 0.015 * (e.min(40.0) - 2.0).max(0.0),
            false => 0.08 * f64::from(u8::from(e >= 6.0)),
        };
    }
    let subject = matte.data().iter().filter(|value| **value >= 128).count();
    let share = subject as f64 / matte.data().len() as f64;
    wrong / misfit.len() as f64 / share.max(0.02)
}

#[test]
fn equals_the_definition() {
    let mut random = Random::new(9);
    for (columns, rows) in sizes() {
        let mut matte = GrayImage::new(2 * columns, 2 * rows);
        let rare = random.unit();
        matte.data_mut().fill_with(|| match random.unit() < rare {
            true => 255,
            false => (random.unit() * 80.0) as u8,
        });
        let most = random.unit() * 1000.0;
        let misfit: Vec<u16> = (0..columns * rows)
            .map(|_| (random.unit() * most) as u16)
            .collect();
        let found = Risk::default().of(&misfit, columns, matte.as_ref());
        let expected = expected(&misfit, (columns, rows), &matte);
        let near = (f64::from(found) - expected).abs() <= 1e-4 * expected.max(1.0);
        assert!(near, "{columns}x{rows}: {found}, expected {expected}");
    }
}

#[test]
fn what_the_motion_explains_is_no_risk_and_the_edge_counts_most() {
    let (columns, rows) = (64, 36);
    let mut matte = GrayImage::new(256, 144);
    for (index, value) in matte.data_mut().iter_mut().enumerate() {
        *value = if index % 256 < 128 { 255 } else { 0 };
    }
    let risk = |at: Option<usize>, e| {
        let mut misfit = vec![0; columns * rows];
        if let Some(column) = at {
            (0..rows).for_each(|row| misfit[row * columns + column] = e * UNIT);
        }
        Risk::default().of(&misfit, columns, matte.as_ref())
    };
    assert_eq!(risk(None, 0), 0.0);
    assert_eq!(risk(Some(31), 2), 0.0, "noise");
    let (edge, room) = (risk(Some(31), 20), risk(Some(60), 20));
    assert!(edge > 3.0 * room && room > 0.0, "{edge} {room}");
}

#[test]
fn mattes_of_any_size_and_of_nobody_are_judged() {
    for (width, height) in [(1, 1), (7, 5), (300, 200)] {
        let matte = GrayImage::new(width, height);
        let risk = Risk::default().of(&[200; 64 * 36], 64, matte.as_ref());
        assert!(risk > 1.0 && risk.is_finite(), "{risk}");
    }
}
