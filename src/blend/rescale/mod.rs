// SPDX-License-Identifier: MPL-2.0

//! Frames of one video in the layout, colorimetry and size of another: what makes a second stream
//! a background.
//!
//! Every component is sampled straight at the places where the target has samples, so that a
//! 4:2:0 target costs a quarter of the pixels for chroma, and no picture in between is made:
//! rows are weighed first, as they lie in memory, then columns (area averaging where the picture
//! shrinks, linear interpolation where it grows), then colour is converted where the two videos
//! differ in it.

mod axis;
mod color;
mod kernels;
mod light;

use super::backdrop::{Backdrop, Encoder};
use super::{BlendError, Fit};
use crate::frame::{
    ColorModel, Component, FrameError, FrameFormat, FrameMut, FrameRef, LayoutInfo, Unpacked, View,
    subsampled,
};
use crate::simd::Level;
use axis::{Along, Side, Span, place, spans, turn};
use color::Mix;
use kernels::Columns;
use light::Light;
use std::ops::Range;

/// How the pictures of two videos go together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// How the frame is filled.
    pub fit: Fit,
    /// How the viewer sees the source's frames, were they shown alone.
    pub from: View,
    /// How the viewer sees the target's frames. The source's are turned to stand upright in them,
    /// and keep their shape unless the fit is [`Fit::Stretch`].
    pub to: View,
    /// Colour of the bars of [`Fit::Contain`], 0xAARRGGBB; its alpha counts in layouts with alpha.
    pub bars: u32,
}

/// A source plane on its way into a grid: its rows, weighed.
#[derive(Debug)]
struct Rows {
    plane: usize,
    spans: Vec<Span>,
    sums: Vec<u16>,
}

/// A source component on its way into a grid.
#[derive(Debug)]
struct Channel {
    /// Index into [`Grid::rows`].
    rows: usize,
    columns: Columns,
    line: Vec<u16>,
}

/// The target's components that have their samples at the same places.
#[derive(Debug)]
struct Grid {
    /// First sample and first row that are written.
    left: usize,
    top: usize,
    rows: Vec<Rows>,
    channels: Vec<Channel>,
    outputs: Vec<(Component, Mix)>,
    /// The source's component for each output, where samples are copied as they are.
    direct: Option<Vec<Component>>,
    codes: [Vec<u16>; 3],
    /// Where colours go by light, and the numbers of the outputs among the target's components.
    light: Option<(Light, Vec<usize>)>,
    /// Whether the source's rows become columns.
    swaps: bool,
    /// Rows that are written, or columns.
    lines: usize,
}

/// A planned conversion of frames of one format. Owns its memory: nothing is allocated while
/// converting.
///
/// Alpha and padding of the source count for nothing: a background is opaque.
#[derive(Debug)]
pub(super) struct Conversion {
    level: Level,
    from: FrameFormat,
    to: FrameFormat,
    /// Columns and rows of the target that the picture covers.
    covered: (Range<usize>, Range<usize>),
    bars: u32,
    grids: Vec<Grid>,
    /// Memory for frames whose samples are not whole bytes.
    unpacked: Option<Unpacked>,
}

/// Converts frames of one format and keeps the newest. Nothing is allocated while converting.
#[derive(Debug)]
pub struct Rescaler {
    conversion: Conversion,
    backdrop: Backdrop,
    /// Whether the picture leaves bars.
    bars: bool,
    /// Memory for what is converted into the caller's, where samples are not whole bytes.
    target: Option<Unpacked>,
}

impl Rescaler {
    /// Plans the conversion of frames of `from` into frames of `to`.
    ///
    /// # Errors
    /// [`BlendError::Frame`] where a side is zero.
    pub fn new(
        from: FrameFormat,
        to: FrameFormat,
        placement: Placement,
        level: Level,
    ) -> Result<Self, BlendError> {
        let conversion = Conversion::new(from, to, placement, level)?;
        Ok(Self {
            backdrop: conversion.blank()?,
            bars: conversion.leaves_bars(),
            target: Unpacked::new(to.layout, to.color, to.width, to.height, level),
            conversion,
        })
    }

