// SPDX-License-Identifier: MPL-2.0

//! One pass over a frame: rows of the matte, of the background and of the frame together.

use super::blur::Blur;
use super::cover::{Cover, Work, whole};
use super::edge::Edge;
use super::kernels;
use super::matte::{AlphaRows, PlaneKind, Remap};
use super::sheer::Sheer;
use super::tone::{self, Mean, Tone};
use super::wrap::Wrap;
use crate::frame::{FrameMut, FrameRef, GrayRef, Word};
use crate::simd::{Level, prefetch};
use std::ops::Range;

/// Rows of a background that are asked for ahead of time.
const AHEAD: usize = 2;

/// Where the rows of a background come from.
pub(super) enum Back<'a> {
    Flat(FrameRef<'a>),
    Rows(FrameRef<'a>),
    Blur(&'a mut Blur),
}

impl Back<'_> {
    /// Begins a picture.
    fn restart(&mut self) {
        if let Back::Blur(blur) = self {
            blur.restart();
        }
    }

    /// Rows of pixels after which nothing new comes.
    pub(super) fn height(&self) -> usize {
        match self {
            Back::Flat(_) => 1,
            Back::Rows(frame) => frame.height(),
            Back::Blur(_) => usize::MAX,
        }
    }

    /// Mean colour.
    fn mean(&self) -> Mean {
        match self {
            Back::Flat(frame) | Back::Rows(frame) => tone::mean_of(frame),
            Back::Blur(blur) => blur.mean(),
        }
    }

    /// A range of samples of a plane's row.
    pub(super) fn row(&mut self, plane: usize, y: usize, samples: Range<usize>) -> &[u8] {
        let (frame, y) = match self {
            Back::Flat(frame) => (frame, 0),
            Back::Rows(frame) => (frame, y),
            Back::Blur(blur) => return blur.row(plane, y, samples),
        };
        let bytes = frame.layout().info().sample_bytes();
        &frame.row(plane, y)[samples.start * bytes..samples.end * bytes]
    }

    /// The same as [`Back::write`], but for the alpha at `offset` of pixels of four samples
    /// of so many bytes.
    fn write_colors(
        &mut self,
        level: Level,
        (offset, bytes): (usize, usize),
        (plane, y): (usize, usize),
        samples: Range<usize>,
        row: &mut [u8],
    ) {
        let back = self.row(plane, y, samples.clone());
        match bytes {
            2 => kernels::copy_colors16(back, offset, &mut row[2 * samples.start..]),
            _ => kernels::copy_colors(level, back, offset, &mut row[samples]),
        }
    }

    /// Writes a range of samples of a plane's row at their place in another row.
    fn write(&mut self, plane: usize, y: usize, samples: Range<usize>, row: &mut [u8]) {
        let (frame, y) = match self {
            Back::Flat(frame) => (frame, 0),
            Back::Rows(frame) => (frame, y),
            Back::Blur(blur) => return blur.write(plane, y, samples, row),
        };
        let bytes = frame.layout().info().sample_bytes();
        let range = samples.start * bytes..samples.end * bytes;
        // The processor foresees the bytes of a row, but not the next one's.
        if let Some(soon) = frame.row_ahead(plane, y + AHEAD) {
            prefetch(&soon[range.clone()]);
        }
        row[range.clone()].copy_from_slice(&frame.row(plane, y)[range]);
    }
}

/// What makes the edge look natural.
#[derive(Debug, Default)]
pub(super) struct Finish {
    pub edge: Option<Box<Edge>>,
    pub wrap: Option<Box<Wrap>>,
    pub tone: Option<Box<Tone>>,
}

impl Finish {
    fn restart(&mut self) {
        if let Some(edge) = &mut self.edge {
            edge.restart();
        }
        if let Some(wrap) = &mut self.wrap {
            wrap.restart();
        }
    }
}

/// A frame and its matte.
pub(super) struct Pass<'a, 'f> {
    pub(super) level: Level,
    pub(super) alpha: &'a mut AlphaRows,
    pub(super) cover: &'a Cover,
    pub(super) frame: &'a mut FrameMut<'f>,
    pub(super) matte: GrayRef<'a>,
}

impl<'a, 'f> Pass<'a, 'f> {
    /// `cover` is the matte's.
    pub fn new(
        level: Level,
        alpha: &'a mut AlphaRows,
        cover: &'a Cover,
        frame: &'a mut FrameMut<'f>,
        matte: GrayRef<'a>,
    ) -> Self {
        Self {
            level,
            alpha,
            cover,
            frame,
            matte,
        }
    }

    /// Looks at the frame's edges before anything is changed.
    pub fn prepare(&mut self, finish: &mut Finish, fade: Remap) {
        let (matte, cover) = (self.matte, self.cover);
        if let Some(edge) = &mut finish.edge {
            edge.update(&self.frame.as_ref(), matte, cover, fade, self.alpha);
        }
        if let Some(wrap) = &mut finish.wrap {
            wrap.update(matte, cover, fade, self.alpha);
        }
    }

    /// Takes the room out of focus before anything is changed.
    pub fn blur(&mut self, blur: &mut Blur) {
        blur.update(&self.frame.as_ref(), self.matte, self.cover, self.alpha);
    }

    /// Blends the frame's colours over those of a background. The frame's own alpha stays what it is,
    /// or with `sheer` what is left of it where the background's own alpha lets nothing be seen.
    pub fn blend(
        &mut self,
        remap: Remap,
        back: &mut Back,
        mut finish: Option<&mut Finish>,
        mut sheer: Option<&mut Sheer>,
    ) {
        let (level, matte, cover) = (self.level, self.matte, self.cover);
        let (alpha, frame) = (&mut *self.alpha, &mut *self.frame);
        let info = frame.layout().info();
        let bytes = info.sample_bytes();
        let all = whole(frame.width());
        // Light falls on what is wholly subject, too, and other functions of the matte have other
        // ends than 0 and 255.
        let wraps = finish.as_ref().is_some_and(|f| f.wrap.is_some());
        let narrow = matches!(remap, Remap::Fade(255)) && !wraps && sheer.is_none();
        let planar = info.alpha_plane().map(|c| c.plane);
        let packed = (info.components.get(3))
            .filter(|_| planar.is_none())
            .map(|c| c.offset);
        let evenly = sheer.is_some();
        alpha.start(matte);
        back.restart();
        if let Some(finish) = &mut finish {
            finish.restart();
            if let Some(tone) = &mut finish.tone {
                tone.update(&frame.as_ref(), back.mean(), |y| cover.row(y));
            }
        }
        for y in 0..frame.height() {
            let work = match narrow {
                true => cover.row(y),
                false => Work::all(&all),
            };
            alpha.advance(matte, remap, y, work.mixed);
            if let Some(wrap) = finish.as_mut().and_then(|f| f.wrap.as_mut()) {
                wrap.advance(y);
            }
            each_row(alpha, info.planes, y, |alpha, plane, at| {
                let row = frame.row_mut(plane, at);
                if planar == Some(plane) {
                    if let Some(sheer) = &mut sheer {
                        let back = back.row(plane, at, 0..row.len() / bytes);
                        sheer.scale_plane(back, alpha.luma(y), row);
                    }
                    return;
                }
                let (kind, count) = (alpha.kind(plane), row.len() / bytes);
                let samples_of = |span: &Range<usize>| {
                    let range = kind.samples(span);
                    range.start..range.end.min(count)
                };
                for span in work.room {
                    let samples = samples_of(span);
                    match packed {
                        Some(offset) => {
                            back.write_colors(level, (offset, bytes), (plane, at), samples, row);
                        }
                        None => back.write(plane, at, samples, row),
                    }
                }
                let samples = alpha.samples(plane, y, work.mixed);
                if let Some(Finish { edge, wrap, tone }) = finish.as_deref_mut() {
                    if let Some(edge) = edge {
                        edge.clean(plane, at, y, row, samples);
                    }
                    if let Some(tone) = tone {
                        // All that is not replaced anyway.
                        let mut start = 0;
                        for span in work.room {
                            let room = samples_of(span);
                            tone.apply(plane, start..room.start, row);
                            start = room.end;
                        }
                        tone.apply(plane, start..count, row);
                    }
                    if let Some(wrap) = wrap {
                        wrap.row(plane, at, y, row, back.row(plane, at, 0..count));
                    }
                }
                let samples = match &mut sheer {
                    None => alpha.made(plane, y),
                    Some(sheer) => {
                        sheer.weigh(back, at, kind, alpha.made(plane, y));
                        if let Some(offset) = packed {
                            sheer.scale_packed(offset, alpha.luma(y), row);
                        }
                        sheer.weights()
                    }
                };
                for span in work.mixed {
                    let range = samples_of(span);
                    let row = &mut row[range.start * bytes..range.end * bytes];
                    let back = back.row(plane, at, range.clone());
                    match evenly {
                        true => mix_evenly(level, alpha.word(), &samples[range], (row, back)),
                        false => mix(level, alpha, (plane, y), range, samples, (row, back)),
                    }
                }
            });
        }
    }

    /// Puts the subject's own colour into half-covered pixels and blends nothing.
    pub fn clean(&mut self, remap: Remap, finish: &mut Finish) {
        let Some(edge) = &mut finish.edge else {
            return;
        };
        let (matte, cover) = (self.matte, self.cover);
        let (alpha, frame) = (&mut *self.alpha, &mut *self.frame);
        let planes = frame.layout().info().planes;
        let all = whole(frame.width());
        alpha.start(matte);
        edge.restart();
        for y in 0..frame.height() {
            let spans = match remap {
                Remap::Fade(255) => cover.row(y).mixed,
                _ => &all,
            };
            if spans.is_empty() {
                continue;
            }
            alpha.advance(matte, remap, y, spans);
            each_row(alpha, planes, y, |alpha, plane, at| {
                let samples = alpha.samples(plane, y, spans);
                edge.clean(plane, at, y, frame.row_mut(plane, at), samples);
            });
        }
    }

    /// Multiplies the frame's alpha by the matte and touches nothing else.
    pub fn multiply_alpha(&mut self, remap: Remap, clear: &FrameRef) {
        let (level, matte) = (self.level, self.matte);
        let (alpha, frame) = (&mut *self.alpha, &mut *self.frame);
        let info = frame.layout().info();
        let Some(component) = info.components.get(3) else {
            return;
        };
        alpha.start(matte);
        let all = whole(frame.width());
        for y in 0..frame.height() {
            alpha.advance(matte, remap, y, &all);
            let row = frame.row_mut(component.plane, y);
            if component.step == 1 {
                kernels::lerp(level, row, clear.row(component.plane, 0), alpha.luma(y));
            } else if info.depth > 8 {
                kernels::scale_alpha16(level, row, alpha.luma(y), info.word());
            } else {
                kernels::scale_alpha(level, row, component.offset, alpha.luma(y));
            }
        }
    }

    /// Overwrites the frame.
    pub fn fill(&mut self, back: &mut Back) {
        fill(self.frame, back);
    }
}

/// Mixes a range of samples of a plane's row; `y` is the luma row that completed it, `samples` its
/// alpha. Both rows are those of the range.
pub(super) fn mix(
    level: Level,
    alpha: &AlphaRows,
    (plane, y): (usize, usize),
    range: Range<usize>,
    samples: &[u8],
    (row, back): (&mut [u8], &[u8]),
) {
    let word = alpha.word();
    match alpha.kind(plane) {
        _ if word.depth() == 8 => kernels::lerp(level, row, back, &samples[range]),
        PlaneKind::Chroma(times) => {
            let fine = &alpha.chroma_fine()[range.start / times..];
            kernels::lerp16_fine(level, row, back, fine, times, word);
        }
        PlaneKind::Packed422 { luma_first } => {
            let luma = &alpha.luma(y)[range.start / 2..];
            let both = (luma, &alpha.chroma_fine()[range.start / 4..]);
            kernels::lerp16_422(level, row, back, both, luma_first, word);
        }
        PlaneKind::Luma(_) => kernels::lerp16(level, row, back, &samples[range], word),
    }
}

/// Mixes samples by one alpha each.
fn mix_evenly(level: Level, word: Word, alpha: &[u8], (row, back): (&mut [u8], &[u8])) {
    match word.depth() {
        8 => kernels::lerp(level, row, back, alpha),
        _ => kernels::lerp16(level, row, back, alpha, word),
    }
}

/// Calls `row(plane, row of the plane, luma row)` for every row of every plane, in the order in
/// which the alpha rows are made.
pub(super) fn each_row(
    alpha: &mut AlphaRows,
    planes: usize,
    y: usize,
    mut row: impl FnMut(&mut AlphaRows, usize, usize),
) {
    for plane in 0..planes {
        let at = match alpha.kind(plane) {
            PlaneKind::Chroma(_) => alpha.chroma_row_after(y),
            _ => Some(y),
        };
        if let Some(at) = at {
            row(alpha, plane, at);
        }
    }
}

/// Overwrites a frame with a background.
pub(super) fn fill(frame: &mut FrameMut, back: &mut Back) {
    let info = frame.layout().info();
    let (width, height) = (frame.width(), frame.height());
    back.restart();
    for plane in 0..info.planes {
        let (_, rows) = info.plane_extent(plane, width, height);
        for y in 0..rows {
            let samples = 0..info.row_samples(plane, width);
            back.write(plane, y, samples, frame.row_mut(plane, y));
        }
    }
}
