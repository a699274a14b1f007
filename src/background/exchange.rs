// SPDX-License-Identifier: MPL-2.0

//! The request pad `background`: while it is there, `mix` works in the place of `compose`.
//!
//! `compose` has no thread of its own. When `refine` is about to push a frame, `compose` is idle and
//! can be removed while the bin runs. `mix` has a thread, and a paused sink may block that thread for
//! any time; so `mix` is removed only while the bin is at rest.

use super::imp::{CAT, MatteBackground};
use super::pads::Pads;
use crate::video::report_refused;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::{MutexGuard, PoisonError};

impl MatteBackground {
    pub(super) fn pads(&self) -> MutexGuard<'_, Pads> {
        self.pads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no data flows.
    pub(super) fn is_at_rest(&self) -> bool {
        let bin = self.obj();
        bin.current_state() <= gst::State::Ready && bin.pending_state() <= gst::State::Ready
    }

    /// Makes the pad. `mix` replaces `compose` at once, or with the next frame if the bin runs.
    pub(super) fn request_background(
        &self,
        template: &gst::PadTemplate,
    ) -> Result<gst::GhostPad, glib::BoolError> {
        if self.pads().background.is_some() {
            return Err(glib::bool_error!(
                "the bin has one pad background only, and it is requested already"
            ));
        }
        let bin = self.obj();
        if self.mix.parent().is_none() {
            bin.add(&self.mix)?;
            self.mix.sync_state_with_parent()?;
        }
        let target = self.mix.static_pad("background");
        let target = target.ok_or_else(|| glib::bool_error!("mattemix has no background"))?;
        let pad = gst::GhostPad::from_template_with_target(template, &target)?;
        report_refused(&pad);
        let at_rest = self.is_at_rest();
        // The pads of a running bin must be active.
        pad.set_active(!at_rest)?;
        bin.add_pad(&pad)?;
        self.pads().background = Some(pad.clone());
        if at_rest {
            self.exchange(true)?;
        } else {
            self.exchange_before_next_frame();
        }
        Ok(pad)
    }

    /// Exchanges the elements when the next frame comes. Any idle moment would not do: right after
    /// an event was pushed, the pad counts it as received, and the new element would never get it.
    fn exchange_before_next_frame(&self) {
        let Some(source) = self.refine.static_pad("src") else {
            return;
        };
        let weak = self.downgrade();
        let kind = gst::PadProbeType::BLOCK | gst::PadProbeType::BUFFER;
        let probe = source.add_probe(kind, move |_, _| {
            if let Some(bin) = weak.upgrade() {
                bin.pads().probe = None;
                if bin.pads().background.is_some()
                    && let Err(error) = bin.exchange(true)
                {
                    gst::element_imp_error!(bin, gst::CoreError::Pad, ("{error}"));
                }
            }
            gst::PadProbeReturn::Remove
        });
        self.pads().probe = probe;
    }

    fn forget_probe(&self) {
        let probe = self.pads().probe.take();
        if let (Some(probe), Some(source)) = (probe, self.refine.static_pad("src")) {
            source.remove_probe(probe);
        }
    }

    /// Removes the pad. While data flows, `mix` stays and shows its last background frame.
    pub(super) fn release_background(&self, pad: &gst::Pad) -> Result<(), glib::BoolError> {
        let mut pads = self.pads();
        let mine = |own: &gst::GhostPad| own.upcast_ref::<gst::Pad>() == pad;
        if !pads.background.as_ref().is_some_and(mine) {
            return Err(glib::bool_error!("the pad does not belong to this bin"));
        }
        pads.background = None;
        drop(pads);
        pad.set_active(false)?;
        self.obj().remove_pad(pad)?;
        // A bin that is being disposed of has no children any more.
        if self.is_at_rest() && self.refine.parent().is_some() {
            self.choose_end()?;
        }
        Ok(())
    }

    /// In READY or NULL: ends the chain with `mix` if the background pad is there, else with
    /// `compose`.
    pub(super) fn choose_end(&self) -> Result<(), glib::BoolError> {
        self.forget_probe();
        let wanted = self.pads().background.is_some();
        self.exchange(wanted)?;
        // `mix` was added, but no frame came before the bin stopped.
        if !wanted && self.mix.parent().is_some() {
            self.take_out(self.mix.upcast_ref())?;
        }
        Ok(())
    }

    fn take_out(&self, child: &gst::Element) -> Result<(), glib::BoolError> {
        self.obj().remove(child)?;
        // Outside of the bin, nothing else stops it.
        child
            .set_state(gst::State::Null)
            .map_err(|_| glib::bool_error!("{} does not stop", child.name()))?;
        Ok(())
    }

    /// Puts `mix` into the chain, or `compose`, unless it is there already.
    fn exchange(&self, mixing: bool) -> Result<(), glib::BoolError> {
        let mut pads = self.pads();
        if pads.mixing == mixing {
            return Ok(());
        }
        let (compose, mix) = (self.compose.upcast_ref(), self.mix.upcast_ref());
        let (out, into): (&gst::Element, &gst::Element) = match mixing {
            true => (compose, mix),
            false => (mix, compose),
        };
        gst::debug!(CAT, imp = self, "{} for {}", into.name(), out.name());
        if into.parent().is_none() {
            self.obj().add(into)?;
            into.sync_state_with_parent()?;
        }
        self.refine.unlink(out);
        if let Some(source) = &pads.source {
            source.set_target(into.static_pad("src").as_ref())?;
        }
        self.refine.link_pads(Some("src"), into, Some("sink"))?;
        pads.mixing = mixing;
        drop(pads);
        self.take_out(out)
    }
}
