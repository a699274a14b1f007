// SPDX-License-Identifier: MPL-2.0

//! The pad templates of the elements.

use super::dmabuf::with_dmabuf;
use super::formats::caps_of;
use crate::frame::PixelLayout;

/// The pads of elements that hand on, as they come, frames of every layout.
pub fn pad_templates() -> Vec<gst::PadTemplate> {
    let caps = with_dmabuf(&caps_of(PixelLayout::ALL.iter().copied()));
    [
        ("sink", gst::PadDirection::Sink),
        ("src", gst::PadDirection::Src),
    ]
    .map(|(name, direction)| {
        gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps)
            .expect("the template is valid")
    })
    .into()
}
