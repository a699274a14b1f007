// SPDX-License-Identifier: MPL-2.0

//! Composing a frame in place.

mod apply;

use super::alpha::{AlphaRows, MattedFrame, SpanClasses};
use super::backdrop::Backdrop;
use super::background::{Background, BackgroundRows, Blur, PRIVACY_FILL, Source, fill};
use super::effects::{Effects, LightWrap, ToneMatch};
use super::error::BlendError;
use super::geometry::Geometry;
use super::kernels::mix;
use super::mean::color_of;
use super::overlay::Note;
use crate::frame::{Colorimetry, FrameError, GrayImage, PixelLayout, Unpacked, View};
use crate::simd::Level;

/// Strength of the blur that a picture has as light.
const LIGHT_BLUR: f32 = 60.0;

/// Composes frames of one layout, size and colorimetry in place.
///
/// All memory is taken when the compositor is made, when the background changes, and when the
/// matte's size changes; [`Compositor::apply`] takes none.
#[derive(Debug)]
pub struct Compositor {
    geometry: Geometry,
    strength: u8,
    alpha: AlphaRows,
    classes: SpanClasses,
    /// Size of the matte of the frame that was looked at last, while what was found then holds.
    known: Option<(usize, usize)>,
    source: Source,
    privacy_fill: Backdrop,
    decontamination: u8,
    screen: Option<[i8; 2]>,
    effects: Effects,
    note: Note,
    /// Memory for frames whose samples are not whole bytes, and for those behind them: the one case
    /// in which a frame is copied.
    unpacked: Option<Box<[Unpacked; 2]>>,
}

impl Compositor {
    /// Makes a compositor that leaves frames as they are until it gets a background.
    ///
    /// # Errors
    /// [`BlendError::Frame`] if a side is zero.
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
        let geometry = Geometry::new(layout, color, (width, height), level);
        Ok(Self {
            geometry,
            strength: 255,
            alpha: AlphaRows::new(geometry),
            classes: SpanClasses::new(geometry),
            known: None,
            source: Source::Keep,
            privacy_fill: Backdrop::row(layout, color, width, PRIVACY_FILL)?,
            decontamination: 0,
            screen: None,
            effects: Effects::default(),
            note: Note::default(),
            unpacked: unpacked().zip(unpacked()).map(|(a, b)| Box::new([a, b])),
        })
    }

    /// How the viewer sees the frames; upright and with square pixels until it is said. Radii that
    /// count the frame's rows are then round on the screen, and the text of an overlay is upright.
    pub fn set_view(&mut self, view: View) {
        if view == self.geometry.view {
            return;
        }
        (self.geometry.view, self.known) = (view, None);
        self.source.set_view(view);
        if let Some(wrap) = &mut self.effects.wrap {
            **wrap = LightWrap::new(self.geometry, wrap.amount());
            self.soften();
        }
    }

    /// Changes the background from the next frame on. Another colour or another strength of blur
    /// takes no memory, so that they may change with every frame.
    ///
    /// # Errors
    /// [`BlendError::NoAlpha`] for `Transparent` in a layout without alpha or with two bits of it,
    /// [`BlendError::Mismatch`] for a picture of another layout or size. The old background then
    /// stays.
    pub fn set_background(&mut self, background: Background) -> Result<(), BlendError> {
        self.known = None;
        if self.source.change(&background) {
            return Ok(());
        }
        self.source = Source::new(background, self.geometry)?;
        self.update_decontamination();
        self.soften();
        Ok(())
    }

    /// How much of the effect is seen, 0 (the frame as it is) to 255 (all, the default): for
    /// fading in and out. `Matte`, `Overlay` and [`Compositor::hide`] take no notice.
    pub fn set_strength(&mut self, strength: u8) {
        if strength != self.strength {
            (self.strength, self.known) = (strength, None);
            self.update_decontamination();
        }
    }

    /// What an overlay says about the next frame's matte.
    pub fn set_note(&mut self, note: Note) {
        self.note = note;
    }

    /// How far the old background's colour is taken out of half-covered pixels, 0 (not at all, the
    /// default) to 255 (wholly). Costs a little if the matte has edges. `Transparent` takes it
    /// out wholly whatever is set here, unless it keeps the colours.
    pub fn set_decontamination(&mut self, amount: u8) {
        self.decontamination = amount;
        self.update_decontamination();
    }

    /// The colour of the green screen before which the frames are, as differences from neutral in
    /// bytes of full range; none without one. Its light on the subject is taken out as far as
    /// decontamination goes.
    pub fn set_screen(&mut self, screen: Option<[i8; 2]>) {
        if screen != self.screen {
            self.screen = screen;
            self.update_decontamination();
        }
    }

    /// Makes decontamination ready for the background and the amount that are set.
    fn update_decontamination(&mut self) {
        self.known = None;
        let black = match &self.source {
            Source::Transparent {
                transparency,
                keep_colors: false,
            } => Some(color_of(&transparency.black())),
            _ => None,
        };
        let amount = match black {
            Some(_) => 255,
            None => self.decontamination,
        };
        self.effects
            .set_decontamination(self.geometry, amount, black);
        let spill = mix(self.decontamination, 0, self.strength);
        self.effects.set_spill(self.geometry, self.screen, spill);
    }

    /// How much of the background's light falls on the subject's rim, 0 (none, the default) to
    /// 255 (at the very edge about half).
    pub fn set_light_wrap(&mut self, amount: u8) {
        self.known = None;
        if let (Some(wrap), 1..) = (&mut self.effects.wrap, amount) {
            return wrap.set_amount(amount);
        }
        let wrap = || Box::new(LightWrap::new(self.geometry, amount));
        self.effects.wrap = (amount > 0).then(wrap);
        self.soften();
    }

    /// How far the subject's brightness and colour are drawn towards the background's, 0 (not at
    /// all, the default) to 255.
    pub fn set_tone_match(&mut self, amount: u8) {
        if let (Some(tone), 1..) = (&mut self.effects.tone, amount) {
            return tone.set_amount(amount);
        }
        let tone = || Box::new(ToneMatch::new(self.geometry, amount));
        self.effects.tone = (amount > 0).then(tone);
    }

    /// Softens a picture for the light wrap: light has no detail.
    fn soften(&mut self) {
        let Some(wrap) = &mut self.effects.wrap else {
            return;
        };
        let Source::Still(backdrop, _) = &self.source else {
            return wrap.set_soft(None);
        };
        let nobody = GrayImage::new(1, 1);
        self.classes.update(nobody.as_ref());
        let mut blur = Blur::new(self.geometry, LIGHT_BLUR, false);
        let picture = MattedFrame {
            frame: backdrop.view(),
            matte: nobody.as_ref(),
            classes: &self.classes,
        };
        blur.update(&picture, &mut self.alpha);
        let mut soft = Backdrop::clone(backdrop);
        fill(&mut soft.view_mut(), &mut BackgroundRows::Blur(&mut blur));
        wrap.set_soft(Some(soft));
    }
}
