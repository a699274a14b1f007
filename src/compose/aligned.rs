// SPDX-License-Identifier: MPL-2.0

//! The compositor of a stream, wherever in their chroma samples its frames begin.
//!
//! A crop that is only noted may begin in the middle of chroma samples. Those are shared with
//! pixels outside of the frame, so that they are composed as a whole: the frame is taken from its
//! first chroma sample on, and matte and background are moved to where they belong in it. That is
//! exact, but copies a matte and a picture for each frame; all other frames take the direct way.

use crate::blend::{Backdrop, Background, BlendError, Compositor, GrayOut, Note};
use crate::frame::{FrameMut, FrameRef, GrayImage, GrayMut, GrayRef, Range, View, shift};
use crate::simd;
use crate::video::Stream;
use std::sync::Arc;

/// How edges are treated and how much of the effect is seen, 0 to 255 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// How far the old room's colour is taken out of the edge.
    pub decontamination: u8,
    /// How much of the background's light falls on the subject.
    pub light_wrap: u8,
    /// How far the subject's colours are drawn towards the background's.
    pub tone_match: u8,
    /// How much of the effect is seen.
    pub strength: u8,
}

/// What is composed over what.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The matte, of any size.
    pub matte: GrayRef<'a>,
    /// What an overlay says about it.
    pub note: Note,
    /// A picture of the frame's size in the place of the background that was set.
    pub back: Option<&'a FrameRef<'a>>,
    /// Whether the frame shows nothing new since the one before.
    pub again: bool,
}

/// Composes frames of one stream.
#[derive(Debug)]
pub struct Painter {
    stream: Stream,
    look: Look,
    view: View,
    background: Background,
    compositor: Compositor,
    /// For frames that begin within chroma samples.
    shifted: Option<Box<Shifted>>,
}

impl Painter {
    /// Makes ready for frames of a stream.
    ///
    /// # Errors
    /// Where frames of these caps cannot be composed.
    pub fn new(stream: Stream) -> Result<Self, BlendError> {
        let look = Look {
            decontamination: 0,
            light_wrap: 0,
            tone_match: 0,
            strength: 255,
        };
        Ok(Self {
            compositor: compositor(&stream, (0, 0))?,
            stream,
            look,
            view: View::default(),
            background: Background::default(),
            shifted: None,
        })
    }

    /// How the viewer sees the frames.
    pub fn set_view(&mut self, view: View) {
        self.compositor.set_view(view);
        (self.view, self.shifted) = (view, None);
    }

    /// Changes the background from the next frame on.
    ///
    /// # Errors
    /// Where it does not go with the frames; the old one stays.
    pub fn set_background(&mut self, background: Background) -> Result<(), BlendError> {
        self.compositor.set_background(background.clone())?;
        self.background = background;
        self.shifted = None;
        Ok(())
    }

    /// How frames look from now on.
    pub fn look(&self) -> Look {
        self.look
    }

    /// Changes how frames look.
    pub fn set_look(&mut self, look: Look) {
        self.look = look;
        dress(&mut self.compositor, look);
        if let Some(shifted) = &mut self.shifted {
            dress(&mut shifted.compositor, look);
        }
    }

    /// Composes a frame in place, of which `before` columns and rows come before what the matte and
    /// the background cover.
    ///
    /// # Errors
    /// [`BlendError`] where a picture is of another layout or size.
    pub fn compose(
        &mut self,
        frame: &mut FrameMut,
        before: (usize, usize),
        sources: Sources,
    ) -> Result<(), BlendError> {
        match before {
            (0, 0) => apply(&mut self.compositor, frame, sources),
            _ => self.shifted(before)?.compose(frame, sources),
        }
    }

    /// Overwrites a frame with the background or with `back`.
    ///
    /// # Errors
    /// As [`Painter::compose`].
    pub fn hide(
        &mut self,
        frame: &mut FrameMut,
        before: (usize, usize),
        back: Option<&FrameRef>,
    ) -> Result<(), BlendError> {
        let (compositor, back) = match before {
            (0, 0) => (&mut self.compositor, back.copied()),
            _ => self.shifted(before)?.behind(back)?,
        };
        match back {
            Some(back) => compositor.hide_over(frame, &back),
            None => compositor.hide(frame),
        }
    }

