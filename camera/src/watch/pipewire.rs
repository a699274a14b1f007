// SPDX-License-Identifier: MPL-2.0

//! Whether the published node runs, which it does while something is linked to it and wants frames.
//! `pw-dump --monitor` tells: a JSON array of all objects, then one of those that changed.

use super::error::WatchError;
use super::news::News;
use crate::output::PROCESS;
use crate::pipewire::{self, Object};
use glib_unix::unix_fd_add_local;
use gst::glib;
use std::collections::HashSet;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};

/// What was read so far.
#[derive(Default)]
struct Dump {
    text: Vec<u8>,
    running: HashSet<u64>,
}

impl Dump {
    /// Takes what came, and says whether the node runs once an array is complete.
    fn read(&mut self, bytes: &[u8]) -> Result<Option<bool>, WatchError> {
        self.text.extend_from_slice(bytes);
        // The closing bracket of an array stands at the beginning of a line.
        if !self.text.ends_with(b"\n]\n") && !self.text.ends_with(b"[]\n") {
            return Ok(None);
        }
        for object in pipewire::read(&self.text)? {
            if runs(&object) {
                self.running.insert(object.id);
            } else {
                self.running.remove(&object.id);
            }
        }
        self.text.clear();
        Ok(Some(!self.running.is_empty()))
    }
}

/// Whether an object is the node of this process, and runs.
fn runs(object: &Object) -> bool {
    object.state() == Some("running")
        && object.property(PROCESS) == Some(std::process::id().to_string())
}

/// Ends `pw-dump` when it is dropped.
pub struct Watch {
    child: Child,
    source: Option<glib::SourceId>,
}

impl Watch {
    /// Starts to watch.
    ///
    /// # Errors
    /// If `pw-dump` is not installed.
    pub fn new(tell: impl Fn(News) + 'static) -> Result<Self, WatchError> {
        let mut child = Command::new("pw-dump")
            .arg("--monitor")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(WatchError::NoPwDump)?;
        let mut out = child.stdout.take().ok_or(WatchError::NoOutput)?;
        let (mut dump, mut last) = (Dump::default(), None);
        let mut bytes = [0; 16384];
        let conditions = glib::IOCondition::IN | glib::IOCondition::HUP;
        let source = unix_fd_add_local(out.as_raw_fd(), conditions, move |_, _| {
            // The main loop says that there is something, so that this does not wait.
            let read = match out.read(&mut bytes) {
                Ok(0) => Err(News::Gone(WatchError::Ended)),
                Ok(count) => dump.read(&bytes[..count]).map_err(News::Unknown),
                Err(error) => Err(News::Unknown(WatchError::Read(error))),
            };
            match read {
                Ok(now) => {
                    if now.is_some() && now != last {
                        last = now;
                        tell(News::Watched(now == Some(true)));
                    }
                    glib::ControlFlow::Continue
                }
                Err(news) => {
                    tell(news);
                    glib::ControlFlow::Break
                }
            }
        });
        Ok(Self {
            child,
            source: Some(source),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // After its end the source is gone by itself.
        let ended = matches!(self.child.try_wait(), Ok(Some(_)));
        if let Some(source) = self.source.take().filter(|_| !ended) {
            source.remove();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests;