    /// What the frames are that it converts.
    pub fn format(&self) -> FrameFormat {
        self.conversion.from
    }

    /// Changes the colour of the bars, 0xAARRGGBB; the next frame has to be converted before the
    /// picture is looked at again.
    pub fn set_bars(&mut self, color: u32) {
        self.conversion.bars = color;
        self.conversion.clear(&mut self.backdrop);
    }

    /// Converts a frame.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame of another layout or size than planned.
    pub fn convert(&mut self, frame: &FrameRef) -> Result<(), BlendError> {
        self.conversion.convert(frame, &mut self.backdrop)
    }

    /// Converts a frame into memory of the caller's, bars and all.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] where either frame is of another layout or size than planned.
    pub fn convert_into(&mut self, frame: &FrameRef, out: &mut FrameMut) -> Result<(), BlendError> {
        let planned = self.backdrop.view();
        let found = (out.layout(), out.width(), out.height());
        let needed = (planned.layout(), planned.width(), planned.height());
        BlendError::check("the converted frame", found, needed)?;
        if out.as_ref().is_packed() {
            self.convert(frame)?;
            if let Some(target) = &mut self.target {
                target.take(&self.backdrop.view());
                target.give(out);
            }
            return Ok(());
        }
        if self.bars {
            copy_rows(&planned, out);
        }
        self.conversion.write(frame, out)
    }

    /// The newest converted frame; before the first, the colour of the bars.
    pub fn view(&self) -> FrameRef<'_> {
        self.backdrop.view()
    }
}

impl Conversion {
    /// Plans the conversion of frames of `from` into frames of `to`.
    ///
    /// # Errors
    /// [`BlendError::Frame`] where a side is zero.
    pub fn new(
        from: FrameFormat,
        to: FrameFormat,
        placement: Placement,
        level: Level,
    ) -> Result<Self, BlendError> {
        let (width, height) = (from.width, from.height);
        if width == 0 || height == 0 {
            return Err(FrameError::Empty { width, height }.into());
        }
        if to.width == 0 || to.height == 0 {
            let (width, height) = (to.width, to.height);
            return Err(FrameError::Empty { width, height }.into());
        }
        let views = (placement.from, placement.to);
        let along = place((width, height), (to.width, to.height), views, placement.fit);
        let swaps = turn(views).swaps();
        let mut plan = Self {
            level,
            from,
            to,
            covered: [along.0, along.1]
                .map(|side| side.start..side.start + side.len)
                .into(),
            bars: placement.bars,
            grids: Vec::new(),
            unpacked: Unpacked::new(from.layout, from.color, width, height, level),
        };
        let light = Light::new(from, to);
        let colors = color::mixes(from, to);
        let info = to.layout.info();
        let sampling = |c: &Component| (c.w_sub, c.h_sub);
        for first in info.components.iter().take(colors.len()) {
            let known = |g: &Grid| sampling(&g.outputs[0].0) == sampling(first);
            if plan.grids.iter().any(known) {
                continue;
            }
            let outputs = info.components.iter().zip(&colors).enumerate();
            let outputs = outputs.filter(|(_, (c, _))| sampling(c) == sampling(first));
            let (numbers, outputs): (Vec<_>, Vec<_>) =
                outputs.map(|(i, (c, mix))| (i, (*c, *mix))).unzip();
            let light = light.clone().map(|light| (light, numbers));
            plan.grids
                .push(Grid::new(from, to, (along, swaps), outputs, light));
        }
        Ok(plan)
    }

    /// A backdrop to convert into: bars all over, and opaque where the picture will be.
    ///
    /// # Errors
    /// [`FrameError::Empty`] where a side is zero.
    pub fn blank(&self) -> Result<Backdrop, FrameError> {
        let FrameFormat {
            layout,
            color,
            width,
            height,
        } = self.to;
        let mut blank = Backdrop::new(layout, color, width, height)?;
        self.clear(&mut blank);
        Ok(blank)
    }

