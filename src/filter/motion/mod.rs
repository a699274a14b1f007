// SPDX-License-Identifier: MPL-2.0

//! What moved in the picture, and where it came from.

mod block_search;
pub mod change;
pub mod flow;
pub mod squares;
pub mod warp;

pub use change::{Motion, MotionSummary};
pub use flow::Flow;
