// SPDX-License-Identifier: MPL-2.0

//! The subject somewhere else in the picture, smaller or larger, or see-through.

use super::aligned::{AlignedCompositor, Sources};
use crate::blend::{Background, BlendError, Place, Placer};
use crate::frame::{FrameMut, GrayImage, View};
use crate::simd;
use crate::video::Stream;

/// Where the subject stands, and how much of it is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Where the camera's picture is drawn in itself.
    pub place: Place,
    /// How much of the subject is seen, 0 to 255.
    pub opacity: u8,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            place: Place::default(),
            opacity: u8::MAX,
        }
    }
}

impl Standing {
    /// What is seen of it while the effect fades, `strength` being 0 to 255: without the effect, the
    /// subject stands where the camera sees it.
    fn faded(self, strength: u8) -> Self {
        let lost = u32::from(u8::MAX - self.opacity) * u32::from(strength) / u32::from(u8::MAX);
        Self {
            place: self.place.share(f64::from(strength) / 255.0),
            opacity: u8::MAX - u8::try_from(lost).unwrap_or(u8::MAX),
        }
    }
}

/// Composes frames whose subject does not stand where the camera sees it.
#[derive(Debug)]
pub struct Placed {
    pub standing: Standing,
    placer: Placer,
    /// Draws the background over the composed picture, as far as the subject is not seen. It knows
    /// no old background that would have to be taken out.
    fader: AlignedCompositor,
    /// A matte that is the same everywhere.
    share: GrayImage,
}

impl Placed {
    /// For frames of a stream that `compositor` composes.
    ///
    /// # Errors
    /// If frames of these caps cannot be composed.
    pub fn new(stream: Stream, compositor: &AlignedCompositor) -> Result<Self, BlendError> {
        let mut fader = AlignedCompositor::new(stream)?;
        fader.set_view(compositor.view());
        fader.set_background(compositor.background().clone())?;
        Ok(Self {
            standing: Standing::default(),
            placer: Placer::new(simd::level()),
            fader,
            share: GrayImage::new(1, 1),
        })
    }

    /// Changes the background from the next frame on.
    ///
    /// # Errors
    /// If it does not go with the frames; the old one stays.
    pub fn set_background(&mut self, background: Background) -> Result<(), BlendError> {
        self.fader.set_background(background)
    }

    /// Draws a frame where it stands, for who sees it as `view` says, and composes nothing.
    ///
    /// # Errors
    /// [`BlendError`] if a side is zero.
    pub fn show(
        &mut self,
        view: View,
        frame: &mut FrameMut,
        margin: (usize, usize),
    ) -> Result<(), BlendError> {
        let place = (self.standing.place, view);
        let matte = self.share.as_ref();
        self.placer.apply(place, frame, margin, matte).map(|_| ())
    }

    /// Composes a frame in place, by `compositor`. See [`AlignedCompositor::compose`].
    ///
    /// # Errors
    /// [`BlendError`] if a picture is of another layout or size.
    pub fn compose(
        &mut self,
        compositor: &mut AlignedCompositor,
        frame: &mut FrameMut,
        margin: (usize, usize),
        sources: Sources,
    ) -> Result<(), BlendError> {
        let strength = compositor.amounts().strength;
        let Standing { place, opacity } = self.standing.faded(strength);
        let matte = match place.is_identity() {
            true => sources.matte,
            false => {
                let place = (place, compositor.view());
                self.placer.apply(place, frame, margin, sources.matte)?
            }
        };
        // A fade moves the subject, too: whenever its strength changes, the compositor looks anew.
        compositor.compose(frame, margin, Sources { matte, ..sources })?;
        if opacity == u8::MAX {
            return Ok(());
        }
        self.share.data_mut().fill(opacity);
        let matte = self.share.as_ref();
        let sources = Sources {
            matte,
            unchanged: false,
            ..sources
        };
        self.fader.compose(frame, margin, sources)
    }
}
