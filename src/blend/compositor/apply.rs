// SPDX-License-Identifier: MPL-2.0

//! One frame through a compositor.

use super::Compositor;
use crate::blend::alpha::Remap;
use crate::blend::background::{BackgroundRows, Source, fill};
use crate::blend::error::BlendError;
use crate::blend::pass::Pass;
use crate::frame::{FrameMut, FrameRef, GrayRef, Unpacked};

impl Compositor {
    /// Composes `frame` in place. The matte covers the whole frame, whatever its own size.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame of another layout or size; it is left untouched.
    pub fn apply(&mut self, frame: &mut FrameMut, matte: GrayRef) -> Result<(), BlendError> {
        self.compose(frame, matte, None, false)
    }

    /// Like [`Compositor::apply`], for a frame of a scene that stands still, with the same matte as
    /// the frame before: the blurred background and the colours along the edge that were found then
    /// are used again. The subject is this frame's own.
    ///
    /// # Errors
    /// As [`Compositor::apply`].
    pub fn apply_again(&mut self, frame: &mut FrameMut, matte: GrayRef) -> Result<(), BlendError> {
        self.compose(frame, matte, None, true)
    }

    /// Composes `frame` over another picture of the same layout and size, whatever the background
    /// is set to: for a second video stream. `again` as in [`Compositor::apply_again`].
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] if either is of another layout or size.
    pub fn apply_over(
        &mut self,
        frame: &mut FrameMut,
        matte: GrayRef,
        background: &FrameRef,
        again: bool,
    ) -> Result<(), BlendError> {
        self.geometry.check("the background frame", background)?;
        self.compose(frame, matte, Some(background), again)
    }

    /// Composes a frame, its samples spread out if they are not whole bytes.
    fn compose(
        &mut self,
        frame: &mut FrameMut,
        matte: GrayRef,
        over: Option<&FrameRef>,
        again: bool,
    ) -> Result<(), BlendError> {
        self.geometry.check("the frame", &frame.as_ref())?;
        if !frame.as_ref().is_packed() {
            return self.compose_samples(frame, matte, over, again);
        }
        let Some(mut unpacked) = self.unpacked.take() else {
            return Err(self.unreadable("the frame"));
        };
        let [front, back] = &mut *unpacked;
        front.take(&frame.as_ref());
        let over = over.map(|over| {
            back.take(over);
            back.view()
        });
        let composed = self.compose_samples(&mut front.view_mut(), matte, over.as_ref(), again);
        if composed.is_ok() {
            front.give(frame);
        }
        self.unpacked = Some(unpacked);
        composed
    }

    /// Composes a frame whose samples are whole bytes.
    fn compose_samples(
        &mut self,
        frame: &mut FrameMut,
        matte: GrayRef,
        over: Option<&FrameRef>,
        again: bool,
    ) -> Result<(), BlendError> {
        // These show the matte, and have no effects.
        let shows_matte = matches!(self.source, Source::Matte { .. } | Source::Overlay(_));
        let keeps = matches!(self.source, Source::Keep);
        let nothing = match over {
            Some(_) => self.strength == 0,
            None => keeps || self.strength == 0 && !shows_matte,
        };
        if nothing {
            return Ok(());
        }
        let size = (matte.width(), matte.height());
        let again = self.known.replace(size) == Some(size) && again;
        if !again {
            self.classes.update(matte);
        }
        let fade = Remap::Fade(self.strength);
        let has_effects = over.is_some() || !(shows_matte || keeps);
        let (alpha, classes) = (&mut self.alpha, &self.classes);
        let mut pass = Pass::new(self.geometry.level, alpha, classes, frame, matte);
        if !again && has_effects {
            pass.prepare(&mut self.effects, fade);
        }
        if let Some(background) = over {
            let back = &mut BackgroundRows::Still(*background);
            pass.blend(fade, back, &mut self.effects, None);
            return Ok(());
        }
        self.replace_background(frame, matte, again)
    }

    /// Puts the background that is set behind the subject.
    fn replace_background(
        &mut self,
        frame: &mut FrameMut,
        matte: GrayRef,
        again: bool,
    ) -> Result<(), BlendError> {
        let (fade, effects) = (Remap::Fade(self.strength), &mut self.effects);
        let (alpha, classes) = (&mut self.alpha, &self.classes);
        let mut pass = Pass::new(self.geometry.level, alpha, classes, frame, matte);
        match &mut self.source {
            Source::Keep => {}
            Source::Blur(blur) => {
                if !again {
                    pass.blur(blur);
                }
                pass.blend(fade, &mut BackgroundRows::Blur(blur), effects, None);
            }
            Source::Flat(row, translucent) => {
                let back = &mut BackgroundRows::Flat(row.view());
                pass.blend(fade, back, effects, translucent.as_deref_mut());
            }
            Source::Still(backdrop, translucent) => {
                let back = &mut BackgroundRows::Still(backdrop.view());
                pass.blend(fade, back, effects, translucent.as_deref_mut());
            }
            Source::Transparent {
                transparency,
                keep_colors,
            } => {
                let black = transparency.black();
                pass.keep_subject(fade, effects, (!*keep_colors).then_some(&black));
                pass.multiply_alpha(fade, &black);
                if !*keep_colors {
                    transparency.apply(frame);
                }
            }
            Source::Matte { white, black } => {
                pass.fill(&mut BackgroundRows::Flat(white.view()));
                pass.blend_color(Remap::Fade(255), black);
            }
            Source::Overlay(overlay) => {
                for tint in &overlay.tints {
                    pass.blend_color(Remap::Table(&tint.keep), &tint.row);
                }
                overlay.annotations.draw(frame, classes, &self.note)?;
            }
        }
        Ok(())
    }

    /// Overwrites the whole frame with the background; nothing of what was in it is left, in no
    /// component. Colour and picture show themselves, `Transparent` is black with alpha 0, `Matte`
    /// is black. `Blur`, `Overlay` and `None` have no picture of their own, and a blurred room is
    /// still the room: they show the privacy fill.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame of another layout or size; it is left untouched.
    pub fn hide(&mut self, frame: &mut FrameMut) -> Result<(), BlendError> {
        self.geometry.check("the frame", &frame.as_ref())?;
        let back = match &self.source {
            Source::Flat(row, _) => BackgroundRows::Flat(row.view()),
            Source::Still(backdrop, _) => BackgroundRows::Still(backdrop.view()),
            Source::Transparent { transparency, .. } => BackgroundRows::Flat(transparency.black()),
            Source::Matte { black, .. } => BackgroundRows::Flat(black.view()),
            Source::Keep | Source::Blur(_) | Source::Overlay(_) => {
                BackgroundRows::Flat(self.privacy_fill.view())
            }
        };
        fill_any(frame, back, &mut self.unpacked);
        Ok(())
    }

    /// Overwrites the whole frame with another picture of the same layout and size, whatever the
    /// background is set to; nothing of what was in it is left.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] if either is of another layout or size.
    pub fn hide_over(
        &mut self,
        frame: &mut FrameMut,
        background: &FrameRef,
    ) -> Result<(), BlendError> {
        self.geometry.check("the frame", &frame.as_ref())?;
        self.geometry.check("the background frame", background)?;
        match &mut self.unpacked {
            Some(unpacked) if frame.as_ref().is_packed() => {
                unpacked[1].take(background);
                unpacked[1].give(frame);
            }
            _ => fill(frame, &mut BackgroundRows::Still(*background)),
        }
        Ok(())
    }

    /// A frame whose samples cannot be spread out: an earlier one ended in a panic.
    fn unreadable(&self, what: &'static str) -> BlendError {
        let name = self.geometry.layout.info().name;
        BlendError::Mismatch {
            what,
            found: format!("packed {name}"),
            needed: format!("{name} with memory to spread it out"),
        }
    }
}

/// Overwrites a frame with a background, whatever its samples look like.
fn fill_any(
    frame: &mut FrameMut,
    mut back: BackgroundRows,
    unpacked: &mut Option<Box<[Unpacked; 2]>>,
) {
    match unpacked {
        Some(unpacked) if frame.as_ref().is_packed() => {
            fill(&mut unpacked[0].view_mut(), &mut back);
            unpacked[0].give(frame);
        }
        _ => fill(frame, &mut back),
    }
}
