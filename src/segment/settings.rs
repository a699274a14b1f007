// SPDX-License-Identifier: MPL-2.0

//! The properties of `mattesegment`.

use super::{EngineChoice, Mode};
use crate::properties::{Properties, properties};
use crate::video::direction::DirectionSettings;
use std::sync::Arc;

/// The largest `input-pixels`: that of ISNet, the most expensive of the public networks.
const MAX_INPUT_PIXELS: u32 = 1 << 20;

properties! {
    /// Values of the properties.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Settings {
        /// The network: an .onnx file, builtin or builtin-lite for those in the plugin, or the name
        /// of an installed or fetched file without its ending. Unset: what the environment variable
        /// MATTE_MODEL names, else builtin. While playing, a new model takes over between two
        /// frames; one that cannot be loaded is refused and the old value comes back. The same
        /// holds for engine, execution-provider, provider-options, strict-provider, threads,
        /// subject and input-pixels
        model: Option<Arc<str>> = None, "Model", PLAYING;
        /// What runs the network: ONNX Runtime, a library, or the embedded engine inside the plugin,
        /// which runs on the CPU and knows fewer operators. auto: ONNX Runtime where it is found
        engine: EngineChoice = EngineChoice::Auto, "Engine", PLAYING;
        /// File of the ONNX Runtime library. Unset: ORT_DYLIB_PATH, beside the plugin, then the
        /// system's. One library serves the whole process
        onnxruntime_library: Option<Arc<str>> = None, "ONNX Runtime library", READY;
        /// What computes the network: cpu, auto, xnnpack, openvino, cuda, tensorrt, rocm, migraphx,
        /// directml, coreml, acl, qnn or rknpu, as far as the library offers it; cpu alone with the
        /// embedded engine
        execution_provider: Option<Arc<str>> = Some("cpu".into()), "Execution provider", PLAYING;
        /// Options for the execution provider, by its own names
        provider_options: Option<gst::Structure> = None, "Provider options", PLAYING;
        /// Fail if the provider cannot be used, instead of a warning and the CPU
        strict_provider: bool = false, "Strict provider", PLAYING;
        /// Threads for one run of the network; idle ones sleep, they never spin
        threads: u32 [1, 64] = 1, "Threads", PLAYING;
        /// Whether a frame waits for its own matte. A late frame (QoS) never waits, but reuses the
        /// newest matte
        mode: Mode = Mode::Sync, "Mode", PLAYING;
        /// Classes that are kept: names or indices, separated by commas. Unset: as the model's
        /// description says
        subject: Option<Arc<str>> = None, "Subject", PLAYING;
        /// About how many pixels the network sees, if the model leaves its sides open; more pixels
        /// take more time and give a finer matte. 0: as the model's description says
        input_pixels: u32 [0, MAX_INPUT_PIXELS] = 0, "Input pixels", PLAYING;
        /// Run the network on every n-th frame; the frames between reuse its matte. 0: where the
        /// picture moved in a way that the matte, moved along, may not follow, and at least once a
        /// second
        interval: u32 [0, 1000] = 1, "Interval", CONTROLLABLE;
        /// Skip the network while no part of the picture changes by more than this share of white;
        /// 0: never skip. Sensor noise stays below 0.006 on most cameras. At least one frame per
        /// second is run
        still_threshold: f32 [0.0, 1.0] = 0.0, "Still threshold", CONTROLLABLE;
        /// How long a frame waits for its picture on the pad small, in ms; part of the latency that
        /// is reported. A stream that is not live waits for up to 2 s
        small_latency: u32 [0, 10_000] = 20, "Small latency", PLAYING;
        /// Also attach the matte, cut at one half, to the frame as GstAnalyticsSegmentationMtd, for
        /// segmentationoverlay and programs; matterefine then replaces it
        #[cfg(feature = "v1_26")]
        analytics_meta: bool = true, "Analytics meta", PLAYING;
        /// Move a matte that is reused from an earlier frame (mode=async, interval, late frames)
        /// along with the picture, and drop it when the scene changes
        motion_compensation: bool = true, "Motion compensation", CONTROLLABLE;
        with direction: DirectionSettings;
        read_only {
            /// What runs the network: onnxruntime or embedded; unset until the element has started
            active_engine: Option<Arc<str>>, "Active engine";
            /// What really computes the network; unset until the element has started
            active_execution_provider: Option<Arc<str>>, "Active execution provider";
            /// Counters since the start: frames, inferred, carried-over, still (those of them that
            /// show nothing new), dropped (left without a matte), late (without a run because of
            /// QoS), small-missing (whose picture on the pad small did not come), failed (runs of
            /// the network), runs (that gave a matte); inference-mean, -p50, -p95 and latency (as
            /// reported with mode=sync) in ms
            stats: Option<gst::Structure>, "Statistics";
        }
    }
}

/// The properties that decide which network is loaded, and how.
pub const NETWORK: [&str; 8] = [
    "model",
    "engine",
    "execution-provider",
    "provider-options",
    "strict-provider",
    "threads",
    "subject",
    "input-pixels",
];

impl Settings {
    /// Only what decides which network is loaded; everything else has its default.
    pub fn network(&self) -> Self {
        let mut network = Self::default();
        network.restore_network(self);
        network
    }

    /// Takes what decides about the network from `good`; returns the properties that changed.
    pub fn restore_network(&mut self, good: &Self) -> Vec<&'static str> {
        let changes = |name: &&'static str| {
            let before = self.clone();
            let set = self.set(name, &good.value(name));
            set.is_ok() && *self != before
        };
        NETWORK.into_iter().filter(changes).collect()
    }
}
