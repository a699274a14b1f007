// SPDX-License-Identifier: MPL-2.0

//! The background picture on its way from a file to the output's format, off the streaming thread.
//!
//! The thread that sets a property decodes and converts. The loader's own thread watches the file:
//! when it has changed and has then been left alone for a while, it is read again. If it cannot be
//! read then (half written, gone), the old picture stays.

use super::error::ComposeError;
use super::fitted::FittedPicture;
use crate::blend::Setting;
use crate::frame::{FrameFormat, View};
use crate::picture::{Picture, path_of};
use crate::sync::lock;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

/// How often the file's stamp is read. If it is the same twice, the file is no longer being
/// written.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

/// Time and length of a file: other ones mean that it was written. None if they cannot be read.
type Stamp = Option<(SystemTime, u64)>;

/// Called on the loader's thread if there is a new picture, or something is wrong with it.
pub type OnReload = Box<dyn Fn(Result<(), ComposeError>) + Send>;

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
    fitted: Option<Arc<FittedPicture>>,
    /// Why the animation that plays has broken off, until that is reported.
    broken: Option<ComposeError>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl ImageLoader {
    /// Reads the picture that the property `image` names, or forgets the picture; the old one stays
    /// if that fails.
    ///
    /// # Errors
    /// [`ComposeError::Location`] and [`ComposeError::Picture`].
    pub fn open(&self, image: Option<&str>) -> Result<(), ComposeError> {
        let Some(image) = image else {
            let mut state = self.shared.lock();
            (state.path, state.picture, state.fitted) = (None, None, None);
            return Ok(());
        };
        let file = path_of(image, std::env::var_os("HOME")).map_err(|source| {
            let image = image.to_owned();
            ComposeError::Location { image, source }
        })?;
        let stamp = stamp(&file);
        let picture = Picture::open(&file).map_err(|source| {
            let image = image.to_owned();
            ComposeError::Picture { image, source }
        })?;
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
    /// If it cannot be converted.
    pub fn fitted(&self, setting: Setting) -> Result<Option<Arc<FittedPicture>>, ComposeError> {
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
    pub fn ready(&self, frames: (FrameFormat, View)) -> Option<Arc<FittedPicture>> {
        let state = self.shared.lock();
        state.fitted.clone().filter(|fitted| fitted.fits(frames))
    }

    /// Starts to watch the file; `on_reload` is called on another thread.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(&self, on_reload: OnReload) -> std::io::Result<()> {
        let run = {
            let mut state = self.shared.lock();
            state.run += 1;
            state.run
        };
        let shared = Arc::clone(&self.shared);
        thread::Builder::new()
            .name("matte-picture".into())
            .spawn(move || shared.watch(run, &on_reload))?;
        Ok(())
    }

    /// Stops watching the file and forgets the picture.
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
    /// Converts a picture; if it is an animation that breaks off later, the watching thread reports
    /// that.
    fn fit(
        self: &Arc<Self>,
        picture: &Arc<Picture>,
        setting: Setting,
    ) -> Result<FittedPicture, ComposeError> {
        let (shared, of) = (Arc::downgrade(self), Arc::downgrade(picture));
        let on_error = move |error| {
            let (Some(shared), Some(of)) = (shared.upgrade(), of.upgrade()) else {
                return;
            };
            let mut state = shared.lock();
            let now = state.picture.as_ref();
            if now.is_some_and(|now| Arc::ptr_eq(now, &of)) {
                state.broken = Some(error);
                shared.wake.notify_all();
            }
        };
        FittedPicture::new(Arc::clone(picture), setting, Box::new(on_error))
    }

    /// Watches the file until the loader is stopped: the work of its thread.
    fn watch(self: &Arc<Self>, run: u64, on_reload: &OnReload) {
        // What was found last, if it was not what the picture was read from.
        let mut seen: Stamp = None;
        let mut state = self.lock();
        while state.run == run {
            if let Some(source) = state.broken.take() {
                let path = state.path.clone();
                drop(state);
                on_reload(Err(ComposeError::Playing {
                    path: path.as_deref().unwrap_or(Path::new("image")).into(),
                    source: Box::new(source),
                }));
                state = self.lock();
                continue;
            }
            let path = state.path.clone();
            let timed_out;
            (state, timed_out) = self.wait(state, path.is_some());
            let Some(path) = path
                .filter(|path| timed_out && state.run == run && state.path.as_ref() == Some(path))
            else {
                seen = None;
                continue;
            };
            let known = state.stamp;
            drop(state);
            let now = stamp(&path);
            let written = now.is_some() && now != known && now == seen;
            seen = now;
            if written {
                self.read_again(&path, now, run, on_reload);
            }
            state = self.lock();
        }
    }

    /// Waits until the state changes or, with a file to watch, for the time between two looks at
    /// it. Returns whether that time has passed.
    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        has_file: bool,
    ) -> (MutexGuard<'a, State>, bool) {
        if !has_file {
            let state = self.wake.wait(state);
            return (state.unwrap_or_else(PoisonError::into_inner), false);
        }
        let waited = self.wake.wait_timeout(state, POLL_INTERVAL);
        let (state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        (state, result.timed_out())
    }

    /// Reads a file that has changed.
    fn read_again(self: &Arc<Self>, path: &Path, stamp: Stamp, run: u64, on_reload: &OnReload) {
        let setting = self.lock().setting;
        let read = || {
            let picture = Arc::new(Picture::open(path)?);
            let fitted = setting.map(|setting| self.fit(&picture, setting));
            Ok((picture, fitted.transpose()?))
        };
        let read = read();
        let mut state = self.lock();
        if state.run != run || state.path.as_deref() != Some(path) {
            return;
        }
        // Not tried again before it changes once more.
        state.stamp = stamp;
        let result = match read {
            Ok((picture, fitted)) => {
                (state.picture, state.broken) = (Some(picture), None);
                if let Some(fitted) = fitted {
                    state.fitted = Some(Arc::new(fitted));
                }
                Ok(())
            }
            Err(source) => Err(ComposeError::Changed {
                path: path.into(),
                source: Box::new(source),
            }),
        };
        drop(state);
        on_reload(result);
    }
}

fn stamp(path: &Path) -> Stamp {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}
