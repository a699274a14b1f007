// SPDX-License-Identifier: MPL-2.0

//! The properties that `mattecompose` and `mattemix` share: how edges are treated, whether the
//! effect is on, and what is seen without a matte.

use super::OnMissingMatte;
use crate::properties::properties;

properties! {
    /// Values of the shared properties.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct Effect {
        /// How much of the old background's colour is taken out of half-covered pixels
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
    }
}
