// SPDX-License-Identifier: MPL-2.0

//! One pass over a frame: rows of the matte, of the background and of the frame together.

use super::alpha::{
    AlphaRow, AlphaRows, MattedFrame, PlaneKind, PlaneRow, Remap, RowSpans, SpanClasses, Walk,
    whole,
};
use super::backdrop::Backdrop;
use super::background::{BackgroundRows, Blur, Translucent, fill};
use super::effects::{Decontamination, EffectRow, Effects};
use super::kernels;
use crate::frame::{FrameMut, FrameRef, GrayRef, LayoutInfo};
use crate::simd::Level;
use std::ops::Range;

/// A frame and its matte.
pub(super) struct Pass<'a, 'f> {
    level: Level,
    alpha: &'a mut AlphaRows,
    classes: &'a SpanClasses,
    frame: &'a mut FrameMut<'f>,
    matte: GrayRef<'a>,
}

impl<'a, 'f> Pass<'a, 'f> {
    /// `classes` are the matte's.
    pub fn new(
        level: Level,
        alpha: &'a mut AlphaRows,
        classes: &'a SpanClasses,
        frame: &'a mut FrameMut<'f>,
        matte: GrayRef<'a>,
    ) -> Self {
        Self {
            level,
            alpha,
            classes,
            frame,
            matte,
        }
    }

    /// Lets the effects analyse the frame before anything in it is changed.
    pub fn prepare(&mut self, effects: &mut Effects, remap: Remap) {
        let matted = matted(self.frame, self.matte, self.classes);
        effects.prepare(&matted, remap, self.alpha);
    }

    /// Blurs the old background, into memory of its own, before anything in the frame is changed.
    pub fn blur(&mut self, blur: &mut Blur) {
        let matted = matted(self.frame, self.matte, self.classes);
        blur.update(&matted, self.alpha);
    }

    /// Blends the frame's colours, with the effects, over those of a background. The frame's own
    /// alpha stays what it is; with `translucent`, it is multiplied by the background's own alpha
    /// in the background.
    pub fn blend(
        &mut self,
        remap: Remap,
        background: &mut BackgroundRows,
        effects: &mut Effects,
        translucent: Option<&mut Translucent>,
    ) {
        background.restart();
        let matted = matted(self.frame, self.matte, self.classes);
        for effect in effects.stages() {
            effect.start(&matted, background);
        }
        // The span classes hold for plain alpha only: other functions of the matte map 0 and 255
        // to other values.
        let by_classes = matches!(remap, Remap::Fade(255))
            && translucent.is_none()
            && !effects.stages().any(|effect| effect.needs_all_alpha());
        let all = whole(self.frame.width());
        let mut blending = Blending::new(self.level, self.frame, background, effects, translucent);
        let mut walk = Walk::new(self.alpha, self.matte, remap);
        for y in 0..self.frame.height() {
            let spans = match by_classes {
                true => self.classes.row(y),
                false => RowSpans::all(&all),
            };
            let mut row = walk.row(y, spans);
            for effect in blending.effects.stages() {
                effect.advance(y);
            }
            for plane_row in row.planes() {
                blending.apply(
                    &mut row,
                    plane_row,
                    self.frame.row_mut(plane_row.plane, plane_row.at),
                );
            }
        }
    }

    /// Blends the frame over one colour, without effects.
    pub fn blend_color(&mut self, remap: Remap, color: &Backdrop) {
        let rows = &mut BackgroundRows::Flat(color.view());
        self.blend(remap, rows, &mut Effects::default(), None);
    }