    /// Makes a backdrop as [`Self::blank`] does.
    fn clear(&self, backdrop: &mut Backdrop) {
        backdrop.fill(self.bars);
        let info = self.to.layout.info();
        if !info.alpha {
            return;
        }
        let encoder = Encoder::new(self.to.layout, self.to.color);
        let opaque = encoder.encode([0.0, 0.0, 0.0, 1.0])[3];
        let (columns, rows) = self.covered.clone();
        let alpha = &info.components[3];
        let mut out = backdrop.view_mut();
        for y in rows {
            let row = out.row_mut(alpha.plane, y);
            for x in columns.clone() {
                encoder.store(opaque, &mut row[alpha.offset + x * alpha.step..]);
            }
        }
    }

    /// Converts a frame into a backdrop. What the picture does not cover stays as it is.
    ///
    /// # Errors
    /// [`BlendError::Mismatch`] for a frame or a backdrop of another layout or size than planned.
    pub fn convert(&mut self, frame: &FrameRef, to: &mut Backdrop) -> Result<(), BlendError> {
        self.write(frame, &mut to.view_mut())
    }

    /// Whether the picture leaves bars.
    fn leaves_bars(&self) -> bool {
        let (columns, rows) = (&self.covered.0, &self.covered.1);
        (columns.len(), rows.len()) != (self.to.width, self.to.height)
    }

    fn write(&mut self, frame: &FrameRef, out: &mut FrameMut) -> Result<(), BlendError> {
        let kind = |format: FrameFormat| (format.layout, format.width, format.height);
        let found = (frame.layout(), frame.width(), frame.height());
        BlendError::check("the background frame", found, kind(self.from))?;
        let found = (out.layout(), out.width(), out.height());
        BlendError::check("the converted frame", found, kind(self.to))?;
        let frame = &spread(&mut self.unpacked, frame);
        for grid in &mut self.grids {
            grid.convert(self.level, frame, out);
        }
        Ok(())
    }
}

/// The samples of one of the target's axes.
#[derive(Debug, Clone, Copy)]
struct Target {
    side: Side,
    count: usize,
    along: Along,
}

