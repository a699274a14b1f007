// SPDX-License-Identifier: MPL-2.0

//! Finds the picture that is read for a frame: the frame itself, or that of the pad `small`.

use super::imp::MatteSegment;
use super::log::CAT;
use super::small::{
    Absent, Found, Missing, OFFLINE, Picture, SmallPicture, Wanted, running_time, tolerance,
};
use super::stream::StreamState;
use crate::meta::same_shape;
use crate::video::direction::word_of;
use gst::ClockTime;
use gst::subclass::prelude::*;
use std::sync::Arc;
use std::time::Duration;

impl MatteSegment {
    /// The picture of a frame. Waits for it if the frame `reads` it, in a live stream for
    /// `small_latency` ms; otherwise only what has gone by is dropped.
    ///
    /// # Errors
    /// If a flush or a stop ends the wait, and if the small stream does not show what the frames
    /// show; the application was told.
    pub(super) fn picture_for(
        &self,
        stream: &mut StreamState,
        segment: &gst::Segment,
        frame: &gst::BufferRef,
        small_latency: u32,
        reads: bool,
    ) -> Result<Picture, gst::FlowError> {
        if self.small.pad().is_none() {
            (stream.small, stream.missing) = (None, Missing::default());
            return Ok(Picture::Frame);
        }
        let segment = segment.downcast_ref::<ClockTime>();
        let time = segment.and_then(|segment| running_time(segment, frame));
        let rate = segment.map_or(1.0, |segment| segment.rate());
        let tolerance = tolerance(&stream.caps, frame, rate);
        if !reads {
            self.small.queue.pass(time, tolerance);
            return Ok(Picture::Missing);
        }
        let (patience, offline) = self.patience(small_latency);
        let found = self.small.queue.take(&Wanted {
            time,
            tolerance,
            patience,
        });
        let late = matches!(found, Found::Absent(Absent::Late | Absent::Nothing));
        if offline {
            self.small.fields().hasty = late;
        }
        match found {
            Found::Picture(picture) => {
                self.check_picture(stream, &picture)?;
                stream.missing.found();
                Ok(Picture::Small(picture))
            }
            // The pad was released while the frame waited.
            Found::Absent(_) if self.small.pad().is_none() => Ok(Picture::Frame),
            Found::Absent(why) if stream.missing.is_between(why) => Ok(Picture::Between),
            Found::Absent(why) => {
                self.miss(stream, frame, why, patience);
                Ok(Picture::Missing)
            }
            Found::Flushing => Err(gst::FlowError::Flushing),
        }
    }

    /// How long a frame waits, and whether nothing hurries it.
    fn patience(&self, small_latency: u32) -> (Duration, bool) {
        let upstream = self.small_upstream();
        let bound = Duration::from_millis(small_latency.into()) + upstream.behind;
        let offline = !upstream.live;
        match offline && !self.small.fields().hasty {
            true => (bound.max(OFFLINE), offline),
            false => (bound, offline),
        }
    }

    /// A frame's picture did not come.
    fn miss(
        &self,
        stream: &mut StreamState,
        frame: &gst::BufferRef,
        why: Absent,
        patience: Duration,
    ) {
        self.shared.counters.add_small_missing();
        gst::log!(
            CAT,
            imp = self,
            "{:?}: no small picture: {why:?}",
            frame.pts()
        );
        if stream.missing.missed(why) {
            let at = frame
                .pts()
                .map_or_else(String::new, |pts| format!(" at {pts}"));
            gst::element_imp_warning!(
                self,
                gst::StreamError::Failed,
                (
                    "No picture on the pad small for the frame{at}: {}",
                    why.words(patience)
                ),
                ["Frames without a picture have no matte, and nothing of the room is shown"]
            );
        }
    }

    /// Whether a picture is a small one of the frames.
    ///
    /// # Errors
    /// If it stands otherwise or shows another part of the scene: its matte would not lie on them.
    fn check_picture(
        &self,
        stream: &mut StreamState,
        picture: &SmallPicture,
    ) -> Result<(), gst::FlowError> {
        let stands = self.direction.tagged();
        if picture.orientation != stands && !self.direction.is_chosen() {
            let (found, expected) = (word_of(picture.orientation), word_of(stands));
            gst::element_imp_error!(
                self,
                gst::StreamError::Format,
                ("The small stream says image-orientation={found}, the frames say {expected}: \
                     they must stand alike; if they do, set video-direction")
            );
            return Err(gst::FlowError::Error);
        }
        let known = stream.small.as_ref();
        if known.is_some_and(|known| Arc::ptr_eq(known, &picture.stream)) {
            return Ok(());
        }
        let (found, expected) = (picture.stream.display_aspect(), stream.aspect);
        if !same_shape(found, expected) {
            gst::element_imp_error!(
                self,
                gst::StreamError::Format,
                ("The small stream's pictures have the shape {found}, the frames {expected}: \
                     both must show the same; let the camera scale without a crop, or set \
                     pixel-aspect-ratio if the picture is squeezed")
            );
            return Err(gst::FlowError::Error);
        }
        stream.small = Some(Arc::clone(&picture.stream));
        Ok(())
    }
}
