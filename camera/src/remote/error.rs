// SPDX-License-Identifier: MPL-2.0

//! Why the program is not on the session bus, or refuses a call.

use gst::glib;

/// Why the program is not on the session bus.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// There is none, or it does not take the program.
    #[error("{}", .0.message())]
    Bus(#[from] glib::Error),
    /// Others have them all.
    #[error("{0} and all names after it are taken")]
    NoName(&'static str),
}

/// Why a call is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What was given does not fit.
    Value(String),
    /// It cannot be done here and now.
    Failed(String),
    /// So much waits already.
    Busy(String),
}

impl Refusal {
    /// Something that was given does not fit.
    pub fn value(why: impl ToString) -> Self {
        Self::Value(why.to_string())
    }

    /// As the bus carries it.
    pub fn to_error(&self) -> glib::Error {
        match self {
            Self::Value(why) => glib::Error::new(gio::DBusError::InvalidArgs, why),
            Self::Failed(why) => glib::Error::new(gio::DBusError::Failed, why),
            Self::Busy(why) => glib::Error::new(gio::DBusError::LimitsExceeded, why),
        }
    }
}
