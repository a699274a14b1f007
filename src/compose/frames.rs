// SPDX-License-Identifier: MPL-2.0

//! The way of one frame through the element.

use super::imp::{MatteCompose, lock};
use super::missing::{Missing, fitting, tell, warn_of_contradiction};
use super::stage::Stage;
use crate::meta::Matte;
use crate::timeline::Tick;
use crate::video::{MapError, Visible};
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;

impl MatteCompose {
    /// Where a frame lies in time.
    pub(super) fn when(&self, buffer: &gst::BufferRef) -> (Tick, Option<gst::ClockTime>) {
        let segment = self.obj().segment();
        (lock(&self.timeline).tick(&segment, buffer), buffer.pts())
    }

    /// Where a frame lies in its buffer; warns of the first that contradicts its caps.
    pub(super) fn look_at(
        &self,
        buffer: &gst::BufferRef,
    ) -> Result<Result<Visible, MapError>, gst::FlowError> {
        let mut guard = lock(&self.stage);
        let stage = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
        let (visible, warning) = stage.look_at(buffer);
        drop(guard);
        if let Some(words) = warning {
            warn_of_contradiction(self.obj().upcast_ref(), &words);
        }
        Ok(visible)
    }

    /// Puts a frame's matte on another buffer that holds the frame alone, where it covers it.
    pub(super) fn hand_on(
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
        matte.attach(to).map_err(|error| {
            gst::element_imp_error!(self, gst::StreamError::Failed, ("{error}"));
            gst::FlowError::Error
        })
    }

    /// Runs `work` on the stage with the frame's matte and takes care of what went missing.
    pub(super) fn process(
        &self,
        matte: Option<Matte>,
        visible: &Result<Visible, MapError>,
        (tick, pts): (Tick, Option<gst::ClockTime>),
        work: impl FnOnce(&mut Stage, Result<Matte, Missing>) -> Result<Option<Missing>, String>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut guard = lock(&self.stage);
        let stage = guard.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
        self.refresh(stage);
        let matte = fitting(matte, stage.aspect(), visible);
        let missing = stage
            .advance(&tick)
            .and_then(|()| work(stage, matte))
            .map_err(|error| {
                gst::element_imp_error!(self, gst::StreamError::Failed, ("{error}"));
                gst::FlowError::Error
            })?;
        let policy = stage.on_missing();
        let news = stage.note(missing.is_some(), &tick);
        drop(guard);
        tell(self.obj().upcast_ref(), policy, news, missing, pts)?;
        Ok(gst::FlowSuccess::Ok)
    }
}
