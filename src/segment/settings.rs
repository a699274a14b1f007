// SPDX-License-Identifier: MPL-2.0

//! The properties of `mattesegment`: one table, one struct.

use super::Mode;
use gst::glib;
use gst::prelude::*;

/// The largest `input-pixels`: ISNet, the dearest of the public networks, is made for so many.
const MAX_INPUT_PIXELS: u32 = 1 << 20;

/// Values of the properties.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub model: Option<String>,
    pub onnxruntime_library: Option<String>,
    pub execution_provider: String,
    pub provider_options: Option<gst::Structure>,
    pub strict_provider: bool,
    pub threads: u32,
    pub mode: Mode,
    pub subject: Option<String>,
    pub input_pixels: u32,
    pub interval: u32,
    pub still_threshold: f32,
    #[cfg(feature = "v1_26")]
    pub analytics_meta: bool,
    pub motion_compensation: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: None,
            onnxruntime_library: None,
            execution_provider: "cpu".into(),
            provider_options: None,
            strict_provider: false,
            threads: 1,
            mode: Mode::default(),
            subject: None,
            input_pixels: 0,
            interval: 1,
            still_threshold: 0.0,
            #[cfg(feature = "v1_26")]
            analytics_meta: true,
            motion_compensation: true,
        }
    }
}

/// The property table; every call makes new specs, so that `mattebackground` can have them too.
pub fn properties() -> Vec<glib::ParamSpec> {
    let default = Settings::default();
    vec![
        glib::ParamSpecString::builder("model")
            .nick("Model")
            .blurb(
                "The network: an .onnx file, or builtin or builtin-lite for those in the plugin. \
                 Unset: the file that the environment variable MATTE_MODEL names, else builtin. \
                 While playing, a new model takes over between two frames; one that cannot be \
                 loaded is refused and the old value comes back. The same holds for \
                 execution-provider, provider-options, strict-provider, threads, subject and \
                 input-pixels",
            )
            .mutable_playing()
            .build(),
        glib::ParamSpecString::builder("onnxruntime-library")
            .nick("ONNX Runtime library")
            .blurb(
                "File of the ONNX Runtime library. Unset: ORT_DYLIB_PATH, beside the plugin, \
                 then the system's. One library serves the whole process",
            )
            .mutable_ready()
            .build(),
        glib::ParamSpecString::builder("execution-provider")
            .nick("Execution provider")
            .blurb(
                "What computes the network: cpu, auto, xnnpack, openvino, cuda, tensorrt, rocm, \
                 migraphx, directml, coreml, acl, qnn or rknpu, as far as the library offers it",
            )
            .default_value(default.execution_provider.as_str())
            .mutable_playing()
            .build(),
        glib::ParamSpecBoxed::builder::<gst::Structure>("provider-options")
            .nick("Provider options")
            .blurb("Options for the execution provider, by its own names")
            .mutable_playing()
            .build(),
        glib::ParamSpecBoolean::builder("strict-provider")
            .nick("Strict provider")
            .blurb("Fail where the provider cannot be had, instead of a warning and the CPU")
            .default_value(default.strict_provider)
            .mutable_playing()
            .build(),
        glib::ParamSpecString::builder("active-execution-provider")
            .nick("Active execution provider")
            .blurb("What really computes the network; unset until the element has started")
            .read_only()
            .build(),
        glib::ParamSpecUInt::builder("threads")
            .nick("Threads")
            .blurb("Threads for one run of the network; idle ones sleep, they never spin")
            .minimum(1)
            .maximum(64)
            .default_value(default.threads)
            .mutable_playing()
            .build(),
        glib::ParamSpecEnum::builder_with_default("mode", default.mode)
            .nick("Mode")
            .blurb(
                "Whether a frame waits for its own matte. A late frame (QoS) never waits, but \
                 carries the newest matte over",
            )
            .mutable_playing()
            .build(),
        glib::ParamSpecString::builder("subject")
            .nick("Subject")
            .blurb(
                "Classes that are kept, names or indices with commas between them. \
                 Unset: what the model's description says",
            )
            .mutable_playing()
            .build(),
        glib::ParamSpecUInt::builder("input-pixels")
            .nick("Input pixels")
            .blurb(
                "Pixels of the picture that the network sees, about, where the model leaves its \
                 sides open: more is dearer and finer. 0: what the model's description says",
            )
            .maximum(MAX_INPUT_PIXELS)
            .default_value(default.input_pixels)
            .mutable_playing()
            .build(),
        glib::ParamSpecUInt::builder("interval")
            .nick("Interval")
            .blurb("Run the network on every n-th frame; those between carry the matte over")
            .minimum(1)
            .maximum(1000)
            .default_value(default.interval)
            .mutable_playing()
            .controllable()
            .build(),
        glib::ParamSpecFloat::builder("still-threshold")
            .nick("Still threshold")
            .blurb(
                "Skip the network while no part of the picture changes by more than this share \
                 of white; 0: never skip. Sensor noise stays below 0.006 on most cameras. At \
                 least one frame a second is run all the same",
            )
            .minimum(0.0)
            .maximum(1.0)
            .default_value(default.still_threshold)
            .mutable_playing()
            .controllable()
            .build(),
        #[cfg(feature = "v1_26")]
        glib::ParamSpecBoolean::builder("analytics-meta")
            .nick("Analytics meta")
            .blurb(
                "Put the matte, cut at one half, on the frame as GstAnalyticsSegmentationMtd too, \
                 for segmentationoverlay and programs; matterefine then renews it",
            )
            .default_value(default.analytics_meta)
            .mutable_playing()
            .build(),
        glib::ParamSpecBoolean::builder("motion-compensation")
            .nick("Motion compensation")
            .blurb(
                "Move a matte that is carried over from an earlier frame (mode=async, interval, \
                 late frames) along with the picture, and drop it where the scene changes",
            )
            .default_value(default.motion_compensation)
            .mutable_playing()
            .controllable()
            .build(),
        crate::video::direction::property(),
        glib::ParamSpecBoxed::builder::<gst::Structure>("stats")
            .nick("Statistics")
            .blurb(
                "Counters since the start: frames, inferred, carried-over, dropped (left without \
                 a matte), late (left out of turn by QoS), failed (runs of the network); \
                 inference-mean, -p50, -p95 and latency (as told with mode=sync) in ms",
            )
            .read_only()
            .build(),
    ]
}

