// SPDX-License-Identifier: MPL-2.0

use super::*;

#[test]
fn outside_of_the_subject_region_is_nothing_and_weak_things_are_kept() {
    let params = Params {
        subject_region: Some(Region::rectangle(0.0, 0.0, 0.5, 1.0)),
        keep: Some(Region::rectangle(0.0, 0.5, 1.0, 0.5)),
        ..Params::default()
    };
    let mut matte = Plane::new(4, 4);
    matte.data_mut().fill(0.25);
    let mut regions = RegionsOfInterest::default();
    regions.draw(&params, matte.size());
    regions.apply(&mut matte);
    assert_eq!(matte.row(0), [0.25, 0.25, 0.0, 0.0]);
    assert_eq!(matte.row(3), [0.75, 0.75, 0.0, 0.0]);
}
