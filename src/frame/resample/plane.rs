// SPDX-License-Identifier: MPL-2.0

//! One plane of a frame: its rows are summed, split into components and summed along.

use super::axis::{Axis, AxisSpec};
use super::kernels::{Code, Coding, RowTaps, Sum, add_rows, reduce, split};
use crate::frame::packed::Strip;
use crate::frame::{self, FrameFormat, FrameRef, LayoutInfo, subsampled};
use crate::simd::Level;
use fearless_simd::Simd;
use fearless_simd_macros::simd;

/// One component of a plane, to be summed along rows.
#[derive(Debug)]
struct Component {
    /// Which component it is: 0 to 3.
    channel: usize,
    /// Samples of the plane before its first.
    offset: usize,
    /// Samples of the plane from one of its samples to the next.
    step: usize,
    /// Number of its samples in a row.
    samples: usize,
    /// Its row, with a tail of zeros for the last taps' padding.
    row: Vec<f32>,
    taps: RowTaps,
}

/// Sums of one plane's rows, with a tail for the last group of components.
#[derive(Debug)]
enum Sums {
    Narrow(Vec<u16>),
    Wide(Vec<i32>),
    /// For samples of 16 bits.
    Float(Vec<f32>),
}

/// One plane of the frame.
#[derive(Debug)]
pub(super) struct Plane {
    index: usize,
    /// Samples of a row, all components.
    samples: usize,
    sample_bytes: usize,
    coding: Coding,
    axis: Axis,
    /// Rows that are spread out, if samples are not whole bytes.
    strip: Option<Strip>,
    sums: Sums,
    components: Vec<Component>,
}

impl Plane {
    /// Which plane of the frame it is.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Plane `index` of frames of a format, to be resampled to `width` x `height`; none if it has
    /// none of the first `scales.len()` components. Sets the scales of those that it has.
    pub fn new(
        format: FrameFormat,
        index: usize,
        (width, height): (usize, usize),
        level: Level,
        scales: &mut [f64],
    ) -> Option<Self> {
        let info = format.layout.info();
        let wanted = info.components.iter().zip(scales).enumerate();
        let mut wanted = wanted.filter(|(_, (c, _))| c.plane == index).peekable();
        let h_sub = wanted.peek()?.1.0.h_sub;
        let axis = Axis::new(AxisSpec {
            pixels: format.height,
            samples: subsampled(format.height, h_sub),
            sub: h_sub,
            cosited: format.color.site.cosited_y,
            target: height,
        });
        let mut components = Vec::new();
        for (channel, (component, scale)) in wanted {
            let (along, component) = Component::new(format, channel, component, width);
            *scale = 1.0 / (f64::from(axis.sum()) * f64::from(along.sum()));
            components.push(component);
        }
        let samples = info.row_samples(index, format.width);
        let longest_step = components.iter().map(|c| c.step).max().unwrap_or(1);
        let length = samples + longest_step - 1;
        Some(Self {
            index,
            samples,
            sample_bytes: info.sample_bytes(),
            coding: coding(info),
            sums: Sums::new(u64::from(axis.sum()) * u64::from(info.top()), length),
            strip: Strip::new(format.layout, format.width, axis.max_taps(), level),
            axis,
            components,
        })
    }

    /// Writes target row `y` of the plane's components to `rows`.
    #[inline(always)]
    pub fn sample_row<S: Simd>(
        &mut self,
        simd: S,
        frame: &FrameRef<'_>,
        y: usize,
        rows: &mut [Vec<f32>],
    ) {
        let (start, weights) = self.axis.taps(y);
        let (data, stride, start) = match &mut self.strip {
            Some(strip) if frame.is_packed() => {
                strip.take(frame, start, weights.len());
                (&strip.data[..], strip.row, 0)
            }
            _ => (frame.plane(self.index), frame.stride(self.index), start),
        };
        let source = Source {
            data,
            stride,
            samples: self.samples,
            coding: self.coding,
        };
        let components = &mut self.components;
        match (&mut self.sums, self.sample_bytes) {
            (Sums::Narrow(sums), 1) => {
                source.sum::<S, [u8; 1], _>(simd, start, weights, sums);
                sum_along(simd, sums, components, rows);
            }
            (Sums::Narrow(sums), _) => {
                source.sum::<S, [u8; 2], _>(simd, start, weights, sums);
                sum_along(simd, sums, components, rows);
            }
            (Sums::Wide(sums), 1) => {
                source.sum::<S, [u8; 1], _>(simd, start, weights, sums);
                sum_along(simd, sums, components, rows);
            }
            (Sums::Wide(sums), _) => {
                source.sum::<S, [u8; 2], _>(simd, start, weights, sums);
                sum_along(simd, sums, components, rows);
            }
            (Sums::Float(sums), _) => {
                source.sum::<S, [u8; 2], _>(simd, start, weights, sums);
                sum_along(simd, sums, components, rows);
            }
        }
    }
}

