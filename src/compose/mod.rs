// SPDX-License-Identifier: MPL-2.0

//! The element `mattecompose`: frame and matte become a picture.
/**
 * SECTION:element-mattecompose
 *
 * Replaces the background behind the person: by the blurred room, one colour, a picture, or nothing
 * (transparency). It can also show the matte itself. It works in place in the frame's own format,
 * with the matte that #mattesegment and #matterefine attached to the frame.
 *
 * Pictures stand upright for the viewer. Pictures and blur have their true shape on pixels that are
 * not square. The tag `image-orientation` (or #mattecompose:video-direction) and the caps'
 * pixel-aspect-ratio say how the viewer sees the frame. Frames and tag leave as they came.
 *
 * A frame without a valid matte never shows the room: see #mattecompose:on-missing-matte.
 *
 * With a transparent background, pixels with alpha 0 are black, and half-covered pixels have the
 * subject's own colour. Many elements drop the alpha: they then show no room.
 * #mattecompose:keep-transparent-colors keeps the room's colours instead.
 *
 * If frames come with alpha, this alpha says where the frame is: person and background are both
 * inside of it. Every background keeps it. It is multiplied by the alpha of #mattecompose:color or of
 * the picture if these are not opaque, and by the matte for `transparent` and `matte`. A hidden frame
 * keeps nothing of it.
 *
 * With #mattecompose:framing, the subject is followed: the camera's picture is cropped around the
 * matte and enlarged to the frame, smoothly, before it is composed; size and caps stay. Formats with
 * alpha that come in, and outputs of another format than the input, are not framed.
 *
 * ## Example
 * |[
 * gst-launch-1.0 v4l2src ! mattesegment ! matterefine ! mattecompose background=blur ! videoconvert ! autovideosink
 * ]|
 *
 * Since: 0.1
 */
use crate::control::Control;
use crate::properties::property_enum;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;

mod aligned;
mod animation_timeline;
mod caps;
mod changes;
mod converter;
mod effect;
mod error;
mod fade;
mod fitted;
mod frames;
mod image_loader;
mod imp;
mod in_place;
mod missing;
mod placed;
mod player;
mod progress;
mod renderer;
mod settings;

pub use caps::{sink_caps, src_caps};
pub(crate) use effect::Effect;
pub(crate) use error::ComposeError;
pub(crate) use in_place::InPlaceCompositor;
pub(crate) use missing::{GapReport, Missing, report, usable_matte, warn_of_contradiction};
pub(crate) use placed::Standing;
pub(crate) use progress::Progress;
pub(crate) use settings::Settings;

glib::wrapper! {
    /// Element that puts the picture together; see the module's page.
    pub struct MatteCompose(ObjectSubclass<imp::MatteCompose>)
        @extends gst_base::BaseTransform, gst::Element, gst::Object,
        @implements gst::Preset;
}

impl MatteCompose {
    /// Its properties that move over time.
    pub(crate) fn control(&self) -> &Control {
        &self.imp().control
    }
}

property_enum! {
    /// What stands behind the subject.
    Background, "GstMatteComposeBackground" {
        Blur = 0, "blur", "Blur: the room out of focus";
        Color = 1, "color", "Color: one colour, from the property color";
        Image = 2, "image", "Image: a picture, from the property image";
        Transparent = 3, "transparent", "Transparent: straight alpha in a format that has it";
        Matte = 4, "matte", "Matte: the matte as GRAY8";
        Overlay = 5, "overlay", "Overlay: the frame with the matte drawn on it";
        None = 6, "none", "None: the frame as it is, the room is seen";
    }
}

property_enum! {
    /// What is shown for a frame that has no valid matte.
    OnMissingMatte, "GstMatteComposeOnMissingMatte" {
        Hide = 0, "hide", "Hide: the background alone";
        Freeze = 1, "freeze", "Freeze: the last good picture";
        Fail = 2, "fail", "Fail: stop with an error";
        Passthrough = 3, "passthrough", "Passthrough: the frame as it is, the room is seen";
    }
}

impl OnMissingMatte {
    /// Whether a frame without a matte is hidden.
    pub(crate) fn hides(self) -> bool {
        matches!(self, Self::Hide | Self::Freeze)
    }
}

property_enum! {
    /// Which part of the frame is seen.
    FramingMode, "GstMatteComposeFraming" {
        Off = 0, "off", "Off: the whole frame";
        Follow = 1, "follow", "Follow: a part that follows the subject, enlarged to the frame's size";
    }
}

property_enum! {
    /// How a background picture fills the frame.
    ImageFit, "GstMatteComposeImageFit" {
        Cover = 0, "cover", "Cover: fill the frame, cut what sticks out";
        Contain = 1, "contain", "Contain: all of the picture, bars in the property color";
        Stretch = 2, "stretch", "Stretch: fill the frame, aspect ratio lost";
        Tile = 3, "tile", "Tile: repeat at its own size";
    }
}

/// Registers the element.
///
/// # Errors
/// If GStreamer refuses the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    gst::Element::register(
        Some(plugin),
        "mattecompose",
        gst::Rank::NONE,
        MatteCompose::static_type(),
    )
}
