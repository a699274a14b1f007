// SPDX-License-Identifier: MPL-2.0

//! An animation as a background, decoded while it plays.
//!
//! A thread decodes and converts one frame ahead of the one that is shown and then sleeps until it
//! is taken. Between frames an animation costs two backdrops and the decoder's canvas, however long
//! it is. The streaming thread never waits: where the next frame is late, the last one stays.

use super::timeline::Timeline;
use crate::blend::{Backdrop, Fitter, Setting};
use crate::picture::{Frames, Picture};
use crate::simd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Where decoding is slower than playing, a late frame is shown all the same after this long
/// without any.
const STARVED: Duration = Duration::from_millis(200);

/// Called once where the animation breaks off.
pub type OnError = Box<dyn FnOnce(String) + Send>;

/// Plays one animation into frames of one format.
#[derive(Debug)]
pub struct Player {
    exchange: Arc<Exchange>,
}

/// What streaming thread and decoding thread share.
#[derive(Debug)]
struct Exchange {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug)]
struct State {
    /// The stream's time.
    now: Duration,
    shown: Arc<Backdrop>,
    /// The time from which `shown` is right.
    since: Duration,
    /// The next frame and when it begins.
    next: Option<(Duration, Arc<Backdrop>)>,
    /// What was shown before, to be written again.
    retired: Option<Arc<Backdrop>>,
    /// Time went back behind `since`.
    rewind: bool,
    /// Nobody looks any more.
    over: bool,
}

impl Exchange {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to decode. None: for nothing any more.
    fn wait(&self, finished: bool) -> Option<(Duration, bool)> {
        let mut state = self.lock();
        loop {
            if state.over {
                return None;
            }
            let rewind = std::mem::take(&mut state.rewind);
            if rewind || (state.next.is_none() && !finished) {
                return Some((state.now, rewind));
            }
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Player {
    /// Converts the first frame on this thread and starts to play.
    ///
    /// # Errors
    /// Where the first frame cannot be decoded or converted, or the system gives no thread, in
    /// words.
    pub fn new(picture: Arc<Picture>, setting: Setting, on_error: OnError) -> Result<Self, String> {
        let mut decoder = Decoder::new(picture, setting)?;
        let first = decoder.first()?;
        let exchange = Arc::new(Exchange {
            state: Mutex::new(State {
                now: Duration::ZERO,
                shown: Arc::new(first),
                since: Duration::ZERO,
                next: None,
                retired: None,
                rewind: false,
                over: false,
            }),
            wake: Condvar::new(),
        });
        let shared = Arc::clone(&exchange);
        let play = move || {
            if let Err(error) = decoder.play(&shared) {
                on_error(error);
            }
        };
        thread::Builder::new()
            .name("matte-animation".into())
            .spawn(play)
            .map_err(|error| format!("no thread to play the animation: {error}"))?;
        Ok(Self { exchange })
    }

    /// What is shown now.
    pub fn shown(&self) -> Arc<Backdrop> {
        Arc::clone(&self.exchange.lock().shown)
    }

    /// Moves on to a time; the frame to be shown from now on where it is another.
    pub fn advance(&self, now: Duration) -> Option<Arc<Backdrop>> {
        let mut state = self.exchange.lock();
        state.now = now;
        if now < state.since {
            (state.rewind, state.since, state.next) = (true, now, None);
            self.exchange.wake.notify_one();
            return None;
        }
        let (since, next) = state.next.take_if(|(begin, _)| *begin <= now)?;
        state.since = since;
        let before = std::mem::replace(&mut state.shown, Arc::clone(&next));
        state.retired = Some(before);
        self.exchange.wake.notify_one();
        Some(next)
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.exchange.lock().over = true;
        self.exchange.wake.notify_one();
    }
}

/// What the decoding thread owns. The decoder itself is made anew for each time the animation is
/// played.
struct Decoder {
    picture: Arc<Picture>,
    setting: Setting,
    fitter: Option<Fitter>,
}

impl Decoder {
    fn new(picture: Arc<Picture>, setting: Setting) -> Result<Self, String> {
        Ok(Self {
            picture,
            setting,
            fitter: None,
        })
    }

    fn frames(&self) -> Result<Frames, String> {
        let frames = self.picture.frames().map_err(|error| error.to_string())?;
        frames.ok_or_else(|| "the picture does not move".into())
    }

    fn first(&mut self) -> Result<Backdrop, String> {
        let frame = self.frames()?.next().ok_or("the animation is empty")?;
        let frame = frame.map_err(|error| error.to_string())?;
        self.convert(&frame.image, None)
    }

    /// A frame as a backdrop, into the memory of `old` where nobody looks at that any more.
    fn convert(
        &mut self,
        image: &image::RgbaImage,
        old: Option<Arc<Backdrop>>,
    ) -> Result<Backdrop, String> {
        let fitter = match self.fitter.take() {
            Some(fitter) if fitter.size() == image.dimensions() => Ok(fitter),
            _ => Fitter::new(image.dimensions(), self.setting, simd::level()),
        };
        let fitter = self
            .fitter
            .insert(fitter.map_err(|error| error.to_string())?);
        let mut backdrop = match old.and_then(Arc::into_inner) {
            Some(backdrop) => backdrop,
            None => fitter.blank().map_err(|error| error.to_string())?,
        };
        fitter
            .fit(image, &mut backdrop)
            .map_err(|error| error.to_string())?;
        Ok(backdrop)
    }

    /// Decodes until nobody looks any more.
    ///
    /// # Errors
    /// Where the animation breaks off; its last frame stays.
    fn play(&mut self, exchange: &Exchange) -> Result<(), String> {
        let first = self.frames()?;
        let mut timeline = Timeline::new(first.loops());
        let mut frames = Some(first);
        let (mut finished, mut pushed) = (false, Instant::now());
        while let Some((now, rewind)) = exchange.wait(finished) {
            if rewind || timeline.is_far_behind(now) {
                timeline.seek(now);
                self.start_over(&mut frames)?;
                finished = false;
            }
            let Some(frame) = frames.as_mut().and_then(Frames::next) else {
                if timeline.end()? {
                    self.start_over(&mut frames)?;
                } else if timeline.missed_the_last() {
                    timeline.seek(now);
                    self.start_over(&mut frames)?;
                } else {
                    finished = true;
                }
                continue;
            };
            let frame = frame.map_err(|error| timeline.broken(&error))?;
            let late = timeline.push(frame.delay, now);
            if !timeline.is_first() && (!late || pushed.elapsed() >= STARVED) {
                let old = exchange.lock().retired.take();
                let backdrop = self.convert(&frame.image, old)?;
                self.offer(exchange, &mut timeline, backdrop);
                pushed = Instant::now();
            }
        }
        Ok(())
    }

    /// Decodes from the first frame on. The old decoder goes first: each holds pictures of its own.
    fn start_over(&self, frames: &mut Option<Frames>) -> Result<(), String> {
        *frames = None;
        *frames = Some(self.frames()?);
        Ok(())
    }

    fn offer(&self, exchange: &Exchange, timeline: &mut Timeline, backdrop: Backdrop) {
        let mut state = exchange.lock();
        if !state.rewind {
            state.next = Some((timeline.begin(), Arc::new(backdrop)));
            timeline.offered();
        }
    }
}
