// SPDX-License-Identifier: MPL-2.0

//! The target's components that have their samples at the same places, sampled from a source.

use super::axis::{Along, Side, Span, spans};
use super::color::{self, Mix};
use super::columns::{COLUMN_UNIT, Columns};
use super::kernels;
use super::light::Light;
use crate::frame::{
    ColorModel, Component, FrameFormat, FrameMut, FrameRef, LayoutInfo, subsampled,
};
use crate::simd::Level;

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
pub(super) struct Grid {
    /// First sample and first row that are written.
    left: usize,
    top: usize,
    rows: Vec<Rows>,
    channels: Vec<Channel>,
    outputs: Vec<(Component, Mix)>,
    /// The source's component for each output, if samples are copied as they are.
    direct: Option<Vec<Component>>,
    codes: [Vec<u16>; 3],
    /// How colours go by light, and the numbers of the outputs among the target's components.
    light: Option<(Light, Vec<usize>)>,
    /// Whether the source's rows become columns.
    swaps: bool,
    /// Rows that are written, or columns.
    lines: usize,
}

/// The samples of one of the target's axes.
#[derive(Debug, Clone, Copy)]
struct Target {
    side: Side,
    count: usize,
    along: Along,
}

impl Grid {
    /// Plans a grid for `outputs`, components of the target with their mixes. `along` is where the
    /// picture lies along both axes, and whether the source's rows become columns.
    pub fn new(
        from: FrameFormat,
        to: FrameFormat,
        ((x, y), swaps): ((Along, Along), bool),
        mut outputs: Vec<(Component, Mix)>,
        light: Option<(Light, Vec<usize>)>,
    ) -> Self {
        let (source, target, first) = (from.layout.info(), to.layout.info(), outputs[0].0);
        let across = Target::new(first.w_sub, to.color.site.cosited_x, x);
        let down = Target::new(first.h_sub, to.color.site.cosited_y, y);
        // What the source's rows become, and what its columns do.
        let (lines, places) = match swaps {
            true => (across, down),
            false => (down, across),
        };
        let needed = needed_channels(source, &outputs, light.is_some());
        let sampling = Sampling::new(from, &needed, lines, places);
        // All samples are taken as they are.
        let direct = (source.depth, source.shift) == (target.depth, target.shift)
            && !swaps
            && light.is_none()
            && outputs.iter().all(|(_, mix)| mix.shift.is_some())
            && sampling.unchanged;
        let sources = |(_, mix): &(Component, Mix)| source.components[mix.channels[0]];
        let direct = direct.then(|| outputs.iter().map(sources).collect());
        for (_, mix) in &mut outputs {
            mix.renumber(&needed);
        }
        Self {
            left: x.start >> first.w_sub,
            top: y.start >> first.h_sub,
            rows: sampling.rows,
            channels: sampling.channels,
            outputs,
            direct,
            codes: std::array::from_fn(|_| vec![0; places.count]),
            light,
            swaps,
            lines: lines.count,
        }
    }

    /// The first of the target's components that it makes.
    pub fn first(&self) -> &Component {
        &self.outputs[0].0
    }

    /// Brings a frame into this grid's components.
    pub fn convert(&mut self, level: Level, frame: &FrameRef, out: &mut FrameMut) {
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

    /// As [`Grid::write`], if signals of the two videos mean different light.
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

impl Target {
    fn new(sub: u32, cosited: bool, along: Along) -> Self {
        Self {
            side: Side { sub, cosited },
            count: subsampled(along.len, sub),
            along,
        }
    }
}

/// The source's channels that the outputs need; mixes get their new numbers. Light needs all.
fn needed_channels(
    source: &LayoutInfo,
    outputs: &[(Component, Mix)],
    by_light: bool,
) -> Vec<usize> {
    let colors = match source.model {
        ColorModel::Gray => 1,
        ColorModel::Rgb | ColorModel::Yuv => 3,
    };
    let used = |channel: usize| outputs.iter().any(|(_, mix)| mix.uses(channel));
    (0..colors).filter(|c| by_light || used(*c)).collect()
}

/// How the source's channels are sampled.
struct Sampling {
    rows: Vec<Rows>,
    channels: Vec<Channel>,
    /// Whether every sample is one of the source's, at its own place.
    unchanged: bool,
}

impl Sampling {
    fn new(from: FrameFormat, needed: &[usize], lines: Target, places: Target) -> Self {
        let (source, site) = (from.layout.info(), from.color.site);
        let side = |sub, cosited| Side { sub, cosited };
        let unit = color::row_unit(source.depth);
        let (mut rows, mut channels) = (Vec::<Rows>::new(), Vec::new());
        let mut unchanged = true;
        for &channel in needed {
            let c = source.components[channel];
            let found = rows.iter().position(|r| r.plane == c.plane);
            let index = found.unwrap_or_else(|| {
                let samples = subsampled(from.height, c.h_sub);
                let own = (side(c.h_sub, site.cosited_y), samples);
                rows.push(Rows {
                    plane: c.plane,
                    spans: spans(own, (lines.side, lines.count), lines.along, unit),
                    sums: vec![0; source.row_samples(c.plane, from.width)],
                });
                rows.len() - 1
            });
            let samples = subsampled(from.width, c.w_sub);
            let own = (side(c.w_sub, site.cosited_x), samples);
            let target = (places.side, places.count);
            let along = spans(own, target, places.along, COLUMN_UNIT);
            unchanged &= stays(&along) && stays(&rows[index].spans);
            let bytes = source.sample_bytes();
            channels.push(Channel {
                rows: index,
                columns: Columns::new(&along, samples, c.offset / bytes, c.step / bytes),
                line: vec![0; places.count],
            });
        }
        Self {
            rows,
            channels,
            unchanged,
        }
    }
}

/// Whether all samples are taken as they are.
fn stays(spans: &[Span]) -> bool {
    let own = |(i, s): (usize, &Span)| s.start == i && s.weights.len() == 1;
    spans.iter().enumerate().all(own)
}
