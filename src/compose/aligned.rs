// SPDX-License-Identifier: MPL-2.0

//! Composes frames whose first pixel may lie in the middle of a chroma sample.
//!
//! A crop that is only noted in a meta may begin there. Such a chroma sample is shared with pixels
//! outside of the frame, so it is composed as a whole: the frame is taken from its first chroma
//! sample on, with a margin of one column, one row or both, and matte and background are shifted by
//! that margin. This is exact, but copies a matte and a picture per frame; all other frames are
//! composed directly.

use crate::blend::{Backdrop, Background, BlendError, Compositor, GrayOut, Note};
use crate::frame::{FrameMut, FrameRef, GrayImage, GrayMut, GrayRef, Range, View, shift};
use crate::simd;
use crate::video::Stream;
use std::sync::Arc;

/// How edges are treated and how much of the effect is seen, 0 to 255 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// How far the old room's colour is taken out of the edge.
    pub decontamination: u8,
    /// How much of the background's light falls on the subject.
    pub light_wrap: u8,
    /// How far the subject's colours are drawn towards the background's.
    pub tone_match: u8,
    /// How much of the effect is seen.
    pub strength: u8,
    /// The colour of the green screen behind the subject, as [`crate::meta::Matte::screen`] has it.
    pub screen: Option<[i8; 2]>,
}

/// What is composed over what.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The matte, of any size.
    pub matte: GrayRef<'a>,
    /// What an overlay says about it.
    pub note: Note,
    /// A picture of the frame's size in the place of the background that was set.
    pub background: Option<&'a FrameRef<'a>>,
    /// Whether the frame shows nothing new since the one before.
    pub unchanged: bool,
}

/// Composes frames of one stream.
#[derive(Debug)]
pub struct AlignedCompositor {
    stream: Stream,
    amounts: Amounts,
    view: View,
    background: Background,
    compositor: Compositor,
    /// For frames that begin within chroma samples.
    shifted: Option<Box<Shifted>>,
}

