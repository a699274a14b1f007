// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::frame::{Colorimetry, Field, Unpacked};

/// A frame in memory of its own, with room behind each row.
struct Picture {
    layout: PixelLayout,
    size: (usize, usize),
    planes: Vec<(Vec<u8>, usize)>,
}

impl Picture {
    fn new(layout: PixelLayout, size: (usize, usize), value: u8) -> Self {
        let planes = (0..layout.info().planes).map(|plane| {
            let (row, rows) = layout.info().plane_extent(plane, size.0, size.1);
            (vec![value; (row + 3) * rows], row + 3)
        });
        let planes = planes.collect();
        Self {
            layout,
            size,
            planes,
        }
    }

    /// Every sample tells where it lies: its chroma (or luma) column and row.
    fn of_places(layout: PixelLayout, size: (usize, usize)) -> Self {
        let mut picture = Self::new(layout, size, 0);
        let info = layout.info();
        let mut frame = picture.view_mut();
        for (index, c) in info.components.iter().enumerate() {
            for y in 0..subsampled(size.1, c.h_sub) {
                for x in 0..subsampled(size.0, c.w_sub) {
                    let row = frame.row_mut(c.plane, y);
                    put(info, info.packing, index, row, x, place(index, x, y));
                }
            }
        }
        picture
    }

    fn view_mut(&mut self) -> FrameMut<'_> {
        let planes = self.planes.iter_mut().map(|(data, s)| (&mut data[..], *s));
        let color = Colorimetry::default();
        FrameMut::new(self.layout, color, self.size.0, self.size.1, planes).unwrap()
    }
}

/// What a sample of a component holds: even numbers, so that means are exact.
fn place(index: usize, x: usize, y: usize) -> u16 {
    (8 * x + 2 * y + index) as u16
}

fn sample(frame: &FrameRef, index: usize, x: usize, y: usize) -> u16 {
    let info = frame.layout().info();
    let row = frame.row(info.components[index].plane, y);
    load(info, frame.packing(), index, row, x)
}

/// What a component's sample keeps of a value.
fn kept(info: &LayoutInfo, index: usize, value: u16) -> u16 {
    match info.packing {
        Some(Packing::Pixels16(fields)) => through(fields[index], packed::TOP, value),
        Some(Packing::Pixels32(fields)) => through(fields[index], packed::DEEP_TOP, value),
        _ => value,
    }
}

fn through(field: Field, top: u32, value: u16) -> u16 {
    packed::load_field(field, top, packed::store_field(field, top, 0, value))
}

/// Columns before a rectangle: a part begins there in every layout.
const LEFT: usize = 12;

fn part_of(x: usize, y: usize, width: usize, height: usize) -> Rectangle {
    Rectangle {
        x,
        y,
        width,
        height,
    }
}

#[test]
fn a_part_is_where_it_says_in_every_layout() {
    for &layout in PixelLayout::ALL {
        let mut picture = Picture::of_places(layout, (21, 11));
        let rectangle = part_of(LEFT, 2, 5, 7);
        let mut whole = picture.view_mut();
        let part = whole.part(rectangle).unwrap();
        let (info, view) = (layout.info(), part.as_ref());
        for (index, c) in info.components.iter().enumerate() {
            for y in 0..subsampled(7, c.h_sub) {
                for x in 0..subsampled(5, c.w_sub) {
                    let (left, top) = (LEFT >> c.w_sub, 2 >> c.h_sub);
                    assert_eq!(
                        sample(&view, index, x, y),
                        kept(info, index, place(index, x + left, y + top)),
                        "{} {index} {x} {y}",
                        info.name
                    );
                }
            }
        }
    }
}

#[test]
fn parts_that_split_chroma_or_leave_the_frame_are_refused() {
    let mut picture = Picture::new(PixelLayout::Nv12, (16, 16), 0);
    let whole = picture.view_mut();
    let view = whole.as_ref();
    for (rectangle, fits) in [
        (part_of(0, 0, 16, 16), true),
        (part_of(2, 4, 14, 12), true),
        (part_of(1, 0, 4, 4), false),
        (part_of(0, 3, 4, 4), false),
        (part_of(4, 0, 13, 4), false),
        (part_of(usize::MAX - 1, 0, 4, 4), false),
        (part_of(0, 0, 0, 4), false),
    ] {
        assert_eq!(view.part(rectangle).is_ok(), fits, "{rectangle:?}");
    }
    let mut gray = Picture::new(PixelLayout::Gray8, (16, 16), 0);
    assert!(gray.view_mut().part(part_of(3, 5, 1, 1)).is_ok());
}

#[test]
fn all_outside_becomes_black_and_nothing_inside_changes() {
    for &layout in PixelLayout::ALL {
        let rectangle = part_of(LEFT, 2, 5, 7);
        let mut before = Picture::new(layout, (21, 11), 0xa5);
        let mut picture = Picture::new(layout, (21, 11), 0xa5);
        picture.view_mut().clear_outside(rectangle);
        let (info, range) = (layout.info(), Colorimetry::default().range);
        let whole = picture.view_mut();
        let view = whole.as_ref();
        let before = before.view_mut();
        for (index, c) in info.components.iter().enumerate() {
            let unit = black(layout, range, c.plane);
            let outside = load(info, info.packing, index, &unit, 0);
            assert_ne!(
                outside,
                sample(&before.as_ref(), index, 0, 0),
                "{}",
                info.name
            );
            for y in 0..subsampled(11, c.h_sub) {
                for x in 0..subsampled(21, c.w_sub) {
                    let columns = LEFT >> c.w_sub..(LEFT >> c.w_sub) + subsampled(5, c.w_sub);
                    let rows = 2 >> c.h_sub..(2 >> c.h_sub) + subsampled(7, c.h_sub);
                    let stays = columns.contains(&x) && rows.contains(&y);
                    let expected = match stays {
                        true => sample(&before.as_ref(), index, x, y),
                        false => outside,
                    };
                    let found = sample(&view, index, x, y);
                    assert_eq!(found, expected, "{} {index} {x} {y}", info.name);
                }
            }
        }
    }
}

