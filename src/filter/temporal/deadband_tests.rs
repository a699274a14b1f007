// SPDX-License-Identifier: MPL-2.0

use super::*;

#[test]
fn differences_in_still_places_decay_to_a_small_rest() {
    let mut shown = vec![100; 150];
    let mut seen = Vec::new();
    for _ in 0..5 {
        let mut to = vec![109; 150];
        let bands = ([&[10; 20][..], &[12; 20]], 2);
        apply_rest(&shown[..20], &mut to[..20], bands);
        dispatch!(crate::simd::level(), simd => apply_all(simd, &shown[20..], &mut to[20..]));
        shown = to;
        assert!(shown.iter().all(|v| *v == shown[0]));
        seen.push(shown[0]);
    }
    assert_eq!(seen, [102, 104, 106, 106, 106]);
}

#[simd]
fn apply_all<S: Simd>(simd: S, shown: &[u8], to: &mut [u8]) {
    let (wide, wider) = (vec![10; to.len()], vec![12; to.len()]);
    apply(simd, shown, to, ([&wider, &wide], 2));
}

#[test]
fn only_what_is_well_beyond_the_middle_crosses_it() {
    for (steps, held) in [
        ([131, 126, 108, 107, 130], [131, 128, 128, 109, 127]),
        ([120, 129, 147, 148, 120], [120, 127, 127, 146, 128]),
    ] {
        let mut shown = vec![steps[0]; 90];
        for (value, held) in steps.into_iter().zip(held) {
            let mut to = vec![value; 90];
            let bands = ([&[2; 20][..], &[2; 20]], 0);
            apply_rest(&shown[..20], &mut to[..20], bands);
            let level = crate::simd::level();
            dispatch!(level, simd => narrow(simd, &shown[20..], &mut to[20..], 2));
            assert_eq!(to, [held; 90], "{value} of {steps:?}");
            shown = to;
        }
        // Where the picture moves, nothing is held.
        let mut to = vec![127; 90];
        apply_rest(&shown[..20], &mut to[..20], ([&[2; 20], &[0; 20]], 0));
        dispatch!(crate::simd::level(), simd => narrow(simd, &shown[20..], &mut to[20..], 0));
        assert_eq!(to, vec![127; 90]);
    }
}

#[simd]
fn narrow<S: Simd>(simd: S, shown: &[u8], to: &mut [u8], width: u8) {
    let band = vec![width; to.len()];
    apply(simd, shown, to, ([&band, &band], 0));
}
