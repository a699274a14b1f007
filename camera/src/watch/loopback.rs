// SPDX-License-Identifier: MPL-2.0

//! Whether another program has a device open: the kernel reports each opening and closing (inotify),
//! and `/proc` says who holds it. This needs no particular version of the loopback module; programs of
//! other users are not seen.

use super::news::News;
use crate::holders::is_open_elsewhere;
use glib_unix::unix_fd_add_local;
use gst::glib;
use rustix::fs::inotify;
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
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
    /// Where the device cannot be watched.
    pub fn new(device: &Path, tell: impl Fn(News) + 'static) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", device.display());
        let path: PathBuf = device.canonicalize().map_err(|error| failed(&error))?;
        let flags = inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC;
        let events = inotify::init(flags).map_err(|error| failed(&error))?;
        let wanted = inotify::WatchFlags::OPEN | inotify::WatchFlags::CLOSE;
        inotify::add_watch(&events, &path, wanted).map_err(|error| failed(&error))?;
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

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(source) = self.source.take() {
            source.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::fs::{self, File};
    use std::process::{Command, Stdio};

    #[test]
    fn a_reader_is_seen_coming_and_going() {
        let path = std::env::temp_dir().join(format!("matte-watch-{}", std::process::id()));
        fs::write(&path, "device").expect("there is a place for files");
        let context = glib::MainContext::default();
        let _held = context.acquire().expect("no other test uses it");
        let news = Rc::new(RefCell::new(Vec::new()));
        let told = news.clone();
        let watch = Watch::new(&path, move |what| told.borrow_mut().push(what));
        let watch = watch.expect("a file can be watched");
        assert_eq!(*news.borrow(), [News::Watched(false)]);
        let until = |count: usize| {
            while news.borrow().len() < count {
                context.iteration(true);
            }
            news.borrow().last().cloned()
        };
        let file = File::open(&path).expect("it is there");
        let reader = Command::new("sleep")
            .arg("60")
            .stdin(Stdio::from(file))
            .spawn();
        let mut reader = reader.expect("there is a sleep");
        assert_eq!(until(2), Some(News::Watched(true)));
        reader.kill().expect("it is ours");
        reader.wait().expect("it is ours");
        assert_eq!(until(3), Some(News::Watched(false)));
        drop(watch);
        fs::remove_file(&path).expect("it is ours");
    }
}
