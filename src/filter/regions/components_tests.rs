// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::filter::testing::{Random, sizes};

/// Flood fill, pixel by pixel: component per pixel in the order of first pixels.
fn reference(mask: &[u8], width: usize, connectivity: Connectivity) -> Vec<Option<u32>> {
    let height = mask.len() / width;
    let mut labels = vec![None; mask.len()];
    let mut next = 0;
    for seed in 0..mask.len() {
        if mask[seed] == 0 || labels[seed].is_some() {
            continue;
        }
        let mut stack = vec![seed];
        labels[seed] = Some(next);
        while let Some(at) = stack.pop() {
            let (x, y) = ((at % width) as isize, (at / width) as isize);
            for (dx, dy) in (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy))) {
                if connectivity == Connectivity::Four && dx != 0 && dy != 0 {
                    continue;
                }
                let (u, v) = (x + dx, y + dy);
                if u < 0 || v < 0 || u >= width as isize || v >= height as isize {
                    continue;
                }
                let to = v as usize * width + u as usize;
                if mask[to] != 0 && labels[to].is_none() {
                    labels[to] = Some(next);
                    stack.push(to);
                }
            }
        }
        next += 1;
    }
    labels
}

#[test]
fn equals_flood_fill_on_random_masks_of_every_size() {
    let (mut labelling, mut random) = (Labelling::default(), Random::new(5));
    for (width, height) in sizes() {
        for density in [0.3, 0.5, 0.6, 0.9] {
            let mask: Vec<u8> = (0..width * height)
                .map(|_| u8::from(random.unit() < density))
                .collect();
            for connectivity in [Connectivity::Four, Connectivity::Eight] {
                labelling.label(&mask, width, connectivity);
                let expected = reference(&mask, width, connectivity);
                let mut got = vec![None; mask.len()];
                for run in labelling.runs() {
                    for x in run.start..run.end {
                        got[run.y as usize * width + x as usize] = Some(run.component);
                    }
                }
                assert_eq!(got, expected, "{width}x{height} {density} {connectivity:?}");
                for (i, component) in labelling.components().iter().enumerate() {
                    let own = |l: &&Option<u32>| **l == Some(i as u32);
                    assert_eq!(expected.iter().filter(own).count() as u32, component.area);
                }
            }
        }
    }
}

#[test]
fn borders_are_known() {
    let mut labelling = Labelling::default();
    #[rustfmt::skip]
    let mask = [
        1, 0, 0, 0,
        0, 0, 1, 0,
        0, 0, 0, 0,
    ];
    labelling.label(&mask, 4, Connectivity::Eight);
    let border: Vec<_> = labelling.components().iter().map(|c| c.border).collect();
    assert_eq!(border, [true, false]);
}
