// SPDX-License-Identifier: MPL-2.0

//! What a watch tells.

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
