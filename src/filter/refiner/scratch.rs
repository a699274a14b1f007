// SPDX-License-Identifier: MPL-2.0

//! Memory that holds nothing from one frame to the next. The refiners of a process share it: one that
//! works takes what no other uses. No more than one per core can work at the same time, so that further
//! refiners wait for their turn, and many streams need no more of it than a few.

use crate::filter::Plane;
use crate::filter::edge::edge_fit::EdgeFit;
use crate::filter::key::Key;
use crate::filter::motion::change::Motion;
use crate::filter::plane::resample::{Bilinear, CellMean};
use crate::filter::regions::hysteresis::Regions;
use crate::filter::regions::morphology::Morphology;
use crate::filter::scene::memory::SceneMemory;
use crate::filter::temporal::filter::TemporalFilter;
use crate::sync::{Watched, lock};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// A refiner that has waited so long takes memory of its own: who has the others may be a thread that
/// the system does not let run.
const PATIENCE: Duration = Duration::from_millis(100);

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
    /// The matte on its way through the steps, and luma, at the raw matte's resolution.
    pub matte: Plane,
    pub luma: Plane,
    pub motion: Motion,
    pub temporal: TemporalFilter,
    pub regions: Regions,
    pub scene: SceneMemory,
    pub key: Key,
}

/// The scratch memory of all refiners. It goes with the last one.
#[derive(Debug)]
pub(super) struct Spares {
    state: Watched<State>,
    /// How many refiners may work at the same time.
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    /// What is not in use, with the sizes that it was last used for; the newest is last.
    free: Vec<(Sizes, Box<Scratch>)>,
    /// How many are in use.
    lent: usize,
}

/// A refiner's turn. It ends when it is dropped, also by a panic.
#[derive(Debug)]
pub(super) struct Turn(Arc<Spares>);

impl Spares {
    /// Those of the process.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Spares>> = Mutex::new(Weak::new());
        let mut shared = lock(&SHARED);
        shared.upgrade().unwrap_or_else(|| {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let spares = Arc::new(Self::new(cores));
            *shared = Arc::downgrade(&spares);
            spares
        })
    }

    fn new(limit: usize) -> Self {
        let state = Watched::default();
        Self { state, limit }
    }

    /// A turn, and what fits these sizes, so that nothing has to grow or to be planned anew. Waits as
    /// long as too many work, at most for [`PATIENCE`].
    pub fn lend(self: &Arc<Self>, sizes: &Sizes) -> (Turn, Box<Scratch>) {
        let mut state = self.state.lock();
        if state.lent >= self.limit {
            let end = Instant::now() + PATIENCE;
            while state.lent >= self.limit {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                state = self.state.wait_for(state, left).0;
            }
        }
        state.lent += 1;
        let fitting = state.free.iter().rposition(|(found, _)| found == sizes);
        let scratch = fitting.map_or_else(Box::default, |at| state.free.remove(at).1);
        (Turn(Arc::clone(self)), scratch)
    }
}

impl Turn {
    /// Ends it, and gives the memory back. Only as much is kept as can be in use.
    pub fn end(self, sizes: Sizes, scratch: Box<Scratch>) {
        let spares = &self.0;
        let mut state = spares.state.lock();
        // Each turn counts beside its refiner.
        let refiners = Arc::strong_count(spares).saturating_sub(state.lent);
        state.free.push((sizes, scratch));
        while state.free.len() > refiners.min(spares.limit) {
            state.free.remove(0);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.state.update(|state| state.lent -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const SMALL: Sizes = [(16, 9), (32, 18), (32, 18)];
    const LARGE: Sizes = [(16, 9), (64, 36), (64, 36)];

    /// So many refiners, of which two may work at the same time.
    fn refiners(count: usize) -> Vec<Arc<Spares>> {
        let spares = Arc::new(Spares::new(2));
        (0..count).map(|_| Arc::clone(&spares)).collect()
    }

    fn sizes(spares: &Spares) -> Vec<Sizes> {
        let state = spares.state.lock();
        state.free.iter().map(|(sizes, _)| *sizes).collect()
    }

    #[test]
    fn who_works_after_another_takes_the_same_memory() {
        let users = refiners(2);
        let (turn, mut scratch) = users[0].lend(&SMALL);
        scratch.grid_luma.resize(7, 5);
        turn.end(SMALL, scratch);
        let (turn, again) = users[1].lend(&SMALL);
        assert_eq!(again.grid_luma.size(), (7, 5));
        // At the same time another needs its own.
        let (other, beside) = users[0].lend(&SMALL);
        assert_eq!(beside.grid_luma.size(), (0, 0));
        turn.end(SMALL, again);
        other.end(SMALL, beside);
        assert_eq!(sizes(&users[0]), [SMALL, SMALL]);
    }

    #[test]
    fn sizes_that_nobody_has_any_more_go() {
        let users = refiners(1);
        let (turn, scratch) = users[0].lend(&SMALL);
        turn.end(SMALL, scratch);
        let (turn, scratch) = users[0].lend(&LARGE);
        assert_eq!(scratch.grid_luma.size(), (0, 0));
        turn.end(LARGE, scratch);
        assert_eq!(sizes(&users[0]), [LARGE], "one user, one size");
    }

    #[test]
    fn no_more_is_kept_than_can_work() {
        let users = refiners(5);
        let (first, held) = users[0].lend(&SMALL);
        let (second, scratch) = users[1].lend(&SMALL);
        let (told, hears) = channel();
        std::thread::scope(|scope| {
            for user in &users[2..] {
                let told = told.clone();
                scope.spawn(move || {
                    let (turn, scratch) = user.lend(&SMALL);
                    turn.end(SMALL, scratch);
                    told.send(()).unwrap();
                });
            }
            second.end(SMALL, scratch);
            // The three others take turns with what came back, however late they are.
            for _ in 0..3 {
                hears.recv().unwrap();
            }
        });
        first.end(SMALL, held);
        assert_eq!(sizes(&users[0]), [SMALL, SMALL]);
    }

    #[test]
    fn who_waits_in_vain_goes_on() {
        let users = refiners(3);
        let held: Vec<_> = users[..2].iter().map(|user| user.lend(&SMALL)).collect();
        let (turn, scratch) = users[2].lend(&SMALL);
        turn.end(SMALL, scratch);
        for (turn, scratch) in held {
            turn.end(SMALL, scratch);
        }
        assert_eq!(sizes(&users[0]), [SMALL, SMALL]);
    }

    #[test]
    fn a_refiner_that_panics_ends_its_turn() {
        let users = refiners(2);
        for _ in 0..4 {
            let user = Arc::clone(&users[0]);
            let panicked = std::thread::spawn(move || {
                let _turn = user.lend(&SMALL);
                panic!("as a kernel does");
            });
            assert!(panicked.join().is_err());
        }
        assert_eq!(users[1].state.lock().lent, 0);
    }
}
