// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::blend::alpha::{AlphaRows, PlaneRow, Remap, SpanClasses, Walk};
use crate::blend::reference::{self, Owned, extent};
use crate::frame::Colorimetry;

/// Every layout against plain sums: weights exactly, colours to a quarter of a code value.
#[test]
fn cells_are_weighted_means() {
    let (color, size) = (Colorimetry::default(), (53, 21));
    for level in crate::simd::levels() {
        for side in [2, 4, 8, 16] {
            for &layout in PixelLayout::ALL {
                let info = layout.info();
                let frame = Owned::noise(layout, color, size, 1, 4).spread();
                let matte = reference::matte(size.0, size.1, 5);
                let geometry = Geometry::new(layout, color, size, level);
                let mut alpha = AlphaRows::new(geometry);
                let mut sums = CellSums::new(geometry, side, Weight::SureBackground);
                let columns = size.0.div_ceil(side);
                let mut cells = vec![[0.0; 4]; columns * size.1.div_ceil(side)];
                let mut classes = SpanClasses::new(geometry);
                classes.update(matte.as_ref());
                let mut walk = Walk::new(&mut alpha, matte.as_ref(), Remap::Fade(255));
                for y in 0..size.1 {
                    let spans = classes.row(y);
                    let mut row = walk.row(y, spans);
                    sums.add_weights(&row);
                    for PlaneRow { plane, at, .. } in row.planes() {
                        let samples = row.samples(plane);
                        sums.add(plane, frame.as_ref().row(plane, at), samples, spans);
                    }
                    if y % side == side - 1 || y + 1 == size.1 {
                        sums.take(&mut cells[y / side * columns..][..columns], 0..columns);
                    }
                }
                for (index, c) in info.components.iter().take(3).enumerate() {
                    let (w, h) = extent(c, size.0, size.1);
                    let mut wanted = vec![(0.0, 0.0); cells.len()];
                    for y in 0..h {
                        for x in 0..w {
                            let alpha = reference::alpha(c, color, &matte, x, y);
                            let weight = (255.0 - 4.0 * (alpha + 0.001).round()).max(0.0);
                            let at = (y << c.h_sub) / side * columns + (x << c.w_sub) / side;
                            let code = f64::from(frame.sample(index, x, y) >> (info.depth - 8));
                            wanted[at].0 += code * weight;
                            wanted[at].1 += weight;
                        }
                    }
                    for (cell, (value, weight)) in cells.iter().zip(wanted) {
                        if weight > 40.0 && cell[3] > 0.0 {
                            let found = f64::from(cell[index] / cell[3]);
                            let slack = 0.1 + 300.0 / weight;
                            assert!(
                                (found - value / weight).abs() < slack,
                                "{} side {side} component {index}: {found} for {}",
                                info.name,
                                value / weight
                            );
                        }
                    }
                }
            }
        }
    }
}
