// SPDX-License-Identifier: MPL-2.0

//! Whether somebody looks at the published camera.

mod loopback;
mod pipewire;

pub use loopback::is_open_elsewhere;

use crate::output::Output;
use std::any::Any;

/// What is told about those who look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Somebody looks, or nobody does.
    Watched(bool),
    /// It cannot be known, and why.
    Unknown(String),
    /// What tells it has ended, and with it, most likely, the output.
    Gone(String),
}

/// Goes on watching until it is dropped.
pub type Watch = Box<dyn Any>;

/// Watches an output; `tell` is called from the main loop, with every change.
///
/// # Errors
/// With what is missing.
pub fn watch(output: &Output, tell: impl Fn(News) + 'static) -> Result<Watch, String> {
    Ok(match output {
        Output::PipeWire => Box::new(pipewire::Watch::new(tell)?),
        Output::Loopback(path) => Box::new(loopback::Watch::new(path, tell)?),
    })
}
