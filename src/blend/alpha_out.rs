// SPDX-License-Identifier: MPL-2.0

//! Frames with the matte as straight alpha, in a layout that has alpha.

use super::BlendError;
use super::clear::Clear;
use super::compositor::{code_of, reach};
use super::cover::{Cover, whole};
use super::edge::Edge;
use super::kernels;
use super::matte::{AlphaRows, Remap};
use super::pass::{Back, Finish, Pass, fill};
use crate::frame::{
    ColorModel, Colorimetry, FrameMut, FrameRef, GrayMut, GrayRef, LayoutInfo, PixelLayout, Range,
    Unpacked,
};
use crate::simd::Level;

/// How the colours get from one layout to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    /// Components have the same subsampling and depth: samples are copied as they are.
    Copy,
    /// Into AYUV: chroma is repeated over the pixels it covers, 10 bits are rounded to 8.
    Expand,
    /// Gray: luma is copied, chroma is neutral.
    Gray,
}

/// Copies frames of one layout into another that has alpha, and puts the matte there, times the
/// frames' own alpha where they have one.
///
/// Alpha is straight: colours are not multiplied by it. Half-covered pixels get the subject's own
/// colour and transparent ones are black (see `clear`), unless they are to keep what they were. In the
/// output alpha is always 0 to 255, whatever the range of the colours, as GStreamer's alpha formats
/// have it.
#[derive(Debug)]
pub struct AlphaOut {
    level: Level,
    from: PixelLayout,
    to: PixelLayout,
    width: usize,
    height: usize,
    path: Path,
    strength: u8,
    color: Colorimetry,
    alpha: AlphaRows,
    clear: Clear,
    keep_colors: bool,
    decontamination: u8,
    /// Memory for frames whose samples are not whole bytes.
    unpacked: Option<Unpacked>,
    /// A row of the frames' own alpha.
    own: Vec<u8>,
    /// Alpha as the output's planes have it, and its cover; for decontamination.
    edges: Option<Box<(AlphaRows, Cover)>>,
    finish: Finish,
}

impl AlphaOut {
    /// Plans the way from layout `from` to layout `to`: 4:2:0 and gray to A420 or AV12; any YUV
    /// and gray to AYUV; RGB to RGB with alpha.
    ///
    /// # Errors
    /// [`BlendError::NoAlpha`] where `to` has no alpha, [`BlendError::NoConversion`] where the way
    /// would need another colour model or coarser chroma, [`BlendError::Frame`] where a side is
    /// zero.
    pub fn new(
        from: PixelLayout,
        to: PixelLayout,
        color: Colorimetry,
        width: usize,
        height: usize,
        level: Level,
    ) -> Result<Self, BlendError> {
        let path = plan(from.info(), to.info())?;
        let mut new = Self {
            level,
            from,
            to,
            width,
            height,
            path,
            strength: 255,
            clear: Clear::new(to, color, width, level)?,
            keep_colors: true,
            decontamination: 0,
            unpacked: Unpacked::new(from, color, width, height, level),
            own: vec![0; width],
            alpha: AlphaRows::new(PixelLayout::Gray8, color, width, height, level),
            color,
            edges: None,
            finish: Finish::default(),
        };
        new.set_keep_colors(false);
        Ok(new)
    }

    /// Whether the colours of transparent and half-covered pixels stay (but for decontamination): who
    /// drops alpha then sees the room. Not so by default.
    pub fn set_keep_colors(&mut self, keep: bool) {
        self.keep_colors = keep;
        self.tend_edge();
    }

    /// How far the old room's colour is taken out of half-covered pixels, 0 (not at all, the
    /// default) to 255 (wholly). Where colours are not kept it is taken out wholly.
    pub fn set_decontamination(&mut self, amount: u8) {
        self.decontamination = amount;
        self.tend_edge();
    }

    /// Makes the edge ready for what is set.
    fn tend_edge(&mut self) {
        let amount = match self.keep_colors {
            true => self.decontamination,
            false => 255,
        };
        if amount == 0 {
            (self.edges, self.finish.edge) = (None, None);
            return;
        }
        let Self {
            to,
            color,
            width,
            height,
            level,
            ..
        } = *self;
        self.edges.get_or_insert_with(|| {
            let cover = Cover::new(width, height, reach(to, color), level);
            Box::new((AlphaRows::new(to, color, width, height, level), cover))
        });
        let new = || Box::new(Edge::new(to, color, width, height, amount, level));
        let edge = self.finish.edge.get_or_insert_with(new);
        edge.set_amount(amount);
        edge.set_doubt((!self.keep_colors).then(|| code_of(&self.clear.black())));
    }

