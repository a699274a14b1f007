// SPDX-License-Identifier: MPL-2.0

//! Networks come and go, decided without the element: what is asked for, and what interrupts a load.

pub mod interrupt;
pub mod requests;

// `interrupt` is compiled in `tests/loom`, too, where its neighbours are others.
use super::worker;
