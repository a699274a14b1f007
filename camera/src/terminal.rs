// SPDX-License-Identifier: MPL-2.0

//! Keys, one by one, from the terminal or from a pipe.

use glib_unix::unix_fd_add_local;
use gst::glib;
use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use std::os::fd::AsRawFd;
use std::sync::{Mutex, PoisonError};

/// What the keys do.
pub const KEYS: &str = "\
b blur   p picture   v video   c colour   + - blur strength   m place before the video
f follow you   h hide (camera closed)   w preview window   s save settings   ? keys   q quit";

/// The terminal as it was before.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Makes the terminal what it was before keys were read.
pub fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // A terminal that is gone needs nothing.
        let _ = termios::tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &before);
    }
}

/// Reads keys until it is dropped; then the terminal is as it was before.
pub struct Keys {
    source: Option<glib::SourceId>,
}

impl Keys {
    /// Whether standard input is a terminal.
    pub fn is_terminal() -> bool {
        termios::isatty(rustix::stdio::stdin())
    }

    /// Calls `pressed` from the main loop with every key.
    pub fn read(pressed: impl Fn(char) + 'static) -> Self {
        let input = rustix::stdio::stdin();
        // Each key counts at once, without an echo. Ctrl-C stays a signal.
        if let Ok(mut now) = termios::tcgetattr(input) {
            *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(now.clone());
            now.local_modes
                .remove(LocalModes::ICANON | LocalModes::ECHO);
            // If the terminal refuses, keys need Enter after them.
            let _ = termios::tcsetattr(input, OptionalActions::Now, &now);
        }
        let conditions = glib::IOCondition::IN | glib::IOCondition::HUP;
        let source = unix_fd_add_local(input.as_raw_fd(), conditions, move |_, _| {
            let mut bytes = [0; 64];
            match rustix::io::read(rustix::stdio::stdin(), &mut bytes) {
                // A pipe that was closed, or /dev/null.
                Ok(0) | Err(_) => glib::ControlFlow::Break,
                Ok(count) => {
                    let ascii = bytes[..count].iter().filter(|byte| byte.is_ascii_graphic());
                    ascii.for_each(|&byte| pressed(char::from(byte)));
                    glib::ControlFlow::Continue
                }
            }
        });
        Self {
            source: Some(source),
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(source) = self.source.take() {
            // After the input's end the source is gone already.
            if let Some(source) = glib::MainContext::default().find_source_by_id(&source) {
                source.destroy();
            }
        }
        restore();
    }
}
