// SPDX-License-Identifier: MPL-2.0

//! Whole numbers are told from others.

use super::*;

#[test]
fn whole_numbers_are_told() {
    for i in 0..1000 {
        assert!(is_whole(i as f32 * 4001.0 % 4_194_304.0));
        assert!(!is_whole(i as f32 + 0.25) && !is_whole(i as f32 * 7.0 + 0.5));
    }
    assert!(is_whole(0.0) && is_whole(4_194_303.0) && is_whole(-3.0));
}
