// SPDX-License-Identifier: MPL-2.0

use super::*;

#[test]
fn counts_subject_and_changes() {
    for level in crate::simd::levels() {
        let mut statistics = Statistics::default();
        let mut matte = Plane::new(37, 3);
        matte.row_mut(1).fill(0.9);
        assert_eq!(statistics.count(level, &matte, true), (1.0 / 3.0, 0.0));
        matte.row_mut(1)[..10].fill(0.4);
        matte.row_mut(2)[..20].fill(0.6);
        let (inside, changed) = statistics.count(level, &matte, false);
        assert_eq!((inside, changed), (47.0 / 111.0, 30.0 / 111.0));
        matte.data_mut().fill(0.0);
        assert_eq!(statistics.count(level, &matte, true), (0.0, 0.0));
    }
}
