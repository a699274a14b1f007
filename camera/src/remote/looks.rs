// SPDX-License-Identifier: MPL-2.0

//! The list of cameras for callers. A look opens every device, so there is one at a time; everybody
//! who has asked meanwhile gets its result.

use super::error::Refusal;
use super::work::patiently;
use crate::apart::apart;
use futures_channel::oneshot;
use gst::glib;
use std::cell::RefCell;
use std::rc::Rc;

/// So many callers wait for one look.
const MOST: usize = 64;

/// Names and device files.
pub type Cameras = Vec<(String, String)>;

/// Where a result goes.
type Waiting = Vec<oneshot::Sender<Option<Cameras>>>;

/// Looks that callers share; clones are the same.
#[derive(Clone)]
pub struct Looks<L> {
    look: L,
    /// Those who wait for the look that runs; None if none does.
    waiting: Rc<RefCell<Option<Waiting>>>,
}

impl<L: Fn() -> Cameras + Clone + Send + 'static> Looks<L> {
    /// Looks by a function that may take its time.
    pub fn new(look: L) -> Self {
        Self {
            look,
            waiting: Rc::default(),
        }
    }

    /// The cameras that a look finds.
    ///
    /// # Errors
    /// If it takes too long, or too many wait for it.
    pub async fn cameras(&self) -> Result<Cameras, Refusal> {
        let (tell, told) = oneshot::channel();
        self.join(tell)?;
        let found = patiently(told).await?.ok().flatten();
        found.ok_or_else(|| Refusal::Failed("the cameras cannot be looked for".into()))
    }

    /// Waits for the look that runs, or begins one.
    fn join(&self, tell: oneshot::Sender<Option<Cameras>>) -> Result<(), Refusal> {
        let mut waiting = self.waiting.borrow_mut();
        let Some(others) = waiting.as_mut() else {
            waiting.replace(vec![tell]);
            self.begin();
            return Ok(());
        };
        // Who has waited too long has gone.
        others.retain(|other| !other.is_canceled());
        if others.len() >= MOST {
            let why = format!("{MOST} calls wait for the cameras");
            return Err(Refusal::Busy(why));
        }
        others.push(tell);
        Ok(())
    }

    fn begin(&self) {
        let (look, waiting) = (self.look.clone(), self.waiting.clone());
        glib::MainContext::ref_thread_default().spawn_local(async move {
            let found = apart("look", look).await;
            for one in waiting.take().into_iter().flatten() {
                let _ = one.send(found.clone());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, mpsc};

    #[test]
    fn one_look_serves_all_who_ask_meanwhile() {
        let context = glib::MainContext::new();
        let (go, wait) = mpsc::channel::<()>();
        let (wait, count) = (Arc::new(Mutex::new(wait)), Arc::new(AtomicUsize::new(0)));
        let begun = count.clone();
        let looks = Looks::new(move || {
            begun.fetch_add(1, Ordering::AcqRel);
            wait.lock()
                .expect("none panics")
                .recv()
                .expect("it is told");
            vec![("HD".into(), "/dev/video0".into())]
        });
        let found = vec![("HD".to_string(), "/dev/video0".to_string())];
        let all = context.with_thread_default(|| {
            let asked: Vec<_> = (0..=MOST)
                .map(|_| {
                    let looks = looks.clone();
                    context.spawn_local(async move { looks.cameras().await })
                })
                .collect();
            context.block_on(async move {
                let mut answers = Vec::new();
                for (number, one) in asked.into_iter().rev().enumerate() {
                    answers.push(one.await.expect("none panics"));
                    if number == 0 {
                        // The last one is refused while the others wait.
                        go.send(()).expect("it waits");
                    }
                }
                // A look that has ended serves nobody any more.
                go.send(()).expect("it may look again");
                answers.push(looks.cameras().await);
                answers
            })
        });
        let all = all.expect("the context is ours");
        assert!(matches!(all[0], Err(Refusal::Busy(_))), "{:?}", all[0]);
        assert!(all[1..].iter().all(|one| one.as_ref() == Ok(&found)));
        assert_eq!(count.load(Ordering::Acquire), 2);
    }
}
