// SPDX-License-Identifier: MPL-2.0

//! The background picture on its way from a file to the output's format, off the streaming thread.
//!
//! Who sets a property decodes and converts on his own thread; a thread of the gallery's own
//! converts the frames of animations ahead of time and looks after the file: when it has changed
//! and has then been left alone for a while, it is read again. A file that cannot be read then (half
//! written, gone) leaves the old picture standing.

use super::still::{Setting, Still};
use crate::blend::Picture;
use crate::frame::FrameFormat;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

/// How often the file is looked at. What two looks find the same is no longer being written.
const LOOK: Duration = Duration::from_millis(300);

/// What tells that a file is another: its time and length; none where it cannot be looked at.
type Stamp = Option<(SystemTime, u64)>;

/// What the gallery tells the element: there is a new picture, or why there is none.
pub type News = Box<dyn Fn(Result<(), String>) + Send>;

/// The picture of the property `image`.
#[derive(Debug, Default)]
pub struct Gallery {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Counts starts and stops; a thread of an earlier start ends.
    run: u64,
    path: Option<Arc<Path>>,
    /// The file that `picture` was read from.
    stamp: Stamp,
    picture: Option<Arc<Picture>>,
    setting: Option<Setting>,
    still: Option<Arc<Still>>,
    /// Frames of `still` wait to be converted.
    unfinished: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gallery {
    /// Reads the picture of a file, or forgets the picture; the old one stays where it fails.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub fn open(&self, path: Option<&str>) -> Result<(), String> {
        let Some(path) = path else {
            let mut state = self.shared.lock();
            (state.path, state.picture, state.still) = (None, None, None);
            return Ok(());
        };
        let file = Path::new(path);
        let stamp = stamp(file);
        let picture = Picture::open(file).map_err(|error| format!("image={path}: {error}"))?;
        let mut state = self.shared.lock();
        (state.path, state.stamp) = (Some(file.into()), stamp);
        state.picture = Some(Arc::new(picture));
        self.shared.wake.notify_all();
        Ok(())
    }

    /// The picture in a format; converts its first frame on this thread where that is not done yet.
    /// None without a picture.
    ///
    /// # Errors
    /// Where the format has no size, in words.
    pub fn still(&self, setting: Setting) -> Result<Option<Arc<Still>>, String> {
        let picture = {
            let mut state = self.shared.lock();
            state.setting = Some(setting);
            let Some(picture) = &state.picture else {
                return Ok(None);
            };
            match &state.still {
                Some(still) if still.is(picture, setting) => return Ok(Some(Arc::clone(still))),
                _ => Arc::clone(picture),
            }
        };
        let still = Still::new(picture, setting).map_err(|error| error.to_string())?;
        Ok(Some(self.shared.hang(Arc::new(still))))
    }

    /// The picture as it was converted last, if it was for this format; never converts.
    pub fn ready(&self, format: FrameFormat) -> Option<Arc<Still>> {
        let state = self.shared.lock();
        state.still.clone().filter(|still| still.fits(format))
    }

    /// Starts looking after the file; `news` is called on another thread.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(&self, news: News) -> std::io::Result<()> {
        let run = {
            let mut state = self.shared.lock();
            state.run += 1;
            state.run
        };
        let shared = Arc::clone(&self.shared);
        thread::Builder::new()
            .name("matte-picture".into())
            .spawn(move || shared.look_after(run, &news))?;
        Ok(())
    }

    /// Stops looking after the file and forgets the picture.
    pub fn stop(&self) {
        let mut state = self.shared.lock();
        *state = State {
            run: state.run + 1,
            ..State::default()
        };
        self.shared.wake.notify_all();
    }
}

impl Drop for Gallery {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// Puts a converted picture up.
    fn hang(&self, still: Arc<Still>) -> Arc<Still> {
        let mut state = self.lock();
        state.still = Some(Arc::clone(&still));
        state.unfinished = true;
        self.wake.notify_all();
        still
    }

    fn look_after(&self, run: u64, news: &News) {
        // What the last look found, where it was not what the picture was read from.
        let mut seen: Stamp = None;
        let mut state = self.lock();
        while state.run == run {
            if std::mem::take(&mut state.unfinished)
                && let Some(still) = state.still.clone()
            {
                drop(state);
                still.convert_rest(|| {
                    let state = self.lock();
                    let other = |now: &Arc<Still>| !Arc::ptr_eq(now, &still);
                    state.run != run || state.still.as_ref().is_none_or(other)
                });
                state = self.lock();
                continue;
            }
            let Some(path) = state.path.clone() else {
                state = self
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let waited = self.wake.wait_timeout(state, LOOK);
            let timed_out = match waited {
                Ok((guard, result)) => {
                    state = guard;
                    result.timed_out()
                }
                Err(error) => {
                    state = error.into_inner().0;
                    false
                }
            };
            if !timed_out || state.run != run || state.path.as_ref() != Some(&path) {
                seen = None;
                continue;
            }
            let known = state.stamp;
            drop(state);
            let now = stamp(&path);
            let settled = now.is_some() && now != known && now == seen;
            seen = now;
            if settled {
                self.read_again(&path, now, run, news);
            }
            state = self.lock();
        }
    }

    /// Reads a file that has changed.
    fn read_again(&self, path: &Path, stamp: Stamp, run: u64, news: &News) {
        let setting = self.lock().setting;
        let read = Picture::open(path).map(Arc::new);
        let made = read.map_err(|error| error.to_string()).and_then(|picture| {
            let still = setting.map(|setting| Still::new(Arc::clone(&picture), setting));
            let still = still.transpose().map_err(|error| error.to_string())?;
            Ok((picture, still))
        });
        let mut state = self.lock();
        if state.run != run || state.path.as_deref() != Some(path) {
            return;
        }
        // Not tried again before it changes once more.
        state.stamp = stamp;
        let told = match made {
            Ok((picture, still)) => {
                state.picture = Some(picture);
                if let Some(still) = still {
                    (state.still, state.unfinished) = (Some(Arc::new(still)), true);
                }
                Ok(())
            }
            Err(error) => Err(format!("{} has changed: {error}", path.display())),
        };
        drop(state);
        news(told);
    }
}

fn stamp(path: &Path) -> Stamp {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}
