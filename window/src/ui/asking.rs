// SPDX-License-Identifier: MPL-2.0

//! How parts of the window ask matte-camera for something.

use crate::camera::{CallError, Camera};
use std::rc::Rc;

/// Asks matte-camera for something, without waiting for the answer; a refusal is shown.
pub type Ask = Rc<dyn Fn(Job)>;
/// What is asked for.
pub type Job = Box<dyn FnOnce(Camera) -> Answer>;
/// The answer to come.
pub type Answer = std::pin::Pin<Box<dyn Future<Output = Result<(), CallError>>>>;

/// A job of a future that takes the camera.
pub fn job<F: Future<Output = Result<(), CallError>> + 'static>(
    ask: impl FnOnce(Camera) -> F + 'static,
) -> Job {
    Box::new(move |camera| Box::pin(ask(camera)))
}
