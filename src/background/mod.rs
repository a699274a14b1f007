// SPDX-License-Identifier: MPL-2.0

//! The bin `mattebackground`: segment, refine and compose (or mix) behind one element.
/**
 * SECTION:element-mattebackground
 *
 * Everything that is needed to blur or replace the background behind a person: #mattesegment,
 * #matterefine and #mattecompose in one bin, with all of their properties. Without any property
 * set it blurs.
 *
 * With a video on the pad `background`, #mattemix takes the place of #mattecompose: that video
 * stands behind the person, and the properties `background`, `image` and `blur-strength` rest. The
 * pad may be requested at any time, also while the bin runs. When it is released, #mattecompose
 * comes back: at once where the bin is at rest, else when it stops next; until then the last
 * background frame stays.
 *
 * Video that lies on its side and says so by the tag `image-orientation` is worked on as the viewer
 * will see it, and comes out as it came in; #mattebackground:video-direction overrides the tag.
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

glib::wrapper! {
    /// Bin for application developers; see the module's page.
    pub struct MatteBackground(ObjectSubclass<imp::MatteBackground>)
        @extends gst::Bin, gst::Element, gst::Object;
}

/// Registers the element.
///
/// # Errors
/// Where GStreamer refuses the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    gst::Element::register(
        Some(plugin),
        "mattebackground",
        gst::Rank::NONE,
        MatteBackground::static_type(),
    )
}