impl Sums {
    /// For sums of up to `most`.
    fn new(most: u64, length: usize) -> Self {
        if most <= u64::from(u16::MAX) {
            Self::Narrow(vec![0; length])
        } else if most <= i32::MAX as u64 {
            Self::Wide(vec![0; length])
        } else {
            Self::Float(vec![0.0; length])
        }
    }
}

impl Component {
    /// Component number `channel`, to be summed along to `width` samples; also its axis.
    fn new(
        format: FrameFormat,
        channel: usize,
        component: &frame::Component,
        width: usize,
    ) -> (Axis, Self) {
        let sample_bytes = format.layout.info().sample_bytes();
        let samples = subsampled(format.width, component.w_sub);
        let axis = Axis::new(AxisSpec {
            pixels: format.width,
            samples,
            sub: component.w_sub,
            cosited: format.color.site.cosited_x,
            target: width,
        });
        let taps = row_taps(&axis);
        let component = Self {
            channel,
            offset: component.offset / sample_bytes,
            step: component.step / sample_bytes,
            samples,
            row: vec![0.0; samples + 4 * taps.vectors],
            taps,
        };
        (axis, component)
    }
}

fn coding(info: &LayoutInfo) -> Coding {
    Coding {
        shift: info.shift,
        mask: info.top(),
    }
}

fn row_taps(axis: &Axis) -> RowTaps {
    let mut starts = Vec::with_capacity(axis.target());
    if axis.is_identity() {
        return RowTaps {
            starts,
            weights: Vec::new(),
            vectors: 0,
        };
    }
    let vectors = axis.max_taps().div_ceil(4);
    let mut weights = vec![0.0; axis.target() * vectors * 4];
    for (t, padded) in weights.chunks_exact_mut(4 * vectors).enumerate() {
        let (start, taps) = axis.taps(t);
        starts.push(start as u32);
        for (padded, weight) in padded.iter_mut().zip(taps) {
            *padded = *weight as f32;
        }
    }
    RowTaps {
        starts,
        weights,
        vectors,
    }
}

/// A plane's memory.
#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    data: &'a [u8],
    stride: usize,
    samples: usize,
    coding: Coding,
}

impl<'a> Source<'a> {
    #[inline(always)]
    fn row<C: Code>(&self, y: usize) -> &'a [C] {
        &C::codes(&self.data[y * self.stride..])[..self.samples]
    }

    /// Sums the rows from `start` on, weighted. Four at a time: the sums are then loaded and
    /// stored a quarter as often.
    #[simd]
    fn sum<S: Simd, C: Code, A: Sum>(self, simd: S, start: usize, weights: &[u32], sums: &mut [A]) {
        let sums = &mut sums[..self.samples];
        for (i, group) in weights.chunks(4).enumerate() {
            let row = |k: usize| self.row::<C>(start + 4 * i + k);
            let weight = |k: usize| A::from_weight(group[k]);
            let (coding, fresh) = (self.coding, i == 0);
            match group.len() {
                1 => add_rows(simd, sums, [row(0)], [weight(0)], coding, fresh),
                2 => {
                    let (rows, weights) = ([row(0), row(1)], [weight(0), weight(1)]);
                    add_rows(simd, sums, rows, weights, coding, fresh);
                }
                3 => {
                    let rows = [row(0), row(1), row(2)];
                    let weights = [weight(0), weight(1), weight(2)];
                    add_rows(simd, sums, rows, weights, coding, fresh);
                }
                _ => {
                    let rows = [row(0), row(1), row(2), row(3)];
                    let weights = [weight(0), weight(1), weight(2), weight(3)];
                    add_rows(simd, sums, rows, weights, coding, fresh);
                }
            }
        }
    }
}

/// Splits the sums of rows into components and sums those along the row.
#[simd]
fn sum_along<S: Simd, A: Sum>(
    simd: S,
    sums: &[A],
    components: &mut [Component],
    rows: &mut [Vec<f32>],
) {
    for component in components {
        let sums = &sums[component.offset..];
        let out = &mut rows[component.channel][..];
        let identity = component.taps.vectors == 0;
        let row = if identity {
            &mut *out
        } else {
            &mut component.row[..component.samples]
        };
        match component.step {
            1 => split::<S, A, 1>(simd, sums, row),
            2 => split::<S, A, 2>(simd, sums, row),
            3 => split::<S, A, 3>(simd, sums, row),
            _ => split::<S, A, 4>(simd, sums, row),
        }
        if !identity {
            reduce(simd, &component.row, &component.taps, out);
        }
    }
}