impl AlignedCompositor {
    /// Makes ready for frames of a stream.
    ///
    /// # Errors
    /// If frames of these caps cannot be composed.
    pub fn new(stream: Stream) -> Result<Self, BlendError> {
        let amounts = Amounts {
            decontamination: 0,
            light_wrap: 0,
            tone_match: 0,
            strength: 255,
            screen: None,
        };
        Ok(Self {
            compositor: compositor(&stream, (0, 0))?,
            stream,
            amounts,
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
    /// If it does not go with the frames; the old one stays.
    pub fn set_background(&mut self, background: Background) -> Result<(), BlendError> {
        self.compositor.set_background(background.clone())?;
        self.background = background;
        self.shifted = None;
        Ok(())
    }

    /// The background that is set.
    pub fn background(&self) -> &Background {
        &self.background
    }

    /// How the viewer sees the frames.
    pub fn view(&self) -> View {
        self.view
    }

    /// The amounts that are set.
    pub fn amounts(&self) -> Amounts {
        self.amounts
    }

    /// Changes the amounts from the next frame on.
    pub fn set_amounts(&mut self, amounts: Amounts) {
        self.amounts = amounts;
        set_amounts(&mut self.compositor, amounts);
        if let Some(shifted) = &mut self.shifted {
            set_amounts(&mut shifted.compositor, amounts);
        }
    }

    /// Composes a frame in place. Its first `margin` columns and rows are not covered by the matte
    /// and the background.
    ///
    /// # Errors
    /// [`BlendError`] if a picture is of another layout or size.
    pub fn compose(
        &mut self,
        frame: &mut FrameMut,
        margin: (usize, usize),
        sources: Sources,
    ) -> Result<(), BlendError> {
        match margin {
            (0, 0) => apply(&mut self.compositor, frame, sources),
            _ => self.shifted(margin)?.compose(frame, sources),
        }
    }

    /// Overwrites a frame with the background or with `background`.
    ///
    /// # Errors
    /// As [`AlignedCompositor::compose`].
    pub fn hide(
        &mut self,
        frame: &mut FrameMut,
        margin: (usize, usize),
        background: Option<&FrameRef>,
    ) -> Result<(), BlendError> {
        let (compositor, background) = match margin {
            (0, 0) => (&mut self.compositor, background.copied()),
            _ => self.shifted(margin)?.hiding_with(background),
        };
        match background {
            Some(background) => compositor.hide_over(frame, &background),
            None => compositor.hide(frame),
        }
    }

    fn shifted(&mut self, margin: (usize, usize)) -> Result<&mut Shifted, BlendError> {
        match &mut self.shifted {
            Some(shifted) if shifted.margin == margin => (),
            slot => {
                let (stream, background) = (&self.stream, &self.background);
                let made = Shifted::new(stream, margin, background, (self.amounts, self.view))?;
                *slot = Some(Box::new(made));
            }
        }
        let made = self.shifted.as_deref_mut();
        Ok(made.expect("it was just made"))
    }
}

/// Composes frames that begin within chroma samples.
#[derive(Debug)]
struct Shifted {
    /// Columns and rows before the frame: 0 or 1 each.
    margin: (usize, usize),
    stream: Stream,
    /// For frames with their margin.
    compositor: Compositor,
    scaler: GrayOut,
    /// The matte with its margin.
    matte: GrayImage,
    /// The background frame with its margin.
    background: Backdrop,
}

impl Shifted {
    fn new(
        stream: &Stream,
        margin: (usize, usize),
        background: &Background,
        (amounts, view): (Amounts, View),
    ) -> Result<Self, BlendError> {
        let (width, height) = (stream.width(), stream.height());
        let size = (width + margin.0, height + margin.1);
        let mut compositor = compositor(stream, margin)?;
        compositor.set_view(view);
        let mut backdrop = Backdrop::new(stream.layout, stream.color, size.0, size.1)?;
        compositor.set_background(match background {
            Background::Image(picture) => {
                add_margin(&picture.view(), margin, &mut backdrop);
                Background::Image(Arc::new(backdrop.clone()))
            }
            other => other.clone(),
        })?;
        set_amounts(&mut compositor, amounts);
        Ok(Self {
            margin,
            stream: stream.clone(),
            compositor,
            scaler: GrayOut::new(width, height, simd::level()),
            matte: GrayImage::new(size.0, size.1),
            background: backdrop,
        })
    }

    fn compose(&mut self, frame: &mut FrameMut, sources: Sources) -> Result<(), BlendError> {
        self.draw_matte(sources.matte)?;
        if let Some(background) = sources.background {
            add_margin(background, self.margin, &mut self.background);
        }
        let background = self.background.view();
        let sources = Sources {
            matte: self.matte.as_ref(),
            background: sources.background.map(|_| &background),
            ..sources
        };
        apply(&mut self.compositor, frame, sources)
    }

    /// What hides a frame: the compositor, and `background` with its margin.
    fn hiding_with(
        &mut self,
        background: Option<&FrameRef>,
    ) -> (&mut Compositor, Option<FrameRef<'_>>) {
        if let Some(background) = background {
            add_margin(background, self.margin, &mut self.background);
        }
        let background = background.map(|_| self.background.view());
        (&mut self.compositor, background)
    }

    /// Scales a matte to the frame's size and repeats its first column and row in the margin.
    fn draw_matte(&mut self, matte: GrayRef) -> Result<(), BlendError> {
        let (left, top) = self.margin;
        let stride = self.matte.width();
        let (width, height) = (self.stream.width(), self.stream.height());
        let data = self.matte.data_mut();
        let inner = &mut data[top * stride + left..];
        let mut inner = GrayMut::new(inner, width, height, stride)?;
        self.scaler.apply(matte, None, Range::Full, &mut inner);
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

fn compositor(stream: &Stream, margin: (usize, usize)) -> Result<Compositor, BlendError> {
    let (width, height) = (stream.width() + margin.0, stream.height() + margin.1);
    Compositor::new(stream.layout, stream.color, width, height, simd::level())
}

/// Copies a picture and repeats its first column and row in the margin before it.
fn add_margin(picture: &FrameRef, margin: (usize, usize), to: &mut Backdrop) {
    let by = (-(margin.0 as isize), -(margin.1 as isize));
    shift(picture, by, &mut to.view_mut());
}

fn set_amounts(compositor: &mut Compositor, amounts: Amounts) {
    compositor.set_decontamination(amounts.decontamination);
    compositor.set_light_wrap(amounts.light_wrap);
    compositor.set_tone_match(amounts.tone_match);
    compositor.set_strength(amounts.strength);
    compositor.set_screen(amounts.screen);
}

fn apply(
    compositor: &mut Compositor,
    frame: &mut FrameMut,
    sources: Sources,
) -> Result<(), BlendError> {
    let Sources {
        matte,
        note,
        background,
        unchanged,
    } = sources;
    compositor.set_note(note);
    match (background, unchanged) {
        (Some(background), _) => compositor.apply_over(frame, matte, background, unchanged),
        (None, true) => compositor.apply_again(frame, matte),
        (None, false) => compositor.apply(frame, matte),
    }
}
