// SPDX-License-Identifier: MPL-2.0

//! Keeps the end of the process from tearing ONNX Runtime down under a thread that loads a model.
//!
//! A program may end at any moment, also while a model is loaded beside the stream. ONNX Runtime's
//! static objects are destroyed then, while the loading thread still uses them: it crashes, and an
//! end that was good looks like a failure. So the end waits for what is loaded, for a while, and
//! nothing begins to load any more. Runs need none of this (`tests/robustness/exit.rs` tries both).
//!
//! A process that ends during its very first load may still crash: what the library destroys first
//! is made by that load, and only handlers registered later than that would come before it.

use std::ffi::c_int;
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

/// The longest that the end of the process waits: a large model on a slow, busy board takes
/// seconds, and a crash is worse than a wait.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Default)]
struct State {
    loading: usize,
    ending: bool,
}

static STATE: Mutex<State> = Mutex::new(State {
    loading: 0,
    ending: false,
});
static CHANGED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held while a thread loads a model.
pub(super) struct Loading(());

impl Loading {
    /// Begins; if the process ends already, this thread goes no further.
    pub fn begin() -> Self {
        let mut state = lock();
        while state.ending {
            state = CHANGED.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.loading += 1;
        Self(())
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        // Handlers run last in, first out, and the first load makes the objects that matter.
        static FIRST: Once = Once::new();
        FIRST.call_once(register);
        lock().loading -= 1;
        CHANGED.notify_all();
    }
}

extern "C" fn wait() {
    let mut state = lock();
    state.ending = true;
    let _ = CHANGED.wait_timeout_while(state, PATIENCE, |state| state.loading > 0);
}

#[allow(
    unsafe_code,
    reason = "the C library's own way to hear of the end; Rust has none"
)]
fn register() {
    // SAFETY: this is the declaration of C11 7.22.4.2. The call itself is safe: a function of
    // static lifetime is handed over, and `wait` neither panics nor calls `exit`.
    unsafe extern "C" {
        safe fn atexit(callback: extern "C" fn()) -> c_int;
    }
    // It fails for want of memory only; the process then ends as it would without us.
    let _ = atexit(wait);
}
