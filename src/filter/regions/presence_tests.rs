// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::frame::GrayImage;

#[test]
fn comings_and_goings_are_told_once_and_flicker_is_not() {
    let mut presence = Presence::default();
    let mut note = |covered: usize| {
        let mut matte = GrayImage::new(100, 100);
        matte.data_mut()[..covered].fill(200);
        presence.note(matte.as_ref())
    };
    // Too small, and too short.
    assert!((0..50).all(|_| note(90).is_none()));
    assert!((0..50).all(|i| note(if i % 3 == 0 { 0 } else { 5000 }).is_none()));
    let seen: Vec<_> = (0..20).filter_map(|_| note(5000)).collect();
    assert_eq!(seen, [Change::Entered]);
    assert!((0..50).all(|_| note(50).is_none()), "small, but there");
    assert!((0..50).all(|i| note(if i % 9 == 0 { 5000 } else { 0 }).is_none()));
    let seen: Vec<_> = (0..20).filter_map(|_| note(0)).collect();
    assert_eq!(seen, [Change::Left]);
}
