// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::blend::reference::{Owned, extent};
use crate::frame::{Colorimetry, PixelLayout};

#[test]
fn only_the_border_is_drawn_in_every_layout() {
    let color = Colorimetry::default();
    for (size, columns, rows) in [
        ((21, 15), 3..12, 5..13),
        ((21, 15), 10..90, 8..90),
        ((5, 3), 0..5, 0..3),
        ((1, 1), 0..1, 0..1),
        ((8, 8), 9..12, 3..3),
    ] {
        for &layout in PixelLayout::ALL {
            let mut frame = Owned::noise(layout, color, size, 1, 2).spread();
            let before = Owned::noise(layout, color, size, 1, 2).spread();
            let geometry = Geometry::new(layout, color, size, crate::simd::level());
            let pen = Outline::new(geometry, 0xff00_ff00).unwrap();
            pen.draw(&mut frame.as_mut(), columns.clone(), rows.clone())
                .unwrap();
            assert!(frame.padding_is_intact());
            let border = |x: usize, y: usize| {
                let at = |v: usize, range: &Range<usize>, size: usize| {
                    let end = range.end.min(size).next_multiple_of(2);
                    let start = range.start.min(end) & !1;
                    let inside = (start..end).contains(&v);
                    (inside, inside && (v < start + 2 || v + 2 >= end))
                };
                let (x, y) = (at(x, &columns, size.0), at(y, &rows, size.1));
                x.0 && y.0 && (x.1 || y.1)
            };
            let green = pen.row.view();
            for (index, c) in layout.info().components.iter().enumerate() {
                let (w, h) = extent(c, size.0, size.1);
                for y in 0..h {
                    for x in 0..w {
                        let wanted = if index < 3 && border(x << c.w_sub, y << c.h_sub) {
                            crate::blend::reference::sample(&green, index, x, 0)
                        } else {
                            before.sample(index, x, y)
                        };
                        let found = frame.sample(index, x, y);
                        assert_eq!(found, wanted, "{} {index} {x},{y}", layout.info().name);
                    }
                }
            }
        }
    }
}
