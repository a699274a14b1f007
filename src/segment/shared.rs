// SPDX-License-Identifier: MPL-2.0

//! What other threads see of the element, behind one mutex, and what a frame needs of it, in one
//! snapshot per frame.
//!
//! The mutex is held for copying only: never while a network loads or runs, a frame is read or a
//! message is posted. Counters are atomic, so that a frame counts without a second lock.

use super::Mode;
use super::engine::LoadEngine;
use super::latency::ReportedLatency;
use super::loader::requests::{Ready, Requests};
use super::settings::Settings;
use super::stats::{Counters, RunTimes};
use crate::properties::Properties;
use gst::glib;
use gst::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What several threads share.
#[derive(Default)]
pub struct Shared {
    fields: Mutex<Fields>,
    /// What the streaming thread counts.
    pub counters: Counters,
}

/// What the mutex protects.
#[derive(Default)]
pub struct Fields {
    /// Values of the properties.
    pub settings: Settings,
    /// Between start and stop.
    pub started: bool,
    /// What runs the network, by its nick; none while the element is stopped.
    pub active_engine: Option<&'static str>,
    /// What really computes the network; none while the element is stopped.
    pub active_provider: Option<String>,
    /// Frames of an earlier running time are late, as QoS events say.
    pub earliest: Option<gst::ClockTime>,
    /// Times of the newest runs.
    pub run_times: RunTimes,
    /// The latency that is reported with `mode=sync`.
    pub latency: ReportedLatency,
    /// Networks that are being loaded while playing.
    pub requests: Requests,
    /// How a network is loaded.
    pub load_engine: LoadEngine,
}

/// What one frame needs of it.
pub struct Snapshot {
    /// Property `mode`.
    pub mode: Mode,
    /// Property `interval`, in frames.
    pub interval: u32,
    /// Property `still-threshold`, as a share of white.
    pub still_threshold: f32,
    /// Property `motion-compensation`.
    pub motion_compensation: bool,
    /// Property `strict-provider`.
    pub strict_provider: bool,
    /// Property `small-latency`, in ms.
    pub small_latency: u32,
    /// Property `analytics-meta`.
    #[cfg(feature = "v1_26")]
    pub analytics_meta: bool,
    /// Frames of an earlier running time are late.
    pub earliest: Option<gst::ClockTime>,
    /// A network that takes over before this frame.
    pub ready: Option<Box<Ready>>,
}

impl Shared {
    /// Locks all of it. A panic elsewhere leaves whole values only.
    pub fn lock(&self) -> MutexGuard<'_, Fields> {
        self.fields.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the snapshot for the next frame, with the network that is ready, if one is.
    pub fn snapshot(&self) -> Snapshot {
        let mut fields = self.lock();
        let ready = fields.requests.take();
        let settings = &fields.settings;
        Snapshot {
            mode: settings.mode,
            interval: settings.interval,
            still_threshold: settings.still_threshold,
            motion_compensation: settings.motion_compensation,
            strict_provider: settings.strict_provider,
            small_latency: settings.small_latency,
            #[cfg(feature = "v1_26")]
            analytics_meta: settings.analytics_meta,
            earliest: fields.earliest,
            ready,
        }
    }

    /// Notes a run: the time that the network took, and the time that the frame was held. Returns
    /// whether a latency has changed that is reported.
    pub fn note_run(&self, time: Duration, held: Duration) -> bool {
        let mut fields = self.lock();
        fields.run_times.add(time);
        fields.latency.add(held) && fields.settings.mode == Mode::Sync
    }

    /// Begins to report the latency of another network, whose warm-up run took `warm_up`.
    pub fn restart_latency(&self, warm_up: Duration) {
        self.lock().latency = ReportedLatency::start(warm_up);
    }

    /// The latency that frames are held for; none if no frame is held (`mode=async`).
    pub fn latency(&self) -> Option<Duration> {
        let fields = self.lock();
        (fields.settings.mode == Mode::Sync).then(|| fields.latency.reported())
    }

    /// The value of a property.
    pub fn property(&self, name: &str) -> glib::Value {
        let fields = self.lock();
        match name {
            "stats" => {
                let (times, latency) = (fields.run_times.clone(), fields.latency.reported());
                drop(fields);
                times.to_structure(&self.counters, latency).to_value()
            }
            "active-engine" => fields.active_engine.to_value(),
            "active-execution-provider" => fields.active_provider.to_value(),
            name => fields.settings.value(name),
        }
    }
}
