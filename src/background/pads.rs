// SPDX-License-Identifier: MPL-2.0

//! The pads of the bin.

/// The pads that come, go and change their targets.
#[derive(Debug, Default)]
pub struct Pads {
    /// The pad that frames leave by.
    pub source: Option<gst::GhostPad>,
    /// The requested pad of the background, while there is one.
    pub background: Option<gst::GhostPad>,
    /// The requested pad of the small stream, while there is one.
    pub small: Option<gst::GhostPad>,
    /// Whether `mix` is in the chain.
    pub mixing: bool,
    /// Fires when `refine` is about to push its next frame.
    pub probe: Option<gst::PadProbeId>,
}
