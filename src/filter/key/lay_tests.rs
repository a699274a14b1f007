// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::Plane;
use crate::filter::testing::{Random, noise};

/// A band of 37 columns with something to say in some segments, for pictures of such cells.
fn band(rows: usize, seed: u64) -> Band {
    let columns = 37;
    let mut random = Random::new(seed);
    let mut band = Band::default();
    band.key = noise(columns, rows, seed);
    for weights in &mut band.weights {
        weights.resize_with(columns * rows, || (random.next() % 129) as u8);
    }
    for n in 0..segments(columns) * rows {
        let says = n % 5 != 0;
        band.says.push(says);
        band.ages.push(if says { 200 } else { 0 });
    }
    // Places where all is the same, and where nothing may be added.
    for y in rows / 2..rows {
        band.key.row_mut(y).fill(1.0);
        band.weights[0][y * columns..][..columns].fill(0);
    }
    band
}

fn network((width, height): (usize, usize), seed: u64) -> GrayImage {
    let mut random = Random::new(seed);
    let mut out = GrayImage::new(width, height);
    for (n, code) in out.data_mut().iter_mut().enumerate() {
        *code = if n > width * height * 2 / 3 {
            255
        } else {
            (random.next() % 256) as u8
        };
    }
    out
}

/// A pixel of the key, interpolated between cells that have a say.
fn key_at(band: &Band, (x, y): (usize, usize), step: usize) -> f64 {
    let (columns, rows) = band.key.size();
    let count = segments(columns);
    let (cell, row) = (x / step, y / step);
    let place = |at: usize| (at % step * 2 + 1) as f64 / (2 * step) as f64 - 0.5;
    let beside = |at: usize, along: f64, count: usize| match along < 0.0 {
        true => at.checked_sub(1),
        false => Some(at + 1).filter(|at| *at < count),
    };
    let (across, down) = (place(x), place(y));
    let other = beside(row, down, rows);
    // Where the other row has nothing to say, the row itself goes on.
    let value = |of: usize, cell: usize| {
        let says = band.says[of * count + cell / SEGMENT];
        f64::from(band.key.row(if says { of } else { row })[cell])
    };
    let in_row = |of: usize| {
        let here = value(of, cell);
        let next = beside(cell, across, columns);
        let next = next.filter(|next| band.says[row * count + next / SEGMENT]);
        let next = next.map_or(here, |next| value(of, next));
        here + (next - here) * across.abs()
    };
    let here = in_row(row);
    255.0 * (here + (other.map_or(here, in_row) - here) * down.abs())
}

#[test]
fn every_level_and_step_lays_what_is_between_the_cells() {
    for step in [1, 2, 3, 4, 6, 8] {
        let size = (37 * step - step / 2, 12 * step - step / 2);
        let matte = network(size, 7);
        for level in crate::simd::levels() {
            let mut band = band(12, 3);
            let mut out = matte.clone();
            let lay = Lay {
                deadband: None,
                fresh: false,
                per_row: 1.0.into(),
            };
            let mut layer = Layer::default();
            let params = Params {
                grow: 0.0,
                feather: 0.0,
                black_point: 0.0,
                white_point: 1.0,
                gamma: 1.0,
                ..Params::default()
            };
            layer.lay(level, &params, (&mut band, step), lay, &mut out.as_mut());
            for n in 0..size.0 * size.1 {
                let (x, y) = (n % size.0, n / size.0);
                let (before, found) = (matte.data()[n], out.data()[n]);
                let cell = (y / step) * 37 + x / step;
                if !band.says[y / step * segments(37) + x / step / SEGMENT] {
                    assert_eq!(found, before, "{step} {x} {y}");
                    continue;
                }
                let key = key_at(&band, (x, y), step);
                let way = key - f64::from(before);
                let [adds, takes] = band.weights.each_ref().map(|w| f64::from(w[cell]) / 128.0);
                let expected = f64::from(before) + way * if way > 0.0 { adds } else { takes };
                assert!(
                    (f64::from(found) - expected).abs() <= 2.0,
                    "{level:?} {step} {x} {y}: {found} for {expected}"
                );
            }
        }
    }
}

/// In a still picture noise goes, and no pixel is above the network's where the key may not add.
#[test]
fn what_stands_still_is_steadied_but_never_above_the_network_without_proof() {
    let (size, level) = ((74, 24), crate::simd::level());
    let still = Plane::new(37, 12);
    let mut layer = Layer::default();
    let mut last = None;
    for n in 0..8 {
        let mut band = band(12, 3);
        for (i, value) in band.key.data_mut().iter_mut().enumerate() {
            *value = 0.5 + 0.01 * ((i + n) % 3) as f32;
        }
        for weights in &mut band.weights {
            weights[..37 * 6].fill(128);
        }
        let matte = network(size, 7);
        let mut out = matte.clone();
        let lay = Lay {
            deadband: Some(Deadband {
                width: 14,
                decay: 0,
                change: &still,
            }),
            fresh: false,
            per_row: 1.0.into(),
        };
        let drawn = (&mut band, 2);
        layer.lay(level, &Params::default(), drawn, lay, &mut out.as_mut());
        for y in 12..24 {
            for x in 0..74 {
                let [found, before] = [&out, &matte].map(|m| m.data()[y * 74 + x]);
                assert!(found <= before, "frame {n}, {x} {y}");
            }
        }
        if let Some(last) = last.replace(out.clone()) {
            assert_eq!(last, out, "frame {n}");
        }
    }
}
