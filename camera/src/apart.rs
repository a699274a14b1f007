// SPDX-License-Identifier: MPL-2.0

//! What may take its time, such as a look at devices or a file on a machine that does not answer,
//! away from the main loop.

use futures_channel::oneshot;
use std::thread;

/// Does something in a thread of its own, which has a name. None without a thread, or if it
/// panics. The thread goes on if nobody waits any more.
pub async fn apart<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (tell, told) = oneshot::channel();
    let thread = thread::Builder::new().name(name.into());
    // Without a thread `told` is cancelled.
    let _ = thread.spawn(move || tell.send(work()));
    told.await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst::glib::MainContext;

    #[test]
    fn it_is_done_elsewhere_and_a_panic_is_no_answer() {
        let context = MainContext::new();
        fn name() -> Option<String> {
            thread::current().name().map(String::from)
        }
        let elsewhere = context.block_on(apart("elsewhere", name));
        assert_eq!(elsewhere, Some(Some("elsewhere".into())));
        let work = || assert!(name() == Some("here".into()), "it is elsewhere");
        assert_eq!(context.block_on(apart("elsewhere", work)), None);
    }
}