    /// Puts the subject's own colour into half-covered pixels along edges, takes a screen's light out
    /// of all that is subject, and blends nothing. With
    /// `black`, other half-covered pixels are blended with it. Alpha is not touched.
    pub fn keep_subject(&mut self, remap: Remap, effects: &mut Effects, black: Option<&FrameRef>) {
        let Effects {
            decontamination: Some(edge),
            spill,
            ..
        } = effects
        else {
            return;
        };
        edge.restart();
        let own_plane = self.frame.layout().info().alpha_plane().map(|c| c.plane);
        let all = whole(self.frame.width());
        let mut walk = Walk::new(self.alpha, self.matte, remap);
        for y in 0..self.frame.height() {
            let spans = match remap {
                Remap::Fade(255) => self.classes.row(y),
                _ => RowSpans::all(&all),
            };
            if spans.mixed.is_empty() && spill.is_none() {
                continue;
            }
            let mut row = walk.row(y, spans);
            for plane_row in row.planes().filter(|p| own_plane != Some(p.plane)) {
                let out = self.frame.row_mut(plane_row.plane, plane_row.at);
                row.samples(plane_row.plane);
                if let Some(black) = black {
                    darken(
                        self.level,
                        &row,
                        plane_row,
                        edge,
                        (out, black.row(plane_row.plane, 0)),
                    );
                }
                let mut row = EffectRow {
                    plane_row,
                    spans: row.spans,
                    alpha: row.made(plane_row.plane),
                    row: out,
                };
                edge.clean(&mut row);
                if let Some(spill) = spill {
                    spill.take_out(&mut row);
                }
            }
        }
    }

    /// Overwrites the frame with a background.
    pub fn fill(&mut self, background: &mut BackgroundRows) {
        fill(self.frame, background);
    }

    /// Multiplies the frame's alpha by the matte and touches nothing else.
    pub fn multiply_alpha(&mut self, remap: Remap, clear: &FrameRef) {
        let info = self.frame.layout().info();
        let Some(own) = info.components.get(3) else {
            return;
        };
        let (level, all) = (self.level, whole(self.frame.width()));
        let mut walk = Walk::new(self.alpha, self.matte, remap);
        for y in 0..self.frame.height() {
            let row = walk.row(y, RowSpans::all(&all));
            let out = self.frame.row_mut(own.plane, y);
            if own.step == 1 {
                kernels::lerp(level, out, clear.row(own.plane, 0), row.luma());
            } else if info.depth > 8 {
                kernels::scale_alpha16(level, out, row.luma(), info.word());
            } else {
                kernels::scale_alpha(level, out, own.offset, row.luma());
            }
        }
    }
}

/// A frame with its matte, to be analysed.
fn matted<'a>(
    frame: &'a FrameMut<'_>,
    matte: GrayRef<'a>,
    classes: &'a SpanClasses,
) -> MattedFrame<'a> {
    let frame = frame.as_ref();
    MattedFrame {
        frame,
        matte,
        classes,
    }
}

/// What every row is blended with.
struct Blending<'a, 'b> {
    level: Level,
    layout: &'static LayoutInfo,
    /// The plane that is alpha, if there is one.
    own_plane: Option<usize>,
    /// Alpha's offset among a pixel's samples, if it is one of them.
    own_offset: Option<usize>,
    background: &'a mut BackgroundRows<'b>,
    effects: &'a mut Effects,
    translucent: Option<&'a mut Translucent>,
}

impl<'a, 'b> Blending<'a, 'b> {
    fn new(
        level: Level,
        frame: &FrameMut,
        background: &'a mut BackgroundRows<'b>,
        effects: &'a mut Effects,
        translucent: Option<&'a mut Translucent>,
    ) -> Self {
        let layout = frame.layout().info();
        let own_plane = layout.alpha_plane().map(|c| c.plane);
        let among_others = layout.components.get(3).filter(|_| own_plane.is_none());
        Self {
            level,
            layout,
            own_plane,
            own_offset: among_others.map(|c| c.offset),
            background,
            effects,
            translucent,
        }
    }

    /// Blends a row of a plane.
    fn apply(&mut self, row: &mut AlphaRow, plane_row: PlaneRow, out: &mut [u8]) {
        if self.own_plane == Some(plane_row.plane) {
            if let Some(translucent) = &mut self.translucent {
                let samples = 0..out.len() / self.layout.sample_bytes();
                let back = self.background.row(plane_row.plane, plane_row.at, samples);
                translucent.scale_plane(back, row.luma(), out);
            }
            return;
        }
        self.replace(row.spans, plane_row, out);
        let mut changed = EffectRow {
            plane_row,
            spans: row.spans,
            alpha: row.samples(plane_row.plane),
            row: out,
        };
        for effect in self.effects.stages() {
            effect.apply(&mut changed, self.background);
        }
        match self.translucent {
            None => self.mix(row, plane_row, out),
            Some(_) => self.mix_translucent(row, plane_row, out),
        }
    }