    fn shifted(&mut self, before: (usize, usize)) -> Result<&mut Shifted, BlendError> {
        match &mut self.shifted {
            Some(shifted) if shifted.before == before => (),
            slot => {
                let (stream, background) = (&self.stream, &self.background);
                let made = Shifted::new(stream, before, background, (self.look, self.view))?;
                *slot = Some(Box::new(made));
            }
        }
        let made = self.shifted.as_deref_mut();
        Ok(made.expect("it was just made"))
    }
}

/// What composes frames that begin within chroma samples.
#[derive(Debug)]
struct Shifted {
    before: (usize, usize),
    stream: Stream,
    compositor: Compositor,
    rows: GrayOut,
    matte: GrayImage,
    back: Backdrop,
}

impl Shifted {
    fn new(
        stream: &Stream,
        before: (usize, usize),
        background: &Background,
        (look, view): (Look, View),
    ) -> Result<Self, BlendError> {
        let (width, height) = (stream.width(), stream.height());
        let size = (width + before.0, height + before.1);
        let mut compositor = compositor(stream, before)?;
        compositor.set_view(view);
        let mut back = Backdrop::new(stream.layout, stream.color, size.0, size.1)?;
        let background = match background {
            Background::Image(picture) => {
                moved(&picture.view(), before, &mut back);
                Background::Image(Arc::new(back.clone()))
            }
            other => other.clone(),
        };
        compositor.set_background(background)?;
        dress(&mut compositor, look);
        Ok(Self {
            before,
            stream: stream.clone(),
            compositor,
            rows: GrayOut::new(width, height, simd::level()),
            matte: GrayImage::new(size.0, size.1),
            back,
        })
    }

    fn compose(&mut self, frame: &mut FrameMut, sources: Sources) -> Result<(), BlendError> {
        self.place(sources.matte)?;
        if let Some(back) = sources.back {
            moved(back, self.before, &mut self.back);
        }
        let back = self.back.view();
        let sources = Sources {
            matte: self.matte.as_ref(),
            back: sources.back.map(|_| &back),
            ..sources
        };
        apply(&mut self.compositor, frame, sources)
    }

    /// What hides a frame.
    fn behind(
        &mut self,
        back: Option<&FrameRef>,
    ) -> Result<(&mut Compositor, Option<FrameRef<'_>>), BlendError> {
        if let Some(back) = back {
            moved(back, self.before, &mut self.back);
        }
        Ok((&mut self.compositor, back.map(|_| self.back.view())))
    }

    /// Draws a matte where it belongs; its first row and column are repeated before it.
    fn place(&mut self, matte: GrayRef) -> Result<(), BlendError> {
        let (left, top) = self.before;
        let stride = self.matte.width();
        let (width, height) = (self.stream.width(), self.stream.height());
        let data = self.matte.data_mut();
        let inner = &mut data[top * stride + left..];
        let mut inner = GrayMut::new(inner, width, height, stride)?;
        self.rows.apply(matte, None, Range::Full, &mut inner);
        for row in data.chunks_exact_mut(stride).skip(top) {
            let first = row[left];
            row[..left].fill(first);
        }
        for y in 0..top {
            data.copy_within(top * stride..(top + 1) * stride, y * stride);
        }
        Ok(())
    }
}

fn compositor(stream: &Stream, before: (usize, usize)) -> Result<Compositor, BlendError> {
    let (width, height) = (stream.width() + before.0, stream.height() + before.1);
    Compositor::new(stream.layout, stream.color, width, height, simd::level())
}

/// Writes a picture so that `before` of its first columns and rows are repeated before it.
fn moved(picture: &FrameRef, before: (usize, usize), to: &mut Backdrop) {
    let by = (-(before.0 as isize), -(before.1 as isize));
    shift(picture, by, &mut to.view_mut());
}

fn dress(compositor: &mut Compositor, look: Look) {
    compositor.set_decontamination(look.decontamination);
    compositor.set_light_wrap(look.light_wrap);
    compositor.set_tone_match(look.tone_match);
    compositor.set_strength(look.strength);
}

fn apply(
    compositor: &mut Compositor,
    frame: &mut FrameMut,
    sources: Sources,
) -> Result<(), BlendError> {
    let Sources {
        matte,
        note,
        back,
        again,
    } = sources;
    compositor.set_note(note);
    match (back, again) {
        (Some(back), _) => compositor.apply_over(frame, matte, back, again),
        (None, true) => compositor.apply_again(frame, matte),
        (None, false) => compositor.apply(frame, matte),
    }
}
