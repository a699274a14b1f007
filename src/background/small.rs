// SPDX-License-Identifier: MPL-2.0

//! The request pad `small`: that of `segment`.

use super::imp::MatteBackground;
use crate::segment::SMALL;
use crate::video::report_refused;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;

impl MatteBackground {
    /// Makes the pad.
    pub(super) fn request_small(
        &self,
        template: &gst::PadTemplate,
    ) -> Result<gst::GhostPad, glib::BoolError> {
        if self.pads().small.is_some() {
            return Err(glib::bool_error!(
                "the bin has one pad {SMALL} only, and it is requested already"
            ));
        }
        let target = self.segment.request_pad_simple(SMALL);
        let target = target.ok_or_else(|| glib::bool_error!("mattesegment has no pad {SMALL}"))?;
        let pad = gst::GhostPad::from_template_with_target(template, &target)?;
        report_refused(&pad);
        // The pads of a running bin must be active.
        pad.set_active(!self.is_at_rest())?;
        self.obj().add_pad(&pad)?;
        self.pads().small = Some(pad.clone());
        Ok(pad)
    }

    /// Removes the pad: the network reads the frames themselves again.
    pub(super) fn release_small(&self, pad: &gst::GhostPad) -> Result<(), glib::BoolError> {
        self.pads().small = None;
        let target = pad.target();
        // First, since it ends the wait of the small stream's thread, which holds this pad's stream lock.
        if let Some(target) = &target {
            target.set_active(false)?;
        }
        pad.set_active(false)?;
        self.obj().remove_pad(pad)?;
        if let Some(target) = target {
            self.segment.release_request_pad(&target);
        }
        Ok(())
    }
}
