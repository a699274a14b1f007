// SPDX-License-Identifier: MPL-2.0

//! Regions of interest: where in the frame the subject may be, and where weak answers of the
//! network count.

use crate::filter::{Params, Plane, Region};

/// Regions of the frame, drawn at the matte's size.
#[derive(Debug, Default)]
pub(crate) struct RegionsOfInterest {
    size: (usize, usize),
    subject: Vec<bool>,
    keep: Vec<bool>,
}

impl RegionsOfInterest {
    /// Forgets the drawn regions: they changed.
    pub(crate) fn forget(&mut self) {
        self.size = (0, 0);
    }

    /// Draws the regions for mattes of this size, if that was not done yet.
    pub(crate) fn draw(&mut self, params: &Params, size: (usize, usize)) {
        if self.size == size {
            return;
        }
        self.size = size;
        let draw = |region: &Option<Region>, mask: &mut Vec<bool>| {
            mask.clear();
            let Some(region) = region else { return };
            for y in 0..size.1 {
                let v = (y as f32 + 0.5) / size.1 as f32;
                mask.extend(
                    (0..size.0).map(|x| region.contains((x as f32 + 0.5) / size.0 as f32, v)),
                );
            }
        };
        draw(&params.subject_region, &mut self.subject);
        draw(&params.keep, &mut self.keep);
    }

    /// Keeps and drops what the regions say, in place; for a raw matte.
    pub(crate) fn apply(&self, matte: &mut Plane) {
        for (value, inside) in matte.data_mut().iter_mut().zip(&self.keep) {
            // What the network finds a third likely counts in full.
            *value = if *inside {
                (*value * 3.0).min(1.0)
            } else {
                *value
            };
        }
        self.cut(matte);
    }

    /// Writes 1 where the regions say that no subject is.
    pub(crate) fn mark_outside(&self, out: &mut Plane) {
        for (value, inside) in out.data_mut().iter_mut().zip(&self.subject) {
            *value = if *inside { *value } else { 1.0 };
        }
    }

    /// Drops what the regions say, in place.
    pub(crate) fn cut(&self, matte: &mut Plane) {
        for (value, inside) in matte.data_mut().iter_mut().zip(&self.subject) {
            *value = if *inside { *value } else { 0.0 };
        }
    }
}

#[cfg(test)]
#[path = "interest_tests.rs"]
mod tests;
