// SPDX-License-Identifier: MPL-2.0

//! What a watch tells.

use super::error::WatchError;

/// What is told about those who look.
#[derive(Debug)]
pub enum News {
    /// Somebody looks, or nobody does.
    Watched(bool),
    /// Nobody can say whether somebody looks, and why.
    Unknown(WatchError),
    /// The teller has ended, and with it, most likely, the output.
    Gone(WatchError),
}
