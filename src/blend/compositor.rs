// SPDX-License-Identifier: MPL-2.0

//! Composing a frame in place.

use super::annotate::Note;
use super::backdrop::Backdrop;
use super::background::{Background, CURTAIN, Place, Source};
use super::cells::Cell;
use super::cover::Cover;
use super::matte::{AlphaRows, Remap};
use super::pass::{Back, Finish, Pass, fill};
use super::{BlendError, blur::Blur, edge::Edge, tone::Tone, wrap::Wrap};
use crate::frame::{
    Colorimetry, Component, FrameError, FrameMut, FrameRef, GrayImage, GrayRef, PixelLayout,
    Unpacked, View,
};
use crate::simd::Level;

/// Strength of the blur that a picture has as light.
const LIGHT_BLUR: f32 = 60.0;

/// Composes frames of one layout, size and colorimetry in place.
///
/// All memory is taken when the compositor is made, when the background changes, and when the
/// matte's size changes; [`Compositor::apply`] takes none.
#[derive(Debug)]
pub struct Compositor {
    level: Level,
    layout: PixelLayout,
    color: Colorimetry,
    width: usize,
    height: usize,
    view: View,
    strength: u8,
    alpha: AlphaRows,
    cover: Cover,
    /// Size of the matte of the frame that was looked at last, while what was found then holds.
    known: Option<(usize, usize)>,
    source: Source,
    curtain: Backdrop,
    decontamination: u8,
    finish: Finish,
    note: Note,
    /// Memory for frames whose samples are not whole bytes, and for those behind them: the one case
    /// in which a frame is copied.
    unpacked: Option<Box<[Unpacked; 2]>>,
}

impl Compositor {
    /// Makes a compositor that leaves frames as they are until it gets a background.
    ///
    /// # Errors
    /// [`BlendError::Frame`] where a side is zero.
    pub fn new(
        layout: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        level: Level,
    ) -> Result<Self, BlendError> {
        if width == 0 || height == 0 {
            return Err(FrameError::Empty { width, height }.into());
        }
        let unpacked = || Unpacked::new(layout, color, width, height, level);
        let curtain = Backdrop::row(layout, color, width, CURTAIN)?;
        Ok(Self {
            level,
            layout,
            color,
            width,
            height,
            view: View::default(),
            strength: 255,
            alpha: AlphaRows::new(layout, color, width, height, level),
            cover: Cover::new(width, height, reach(layout, color), level),
            known: None,
            source: Source::Keep,
            curtain,
            decontamination: 0,
            finish: Finish::default(),
            note: Note::default(),
            unpacked: unpacked().zip(unpacked()).map(|(a, b)| Box::new([a, b])),
        })
    }

    /// How the viewer sees the frames; upright and with square pixels until it is said. Radii that
    /// count the frame's rows are then round on the screen, and the text of an overlay is upright.
    pub fn set_view(&mut self, view: View) {
        if view == self.view {
            return;
        }
        (self.view, self.known) = (view, None);
        self.source.set_view(view);
        let place = self.place();
        if let Some(wrap) = &mut self.finish.wrap {
            **wrap = Wrap::new(place, wrap.amount());
            self.soften();
        }
    }

    /// Changes the background from the next frame on. Another colour or another strength of blur takes no
    /// memory, so that they may move with every frame.
    ///
    /// # Errors
    /// [`BlendError::NoAlpha`] for `Transparent` in a layout without alpha or with two bits of it,
    /// [`BlendError::Mismatch`] for a picture of another layout or size. The old background stays
    /// then.
    pub fn set_background(&mut self, background: Background) -> Result<(), BlendError> {
        self.known = None;
        if self.source.change(&background) {
            return Ok(());
        }
        self.source = Source::new(background, self.place())?;
        self.tend_edge();
        self.soften();
        Ok(())
    }

    /// How much of the effect is seen, 0 (the frame as it is) to 255 (all, the default): for
    /// fading in and out. `Matte`, `Overlay` and [`Compositor::hide`] take no notice.
    pub fn set_strength(&mut self, strength: u8) {
        if strength != self.strength {
            (self.strength, self.known) = (strength, None);
        }
    }

    /// What an overlay says about the next frame's matte.
    pub fn set_note(&mut self, note: Note) {
        self.note = note;
    }

    /// How far the old room's colour is taken out of half-covered pixels, 0 (not at all, the
    /// default) to 255 (wholly). Costs a little where the matte has edges. `Transparent` takes it out
    /// wholly whatever is set here, unless it keeps the colours.
    pub fn set_decontamination(&mut self, amount: u8) {
        self.decontamination = amount;
        self.tend_edge();
    }

