// SPDX-License-Identifier: MPL-2.0

//! The bin `mattebackground`: segment, refine and compose (or mix) behind one element.
/**
 * SECTION:element-mattebackground
 *
 * Blurs or replaces the background behind a person: #mattesegment, #matterefine and #mattecompose
 * in one bin, with all of their properties. If no property is set, it blurs.
 *
 * If the pad `background` is requested, #mattemix replaces #mattecompose: the video on that pad is
 * shown behind the person, and the properties `background`, `image` and `blur-strength` have no
 * effect. The pad may be requested at any time, also while the bin runs. When it is released,
 * #mattecompose returns: at once if the bin is stopped, else when it stops; until then the last
 * background frame is shown.
 *
 * If the pad `small` is requested, the network reads the camera's second, small stream from it and
 * never the frames: see #mattesegment.
 *
 * If the tag `image-orientation` says that the video is turned, it is processed as the viewer sees
 * it, and leaves as it came. #mattebackground:video-direction overrides the tag.
 *
 * ## Example
 * |[
 * gst-launch-1.0 v4l2src ! mattebackground ! videoconvert ! autovideosink
 * ]|
 * |[
 * gst-launch-1.0 v4l2src ! mattebackground image=beach.jpg ! videoconvert ! autovideosink
 * ]|
 * |[
 * gst-launch-1.0 mattebackground name=person ! videoconvert ! autovideosink v4l2src ! person.sink filesrc location=in.mp4 ! decodebin ! videoconvert ! person.background
 * ]|
 *
 * Since: 0.1
 */
use gst::glib;
use gst::prelude::*;

mod exchange;
mod imp;
mod pads;
mod routes;
mod small;

glib::wrapper! {
    /// Bin for application developers; see the module's page.
    pub struct MatteBackground(ObjectSubclass<imp::MatteBackground>)
        @extends gst::Bin, gst::Element, gst::Object,
        @implements gst::Preset;
}

/// Registers the element.
///
/// # Errors
/// If GStreamer refuses the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    gst::Element::register(
        Some(plugin),
        "mattebackground",
        gst::Rank::NONE,
        MatteBackground::static_type(),
    )
}
