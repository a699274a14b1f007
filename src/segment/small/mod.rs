// SPDX-License-Identifier: MPL-2.0

//! The request pad `small`: a second, small stream of the same camera. While the pad is there, the
//! network, the motion compensation and the still gate read its pictures, and nothing reads the
//! frames.
//!
//! [`queue`] is where the two streams' threads meet, [`spacing`] knows when no picture is due,
//! [`missing`] decides about frames without one. What GStreamer calls is in `small_pad` beside this
//! folder, what a frame calls in `small_picture`.

mod missing;
mod picture;
mod queue;
mod spacing;

pub use missing::Missing;
pub use picture::{Picture, tolerance};
pub use queue::{Absent, Found, SmallPicture, SmallQueue, Wanted, running_time};

use crate::sync::lock;
use crate::video::direction::Direction;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// A frame of a stream that is not live waits for its picture for this long: nothing hurries it,
/// and both streams end in the same way however fast the machine is.
pub const OFFLINE: Duration = Duration::from_secs(2);

/// All that belongs to the pad.
#[derive(Default)]
pub struct Small {
    /// Pictures that wait for their frame.
    pub queue: SmallQueue,
    /// Which way up the pictures are.
    pub direction: Direction,
    fields: Mutex<Fields>,
}

/// What several threads change.
#[derive(Default)]
pub struct Fields {
    /// The pad, while there is one.
    pub pad: Option<gst::Pad>,
    /// What both streams answered to the latency query; none before they were asked.
    pub upstream: Option<Upstream>,
    /// A frame that is not live waited in vain: the next ones wait no longer than a live one.
    pub hasty: bool,
}

/// What the latency query says about both streams.
#[derive(Debug, Clone, Copy)]
pub struct Upstream {
    /// The main stream keeps time by itself.
    pub live: bool,
    /// How much later the small stream's pictures come than the main stream's frames.
    pub behind: Duration,
}

impl Small {
    /// Locks what several threads change; never while anything is waited for.
    pub fn fields(&self) -> MutexGuard<'_, Fields> {
        lock(&self.fields)
    }

    /// The pad, while there is one.
    pub fn pad(&self) -> Option<gst::Pad> {
        self.fields().pad.clone()
    }

    /// Frames may wait for their pictures, or may not, as the main stream is being flushed or
    /// stopped.
    pub fn interrupt(&self, interrupted: bool) {
        self.queue.interrupt(interrupted);
    }

    /// The main stream starts, perhaps over.
    pub fn main_starts(&self) {
        self.queue.close(false);
        let mut fields = self.fields();
        (fields.upstream, fields.hasty) = (None, false);
    }

    /// The thread whose frame asked last for its picture.
    #[cfg(test)]
    pub fn main_thread(&self) -> Option<std::thread::ThreadId> {
        self.queue.main_thread()
    }

    /// The main stream is over: nobody takes pictures any more.
    pub fn main_ends(&self) {
        self.queue.close(true);
    }
}
