// SPDX-License-Identifier: MPL-2.0

//! Whether frames flow.

use gst::prelude::*;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counts frames, and tells when none come any more.
pub struct Progress {
    frames: Arc<AtomicU64>,
    /// How many these were when they last grew, and when that was.
    last: Cell<(u64, Instant)>,
}

impl Progress {
    /// No frames yet; time runs from now on.
    pub fn new() -> Self {
        Self {
            frames: Arc::new(AtomicU64::new(0)),
            last: Cell::new((0, Instant::now())),
        }
    }

    /// Counts the frames that pass a pad, too.
    pub fn count(&self, pad: &gst::Pad) {
        let frames = self.frames.clone();
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            frames.fetch_add(1, Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        });
    }

    /// Whether a frame has come.
    pub fn has_begun(&self) -> bool {
        self.frames.load(Ordering::Relaxed) > 0
    }

    /// Starts the time anew: no frames were expected until now.
    pub fn restart(&self) {
        let frames = self.frames.load(Ordering::Relaxed);
        self.last.set((frames, Instant::now()));
    }

    /// Whether no frame has come for so long; to be called now and then. The time starts anew after that.
    pub fn stands_still(&self, patience: Duration) -> bool {
        let (frames, since) = self.last.get();
        let moved = self.frames.load(Ordering::Relaxed) != frames;
        let stuck = !moved && since.elapsed() >= patience;
        if moved || stuck {
            self.restart();
        }
        stuck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_frames_start_the_time_anew() {
        let progress = Progress::new();
        let patience = Duration::from_millis(20);
        assert!(!progress.stands_still(Duration::from_secs(60)));
        std::thread::sleep(patience);
        assert!(!progress.has_begun());
        progress.frames.fetch_add(1, Ordering::Relaxed);
        assert!(progress.has_begun());
        assert!(!progress.stands_still(patience), "a frame has come");
        std::thread::sleep(patience);
        assert!(progress.stands_still(patience));
        assert!(
            !progress.stands_still(Duration::from_secs(60)),
            "it is told once"
        );
    }
}