    /// How transparent the room becomes, 0 (not at all) to 255 (wholly, the default).
    pub fn set_strength(&mut self, strength: u8) {
        self.strength = strength;
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
        self.check("the frame", frame, self.from)?;
        self.check("the output frame", &out.as_ref(), self.to)?;
        match &mut self.unpacked {
            Some(unpacked) => {
                unpacked.take(frame);
                copy_colors(&unpacked.view(), self.path, out);
            }
            None => copy_colors(frame, self.path, out),
        }
        // Alpha first: what looks for the colours at the edge reads whole rows, alpha and all.
        if let Some(place) = self.to.info().components.get(3) {
            self.alpha.start(matte);
            let all = whole(self.width);
            for y in 0..self.height {
                let fade = Remap::Fade(self.strength);
                self.alpha.advance(matte, fade, y, &all);
                let row = out.row_mut(place.plane, y);
                let luma = self.alpha.luma(y);
                let alpha = match frame.alpha_row(y, &mut self.own) {
                    false => luma,
                    true => {
                        let pairs = self.own.iter_mut().zip(luma);
                        pairs.for_each(|(own, &m)| *own = kernels::mix(m, 0, *own));
                        &self.own[..]
                    }
                };
                if place.step == 1 {
                    row.copy_from_slice(alpha);
                } else if self.to.info().depth > 8 {
                    kernels::set_alpha16(self.level, row, alpha, self.to.info().word());
                } else {
                    kernels::set_alpha(self.level, row, place.offset, alpha);
                }
            }
        }
        if let Some(edges) = &mut self.edges {
            let (alpha, cover) = &mut **edges;
            let fade = Remap::Fade(self.strength);
            cover.update(matte);
            let mut pass = Pass::new(self.level, alpha, cover, out, matte);
            pass.prepare(&mut self.finish, fade);
            match self.keep_colors {
                true => pass.clean(fade, &mut self.finish),
                false => pass.keep_subject(fade, &mut self.finish, &self.clear.black()),
            }
        }
        if !self.keep_colors {
            self.clear.apply(out);
        }
        Ok(())
    }

    /// Makes `out` wholly transparent and black, with nothing of any input in it.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame of another layout or size.
    pub fn hide(&self, out: &mut FrameMut) -> Result<(), BlendError> {
        self.check("the output frame", &out.as_ref(), self.to)?;
        fill(out, &mut Back::Flat(self.clear.black()));
        Ok(())
    }

    fn check(
        &self,
        what: &'static str,
        frame: &FrameRef,
        layout: PixelLayout,
    ) -> Result<(), BlendError> {
        let found = (frame.layout(), frame.width(), frame.height());
        BlendError::check(what, found, (layout, self.width, self.height))
    }
}

/// Copies colours, component by component.
fn copy_colors(frame: &FrameRef, path: Path, out: &mut FrameMut) {
    let (from, to) = (frame.layout().info(), out.layout().info());
    let (width, height) = (frame.width(), frame.height());
    for (index, target) in to.components.iter().take(3).enumerate() {
        let rows = to
            .plane_extent(target.plane, width, height)
            .1
            .min(crate::frame::subsampled(height, target.h_sub));
        let columns = crate::frame::subsampled(width, target.w_sub);
        let source = match (path, index) {
            (Path::Gray, 1 | 2) => None,
            _ => from.components.get(index),
        };
        for y in 0..rows {
            let row = &mut out.row_mut(target.plane, y)[target.offset..];
            let samples = row.iter_mut().step_by(target.step).take(columns);
            let Some(source) = source else {
                match to.depth > 8 {
                    true => row.chunks_mut(target.step).for_each(|sample| {
                        let neutral = to.word().bytes(1 << (to.depth - 1));
                        sample[..2].copy_from_slice(&neutral);
                    }),
                    false => samples.for_each(|s| *s = 128),
                }
                continue;
            };
            let (dx, dy) = (source.w_sub - target.w_sub, source.h_sub - target.h_sub);
            let bytes = &frame.row(source.plane, y >> dy)[source.offset..];
            if from.depth > 8 {
                let code = |x: usize| {
                    let at = (x >> dx) * source.step;
                    let code = u32::from(from.word().code([bytes[at], bytes[at + 1]]));
                    let down = from.depth - to.depth;
                    ((code + ((1 << down) >> 1)) >> down).min(u32::from(to.top())) as u16
                };
                match to.depth > 8 {
                    true => {
                        let samples = row.chunks_mut(target.step).take(columns);
                        for (x, sample) in samples.enumerate() {
                            sample[..2].copy_from_slice(&to.word().bytes(code(x)));
                        }
                    }
                    false => samples.enumerate().for_each(|(x, s)| *s = code(x) as u8),
                }
            } else if dx == 1 {
                for (x, s) in samples.enumerate() {
                    *s = bytes[(x >> 1) * source.step];
                }
            } else {
                for (s, &v) in samples.zip(bytes.iter().step_by(source.step)) {
                    *s = v;
                }
            }
        }
    }
}

