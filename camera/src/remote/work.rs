// SPDX-License-Identifier: MPL-2.0

//! What calls do that may take its time, within limits: no caller makes this program do more than
//! so much at once, or wait for ever.

use super::error::Refusal;
use crate::apart::apart;
use crate::trial::TrialError;
use gst::glib;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What takes longer is refused: a file on a machine that does not answer, say.
const PATIENCE: Duration = Duration::from_secs(60);
/// So much is done at once, also of what nobody waits for any more.
const MOST: usize = 8;

/// Counts what is being done; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Work(Arc<AtomicUsize>);

/// Ends with what it counts, however that ends.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Work {
    fn begin(&self) -> Result<Counted, Refusal> {
        let room = |count| (count < MOST).then_some(count + 1);
        let begun = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, room);
        let busy = |_| Refusal::Busy(format!("{MOST} calls are not done yet"));
        begun.map(|_| Counted(self.0.clone())).map_err(busy)
    }

    /// Does what takes its time in a thread of its own.
    ///
    /// # Errors
    /// If it takes too long, or too much is being done.
    pub async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let counted = self.begin()?;
        let work = move || {
            let _counted = counted;
            work()
        };
        patiently(apart("call", work))
            .await?
            .ok_or_else(|| Refusal::Failed("it cannot be done here".into()))
    }

    /// Tries what may take its time before the camera has it.
    ///
    /// # Errors
    /// If it cannot be used.
    pub async fn try_out(
        &self,
        work: impl FnOnce() -> Result<(), TrialError> + Send + 'static,
    ) -> Result<(), Refusal> {
        self.apart(work).await?.map_err(Refusal::value)
    }
}

/// Waits no longer than a caller does.
///
/// # Errors
/// If it takes longer.
pub async fn patiently<T>(work: impl Future<Output = T>) -> Result<T, Refusal> {
    let late = |_| Refusal::Failed(format!("not done after {} s", PATIENCE.as_secs()));
    // The timer's own future must not move.
    glib::future_with_timeout(PATIENCE, Box::pin(work))
        .await
        .map_err(late)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_begun_than_so_much_and_what_ends_makes_room() {
        let work = Work::default();
        let mut begun: Vec<Counted> = (0..MOST)
            .map(|_| work.begin().expect("there is room"))
            .collect();
        assert!(matches!(work.begin(), Err(Refusal::Busy(_))));
        begun.pop();
        let _last = work.begin().expect("there is room again");
        assert!(matches!(work.clone().begin(), Err(Refusal::Busy(_))));
    }
}
