// SPDX-License-Identifier: MPL-2.0

//! The properties that `mattecompose` and `mattemix` share: how edges are treated, whether the
//! effect is on, what is seen without a matte, and which part of the frame is seen.

use super::{FramingMode, OnMissingMatte};
use crate::blend::FramingParams;
use crate::properties::properties;

properties! {
    /// Values of the shared properties.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct Effect {
        /// How much of the old background's colour is taken out of half-covered pixels, and of a green
        /// screen's light (see the property key of matterefine) out of the subject
        decontamination: f64 [0.0, 1.0] = 1.0, "Decontamination", CONTROLLABLE;
        /// How much light of the new background wraps round the subject's edge
        light_wrap: f64 [0.0, 1.0] = 0.0, "Light wrap", CONTROLLABLE;
        /// How far the subject's brightness and colour are drawn towards the background's
        tone_match: f64 [0.0, 1.0] = 0.0, "Tone match", CONTROLLABLE;
        /// What is shown for a frame that has no valid matte
        on_missing_matte: OnMissingMatte = OnMissingMatte::Hide, "On missing matte", PLAYING;
        /// Whether the background is replaced at all; off shows the room
        enabled: bool = true, "Enabled", CONTROLLABLE;
        /// Time in which the effect fades in and out when enabled changes, in ms
        transition_ms: u32 [0, 10_000] = 0, "Transition", CONTROLLABLE;
        /// Whether the picture follows the subject: the camera's frame is cropped around them and
        /// enlarged. Size and caps of the video stay
        framing: FramingMode = FramingMode::Off, "Framing", PLAYING;
        /// Most that framing enlarges the camera's frame
        framing_zoom: f64 [1.0, 4.0] = 2.0, "Framing zoom", CONTROLLABLE;
        /// Room that framing leaves around the subject, as a share of its larger side
        framing_margin: f64 [0.0, 1.0] = 0.15, "Framing margin", CONTROLLABLE;
        /// How fast framing follows: at 1, nine tenths of a way take 2 s
        framing_speed: f64 [0.1, 10.0] = 1.0, "Framing speed", CONTROLLABLE;
    }
}

impl Effect {
    /// How the subject is followed.
    pub fn framing_params(&self) -> FramingParams {
        FramingParams {
            zoom: self.framing_zoom as f32,
            margin: self.framing_margin as f32,
            speed: self.framing_speed as f32,
        }
    }
}
