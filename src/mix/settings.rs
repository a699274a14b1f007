// SPDX-License-Identifier: MPL-2.0

//! The properties of `mattemix`.

use super::BackgroundEos;
use crate::blend::ColorName;
use crate::compose::{Effect, ImageFit};
use crate::properties::properties;
use crate::video::direction::DirectionSettings;

properties! {
    /// Values of the properties.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Settings {
        /// How the background video fills the frame
        background_fit: ImageFit = ImageFit::Cover, "Background fit", CONTROLLABLE;
        /// What is shown after the background video's end
        background_eos: BackgroundEos = BackgroundEos::Hold, "Background EOS", PLAYING;
        /// How long a frame waits for the background at most if neither is live, in ms. After such
        /// a wait no frame waits until the background sends again
        background_timeout: u32 [0, 60_000] = 1000, "Background timeout", PLAYING;
        /// Colour of the bars of background-fit=contain and for background-eos=color, as ARGB
        color: u32 = 0xff00_0000, "Color", CONTROLLABLE;
        with direction: DirectionSettings;
        with effect: Effect;
        forms {
            /// The property color as a text: a name of CSS, such as green, or #rrggbb
            color_name: ColorName = color, "Color name", PLAYING;
        }
    }
}
