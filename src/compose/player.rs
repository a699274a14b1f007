// SPDX-License-Identifier: MPL-2.0

//! An animation as a background, decoded while it plays.
//!
//! A thread decodes and converts one frame ahead of the one that is shown and then sleeps until it
//! is taken. Between frames an animation costs two backdrops and the decoder's own picture, however
//! long it is; nothing else is held while the decoder works, which needs most memory then. The
//! streaming thread never waits: if the next frame is late, the last one stays.

use super::animation_timeline::AnimationTimeline;
use super::error::ComposeError;
use crate::blend::{Backdrop, Fitter, Setting};
use crate::picture::{Frames, Picture};
use crate::simd;
use crate::sync::lock;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// If decoding is slower than playing, a late frame is shown all the same after this long without
/// any.
const STARVED: Duration = Duration::from_millis(200);

/// Called once if the animation breaks off.
pub type OnError = Box<dyn FnOnce(ComposeError) + Send>;

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
    /// A new frame is being put in the place of the old one, which is in memory until then.
    changing: bool,
    /// The old one. The decoding thread frees it, as that takes time.
    retired: Option<Arc<Backdrop>>,
    /// Time went back behind `since`.
    rewind: bool,
    /// The player is gone: there is nothing more to decode.
    closed: bool,
}

impl Exchange {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Waits until there is something to decode: returns the stream's time, and whether that went
    /// back. None if the player is gone.
    fn wait(&self, finished: bool) -> Option<(Duration, bool)> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            let rewind = std::mem::take(&mut state.rewind);
            if rewind || (state.next.is_none() && !state.changing && !finished) {
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
    /// If the first frame cannot be decoded or converted, or the system gives no thread.
    pub fn new(
        picture: Arc<Picture>,
        setting: Setting,
        on_error: OnError,
    ) -> Result<Self, ComposeError> {
        let mut decoder = Decoder {
            picture,
            setting,
            fitter: None,
        };
        let first = decoder.first()?;
        let exchange = Arc::new(Exchange {
            state: Mutex::new(State {
                now: Duration::ZERO,
                shown: Arc::new(first),
                since: Duration::ZERO,
                next: None,
                changing: false,
                retired: None,
                rewind: false,
                closed: false,
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
            .map_err(ComposeError::NoThread)?;
        Ok(Self { exchange })
    }

    /// What is shown now.
    pub fn shown(&self) -> Arc<Backdrop> {
        Arc::clone(&self.exchange.lock().shown)
    }

    /// Moves on to a time. If another frame is to be shown from now on, `show` puts it in the place
    /// of the old one; the next is decoded when the old one is gone.
    pub fn advance<E>(
        &self,
        now: Duration,
        show: impl FnOnce(Arc<Backdrop>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut state = self.exchange.lock();
        state.now = now;
        if now < state.since {
            (state.rewind, state.since, state.next) = (true, now, None);
            self.exchange.wake.notify_one();
            return Ok(());
        }
        let Some((since, next)) = state.next.take_if(|(begin, _)| *begin <= now) else {
            return Ok(());
        };
        (state.since, state.changing) = (since, true);
        state.retired = Some(std::mem::replace(&mut state.shown, Arc::clone(&next)));
        drop(state);
        let shown = show(next);
        self.exchange.lock().changing = false;
        self.exchange.wake.notify_one();
        shown
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.exchange.lock().closed = true;
        self.exchange.wake.notify_one();
    }
}

/// What the decoding thread owns. The file's own decoder is made anew for each repetition.
struct Decoder {
    picture: Arc<Picture>,
    setting: Setting,
    fitter: Option<Fitter>,
}

impl Decoder {
    /// The frames from the first on.
    fn frames(&self) -> Result<Frames, ComposeError> {
        self.picture.frames()?.ok_or(ComposeError::Still)
    }

    /// The first frame as a backdrop.
    fn first(&mut self) -> Result<Backdrop, ComposeError> {
        let frame = self.frames()?.next().ok_or(ComposeError::NoFrames)??;
        self.convert(&frame.image)
    }

    /// A frame as a backdrop, in memory of its own: memory that waits for it would be held while
    /// the decoder works, which needs most then.
    fn convert(&mut self, image: &image::RgbaImage) -> Result<Backdrop, ComposeError> {
        let fitter = match self.fitter.take() {
            Some(fitter) if fitter.size() == image.dimensions() => fitter,
            _ => Fitter::new(image.dimensions(), self.setting, simd::level())?,
        };
        let fitter = self.fitter.insert(fitter);
        let mut backdrop = fitter.blank()?;
        fitter.fit(image, &mut backdrop)?;
        Ok(backdrop)
    }

    /// Decodes until the player is gone.
    ///
    /// # Errors
    /// If the animation breaks off; its last frame stays.
    fn play(&mut self, exchange: &Exchange) -> Result<(), ComposeError> {
        let first = self.frames()?;
        let mut timeline = AnimationTimeline::new(first.loops());
        let mut frames = Some(first);
        let (mut finished, mut pushed) = (false, Instant::now());
        while let Some((now, rewind)) = exchange.wait(finished) {
            let retired = exchange.lock().retired.take();
            drop(retired);
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
            let frame = frame.map_err(|error| timeline.breaks_off(error))?;
            let late = timeline.push(frame.delay, now);
            if !timeline.is_first() && (!late || pushed.elapsed() >= STARVED) {
                let backdrop = self.convert(&frame.image)?;
                self.offer(exchange, &mut timeline, backdrop);
                pushed = Instant::now();
            }
        }
        Ok(())
    }

    /// Decodes from the first frame on. The old decoder goes first: each holds pictures of its own.
    fn start_over(&self, frames: &mut Option<Frames>) -> Result<(), ComposeError> {
        *frames = None;
        *frames = Some(self.frames()?);
        Ok(())
    }

    /// Hands the next frame over, unless time went back meanwhile.
    fn offer(&self, exchange: &Exchange, timeline: &mut AnimationTimeline, backdrop: Backdrop) {
        let mut state = exchange.lock();
        if !state.rewind {
            state.next = Some((timeline.begin(), Arc::new(backdrop)));
            timeline.offered();
        }
    }
}
