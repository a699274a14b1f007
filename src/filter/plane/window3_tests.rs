// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::plane::window::tests::reference;
use crate::filter::testing::{noise, sizes};

#[test]
fn equals_the_definition_at_every_size() {
    let mut window = Window3::default();
    for (width, height) in sizes() {
        let plane = noise(width, height, 2);
        let means = reference(&plane, 1);
        let mut row = vec![0.0; width];
        for y in 0..height {
            let above = y.checked_sub(1).map(|y| plane.row(y));
            let below = (y + 1 < height).then(|| plane.row(y + 1));
            let rows = [above, Some(plane.row(y)), below];
            window.mean(rows, &mut row);
            for (x, mean) in row.iter().enumerate().take(width) {
                let error = (f64::from(*mean) - means[y * width + x]).abs();
                assert!(error < 1e-6, "{width}x{height} {x},{y}: {error}");
            }
            window.most(rows, &mut row);
            for (x, found) in row.iter().enumerate().take(width) {
                let rows = y.saturating_sub(1)..=(y + 1).min(height - 1);
                let most = rows
                    .flat_map(|v| &plane.row(v)[x.saturating_sub(1)..(x + 2).min(width)])
                    .fold(0.0, |most: f32, v| most.max(*v));
                assert_eq!(*found, most);
            }
            window.least(rows, &mut row);
            for (x, found) in row.iter().enumerate().take(width) {
                let rows = y.saturating_sub(1)..=(y + 1).min(height - 1);
                let least = rows
                    .flat_map(|v| &plane.row(v)[x.saturating_sub(1)..(x + 2).min(width)])
                    .fold(f32::INFINITY, |least: f32, v| least.min(*v));
                assert_eq!(*found, least);
            }
        }
    }
}
