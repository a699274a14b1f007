// SPDX-License-Identifier: MPL-2.0

//! Threads of an element that its stop does not join may speak on the bus before the stop only.
//!
//! A bus calls its bin without holding it: a message that a child posts while the bin goes reads
//! freed memory (`gst_bus_post` into the sync handler of `GstBin`). What GStreamer knows to be
//! safe is posted before the change to READY or NULL has ended.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Closed at first; an element opens it in `start` and closes it in `stop`.
#[derive(Debug, Default)]
pub(crate) struct Voice(Mutex<bool>);

impl Voice {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on [`Voice::speak`] does what it is asked.
    pub fn open(&self) {
        *self.lock() = true;
    }

    /// Nothing is said when this has returned: waits for who is speaking.
    pub fn close(&self) {
        *self.lock() = false;
    }

    /// Calls `words` between `open` and `close`, one thread at a time, or not at all. As on a
    /// streaming thread, `words` must not wait for the element's stop.
    pub fn speak(&self, words: impl FnOnce()) {
        let open = self.lock();
        if *open {
            words();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Voice;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn nobody_speaks_before_the_opening_and_after_the_end() {
        let voice = Voice::default();
        voice.speak(|| panic!("it was never opened"));
        voice.open();
        let mut said = false;
        voice.speak(|| said = true);
        assert!(said);
        voice.close();
        voice.speak(|| panic!("it is closed"));
    }

    #[test]
    fn closing_waits_for_who_speaks() {
        let (voice, closed) = (&Voice::default(), &AtomicBool::new(false));
        voice.open();
        let (begun, begins) = mpsc::channel();
        let (go, on) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                voice.speak(|| {
                    begun.send(()).expect("somebody waits");
                    on.recv().expect("somebody lets it go");
                });
            });
            begins.recv().expect("it begins");
            let closing = scope.spawn(|| {
                voice.close();
                closed.store(true, Ordering::SeqCst);
            });
            // Long enough for a close that does not wait.
            thread::sleep(Duration::from_millis(100));
            assert!(!closed.load(Ordering::SeqCst), "closed while one speaks");
            go.send(()).expect("it listens");
            closing.join().expect("it closes");
        });
    }
}
