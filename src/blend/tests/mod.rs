// SPDX-License-Identifier: MPL-2.0

//! Whole compositions; what the tests of this folder share.

mod decontamination;
mod exact;
mod promises;
mod spill;
mod translucent;
mod transparency;

use super::reference::{self, Owned};
use crate::frame::Colorimetry;

/// Small and odd ones for all levels and sitings; `every_width` goes through the rest.
const SIZES: &[(usize, usize)] = &[
    (1, 1),
    (2, 2),
    (3, 1),
    (1, 5),
    (15, 17),
    (16, 9),
    (33, 6),
    (47, 31),
    (64, 20),
    (70, 69),
];

fn colors() -> impl Iterator<Item = Colorimetry> {
    reference::sites().into_iter().map(|site| Colorimetry {
        site,
        ..Default::default()
    })
}

/// Compares every sample with `wanted(component index, x, y)`; `slack` in code values.
fn compare(found: &Owned, slack: f64, what: &str, wanted: impl Fn(usize, usize, usize) -> f64) {
    let info = found.layout.info();
    for (index, c) in info.components.iter().enumerate() {
        let (w, h) = reference::extent(c, found.width, found.height);
        for y in 0..h {
            for x in 0..w {
                let grain = reference::grain(found.layout, index);
                let (found, wanted) = (f64::from(found.sample(index, x, y)), wanted(index, x, y));
                assert!(
                    (found - wanted).abs() <= slack + grain,
                    "{what}: {} component {index} at {x},{y}: {found}, exactly {wanted}",
                    info.name,
                );
            }
        }
    }
    assert!(
        found.padding_is_intact(),
        "{what}: {} wrote between rows",
        info.name
    );
}
