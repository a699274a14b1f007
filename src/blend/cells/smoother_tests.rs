// SPDX-License-Identifier: MPL-2.0

use super::*;

/// Area and variance of an ellipse of cells are those of the true one, along both axes.
#[test]
fn ellipses_have_the_area_and_the_spread_of_true_ones() {
    for (across, down) in [(4.0, 5.7), (5.7, 4.0), (4.1, 8.3), (20.4, 4.6)] {
        let rows: Vec<Chord> = ellipse((across, down)).collect();
        let (mut area, mut x2, mut y2) = (0.0f32, 0.0f32, 0.0f32);
        for (y, chord) in rows.iter().enumerate() {
            let sides = if y == 0 { 1.0 } else { 2.0 };
            for x in 0..=chord.half + 1 {
                let both = if x == 0 { 1.0 } else { 2.0 };
                let share = if x <= chord.half { 1.0 } else { chord.part };
                let weight = sides * both * share * chord.weight;
                area += weight;
                x2 += weight * (x * x) as f32;
                y2 += weight * (y * y) as f32;
            }
        }
        let exact = std::f32::consts::PI * across * down;
        assert!((area / exact - 1.0).abs() < 0.01, "{across} {down}: {area}");
        for (sum, radius) in [(x2, across), (y2, down)] {
            let spread = 2.0 * (sum / area).sqrt();
            assert!((spread / radius - 1.0).abs() < 0.025, "{radius}: {spread}");
        }
    }
}

/// Every level sums up an ellipse as its definition says, also where it leaves the grid.
#[test]
fn ellipses_are_summed_at_every_level() {
    let grid = (13, 9);
    let cells: Vec<Cell> = (0..grid.0 * grid.1)
        .map(|i| [(i * 37 % 101) as f32, (i % 7) as f32, 1.0, 1.0])
        .collect();
    let rows: Vec<Chord> = ellipse((2.6, 3.7)).collect();
    for level in crate::simd::levels() {
        let reach = rows[0].half + 1;
        let mut sums = vec![[0.0; 4]; prefix_width(grid.0, reach) * grid.1];
        let mut out = cells.clone();
        prefixes(&cells, &mut sums, grid.0, reach);
        dispatch!(level, simd => oval(simd, &sums, &mut out, grid.0, &rows));
        for y in 0..grid.1 {
            for x in 0..grid.0 {
                let mut wanted = 0.0;
                for v in 0..grid.1 {
                    let Some(chord) = rows.get(v.abs_diff(y)) else {
                        continue;
                    };
                    for u in 0..grid.0 {
                        let share = match u.abs_diff(x) {
                            d if d <= chord.half => 1.0,
                            d if d == chord.half + 1 => chord.part,
                            _ => 0.0,
                        };
                        wanted += share * chord.weight * cells[v * grid.0 + u][0];
                    }
                }
                let found = out[y * grid.0 + x][0];
                assert!((found - wanted).abs() < 0.05, "{x},{y}: {found} {wanted}");
            }
        }
    }
}
