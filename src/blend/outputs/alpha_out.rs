// SPDX-License-Identifier: MPL-2.0

//! Frames with the matte as straight alpha, in a layout that has alpha.

use super::copy_colors::{Path, copy_colors, plan};
use crate::blend::alpha::{AlphaRows, Remap, RowSpans, SpanClasses, Walk, whole};
use crate::blend::background::{BackgroundRows, Transparency, fill};
use crate::blend::effects::Effects;
use crate::blend::error::BlendError;
use crate::blend::geometry::Geometry;
use crate::blend::kernels::{self, mix};
use crate::blend::mean::color_of;
use crate::blend::pass::Pass;
use crate::frame::{Colorimetry, FrameMut, FrameRef, GrayRef, PixelLayout, Unpacked};
use crate::simd::Level;

/// Copies frames of one layout into another that has alpha, and puts the matte there, times the
/// frames' own alpha if they have one.
///
/// Alpha is straight: colours are not multiplied by it. Half-covered pixels get the subject's own
/// colour and transparent ones are black, unless they are to keep what they were. In the output
/// alpha is always 0 to 255, whatever the range of the colours, as GStreamer's alpha formats have
/// it.
#[derive(Debug)]
pub struct AlphaOut {
    from: Geometry,
    to: Geometry,
    path: Path,
    strength: u8,
    alpha: AlphaRows,
    transparency: Transparency,
    keep_colors: bool,
    decontamination: u8,
    screen: Option<[i8; 2]>,
    /// Memory for frames whose samples are not whole bytes.
    unpacked: Option<Unpacked>,
    /// A row of the frames' own alpha.
    own: Vec<u8>,
    /// Alpha as the output's planes have it, and its span classes; for decontamination.
    edges: Option<Box<(AlphaRows, SpanClasses)>>,
    effects: Effects,
}

impl AlphaOut {
    /// Plans the way from layout `from` to layout `to`: 4:2:0 and gray to A420 or AV12; any YUV
    /// and gray to AYUV; RGB to RGB with alpha.
    ///
    /// # Errors
    /// [`BlendError::NoAlpha`] if `to` has no alpha, [`BlendError::NoConversion`] if the way would
    /// need another colour model or coarser chroma, [`BlendError::Frame`] if a side is zero.
    pub fn new(
        from: PixelLayout,
        to: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        level: Level,
    ) -> Result<Self, BlendError> {
        let path = plan(from.info(), to.info())?;
        let to = Geometry::new(to, color, (width, height), level);
        let mut new = Self {
            from: to.with_layout(from),
            to,
            path,
            strength: 255,
            transparency: Transparency::new(to)?,
            keep_colors: true,
            decontamination: 0,
            screen: None,
            unpacked: Unpacked::new(from, color, width, height, level),
            own: vec![0; width],
            alpha: AlphaRows::new(to.gray()),
            edges: None,
            effects: Effects::default(),
        };
        new.set_keep_colors(false);
        Ok(new)
    }

    /// Whether the colours of transparent and half-covered pixels stay (but for decontamination): a
    /// program that drops alpha then shows the room. Off by default.
    pub fn set_keep_colors(&mut self, keep: bool) {
        self.keep_colors = keep;
        self.update_decontamination();
    }

    /// How far the old background's colour is taken out of half-covered pixels, 0 (not at all, the
    /// default) to 255 (wholly). If colours are not kept it is taken out wholly.
    pub fn set_decontamination(&mut self, amount: u8) {
        self.decontamination = amount;
        self.update_decontamination();
    }

    /// The colour of the green screen before which the frames are, as in
    /// [`Compositor::set_screen`](crate::blend::Compositor::set_screen).
    pub fn set_screen(&mut self, screen: Option<[i8; 2]>) {
        if screen != self.screen {
            self.screen = screen;
            self.update_decontamination();
        }
    }

    /// Makes decontamination ready for what is set.
    fn update_decontamination(&mut self) {
        let to = self.to;
        let black = (!self.keep_colors).then(|| color_of(&self.transparency.black()));
        let amount = match self.keep_colors {
            true => self.decontamination,
            false => 255,
        };
        self.effects.set_decontamination(to, amount, black);
        let spill = mix(self.decontamination, 0, self.strength);
        self.effects.set_spill(to, self.screen, spill);
        if amount == 0 {
            self.edges = None;
            return;
        }
        let edges = || Box::new((AlphaRows::new(to), SpanClasses::new(to)));
        self.edges.get_or_insert_with(edges);
    }

    /// How transparent the background becomes, 0 (not at all) to 255 (wholly, the default).
    pub fn set_strength(&mut self, strength: u8) {
        if strength != self.strength {
            self.strength = strength;
            self.update_decontamination();
        }
    }

    /// Writes `frame` and the matte into `out`.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for frames of another layout or size.
    pub fn apply(
        &mut self,
        frame: &FrameRef,
        matte: GrayRef,
        out: &mut FrameMut,
    ) -> Result<(), BlendError> {
        self.from.check("the frame", frame)?;
        self.to.check("the output frame", &out.as_ref())?;
        match &mut self.unpacked {
            Some(unpacked) => {
                unpacked.take(frame);
                copy_colors(&unpacked.view(), self.path, out);
            }
            None => copy_colors(frame, self.path, out),
        }
        // Alpha first: what looks for the colours at the edge reads whole rows, alpha and all.
        self.write_alpha(frame, matte, out);
        if let Some(edges) = &mut self.edges {
            let (alpha, classes) = &mut **edges;
            let fade = Remap::Fade(self.strength);
            classes.update(matte);
            let mut pass = Pass::new(self.to.level, alpha, classes, out, matte);
            pass.prepare(&mut self.effects, fade);
            let black = self.transparency.black();
            let black = (!self.keep_colors).then_some(&black);
            pass.keep_subject(fade, &mut self.effects, black);
        }
        if !self.keep_colors {
            self.transparency.apply(out);
        }
        Ok(())
    }

    /// Writes the matte, times the frame's own alpha if it has one.
    fn write_alpha(&mut self, frame: &FrameRef, matte: GrayRef, out: &mut FrameMut) {
        let (level, info) = (self.to.level, self.to.layout.info());
        let Some(component) = info.components.get(3) else {
            return;
        };
        let all = whole(self.to.width);
        let mut walk = Walk::new(&mut self.alpha, matte, Remap::Fade(self.strength));
        for y in 0..self.to.height {
            let matte = walk.row(y, RowSpans::all(&all));
            let (row, luma) = (out.row_mut(component.plane, y), matte.luma());
            let alpha = match frame.alpha_row(y, &mut self.own) {
                false => luma,
                true => {
                    let pairs = self.own.iter_mut().zip(luma);
                    pairs.for_each(|(own, &m)| *own = mix(m, 0, *own));
                    &self.own[..]
                }
            };
            if component.step == 1 {
                row.copy_from_slice(alpha);
            } else if info.depth > 8 {
                kernels::set_alpha16(level, row, alpha, info.word());
            } else {
                kernels::set_alpha(level, row, component.offset, alpha);
            }
        }
    }

    /// Makes `out` wholly transparent and black, with nothing of any input in it.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame of another layout or size.
    pub fn hide(&self, out: &mut FrameMut) -> Result<(), BlendError> {
        self.to.check("the output frame", &out.as_ref())?;
        fill(out, &mut BackgroundRows::Flat(self.transparency.black()));
        Ok(())
    }
}