fn plan(from: &LayoutInfo, to: &LayoutInfo) -> Result<Path, BlendError> {
    if !to.alpha {
        return Err(BlendError::NoAlpha { layout: to.name });
    }
    let no = |hint| {
        Err(BlendError::NoConversion {
            from: from.name,
            to: to.name,
            hint,
        })
    };
    let sub = |info: &LayoutInfo| info.components.get(1).map(|c| (c.w_sub, c.h_sub));
    if to.packing.is_some() {
        return no("its two bits of alpha make a staircase of every edge; GBRA_10LE takes it");
    }
    match (from.model, to.model) {
        _ if from.depth < to.depth => no("a format with as many bits takes it without conversion"),
        (ColorModel::Rgb, ColorModel::Rgb) => Ok(Path::Copy),
        (ColorModel::Gray, ColorModel::Yuv) => Ok(Path::Gray),
        (ColorModel::Yuv, ColorModel::Yuv) if sub(from) == sub(to) && from.depth == to.depth => {
            Ok(Path::Copy)
        }
        (ColorModel::Yuv, ColorModel::Yuv) if sub(to) == Some((0, 0)) => Ok(Path::Expand),
        (ColorModel::Yuv, ColorModel::Yuv) => no("AYUV takes it without losing chroma"),
        (ColorModel::Rgb, _) => {
            no("RGBA, BGRA, ARGB, ABGR, GBRA and GBRA_10LE take RGB without conversion")
        }
        (_, _) => no("A420, AV12 and AYUV take YUV; put videoconvert behind for RGB"),
    }
}

/// Writes mattes of any size as gray pictures of one size.
#[derive(Debug)]
pub struct GrayOut {
    rows: AlphaRows,
    height: usize,
    /// A row of the matte times the frame's own alpha.
    seen: Vec<u8>,
}

impl GrayOut {
    /// Makes ready for pictures of a size. Memory is taken here and when the mattes' size changes.
    pub fn new(width: usize, height: usize, level: Level) -> Self {
        let color = Colorimetry::default();
        let rows = AlphaRows::new(PixelLayout::Gray8, color, width, height, level);
        Self {
            rows,
            height,
            seen: vec![0; width],
        }
    }

    /// Writes a matte, times the own alpha of `frame` where it has one: what is not there is no
    /// subject. `range` says which code values black and white get (16 and 235, or 0 and
    /// 255). The pictures must have the size that this was made for.
    pub fn apply(
        &mut self,
        matte: GrayRef,
        frame: Option<&FrameRef>,
        range: Range,
        out: &mut GrayMut,
    ) {
        self.rows.start(matte);
        let all = whole(out.width());
        for y in 0..self.height {
            self.rows.advance(matte, Remap::Fade(255), y, &all);
            let row = out.row_mut(y);
            let luma = self.rows.luma(y);
            let seen = match frame.is_some_and(|frame| frame.alpha_row(y, &mut self.seen)) {
                false => luma,
                true => {
                    let pairs = self.seen.iter_mut().zip(luma);
                    pairs.for_each(|(own, &m)| *own = kernels::mix(m, 0, *own));
                    &self.seen[..]
                }
            };
            match range {
                Range::Full => row.copy_from_slice(seen),
                Range::Limited => {
                    for (o, &m) in row.iter_mut().zip(seen) {
                        *o = (16 + (u32::from(m) * 219 + 127) / 255) as u8;
                    }
                }
            }
        }
    }
}
