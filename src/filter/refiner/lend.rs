// SPDX-License-Identifier: MPL-2.0

//! A refiner borrows its scratch memory for the work on one frame.

use super::Refiner;
use super::scratch::{Scratch, Sizes};
use std::mem::swap;

impl Refiner {
    /// Works with scratch memory that fits these sizes.
    pub(super) fn with_scratch<T>(&mut self, sizes: Sizes, work: impl FnOnce(&mut Self) -> T) -> T {
        let (turn, mut scratch) = self.spares.lend(&sizes);
        self.exchange(&mut scratch);
        let done = work(self);
        self.exchange(&mut scratch);
        turn.end(sizes, scratch);
        done
    }

    fn exchange(&mut self, scratch: &mut Scratch) {
        swap(&mut self.cells, &mut scratch.cells);
        swap(&mut self.bilinear, &mut scratch.bilinear);
        swap(&mut self.edge, &mut scratch.edge);
        swap(&mut self.morphology, &mut scratch.morphology);
        swap(&mut self.grid_luma, &mut scratch.grid_luma);
        swap(&mut self.chroma, &mut scratch.chroma);
        swap(&mut self.matte, &mut scratch.matte);
        swap(&mut self.luma, &mut scratch.luma);
        self.motion.swap_scratch(&mut scratch.motion);
        self.temporal.swap_scratch(&mut scratch.temporal);
        self.regions.swap_scratch(&mut scratch.regions);
        self.scene.swap_scratch(&mut scratch.scene);
        if self.params.key.is_some() {
            self.key.swap_scratch(&mut scratch.key);
        }
    }
}
