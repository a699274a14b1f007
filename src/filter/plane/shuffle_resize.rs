// SPDX-License-Identifier: MPL-2.0

//! A row at another width, in whole vectors: each value lies between two neighbours of the row that
//! it comes from, and a vector's values lie so close together that two vectors hold all of them, to
//! be picked from by one shuffle.

use fearless_simd::{Simd, prelude::*};

/// Two neighbours and the second one's weight, for one place along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tap {
    pub first: u32,
    pub second: u32,
    pub weight: f32,
}

/// What every vector of a row is made of, for vectors of one length.
#[derive(Debug, Default)]
pub(crate) struct ShuffleResize {
    lanes: usize,
    /// Where a vector's values go, and from where on they are picked.
    places: Vec<(u32, u32)>,
    /// The bytes that are picked.
    indices: Vec<u8>,
    weights: Vec<f32>,
}

impl ShuffleResize {
    /// Plans a row with these taps for vectors of `lanes` values, unless it is planned already.
    pub(crate) fn plan(&mut self, taps: &[Tap], lanes: usize) {
        if self.lanes == lanes {
            return;
        }
        self.forget();
        self.lanes = lanes;
        if taps.len() < lanes {
            return;
        }
        for at in (0..taps.len()).step_by(lanes) {
            // The last vector may overlap the one before.
            let at = at.min(taps.len() - lanes);
            let from = taps[at].first;
            for tap in &taps[at..at + lanes] {
                let away = (tap.first - from) as usize;
                if away >= 2 * lanes {
                    // Too far apart: the row is left to the taps themselves.
                    self.places.clear();
                    return;
                }
                let bytes = (0..4).map(|byte| (4 * away + byte) as u8);
                self.indices.extend(bytes);
                self.weights.push(tap.weight);
            }
            self.places.push((at as u32, from));
        }
    }

    /// The taps have changed.
    pub(crate) fn forget(&mut self) {
        self.lanes = 0;
        self.places.clear();
        self.indices.clear();
        self.weights.clear();
    }

    /// Whether rows can be made; otherwise they are too short or shrink too much.
    pub(crate) fn is_planned(&self) -> bool {
        !self.places.is_empty()
    }

    /// Values that a row to pick from must have past its end, each the last one's.
    pub(crate) const fn padding(lanes: usize) -> usize {
        2 * lanes + 1
    }

    /// Makes a row.
    #[inline(always)]
    pub(crate) fn apply<S: Simd>(&self, simd: S, from: &[f32], to: &mut [f32]) {
        let (lanes, bytes) = (S::f32s::LEN, S::u8s::LEN);
        let load = |values: &[f32], at: usize| S::f32s::from_slice(simd, &values[at..at + lanes]);
        for (n, &(at, start)) in self.places.iter().enumerate() {
            let (at, start) = (at as usize, start as usize);
            let index = &self.indices[n * bytes..][..bytes];
            let pick = |start: usize| {
                let (low, high) = (load(from, start), load(from, start + lanes));
                low.concat_swizzle_dyn(high, S::u8s::from_slice(simd, index))
            };
            let (a, b) = (pick(start), pick(start + 1));
            let value = a + (b - a) * load(&self.weights, n * lanes);
            value.store_slice(&mut to[at..at + lanes]);
        }
    }
}
