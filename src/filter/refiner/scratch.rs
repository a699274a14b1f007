// SPDX-License-Identifier: MPL-2.0

//! Memory that holds nothing from one frame to the next. The refiners of a process share it: one that
//! works takes what no other uses, so that many streams need as much of it as there are at work at the
//! same time.

use crate::filter::Plane;
use crate::filter::edge::edge_fit::EdgeFit;
use crate::filter::plane::resample::{Bilinear, CellMean};
use crate::filter::regions::hysteresis::Regions;
use crate::filter::regions::morphology::Morphology;
use crate::filter::scene::memory::SceneMemory;
use crate::filter::temporal::filter::TemporalFilter;
use crate::sync::lock;
use std::sync::{Arc, Mutex, Weak};

/// What decides about sizes: those of the raw matte, of the refined one and of the frame.
pub(super) type Sizes = [(usize, usize); 3];

/// Scratch memory of all stages. Of those that have a past as well, only the scratch memory is used.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub cells: CellMean,
    pub bilinear: Bilinear,
    pub edge: EdgeFit,
    pub morphology: Morphology,
    pub grid_luma: Plane,
    pub chroma: [Plane; 2],
    pub temporal: TemporalFilter,
    pub regions: Regions,
    pub scene: SceneMemory,
}

/// Scratch memory that is not in use, with the sizes that it was last used for; the newest is last.
/// It goes with the last refiner.
#[derive(Debug, Default)]
pub(super) struct Spares(Mutex<Vec<(Sizes, Box<Scratch>)>>);

impl Spares {
    /// Those of the process.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Spares>> = Mutex::new(Weak::new());
        let mut shared = lock(&SHARED);
        shared.upgrade().unwrap_or_else(|| {
            let spares = Arc::default();
            *shared = Arc::downgrade(&spares);
            spares
        })
    }

    /// What fits these sizes, so that nothing has to grow or to be planned anew.
    pub fn take(&self, sizes: &Sizes) -> Box<Scratch> {
        let mut spares = lock(&self.0);
        let fitting = spares.iter().rposition(|(found, _)| found == sizes);
        fitting.map_or_else(Box::default, |at| spares.remove(at).1)
    }

    /// Gives it back. Only as much is kept as there are refiners.
    pub fn give(self: &Arc<Self>, sizes: Sizes, scratch: Box<Scratch>) {
        let mut spares = lock(&self.0);
        spares.push((sizes, scratch));
        let most = Arc::strong_count(self);
        while spares.len() > most {
            spares.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Sizes = [(16, 9), (32, 18), (32, 18)];
    const LARGE: Sizes = [(16, 9), (64, 36), (64, 36)];

    fn sizes(spares: &Spares) -> Vec<Sizes> {
        lock(&spares.0).iter().map(|(sizes, _)| *sizes).collect()
    }

    #[test]
    fn who_works_after_another_takes_the_same_memory() {
        let spares: Arc<Spares> = Arc::default();
        let users = [Arc::clone(&spares), Arc::clone(&spares)];
        let mut scratch = spares.take(&SMALL);
        scratch.grid_luma.resize(7, 5);
        users[0].give(SMALL, scratch);
        let again = users[1].take(&SMALL);
        assert_eq!(again.grid_luma.size(), (7, 5));
        // At the same time another needs its own.
        let beside = users[0].take(&SMALL);
        assert_eq!(beside.grid_luma.size(), (0, 0));
        users[1].give(SMALL, again);
        users[0].give(SMALL, beside);
        assert_eq!(sizes(&spares), [SMALL, SMALL]);
    }

    #[test]
    fn sizes_that_nobody_has_any_more_go() {
        let spares: Arc<Spares> = Arc::default();
        spares.give(SMALL, spares.take(&SMALL));
        assert_eq!(spares.take(&LARGE).grid_luma.size(), (0, 0));
        spares.give(LARGE, Box::default());
        assert_eq!(sizes(&spares), [LARGE], "one user, one size");
    }
}
