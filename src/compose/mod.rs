// SPDX-License-Identifier: MPL-2.0

//! The element `mattecompose`: frame and matte become a picture.
/**
 * SECTION:element-mattecompose
 *
 * Puts another background behind the person: blurred, one colour, a picture, nothing
 * (transparency); or shows the matte itself. Works in place in the frame's own format, with the
 * matte that #mattesegment and #matterefine put on it.
 *
 * Pictures stand upright for the viewer, and are, like a blur, in true shape: as the tag
 * `image-orientation` (or #mattecompose:video-direction) and the caps' pixel-aspect-ratio say.
 * Frames and tag stay as they came.
 *
 * A frame without a valid matte never shows the room: see #mattecompose:on-missing-matte.
 *
 * With a transparent background, what has alpha 0 is black, and what is half covered has the
 * subject's own colour: who drops the alpha, as many elements do, sees no room.
 * #mattecompose:keep-transparent-colors is for who wants it otherwise.
 *
 * The own alpha of frames that come with one says where the frame is: person and background are
 * both within it. It stays with every background, times that of #mattecompose:color or the picture
 * where these are not opaque; with a transparent one and for the matte it is multiplied by the
 * matte. A frame that is hidden keeps nothing of it.
 *
 * ## Example
 * |[
 * gst-launch-1.0 v4l2src ! mattesegment ! matterefine ! mattecompose background=blur ! videoconvert ! autovideosink
 * ]|
 *
 * Since: 0.1
 */
use crate::control::Control;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;

mod canvas;
mod caps;
mod effect;
mod fade;
mod fitted;
mod image_loader;
mod imp;
mod missing;
mod painter;
mod player;
mod settings;
mod stage;
mod timeline;

pub(crate) use canvas::Canvas;
pub use caps::{sink_caps, src_caps};
pub(crate) use effect::{Effect, properties as effect_properties};
pub(crate) use fade::Fade;
pub use imp::properties;
pub(crate) use missing::{
    Contradictions, Gap, Missing, News, fitting, tell, warn_of_contradiction,
};

glib::wrapper! {
    /// Element that puts the picture together; see the module's page.
    pub struct MatteCompose(ObjectSubclass<imp::MatteCompose>)
        @extends gst_base::BaseTransform, gst::Element, gst::Object;
}

impl MatteCompose {
    /// Its properties that move over time.
    pub(crate) fn control(&self) -> &Control {
        &self.imp().control
    }
}

/// What stands behind the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstMatteComposeBackground")]
#[repr(i32)]
pub enum Background {
    /// The room, out of focus.
    #[default]
    #[enum_value(name = "Blur: the room out of focus", nick = "blur")]
    Blur = 0,
    /// One colour.
    #[enum_value(name = "Color: one colour, from the property color", nick = "color")]
    Color = 1,
    /// A picture from a file.
    #[enum_value(name = "Image: a picture, from the property image", nick = "image")]
    Image = 2,
    /// Nothing: the frame gets an alpha channel.
    #[enum_value(
        name = "Transparent: straight alpha in a format that has it",
        nick = "transparent"
    )]
    Transparent = 3,
    /// The matte itself as a gray picture.
    #[enum_value(name = "Matte: the matte as GRAY8", nick = "matte")]
    Matte = 4,
    /// The frame with the matte drawn over it.
    #[enum_value(
        name = "Overlay: the frame with the matte drawn on it",
        nick = "overlay"
    )]
    Overlay = 5,
    /// The frame as it came in.
    #[enum_value(name = "None: the frame as it is, the room is seen", nick = "none")]
    None = 6,
}

/// What is shown for a frame that has no valid matte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstMatteComposeOnMissingMatte")]
#[repr(i32)]
pub enum OnMissingMatte {
    /// The background alone.
    #[default]
    #[enum_value(name = "Hide: the background alone", nick = "hide")]
    Hide = 0,
    /// The last picture that was composed with a matte.
    #[enum_value(name = "Freeze: the last good picture", nick = "freeze")]
    Freeze = 1,
    /// An error on the bus.
    #[enum_value(name = "Fail: stop with an error", nick = "fail")]
    Fail = 2,
    /// The frame as it came in: the room is seen.
    #[enum_value(
        name = "Passthrough: the frame as it is, the room is seen",
        nick = "passthrough"
    )]
    Passthrough = 3,
}

/// How a background picture fills the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, glib::Enum)]
#[enum_type(name = "GstMatteComposeImageFit")]
#[repr(i32)]
pub enum ImageFit {
    /// Fills the frame, what sticks out is cut off.
    #[default]
    #[enum_value(name = "Cover: fill the frame, cut what sticks out", nick = "cover")]
    Cover = 0,
    /// All of the picture is seen, with bars of the property `color`.
    #[enum_value(
        name = "Contain: all of the picture, bars in the property color",
        nick = "contain"
    )]
    Contain = 1,
    /// Fills the frame, aspect ratio lost.
    #[enum_value(name = "Stretch: fill the frame, aspect ratio lost", nick = "stretch")]
    Stretch = 2,
    /// Repeated at its own size.
    #[enum_value(name = "Tile: repeat at its own size", nick = "tile")]
    Tile = 3,
}

/// Registers the element and its enums.
///
/// # Errors
/// Where GStreamer refuses the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    for kind in [
        Background::static_type(),
        OnMissingMatte::static_type(),
        ImageFit::static_type(),
    ] {
        kind.mark_as_plugin_api(gst::PluginAPIFlags::empty());
    }
    gst::Element::register(
        Some(plugin),
        "mattecompose",
        gst::Rank::NONE,
        MatteCompose::static_type(),
    )
}