#[test]
fn a_cleared_frame_is_black_all_over() {
    for &layout in PixelLayout::ALL {
        let mut picture = Picture::new(layout, (5, 3), 0xa5);
        let mut frame = picture.view_mut();
        frame.clear();
        let rows = |frame: &mut FrameMut, plane: usize| {
            let (_, rows) = layout.info().plane_extent(plane, 5, 3);
            (0..rows)
                .map(|y| frame.row_mut(plane, y).to_vec())
                .collect::<Vec<_>>()
        };
        for plane in 0..layout.info().planes {
            let unit = black(layout, Range::Limited, plane);
            for row in rows(&mut frame, plane) {
                assert!(
                    row.iter()
                        .enumerate()
                        .all(|(i, b)| *b == unit[i % unit.len()])
                );
            }
        }
    }
}

#[test]
fn moved_pictures_are_exact_in_every_layout() {
    for &layout in PixelLayout::ALL {
        let info = layout.info();
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (3, 5), (2, 2), (-1, -1)] {
            let mut from = Picture::of_places(layout, (20, 22));
            let mut to = Picture::new(layout, (9, 8), 0);
            shift(&from.view_mut().as_ref(), (dx, dy), &mut to.view_mut());
            let moved = to.view_mut();
            let view = moved.as_ref();
            for (index, c) in info.components.iter().enumerate() {
                // Away from the edges, where there is nothing to be repeated.
                for y in 1..subsampled(8, c.h_sub) {
                    for x in 1..subsampled(9, c.w_sub) {
                        // Places are linear, so that half a sample is half its step.
                        let along = 8 * x as isize + 8 * dx / (1 << c.w_sub);
                        let down = 2 * y as isize + 2 * dy / (1 << c.h_sub);
                        let expected = kept(info, index, (along + down) as u16 + index as u16);
                        let found = sample(&view, index, x, y);
                        assert_eq!(found, expected, "{} {index} {x} {y} {dx} {dy}", info.name);
                    }
                }
            }
        }
    }
}

/// A picture that is spread out is one that is packed.
#[test]
fn pictures_may_be_packed_or_spread_out() {
    let packed = PixelLayout::ALL
        .iter()
        .filter(|l| l.info().packing.is_some());
    for &layout in packed {
        let (color, size) = (Colorimetry::default(), (20, 6));
        let mut from = Picture::of_places(layout, size);
        let mut memory =
            Unpacked::new(layout, color, size.0, size.1, crate::simd::level()).unwrap();
        for (dx, dy) in [(0, 0), (1, 0), (2, 3)] {
            let mut expected = Picture::new(layout, size, 0);
            shift(
                &from.view_mut().as_ref(),
                (dx, dy),
                &mut expected.view_mut(),
            );
            memory.take(&from.view_mut().as_ref());
            let mut found = Picture::new(layout, size, 0);
            shift(&memory.view(), (dx, dy), &mut found.view_mut());
            assert_eq!(
                found.planes,
                expected.planes,
                "{} {dx} {dy}",
                layout.info().name
            );
            shift(&from.view_mut().as_ref(), (dx, dy), &mut memory.view_mut());
            let mut found = Picture::new(layout, size, 0);
            memory.give(&mut found.view_mut());
            let rows = |picture: &mut Picture| {
                let view = picture.view_mut();
                let rows = (0..size.1).map(|y| view.as_ref().row(0, y).to_vec());
                rows.collect::<Vec<_>>()
            };
            assert_eq!(
                rows(&mut found),
                rows(&mut expected),
                "{} {dx} {dy}",
                layout.info().name
            );
        }
    }
}

#[test]
fn what_would_lie_outside_repeats_the_edge() {
    let mut from = Picture::of_places(PixelLayout::Gray8, (4, 4));
    let mut to = Picture::new(PixelLayout::Gray8, (6, 6), 99);
    shift(&from.view_mut().as_ref(), (-1, -1), &mut to.view_mut());
    let moved = to.view_mut();
    let view = moved.as_ref();
    assert_eq!(view.row(0, 0), [0, 0, 8, 16, 24, 24]);
    assert_eq!(view.row(0, 5), [6, 6, 14, 22, 30, 30]);
}

#[test]
fn every_nth_row_of_each_plane_makes_a_lower_frame() {
    for layout in PixelLayout::ALL {
        for (size, step) in [
            ((12, 24), 2),
            ((13, 25), 3),
            ((8, 11), 5),
            ((6, 3), 4),
            ((7, 9), 1),
        ] {
            let picture = Picture::of_places(*layout, size);
            let planes: Vec<_> = picture
                .planes
                .iter()
                .map(|(data, s)| (&data[..], *s))
                .collect();
            let color = Colorimetry::default();
            let frame = FrameRef::new(*layout, color, size.0, size.1, &planes).unwrap();
            let lower = frame.every(step);
            let height = size.1 / step / 2 * 2;
            let skips = step > 1 && height >= 2;
            assert_eq!(lower.width(), size.0);
            assert_eq!(lower.height(), if skips { height } else { size.1 });
            for plane in 0..layout.info().planes {
                let (_, rows) = layout.info().plane_extent(plane, size.0, lower.height());
                for y in 0..rows {
                    let from = if skips { y * step + step / 2 } else { y };
                    assert_eq!(lower.row(plane, y), frame.row(plane, from), "{layout:?}");
                }
            }
        }
    }
}
