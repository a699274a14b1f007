// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::noise;

const SIZE: (usize, usize) = (64, 48);

/// A room that is known everywhere, and a matte without a subject.
fn room() -> (Appearance, Plane, Plane) {
    let mut room = Appearance::default();
    room.start(SIZE);
    let mut picture = noise(SIZE.0, SIZE.1, 1);
    picture
        .data_mut()
        .iter_mut()
        .for_each(|v| *v = 0.2 + 0.4 * *v);
    let columns = SIZE.0 / SEGMENT;
    room.change(|n, segment| {
        let at = n % columns * SEGMENT;
        segment.means[0].copy_from_slice(&picture.row(n / columns)[at..][..SEGMENT]);
        segment.seen.fill(60.0);
    });
    (room, picture, Plane::new(SIZE.0, SIZE.1))
}

#[test]
fn gain_and_agreement_are_measured() {
    let (room, picture, matte) = room();
    for gain in [0.85, 0.97, 1.0, 1.1, 1.3] {
        let mut luma = picture.clone();
        luma.data_mut().iter_mut().for_each(|v| *v *= gain);
        let light = LightMeter::default().measure(&room, &luma, &matte);
        assert!((light.gain - gain).abs() < 0.004, "{gain} {light:?}");
        assert!(light.agreement > 0.99, "{gain} {light:?}");
    }
}

#[test]
fn another_picture_does_not_agree() {
    let (room, _, matte) = room();
    let other = noise(SIZE.0, SIZE.1, 2);
    let light = LightMeter::default().measure(&room, &other, &matte);
    assert!(light.agreement < 0.25, "{light:?}");
}

#[test]
fn who_knows_too_little_says_nothing() {
    let (mut room, picture, mut matte) = room();
    let nothing = Light {
        gain: 1.0,
        agreement: 1.0,
    };
    let other = noise(SIZE.0, SIZE.1, 2);
    matte.data_mut().fill(1.0);
    assert_eq!(
        LightMeter::default().measure(&room, &other, &matte),
        nothing
    );
    matte.data_mut().fill(0.0);
    room.change(|_, segment| segment.seen.fill(1.0));
    assert_eq!(
        LightMeter::default().measure(&room, &picture, &matte),
        nothing
    );
}
