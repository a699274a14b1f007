// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::frame::Orientation;

#[test]
fn light_reaches_as_far_across_as_down_for_the_viewer() {
    let size = (720, 576);
    assert_eq!(spread(View::default(), size).1[0], tent(3.0));
    for pixel_aspect in [64.0 / 45.0, 16.0 / 15.0, 4.0 / 3.0, 0.5, 2.0] {
        for orientation in [Orientation::Rotate0, Orientation::Rotate90] {
            let view = View::new(orientation, pixel_aspect);
            let (side, tents) = spread(view, size);
            let spread = |tent: &[f32]| (variance(tent) + 0.25).sqrt() * side as f32;
            let wide = spread(&tents[0]) * pixel_aspect as f32;
            let ratio = wide / spread(&tents[1]);
            assert!((ratio - 1.0).abs() < 0.03, "{view:?}: {ratio}");
        }
    }
}
