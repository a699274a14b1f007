// SPDX-License-Identifier: MPL-2.0

//! What is asked of the program over the bus.

use super::error::Refusal;
use crate::settings::{Settings, Size};
use futures_channel::oneshot;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

/// Where an answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// A change of settings; it is refused if they do not fit together after it.
pub type Change = Box<dyn FnOnce(&mut Settings)>;

/// What is asked of the program over the bus.
pub enum Request {
    /// Says what the settings are.
    Settings(Reply<Settings>),
    /// Changes settings.
    Change(Change, Reply<()>),
    /// Shows the camera, or hides it.
    Enable(bool, Reply<()>),
    /// Writes frames of that size to a pipe.
    Preview(OwnedFd, Size, Reply<()>),
    /// Says what is to be saved, and in which file.
    ToSave(Reply<(Settings, PathBuf)>),
    /// Ends the program; the answer has left already.
    Quit,
}
