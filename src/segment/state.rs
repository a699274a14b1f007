// SPDX-License-Identifier: MPL-2.0

//! What the streaming thread owns.

use super::carrier::Carrier;
use super::engine::Engine;
use super::pacer::Pacer;
use super::runner::Runner;
use super::turned::Turned;
use crate::filter::regions::presence::Presence;
use crate::frame::Orientation;
use crate::meta::{Matte, same_shape};
use crate::model::{self, ModelSource};
use crate::pool::MattePool;
use crate::timeline::{Tick, Timeline};
use crate::video::Stream;
use std::time::{Duration, Instant};

/// From start to stop.
pub struct State {
    pub source: ModelSource,
    pub options: model::Options,
    /// Loaded at start, so that a bad model stops the pipeline there; it keeps the session alive
    /// until caps come.
    pub loaded: Option<Box<dyn Engine>>,
    /// Where frames lie in time.
    pub timeline: Timeline,
    pub playing: Option<Playing>,
}

/// What depends on caps.
pub struct Playing {
    pub stream: Stream,
    pub aspect: gst::Fraction,
    /// What makes the frames upright, as the network sees them.
    pub orientation: Orientation,
    /// What depends on the network as well.
    pub net: Net,
    #[cfg(feature = "v1_26")]
    pub masks: crate::analytics::Masks,
    pub pacer: Pacer,
    pub presence: Presence,
    /// Newest matte, for frames that get none of their own.
    pub newest: Option<Matte>,
    /// Recurrent states must be cleared before the next run.
    pub reset: bool,
    /// Number of the last run of the network, and of the one that the newest matte is from.
    pub run: u64,
    pub newest_run: u64,
    /// Frames since the last run, and the longest time that they may have taken; none before the first.
    pub since_run: u32,
    pub rested: Option<Duration>,
    pub trouble: Trouble,
}

/// The network with what has its size.
pub struct Net {
    pub runner: Runner,
    pub pool: MattePool,
    pub carrier: Carrier,
    /// Frames are looked at, because mattes are carried over.
    pub looking: bool,
}

/// What is wrong with the network; the bus has heard of it.
#[derive(Debug, Default)]
pub struct Trouble {
    /// It fails, and the bus has heard of it.
    pub failing: bool,
    /// Its run takes far too long.
    pub stalled: bool,
    /// When the last warning was given, so that a network that fails now and then is no flood.
    warned: Option<Instant>,
    /// Runs in a row that failed where they are computed.
    pub device_failures: u32,
    /// It is being loaded anew on the CPU.
    pub rebuilding: bool,
}

impl Trouble {
    /// Whether a warning may be given now: at most one a second.
    pub fn may_warn(&mut self) -> bool {
        let now = Instant::now();
        let quiet = self
            .warned
            .is_none_or(|last| now - last >= Duration::from_secs(1));
        if quiet {
            self.warned = Some(now);
        }
        quiet
    }
}

impl Net {
    /// Makes everything for a network and a stream whose frames `orientation` makes upright.
    ///
    /// # Errors
    /// In words: a size without caps, frames that cannot be sampled, no thread.
    pub fn new(
        engine: Box<dyn Engine>,
        stream: &Stream,
        orientation: Orientation,
    ) -> Result<Self, String> {
        let engine = Turned::engine(engine, orientation);
        let about = engine.about();
        let size = about.matte_size;
        let pool = MattePool::new(size.0, size.1).map_err(|error| error.to_string())?;
        Ok(Self {
            runner: Runner::new(engine, stream, orientation).map_err(|error| error.to_string())?,
            pool,
            carrier: Carrier::new(stream.frame_format(), size),
            // What a recurrent network remembers of one scene must not colour the next.
            looking: about.recurrent,
        })
    }
}

impl Playing {
    /// Makes everything for a network and a stream.
    ///
    /// # Errors
    /// As [`Net::new`].
    pub fn new(
        engine: Box<dyn Engine>,
        stream: Stream,
        orientation: Orientation,
    ) -> Result<Self, String> {
        Ok(Self {
            net: Net::new(engine, &stream, orientation)?,
            aspect: stream.display_aspect(),
            orientation,
            #[cfg(feature = "v1_26")]
            masks: Default::default(),
            pacer: Pacer::new(stream.frame_format()),
            presence: Presence::default(),
            newest: None,
            reset: false,
            run: 0,
            newest_run: 0,
            since_run: 0,
            rested: None,
            trouble: Trouble::default(),
            stream,
        })
    }

    /// Another network takes over.
    pub fn exchange(&mut self, net: Net) {
        self.net = net;
        self.reset = false;
        self.pacer.forget();
        self.trouble = Trouble {
            failing: self.trouble.failing,
            warned: self.trouble.warned,
            ..Trouble::default()
        };
    }

    /// Whether frames of another stream look the same to the network.
    pub fn suits(&self, stream: &Stream, orientation: Orientation) -> bool {
        let about = self.net.runner.about();
        self.orientation == orientation
            && about
                .input_size
                .suits_both(self.stream.seen(orientation), stream.seen(orientation))
    }

    /// Goes on with frames of another stream that [`Playing::suits`]. Where they show another part of the
    /// scene, older mattes do not lie on them.
    ///
    /// # Errors
    /// Where they cannot be sampled, in words.
    pub fn change_stream(&mut self, stream: Stream) -> Result<(), String> {
        let changed = self.net.runner.change_stream(&stream);
        changed.map_err(|error| error.to_string())?;
        self.net.carrier.change_format(stream.frame_format());
        self.pacer.change_format(stream.frame_format());
        let aspect = stream.display_aspect();
        let same = same_shape(self.aspect, aspect);
        (self.stream, self.aspect) = (stream, aspect);
        if !same {
            self.forget();
        }
        if let Some(newest) = &mut self.newest {
            newest.frame_aspect = aspect;
        }
        Ok(())
    }

    /// Moves on to the next frame.
    pub fn advance(&mut self, tick: &Tick) {
        let longest = tick.step.longest;
        self.rested = self.rested.map(|rested| rested.saturating_add(longest));
        self.since_run = self.since_run.saturating_add(1);
        if tick.breaks() {
            self.forget();
        }
        // Perhaps another camera: the old matte stays only where the picture can show that it lies on it.
        if tick.other_stream && !(self.net.looking && self.net.carrier.sees_cuts()) {
            self.forget();
        }
    }

    /// Another scene: what earlier frames left behind is of no use. What the frame of now was found to be
    /// like stays.
    pub fn cut(&mut self) {
        (self.newest, self.reset) = (None, true);
        self.net.runner.forget();
    }

    /// Another time begins: after a flush, a gap, in a segment that does not continue the last.
    pub fn forget(&mut self) {
        self.reset = true;
        self.newest = None;
        self.rested = None;
        self.pacer.forget();
        self.net.carrier.forget();
        self.net.runner.forget();
    }
}
