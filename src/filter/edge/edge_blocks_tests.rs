// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{Random, disc, sizes};

#[test]
fn patches_hold_what_any_window_sees_of_an_edge_and_little_else() {
    let (mut finder, mut blocks) = (EdgeBlockFinder::default(), Vec::new());
    let (level, mut random) = (crate::simd::level(), Random::new(4));
    for (i, (width, height)) in sizes().into_iter().enumerate() {
        let radius = 1 + i % 5;
        let mut matte = Plane::new(width, height);
        for _ in 0..2 {
            let at = random.next() as usize % (width * height);
            matte.data_mut()[at] = random.unit();
        }
        finder.look(level, &matte);
        finder.spread(level, radius);
        finder.blocks(16, &mut blocks);
        let mut covered = vec![0; width * height];
        for block in &blocks {
            for y in block.rows.clone() {
                for x in block.columns.clone() {
                    covered[y * width + x] += 1;
                }
            }
        }
        for y in 0..height {
            for x in 0..width {
                let window = (y.saturating_sub(radius)..=(y + radius).min(height - 1))
                    .flat_map(|v| {
                        let columns = x.saturating_sub(radius)..=(x + radius).min(width - 1);
                        columns.map(move |u| (u, v))
                    })
                    .map(|(u, v)| matte.row(v)[u]);
                let edge = window.clone().any(|p| p > 0.0) && window.clone().any(|p| p < 1.0);
                let times = covered[y * width + x];
                assert!(
                    times <= 1 && (times == 1 || !edge),
                    "{width}x{height} {x},{y}"
                );
            }
        }
    }
    let matte = disc(320, 180, (160.0, 90.0), 40.0, 3.0);
    finder.look(level, &matte);
    finder.spread(level, 6);
    finder.blocks(48, &mut blocks);
    let area: usize = blocks.iter().map(|p| p.rows.len() * p.columns.len()).sum();
    assert!(area < 320 * 180 / 4, "{area}");
}
