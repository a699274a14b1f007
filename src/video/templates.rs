// SPDX-License-Identifier: MPL-2.0

//! The pad templates of the elements.

use super::dmabuf::with_dmabuf;
use super::formats::caps_of;
use crate::frame::PixelLayout;

/// The pads of elements that hand on, as they come, frames of every layout.
pub fn pad_templates() -> Vec<gst::PadTemplate> {
    [
        ("sink", gst::PadDirection::Sink),
        ("src", gst::PadDirection::Src),
    ]
    .map(|(name, direction)| pad_template(name, direction, gst::PadPresence::Always))
    .into()
}

/// A pad for frames of every layout, in plain or linear DMABuf memory.
pub fn pad_template(
    name: &str,
    direction: gst::PadDirection,
    presence: gst::PadPresence,
) -> gst::PadTemplate {
    let caps = with_dmabuf(&caps_of(PixelLayout::ALL.iter().copied()));
    gst::PadTemplate::new(name, direction, presence, &caps).expect("the template is valid")
}
