// SPDX-License-Identifier: MPL-2.0

use super::*;

#[test]
fn differences_in_still_places_decay_to_a_small_rest() {
    let mut shown = vec![100; 150];
    let mut seen = Vec::new();
    for _ in 0..5 {
        let mut to = vec![109; 150];
        apply_rest(&mut shown[..20], &mut to[..20], (10, 2));
        dispatch!(crate::simd::level(), simd => apply_all(simd, &mut shown[20..], &mut to[20..]));
        assert!(shown.iter().all(|v| *v == shown[0]) && to == shown);
        seen.push(shown[0]);
    }
    assert_eq!(seen, [102, 104, 106, 106, 106]);
}

#[simd]
fn apply_all<S: Simd>(simd: S, shown: &mut [u8], to: &mut [u8]) {
    apply(simd, shown, to, (10, 2));
}
