// SPDX-License-Identifier: MPL-2.0

//! The element `mattemix`: a second video behind the subject.
//!
//! It is a `GstVideoAggregator`, but the camera alone drives it. What the base class does for
//! mixing would be wrong here, and is replaced:
//!
//! - It makes frames at a constant rate of its own and waits for every pad. Here one frame comes
//!   out for every camera frame, with the camera's times, and nothing but the camera is waited
//!   for: the background pad counts as ended for the base class from the start, its data never
//!   enters the base class's queue (see `background_queue`), and there is no deadline (`next_time` is none).
//! - It converts all pads to a format that it negotiates. Here the output has the camera's caps,
//!   frames are composed in the camera's own buffers, and only background frames are converted,
//!   each once (`crate::blend::Rescaler`).
//! - It adds a frame of latency and the latency of the slowest pad. Here the background adds none:
//!   latency, seeking, position and duration are the camera's.
//! - It flushes when all pads were flushed. Here a flush of the camera flushes the output, and one
//!   of the background only what waits on its pad, so that it can loop by seeking.
/**
 * SECTION:element-mattemix
 *
 * Puts another video behind the person: a file, a network stream, a second camera. The camera is
 * connected to the pad `sink`, with the mattes that #mattesegment and #matterefine made. The video
 * behind is connected to the pad `background` and may have another size, rate and format.
 *
 * Every camera frame leaves in its own format and with its own timestamps, over the background frame
 * of its time (the newest one whose running time has come). The camera never waits for a live
 * background: if the background is slow, late or has ended, its last frame stays; if there is none
 * yet, a plain dark gray is shown behind the person. Only if neither camera nor background are live, a
 * frame waits for the background, for at most #mattemix:background-timeout, so that two files give
 * the same result every time.
 *
 * Both videos may be turned or have pixels that are not square: the background stands upright and in
 * true shape for the viewer of the camera, as the tag `image-orientation` and the caps of each video
 * say. #mattemix:video-direction overrides the camera's tag. The output is stored and tagged as the
 * camera's frames are.
 *
 * If the background starts again while the camera goes on (it was linked late, or it seeks to loop),
 * it is shown from then on.
 *
 * The pad `sink` has the properties `xpos`, `ypos`, `scale` and `opacity`, as #compositor's pads have:
 * the person stands small in a corner before slides, or fades away. They may move from frame to frame
 * (GstController); a move plans the scaling again for each frame. The frame keeps its size, and its
 * matte does not stay on it, since it says where the person was.
 *
 * A frame without a valid matte never shows the room: see #mattemix:on-missing-matte.
 *
 * If camera frames come with alpha, it stays as it is, and frames that are drawn elsewhere become
 * opaque. The alpha of background frames is ignored, since nothing lies behind them.
 *
 * ## Example
 * |[
 * gst-launch-1.0 mattemix name=mix ! videoconvert ! autovideosink v4l2src ! mattesegment ! matterefine ! mix.sink videotestsrc is-live=true pattern=ball ! mix.background
 * ]|
 * A speaker in the lower right corner before the screen:
 * |[
 * gst-launch-1.0 mattemix name=mix sink::xpos=896 sink::ypos=504 sink::scale=0.3 ! videoconvert ! autovideosink v4l2src ! videoscale ! video/x-raw,width=1280,height=720 ! mattesegment ! matterefine ! mix.sink ximagesrc ! videoconvert ! mix.background
 * ]|
 *
 * Since: 0.1
 */
use crate::control::Control;
use crate::properties::property_enum;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;

mod background_pad;
mod background_queue;
mod camera_pad;
mod conversion;
mod frames;
mod imp;
mod qos;
mod renderer;
mod settings;
mod sink_pad;

pub use imp::background_caps;
pub(crate) use settings::Settings;
pub use sink_pad::MatteMixPad;

glib::wrapper! {
    /// Element that puts a second video behind the subject; see the module's page.
    pub struct MatteMix(ObjectSubclass<imp::MatteMix>)
        @extends gst_video::VideoAggregator, gst_base::Aggregator, gst::Element, gst::Object,
        @implements gst::ChildProxy, gst::Preset;
}

impl MatteMix {
    /// Its properties that move over time.
    pub(crate) fn control(&self) -> &Control {
        &self.imp().control
    }
}

property_enum! {
    /// What is seen behind the subject after the background's end.
    BackgroundEos, "GstMatteMixBackgroundEos" {
        Hold = 0, "hold", "Hold: the background's last frame";
        Color = 1, "color", "Color: one colour, from the property color";
        Eos = 2, "eos", "EOS: the output ends with the background";
    }
}

/// Registers the element.
///
/// # Errors
/// If GStreamer refuses the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    gst::Element::register(
        Some(plugin),
        "mattemix",
        gst::Rank::NONE,
        MatteMix::static_type(),
    )
}
