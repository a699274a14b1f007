// SPDX-License-Identifier: MPL-2.0

//! The background picture on its way from a file to the output's format, off the streaming thread.
//!
//! The thread that sets a property decodes and converts. The loader's own thread watches the file:
//! when it has changed and has then been left alone for a while, it is read again. If it cannot be
//! read then (half written, gone), the old picture stays.

use super::fitted::Fitted;
use crate::blend::Setting;
use crate::frame::{FrameFormat, View};
use crate::picture::{Picture, path_of};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

/// How often the file is looked at. What two looks find the same is no longer being written.
const LOOK: Duration = Duration::from_millis(300);

/// What tells that a file is another: its time and length; none where it cannot be looked at.
type Stamp = Option<(SystemTime, u64)>;

/// What the loader tells the element: there is a new picture, or what is wrong with it.
pub type News = Box<dyn Fn(Result<(), String>) + Send>;

/// The picture of the property `image`.
#[derive(Debug, Default)]
pub struct ImageLoader {
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
    fitted: Option<Arc<Fitted>>,
    /// Why the animation that plays has broken off, until it is told.
    broken: Option<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ImageLoader {
    /// Reads the picture of a file, or forgets the picture; the old one stays where it fails.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub fn open(&self, path: Option<&str>) -> Result<(), String> {
        let Some(path) = path else {
            let mut state = self.shared.lock();
            (state.path, state.picture, state.fitted) = (None, None, None);
            return Ok(());
        };
        let file = &path_of(path, std::env::var_os("HOME"))
            .map_err(|error| format!("image={path}: {error}"))?;
        let stamp = stamp(file);
        let picture = Picture::open(file).map_err(|error| format!("image={path}: {error}"))?;
        let mut state = self.shared.lock();
        (state.path, state.stamp) = (Some(file.as_path().into()), stamp);
        (state.picture, state.broken) = (Some(Arc::new(picture)), None);
        self.shared.wake.notify_all();
        Ok(())
    }

    /// The picture in a format; converts its first frame on this thread if that is not done yet.
    /// None without a picture.
    ///
    /// # Errors
    /// If it cannot be converted, in words.
    pub fn fitted(&self, setting: Setting) -> Result<Option<Arc<Fitted>>, String> {
        let picture = {
            let mut state = self.shared.lock();
            state.setting = Some(setting);
            let Some(picture) = &state.picture else {
                return Ok(None);
            };
            match &state.fitted {
                Some(fitted) if fitted.is(picture, setting) => {
                    return Ok(Some(Arc::clone(fitted)));
                }
                _ => Arc::clone(picture),
            }
        };
        let fitted = Arc::new(self.shared.fit(&picture, setting)?);
        self.shared.lock().fitted = Some(Arc::clone(&fitted));
        Ok(Some(fitted))
    }

    /// The picture as it was converted last, if it was for these frames; never converts.
    pub fn ready(&self, frames: (FrameFormat, View)) -> Option<Arc<Fitted>> {
        let state = self.shared.lock();
        state.fitted.clone().filter(|fitted| fitted.fits(frames))
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
            .spawn(move || shared.watch(run, &news))?;
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

impl Drop for ImageLoader {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// Converts a picture; if it is an animation that breaks off later, the watching thread tells.
    fn fit(self: &Arc<Self>, picture: &Arc<Picture>, setting: Setting) -> Result<Fitted, String> {
        let shared = Arc::downgrade(self);
        let of = Arc::downgrade(picture);
        let on_error = move |error| {
            let (Some(shared), Some(of)) = (shared.upgrade(), of.upgrade()) else {
                return;
            };
            let mut state = shared.lock();
            if state
                .picture
                .as_ref()
                .is_some_and(|now| Arc::ptr_eq(now, &of))
            {
                state.broken = Some(error);
                shared.wake.notify_all();
            }
        };
        Fitted::new(Arc::clone(picture), setting, Box::new(on_error))
    }

    fn watch(self: &Arc<Self>, run: u64, news: &News) {
        // What the last look found, where it was not what the picture was read from.
        let mut seen: Stamp = None;
        let mut state = self.lock();
        while state.run == run {
            if let Some(error) = state.broken.take() {
                let path = state.path.clone();
                drop(state);
                let path = path.as_deref().unwrap_or(Path::new("image")).display();
                news(Err(format!("{path}: {error}")));
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
    fn read_again(self: &Arc<Self>, path: &Path, stamp: Stamp, run: u64, news: &News) {
        let setting = self.lock().setting;
        let read = Picture::open(path).map(Arc::new);
        let made = read.map_err(|error| error.to_string()).and_then(|picture| {
            let fitted = setting
                .map(|setting| self.fit(&picture, setting))
                .transpose()?;
            Ok((picture, fitted))
        });
        let mut state = self.lock();
        if state.run != run || state.path.as_deref() != Some(path) {
            return;
        }
        // Not tried again before it changes once more.
        state.stamp = stamp;
        let told = match made {
            Ok((picture, fitted)) => {
                (state.picture, state.broken) = (Some(picture), None);
                if let Some(fitted) = fitted {
                    state.fitted = Some(Arc::new(fitted));
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