    /// Makes the edge ready for the background and the amount that are set.
    fn tend_edge(&mut self) {
        self.known = None;
        let black = match &self.source {
            Source::Transparent {
                clear,
                keep_colors: false,
            } => Some(code_of(&clear.black())),
            _ => None,
        };
        let amount = match black {
            Some(_) => 255,
            None => self.decontamination,
        };
        if amount == 0 {
            self.finish.edge = None;
            return;
        }
        let Self {
            layout,
            color,
            width,
            height,
            level,
            ..
        } = *self;
        let new = || Box::new(Edge::new(layout, color, width, height, amount, level));
        let edge = self.finish.edge.get_or_insert_with(new);
        edge.set_amount(amount);
        edge.set_doubt(black);
    }

    /// How much of the background's light falls on the subject's rim, 0 (none, the default) to
    /// 255 (at the very edge about half).
    pub fn set_light_wrap(&mut self, amount: u8) {
        let place = self.place();
        self.known = None;
        if let (Some(wrap), 1..) = (&mut self.finish.wrap, amount) {
            return wrap.set_amount(amount);
        }
        self.finish.wrap = (amount > 0).then(|| Box::new(Wrap::new(place, amount)));
        self.soften();
    }

    /// How far the subject's brightness and colour are drawn towards the background's, 0 (not at
    /// all, the default) to 255.
    pub fn set_tone_match(&mut self, amount: u8) {
        if let (Some(tone), 1..) = (&mut self.finish.tone, amount) {
            return tone.set_amount(amount);
        }
        let (layout, color) = (self.layout, self.color);
        let tone = || Box::new(Tone::new(layout, color, self.width, amount, self.level));
        self.finish.tone = (amount > 0).then(tone);
    }

    fn place(&self) -> Place {
        Place {
            layout: self.layout,
            color: self.color,
            width: self.width,
            height: self.height,
            view: self.view,
            level: self.level,
        }
    }

    /// Softens a picture for the light wrap: light has no detail.
    fn soften(&mut self) {
        let place = self.place();
        let Some(wrap) = &mut self.finish.wrap else {
            return;
        };
        let Source::Still(backdrop, _) = &self.source else {
            return wrap.set_soft(None);
        };
        let nobody = GrayImage::new(1, 1);
        self.cover.update(nobody.as_ref());
        let mut blur = Blur::new(place, LIGHT_BLUR, false);
        let view = backdrop.view();
        blur.update(&view, nobody.as_ref(), &self.cover, &mut self.alpha);
        let mut soft = Backdrop::clone(backdrop);
        fill(&mut soft.view_mut(), &mut Back::Blur(&mut blur));
        wrap.set_soft(Some(soft));
    }

    /// Composes `frame` in place. The matte covers the whole frame, whatever its own size.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame of another layout or size; it is left untouched.
    pub fn apply(&mut self, frame: &mut FrameMut, matte: GrayRef) -> Result<(), BlendError> {
        self.compose(frame, matte, None, false)
    }

    /// Like [`Compositor::apply`], for a frame of a scene that stands still, with the same matte as
    /// the frame before: the blurred room and the colours along the edge that were found then are
    /// used again. The subject is this frame's own.
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
    /// [`BlendError::Mismatch`] where either is of another layout or size.
    pub fn apply_over(
        &mut self,
        frame: &mut FrameMut,
        matte: GrayRef,
        background: &FrameRef,
        again: bool,
    ) -> Result<(), BlendError> {
        self.check("the background frame", background)?;
        self.compose(frame, matte, Some(background), again)
    }

    fn compose(
        &mut self,
        frame: &mut FrameMut,
        matte: GrayRef,
        over: Option<&FrameRef>,
        again: bool,
    ) -> Result<(), BlendError> {
        self.check("the frame", &frame.as_ref())?;
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
        let Self {
            cover,
            alpha,
            source,
            finish,
            ..
        } = self;
        let in_full = matches!(source, Source::Matte { .. } | Source::Overlay(_));
        let nothing = match over {
            Some(_) => self.strength == 0,
            None => matches!(source, Source::Keep) || self.strength == 0 && !in_full,
        };
        if nothing {
            return Ok(());
        }
        let size = (matte.width(), matte.height());
        let again = self.known.replace(size) == Some(size) && again;
        if !again {
            cover.update(matte);
        }
        let fade = Remap::Fade(self.strength);
        let mut pass = Pass::new(self.level, alpha, cover, frame, matte);
        let bare = matches!(
            source,
            Source::Keep | Source::Matte { .. } | Source::Overlay(_)
        );
        if !again && (!bare || over.is_some()) {
            pass.prepare(finish, fade);
        }
        if let Some(background) = over {
            pass.blend(fade, &mut Back::Rows(*background), Some(finish), None);
            return Ok(());
        }
        match source {
            Source::Keep => {}
            Source::Blur(blur) => {
                if !again {
                    pass.blur(blur);
                }
                pass.blend(fade, &mut Back::Blur(blur), Some(finish), None);
            }
            Source::Flat(row, sheer) => {
                let back = &mut Back::Flat(row.view());
                pass.blend(fade, back, Some(finish), sheer.as_deref_mut());
            }
            Source::Still(backdrop, sheer) => {
                let back = &mut Back::Rows(backdrop.view());
                pass.blend(fade, back, Some(finish), sheer.as_deref_mut());
            }
            Source::Transparent {
                clear,
                keep_colors: true,
            } => {
                pass.clean(fade, finish);
                pass.multiply_alpha(fade, &clear.black());
            }
            Source::Transparent { clear, .. } => {
                pass.keep_subject(fade, finish, &clear.black());
                pass.multiply_alpha(fade, &clear.black());
                clear.apply(frame);
            }
            Source::Matte { white, black } => {
                pass.fill(&mut Back::Flat(white.view()));
                pass.blend(Remap::Fade(255), &mut Back::Flat(black.view()), None, None);
            }
            Source::Overlay(overlay) => {
                for tint in &overlay.tints {
                    let table = Remap::Table(&tint.keep);
                    pass.blend(table, &mut Back::Flat(tint.row.view()), None, None);
                }
                overlay.annotations.draw(frame, cover, &self.note)?;
            }
        }
        Ok(())
    }

