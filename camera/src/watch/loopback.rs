// SPDX-License-Identifier: MPL-2.0

//! Whether another program has a device open: the kernel reports each opening and closing
//! (inotify), and `/proc` says who holds it. This needs no particular version of the loopback
//! module; programs of other users are not seen.

use super::error::WatchError;
use super::news::News;
use crate::holders::is_open_elsewhere;
use glib_unix::unix_fd_add_local;
use gst::glib;
use rustix::fs::inotify;
use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Programs that look through all devices hold each for a moment only.
const SETTLE: Duration = Duration::from_millis(300);

/// Stops watching when it is dropped.
pub struct Watch {
    source: Option<glib::SourceId>,
}

impl Watch {
    /// Starts to watch.
    ///
    /// # Errors
    /// If the device cannot be watched.
    pub fn new(device: &Path, tell: impl Fn(News) + 'static) -> Result<Self, WatchError> {
        let (path, events) = subscribe(device).map_err(|error| WatchError::Device {
            path: device.into(),
            error,
        })?;
        let tell = Rc::new(tell);
        // Nothing is known before the first look.
        let (last, pending) = (Rc::new(Cell::new(None)), Rc::new(Cell::new(false)));
        let look = {
            let pending = pending.clone();
            move || {
                pending.set(false);
                let now = is_open_elsewhere(&path);
                if last.replace(Some(now)) != Some(now) {
                    tell(News::Watched(now));
                }
            }
        };
        let look = Rc::new(look);
        look();
        let raw = events.as_raw_fd();
        let source = unix_fd_add_local(raw, glib::IOCondition::IN, move |_, _| {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = inotify::Reader::new(&events, &mut buffer);
            while reader.next().is_ok() {}
            if !pending.replace(true) {
                let look = look.clone();
                glib::timeout_add_local_once(SETTLE, move || look());
            }
            glib::ControlFlow::Continue
        });
        Ok(Self {
            source: Some(source),
        })
    }
}

/// The device's real path, and the kernel's reports of its openings and closings.
fn subscribe(device: &Path) -> io::Result<(PathBuf, OwnedFd)> {
    let path = device.canonicalize()?;
    let events = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC)?;
    let wanted = inotify::WatchFlags::OPEN | inotify::WatchFlags::CLOSE;
    inotify::add_watch(&events, &path, wanted)?;
    Ok((path, events))
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(source) = self.source.take() {
            source.remove();
        }
    }
}

#[cfg(test)]
mod tests;