/// The properties that decide which network is loaded, and how.
const NETWORK: [&str; 7] = [
    "model",
    "execution-provider",
    "provider-options",
    "strict-provider",
    "threads",
    "subject",
    "input-pixels",
];

/// Whether a property decides which network is loaded, or how.
pub fn is_of_network(name: &str) -> bool {
    NETWORK.contains(&name)
}

impl Settings {
    /// Only what decides which network is loaded; the rest as by default.
    pub fn network(&self) -> Self {
        Self {
            model: self.model.clone(),
            execution_provider: self.execution_provider.clone(),
            provider_options: self.provider_options.clone(),
            strict_provider: self.strict_provider,
            threads: self.threads,
            subject: self.subject.clone(),
            input_pixels: self.input_pixels,
            ..Self::default()
        }
    }

    /// Takes what decides about the network from `good`; returns the properties that changed.
    pub fn restore_network(&mut self, good: &Self) -> Vec<&'static str> {
        let before = self.clone();
        NETWORK
            .iter()
            .for_each(|name| self.set(name, &good.get(name)));
        NETWORK
            .into_iter()
            .filter(|name| {
                let mut one = before.clone();
                one.set(name, &self.get(name));
                one != before
            })
            .collect()
    }

    /// Takes a property's value; GObject has checked its type and range.
    pub fn set(&mut self, name: &str, value: &glib::Value) {
        const CHECKED: &str = "GObject checked the type";
        let text = || {
            value
                .get::<Option<String>>()
                .expect(CHECKED)
                .filter(|s| !s.is_empty())
        };
        match name {
            "model" => self.model = text(),
            "onnxruntime-library" => self.onnxruntime_library = text(),
            "execution-provider" => self.execution_provider = text().unwrap_or("cpu".into()),
            "provider-options" => self.provider_options = value.get().expect(CHECKED),
            "strict-provider" => self.strict_provider = value.get().expect(CHECKED),
            "threads" => self.threads = value.get().expect(CHECKED),
            "mode" => self.mode = value.get().expect(CHECKED),
            "subject" => self.subject = text(),
            "input-pixels" => self.input_pixels = value.get().expect(CHECKED),
            "interval" => self.interval = value.get().expect(CHECKED),
            "still-threshold" => self.still_threshold = value.get().expect(CHECKED),
            #[cfg(feature = "v1_26")]
            "analytics-meta" => self.analytics_meta = value.get().expect(CHECKED),
            "motion-compensation" => self.motion_compensation = value.get().expect(CHECKED),
            _ => unreachable!("GObject knows only the properties of the table"),
        }
    }

    /// The value of a property that can be written.
    pub fn get(&self, name: &str) -> glib::Value {
        match name {
            "model" => self.model.to_value(),
            "onnxruntime-library" => self.onnxruntime_library.to_value(),
            "execution-provider" => self.execution_provider.to_value(),
            "provider-options" => self.provider_options.to_value(),
            "strict-provider" => self.strict_provider.to_value(),
            "threads" => self.threads.to_value(),
            "mode" => self.mode.to_value(),
            "subject" => self.subject.to_value(),
            "input-pixels" => self.input_pixels.to_value(),
            "interval" => self.interval.to_value(),
            "still-threshold" => self.still_threshold.to_value(),
            #[cfg(feature = "v1_26")]
            "analytics-meta" => self.analytics_meta.to_value(),
            "motion-compensation" => self.motion_compensation.to_value(),
            _ => unreachable!("GObject knows only the properties of the table"),
        }
    }
}