impl Grid {
    fn new(
        from: FrameFormat,
        to: FrameFormat,
        ((x, y), swaps): ((Along, Along), bool),
        mut outputs: Vec<(Component, Mix)>,
        light: Option<(Light, Vec<usize>)>,
    ) -> Self {
        let (source, first) = (from.layout.info(), outputs[0].0);
        let side = |sub, cosited| Side { sub, cosited };
        let (fs, ts) = (from.color.site, to.color.site);
        let across = Target {
            side: side(first.w_sub, ts.cosited_x),
            count: subsampled(x.len, first.w_sub),
            along: x,
        };
        let down = Target {
            side: side(first.h_sub, ts.cosited_y),
            count: subsampled(y.len, first.h_sub),
            along: y,
        };
        // What the source's rows become, and what its columns do.
        let (lines, places) = match swaps {
            true => (across, down),
            false => (down, across),
        };
        let unit = color::row_unit(source.depth);
        let mut rows: Vec<Rows> = Vec::new();
        let mut channels = Vec::new();
        // Places at which all samples are taken as they are.
        let target = to.layout.info();
        let mut same = (source.depth, source.shift) == (target.depth, target.shift) && !swaps;
        let stays = |spans: &[Span]| {
            let own = |(i, s): (usize, &Span)| s.start == i && s.weights.len() == 1;
            spans.iter().enumerate().all(own)
        };
        let sources: Vec<Component> = outputs
            .iter()
            .map(|(_, mix)| source.components[mix.channels[0]])
            .collect();
        same &= light.is_none() && outputs.iter().all(|(_, mix)| mix.shift.is_some());
        // Channels that no output needs are not sampled; the mixes are told their new numbers.
        // Light needs them all.
        let colors = match source.model {
            ColorModel::Gray => 1,
            ColorModel::Rgb | ColorModel::Yuv => 3,
        };
        let needed: Vec<usize> = (0..colors)
            .filter(|c| light.is_some() || outputs.iter().any(|(_, mix)| mix.uses(*c)))
            .collect();
        for &channel in &needed {
            let c = source.components[channel];
            let found = rows.iter().position(|r| r.plane == c.plane);
            let index = found.unwrap_or_else(|| {
                let samples = subsampled(from.height, c.h_sub);
                rows.push(Rows {
                    plane: c.plane,
                    spans: spans(
                        (side(c.h_sub, fs.cosited_y), samples),
                        (lines.side, lines.count),
                        lines.along,
                        unit,
                    ),
                    sums: vec![0; source.row_samples(c.plane, from.width)],
                });
                rows.len() - 1
            });
            let samples = subsampled(from.width, c.w_sub);
            let along = spans(
                (side(c.w_sub, fs.cosited_x), samples),
                (places.side, places.count),
                places.along,
                kernels::COLUMN_UNIT,
            );
            same &= stays(&along) && stays(&rows[index].spans);
            let bytes = source.sample_bytes();
            let columns = Columns::new(&along, samples, c.offset / bytes, c.step / bytes);
            channels.push(Channel {
                rows: index,
                columns,
                line: vec![0; places.count],
            });
        }
        for (_, mix) in &mut outputs {
            mix.renumber(&needed);
        }
        Self {
            left: x.start >> first.w_sub,
            top: y.start >> first.h_sub,
            rows,
            channels,
            outputs,
            direct: same.then_some(sources),
            codes: std::array::from_fn(|_| vec![0; places.count]),
            light,
            swaps,
            lines: lines.count,
        }
    }

    /// Brings a frame into this grid's components.
    fn convert(&mut self, level: Level, frame: &FrameRef, out: &mut FrameMut) {
        let (source, target) = (frame.layout().info(), out.layout().info());
        for line in 0..self.lines {
            match &self.direct {
                Some(direct) => self.copy(level, frame, direct, line, out),
                None => {
                    self.sample(level, frame, source, line);
                    match self.swaps {
                        true => self.write_column(level, target, line, out),
                        false => self.write(level, target, line, out),
                    }
                }
            }
        }
    }

    /// The outputs are two 8-bit components that take turns in one plane.
    fn is_pair(&self) -> bool {
        match &self.outputs[..] {
            [(a, _), (b, _)] => {
                (a.plane, a.step, a.offset) == (b.plane, 2, 0) && (b.step, b.offset) == (2, 1)
            }
            _ => false,
        }
    }

    /// Copies target row `y` of every output.
    fn copy(
        &self,
        level: Level,
        frame: &FrameRef,
        direct: &[Component],
        y: usize,
        out: &mut FrameMut,
    ) {
        let width = self.codes[0].len();
        let words = frame.layout().info().sample_bytes() == 2;
        let row = |c: &Component| &frame.row(c.plane, y)[c.offset..];
        if let (true, [a, b]) = (self.is_pair(), direct)
            && (a.step, b.step) == (1, 1)
        {
            let target = out.row_mut(self.outputs[0].0.plane, self.top + y);
            let from = [&row(a)[..width], &row(b)[..width]];
            return kernels::zip(level, from, &mut target[2 * self.left..]);
        }
        for ((component, _), from) in self.outputs.iter().zip(direct) {
            let target = out.row_mut(component.plane, self.top + y);
            let target = &mut target[component.offset + self.left * component.step..];
            if words {
                let (from, to) = ((row(from), from.step), (target, component.step));
                kernels::copy_words(from, to, width);
                continue;
            }
            kernels::copy(
                level,
                (row(from), from.step),
                (target, component.step),
                width,
            );
        }
    }