    /// Writes the background's samples over those that are wholly background.
    fn replace(&mut self, spans: RowSpans, plane_row: PlaneRow, out: &mut [u8]) {
        let PlaneRow {
            plane, at, kind, ..
        } = plane_row;
        let (back, bytes) = (&mut *self.background, self.layout.sample_bytes());
        let count = out.len() / bytes;
        for span in spans.background {
            let samples = kind.samples_of(span, count);
            match self.own_offset {
                Some(offset) => {
                    back.write_colors(self.level, (offset, bytes), (plane, at), samples, out);
                }
                None => back.write(plane, at, samples, out),
            }
        }
    }

    /// Mixes by alpha what is neither wholly subject nor wholly background.
    fn mix(&mut self, row: &AlphaRow, plane_row: PlaneRow, out: &mut [u8]) {
        let bytes = self.layout.sample_bytes();
        let count = out.len() / bytes;
        for span in row.spans.mixed {
            let range = plane_row.kind.samples_of(span, count);
            let out = &mut out[range.start * bytes..range.end * bytes];
            let back = self
                .background
                .row(plane_row.plane, plane_row.at, range.clone());
            mix_span(self.level, row, plane_row, range, (out, back));
        }
    }

    /// The same by the weights of a background that is not opaque.
    fn mix_translucent(&mut self, row: &AlphaRow, plane_row: PlaneRow, out: &mut [u8]) {
        let PlaneRow {
            plane, at, kind, ..
        } = plane_row;
        let Some(translucent) = &mut self.translucent else {
            return;
        };
        let (bytes, word) = (self.layout.sample_bytes(), self.layout.word());
        let count = out.len() / bytes;
        translucent.weigh(self.background, at, kind, row.made(plane));
        if let Some(offset) = self.own_offset {
            translucent.scale_packed(offset, row.luma(), out);
        }
        for span in row.spans.mixed {
            let range = kind.samples_of(span, count);
            let out = &mut out[range.start * bytes..range.end * bytes];
            let back = self.background.row(plane, at, range.clone());
            let weights = &translucent.weights()[range];
            kernels::mix_evenly(self.level, word, weights, (out, back));
        }
    }
}

/// Mixes a range of samples of a plane's row by the row's alpha. `out` and `back` are the range's.
fn mix_span(
    level: Level,
    row: &AlphaRow,
    plane_row: PlaneRow,
    range: Range<usize>,
    (out, back): (&mut [u8], &[u8]),
) {
    let (rows, word) = (row.rows(), row.rows().word());
    match plane_row.kind {
        _ if word.depth() == 8 => {
            kernels::lerp(level, out, back, &row.made(plane_row.plane)[range])
        }
        PlaneKind::Chroma(times) => {
            let fine = &rows.chroma_fine()[range.start / times..];
            kernels::lerp16_fine(level, out, back, fine, times, word);
        }
        PlaneKind::Packed422 { luma_first } => {
            let luma = &row.luma()[range.start / 2..];
            let both = (luma, &rows.chroma_fine()[range.start / 4..]);
            kernels::lerp16_422(level, out, back, both, luma_first, word);
        }
        PlaneKind::Luma(_) => {
            kernels::lerp16(level, out, back, &row.made(plane_row.plane)[range], word);
        }
    }
}

/// Mixes half-covered pixels with black, except for those that `edge` cleans. `out` and `black` are
/// rows of the plane.
fn darken(
    level: Level,
    row: &AlphaRow,
    plane_row: PlaneRow,
    edge: &Decontamination,
    (out, black): (&mut [u8], &[u8]),
) {
    let bytes = if row.rows().word().depth() > 8 { 2 } else { 1 };
    let count = out.len() / bytes;
    for span in row.spans.mixed {
        let samples = plane_row.kind.samples_of(span, count);
        let (mut start, end) = (samples.start, samples.end);
        let mut part = |range: Range<usize>| {
            let inside = range.start * bytes..range.end * bytes;
            let rows = (&mut out[inside.clone()], &black[inside]);
            mix_span(level, row, plane_row, range, rows);
        };
        for run in edge.runs(plane_row, count) {
            part(start..run.start.clamp(start, end));
            start = run.end.clamp(start, end);
        }
        part(start..end);
    }
}
