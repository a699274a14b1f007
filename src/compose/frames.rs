// SPDX-License-Identifier: MPL-2.0

//! The way of one frame through the element.

use super::error::ComposeError;
use super::imp::MatteCompose;
use super::missing::{Missing, report, usable_matte, warn_of_contradiction};
use super::renderer::Renderer;
use crate::meta::Matte;
use crate::sync::lock;
use crate::timeline::Tick;
use crate::video::{MapError, Visible};
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;

impl MatteCompose {
    /// A frame's place in time, and its timestamp.
    pub(super) fn tick(&self, buffer: &gst::BufferRef) -> (Tick, Option<gst::ClockTime>) {
        let segment = self.obj().segment();
        (lock(&self.timeline).tick(&segment, buffer), buffer.pts())
    }

    /// Finds a frame in its buffer; warns of the first buffer that contradicts its caps.
    pub(super) fn locate(
        &self,
        buffer: &gst::BufferRef,
    ) -> Result<Result<Visible, MapError>, gst::FlowError> {
        let mut guard = lock(&self.renderer);
        let renderer = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
        let (visible, warn) = renderer.locate(buffer);
        drop(guard);
        if let (true, Err(contradiction)) = (warn, &visible) {
            warn_of_contradiction(self.obj().upcast_ref(), contradiction);
        }
        Ok(visible)
    }

    /// Puts a frame's matte, if it covers the frame, on another buffer that holds the frame alone.
    pub(super) fn hand_on_matte(
        &self,
        matte: &Matte,
        visible: &Visible,
        to: &mut gst::BufferRef,
    ) -> Result<(), gst::FlowError> {
        if !matte.lies_on(visible) {
            return Ok(());
        }
        let matte = Matte {
            frame: None,
            ..matte.clone()
        };
        let attached = matte.attach(to).map_err(ComposeError::from);
        attached.map_err(|error| error.end_stream(self.obj().upcast_ref()))
    }

    /// Runs `work` on the renderer with the frame's matte and reports what was missing.
    pub(super) fn process(
        &self,
        matte: Option<Matte>,
        visible: &Result<Visible, MapError>,
        (tick, pts): (Tick, Option<gst::ClockTime>),
        work: impl FnOnce(
            &mut Renderer,
            Result<Matte, Missing>,
        ) -> Result<Option<Missing>, ComposeError>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut guard = lock(&self.renderer);
        let renderer = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
        self.refresh(renderer);
        let matte = usable_matte(matte, renderer.aspect(), visible);
        let missing = renderer
            .advance(&tick)
            .and_then(|()| work(renderer, matte))
            .map_err(|error| error.end_stream(self.obj().upcast_ref()))?;
        let policy = renderer.on_missing();
        let gap = renderer.note_matte(missing.is_some(), &tick);
        drop(guard);
        report(self.obj().upcast_ref(), policy, gap, missing, pts)?;
        Ok(gst::FlowSuccess::Ok)
    }
}