    /// Writes target row `y` of every output from what was sampled.
    fn write(&mut self, level: Level, target: &LayoutInfo, y: usize, out: &mut FrameMut) {
        if self.light.is_some() {
            return self.write_by_light(target, y, out);
        }
        let pair = target.depth == 8 && self.is_pair();
        let (lines, [first, second, _]) = (&self.channels, &mut self.codes);
        let line = |c: usize| &lines[c].line[..];
        if pair {
            kernels::mix(level, &self.outputs[0].1, line, first);
            kernels::mix(level, &self.outputs[1].1, line, second);
            let row = out.row_mut(self.outputs[0].0.plane, self.top + y);
            return kernels::store_pair(level, [first, second], &mut row[2 * self.left..]);
        }
        for (component, mix) in &self.outputs {
            kernels::mix(level, mix, line, first);
            let row = out.row_mut(component.plane, self.top + y);
            let at = component.offset + self.left * component.step;
            kernels::store(first, &mut row[at..], component.step, target);
        }
    }

    /// As [`Grid::write`], where signals of the two videos mean different light.
    fn write_by_light(&mut self, target: &LayoutInfo, y: usize, out: &mut FrameMut) {
        self.shine();
        for ((component, _), codes) in self.outputs.iter().zip(&self.codes) {
            let row = out.row_mut(component.plane, self.top + y);
            let at = component.offset + self.left * component.step;
            kernels::store(codes, &mut row[at..], component.step, target);
        }
    }

    /// Fills the codes of every output from what was sampled, by light.
    fn shine(&mut self) {
        let Some((light, numbers)) = &self.light else {
            return;
        };
        // A gray source has one channel, and the factors of the others are 0.
        let line = |c: usize| &self.channels[c.min(self.channels.len() - 1)].line[..];
        light.apply([line(0), line(1), line(2)], numbers, &mut self.codes);
    }

    /// Writes target column `x` of every output from what was sampled.
    fn write_column(&mut self, level: Level, target: &LayoutInfo, x: usize, out: &mut FrameMut) {
        self.shine();
        let (channels, by_light) = (&self.channels, self.light.is_some());
        for ((component, mix), codes) in self.outputs.iter().zip(&mut self.codes) {
            if !by_light {
                kernels::mix(level, mix, |c: usize| &channels[c].line[..], codes);
            }
            let stride = out.stride(component.plane);
            let plane = &mut out.planes_mut()[component.plane][self.top * stride..];
            let at = component.offset + (self.left + x) * component.step;
            kernels::store(codes, &mut plane[at..], stride, target);
        }
    }

    /// Samples target line `line` of every channel.
    fn sample(&mut self, level: Level, frame: &FrameRef, source: &LayoutInfo, line: usize) {
        for rows in &mut self.rows {
            let span = &rows.spans[line];
            for (i, weight) in span.weights.iter().enumerate() {
                let row = frame.row(rows.plane, span.start + i);
                let weight = *weight as u16;
                kernels::add_row(level, row, source, weight, i == 0, &mut rows.sums);
            }
        }
        for channel in &mut self.channels {
            let sums = &self.rows[channel.rows].sums;
            channel.columns.apply(level, sums, &mut channel.line);
        }
    }
}

/// A frame with its samples spread out where they are not whole bytes.
fn spread<'a>(unpacked: &'a mut Option<Unpacked>, frame: &FrameRef<'a>) -> FrameRef<'a> {
    match unpacked {
        Some(unpacked) if frame.is_packed() => {
            unpacked.take(frame);
            unpacked.view()
        }
        _ => *frame,
    }
}

/// Copies a frame into one of the same layout and size.
fn copy_rows(from: &FrameRef, to: &mut FrameMut) {
    let info = from.layout().info();
    for plane in 0..info.planes {
        let (_, rows) = info.plane_extent(plane, from.width(), from.height());
        for y in 0..rows {
            to.row_mut(plane, y).copy_from_slice(from.row(plane, y));
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod turned_tests;