    /// Overwrites the whole frame with the background; nothing of what was in it is left, in no
    /// component. Colour and picture show themselves, `Transparent` is black with alpha 0, `Matte`
    /// is black. `Blur`, `Overlay` and `None` have no picture of their own, and a blurred room is
    /// still the room: they show a dark gray curtain.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame of another layout or size; it is left untouched.
    pub fn hide(&mut self, frame: &mut FrameMut) -> Result<(), BlendError> {
        self.check("the frame", &frame.as_ref())?;
        let mut back = match &self.source {
            Source::Flat(row, _) => Back::Flat(row.view()),
            Source::Still(backdrop, _) => Back::Rows(backdrop.view()),
            Source::Transparent { clear, .. } => Back::Flat(clear.black()),
            Source::Matte { black, .. } => Back::Flat(black.view()),
            Source::Keep | Source::Blur(_) | Source::Overlay(_) => Back::Flat(self.curtain.view()),
        };
        fill_any(frame, &mut back, &mut self.unpacked);
        Ok(())
    }

    /// Overwrites the whole frame with another picture of the same layout and size, whatever the
    /// background is set to; nothing of what was in it is left.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] where either is of another layout or size.
    pub fn hide_over(
        &mut self,
        frame: &mut FrameMut,
        background: &FrameRef,
    ) -> Result<(), BlendError> {
        self.check("the frame", &frame.as_ref())?;
        self.check("the background frame", background)?;
        match &mut self.unpacked {
            Some(unpacked) if frame.as_ref().is_packed() => {
                unpacked[1].take(background);
                unpacked[1].give(frame);
            }
            _ => fill(frame, &mut Back::Rows(*background)),
        }
        Ok(())
    }

    /// A frame whose samples cannot be spread out: an earlier one ended in a panic.
    fn unreadable(&self, what: &'static str) -> BlendError {
        let name = self.layout.info().name;
        BlendError::Mismatch {
            what,
            found: format!("packed {name}"),
            needed: format!("{name} with memory to spread it out"),
        }
    }

    fn check(&self, what: &'static str, frame: &FrameRef) -> Result<(), BlendError> {
        let found = (frame.layout(), frame.width(), frame.height());
        BlendError::check(what, found, (self.layout, self.width, self.height))
    }
}

/// The colour of a picture of one colour, 8 bits a component.
pub(super) fn code_of(flat: &FrameRef) -> Cell {
    let info = flat.layout().info();
    let mut code = [0.0; 4];
    for (code, c) in code.iter_mut().zip(info.components).take(3) {
        let at = &flat.row(c.plane, 0)[c.offset..];
        *code = match info.depth > 8 {
            true => f32::from(info.word().code([at[0], at[1]])) / (1u32 << (info.depth - 8)) as f32,
            false => f32::from(at[0]),
        };
    }
    code
}

/// Overwrites a frame with a background, whatever its samples look like.
fn fill_any(frame: &mut FrameMut, back: &mut Back, unpacked: &mut Option<Box<[Unpacked; 2]>>) {
    match unpacked {
        Some(unpacked) if frame.as_ref().is_packed() => {
            fill(&mut unpacked[0].view_mut(), back);
            unpacked[0].give(frame);
        }
        _ => fill(frame, back),
    }
}

/// Whether chroma samples look at the pixel on their left, and above.
pub(super) fn reach(layout: PixelLayout, color: Colorimetry) -> (bool, bool) {
    let subsampled =
        |sub: fn(&Component) -> u32| layout.info().components.iter().any(|c| sub(c) > 0);
    (
        color.site.cosited_x && subsampled(|c| c.w_sub),
        color.site.cosited_y && subsampled(|c| c.h_sub),
    )
}
