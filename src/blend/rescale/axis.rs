// SPDX-License-Identifier: MPL-2.0

//! Where the samples of one axis come from, and where on the target a picture lies.

use super::placement::Fit;
use crate::frame::{Orientation, View};

/// One axis of a component.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Side {
    /// log2 of the component's subsampling.
    pub sub: u32,
    /// Whether subsampled samples sit on every other pixel rather than midway between two.
    pub cosited: bool,
}

impl Side {
    fn cell(self) -> f64 {
        f64::from(1u32 << self.sub)
    }

    /// Where sample `t`'s centre lies, in pixels.
    fn centre(self, t: usize) -> f64 {
        if self.cosited && self.sub > 0 {
            t as f64 * self.cell() + 0.5
        } else {
            (t as f64 + 0.5) * self.cell()
        }
    }

    /// Where a place in pixels lies in samples, sample `j` covering `j` to `j + 1`.
    fn place(self, pixels: f64) -> f64 {
        if self.cosited && self.sub > 0 {
            (pixels - 0.5) / self.cell() + 0.5
        } else {
            pixels / self.cell()
        }
    }
}

/// How target pixels of one axis map to source pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Along {
    /// First target pixel that the picture covers; even, so that no chroma sample is shared.
    pub start: usize,
    /// Target pixels that it covers.
    pub len: usize,
    /// Source pixel at `start`'s left or upper edge.
    pub origin: f64,
    /// Source pixels in a target pixel.
    pub scale: f64,
    /// Source pixels, where the picture repeats.
    pub period: Option<usize>,
    /// Whether target pixels run against the source's.
    pub mirrored: bool,
}

/// Both axes of the target, whose frames the viewer sees as `views.1` says; the source's as
/// `views.0` does. Sizes are (width, height).
pub(super) fn place(
    from: (usize, usize),
    to: (usize, usize),
    views: (View, View),
    fit: Fit,
) -> (Along, Along) {
    let turn = turn(views);
    let seen = views.1;
    let shape = match turn.swaps() {
        true => views.0.pixel_aspect() * seen.pixel_aspect(),
        false => views.0.pixel_aspect() / seen.pixel_aspect(),
    };
    let (own, theirs) = (views.0.unit(), turn.size(seen.unit()));
    let tile = Tile {
        scale: (
            f64::from(own.0) / f64::from(theirs.0),
            f64::from(own.1) / f64::from(theirs.1),
        ),
        corner: views.0.orientation.corner(),
    };
    let (x, y) = turn.size(lie(from, turn.size(to), shape, fit, tile));
    let mirrors = turn.mirrors();
    (
        Along {
            mirrored: mirrors.0,
            ..x
        },
        Along {
            mirrored: mirrors.1,
            ..y
        },
    )
}

/// What turns the source's stored pictures into the target's.
pub(super) fn turn((from, to): (View, View)) -> Orientation {
    from.orientation.then(to.orientation.inverse())
}

/// How a picture is repeated.
#[derive(Debug, Clone, Copy)]
struct Tile {
    /// Source pixels in a target pixel, across and down.
    scale: (f64, f64),
    /// Whether the first one lies at the right, and at the bottom.
    corner: (bool, bool),
}

/// Where a picture of `from` pixels lies on a target of `to` pixels that stands as it does. `shape`
/// is the source's pixel aspect ratio over the target's.
fn lie(
    from: (usize, usize),
    to: (usize, usize),
    shape: f64,
    fit: Fit,
    tile: Tile,
) -> (Along, Along) {
    let (fw, fh) = (from.0 as f64, from.1 as f64);
    let (tw, th) = (to.0 as f64, to.1 as f64);
    let (rx, ry) = (tw / (fw * shape), th / fh);
    let whole = |size: f64, target: usize| Along {
        start: 0,
        len: target,
        origin: 0.0,
        scale: size / target as f64,
        period: None,
        mirrored: false,
    };
    match fit {
        Fit::Stretch => (whole(fw, to.0), whole(fh, to.1)),
        Fit::Cover => {
            let ratio = rx.max(ry);
            let cut = |size: f64, target: usize, scale: f64| Along {
                origin: (size - target as f64 * scale) / 2.0,
                scale,
                ..whole(size, target)
            };
            let scale = 1.0 / ratio;
            (cut(fw, to.0, scale / shape), cut(fh, to.1, scale))
        }
        Fit::Contain => {
            let ratio = rx.min(ry);
            let inside = |size: f64, target: usize, seen: f64| {
                let len = (seen.round() as usize).clamp(1, target);
                Along {
                    start: ((target - len) / 2) & !1,
                    ..whole(size, len)
                }
            };
            let (seen_w, seen_h) = (fw * shape * ratio, fh * ratio);
            (inside(fw, to.0, seen_w), inside(fh, to.1, seen_h))
        }
        Fit::Tile => {
            let repeat = |size: usize, target: usize, scale: f64, last: bool| Along {
                origin: if last { -(target as f64 * scale) } else { 0.0 },
                scale,
                period: Some(size),
                ..whole(size as f64, target)
            };
            (
                repeat(from.0, to.0, tile.scale.0, tile.corner.0),
                repeat(from.1, to.1, tile.scale.1, tile.corner.1),
            )
        }
    }
}

/// The source samples that make one target sample.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Span {
    /// First source sample.
    pub start: usize,
    /// Weights from there on; their sum is the axis's total.
    pub weights: Vec<u32>,
}

/// The spans of `count` target samples, `samples` source samples being there. Where a target
/// sample is longer than a source sample, weights are overlaps (area averaging), else those of
/// linear interpolation.
pub(super) fn spans(
    (source, samples): (Side, usize),
    (target, count): (Side, usize),
    along: Along,
    total: u32,
) -> Vec<Span> {
    let len = target.cell() * along.scale / source.cell();
    let span = |t: usize| {
        let centre = target.centre(t);
        let centre = match along.mirrored {
            true => along.len as f64 - centre,
            false => centre,
        };
        let pixel = along.origin + centre * along.scale;
        let pixel = match along.period {
            Some(size) => pixel.rem_euclid(size as f64),
            None => pixel,
        };
        let centre = source.place(pixel);
        let (start, weights) = if len > 1.0 + 1e-9 {
            area(centre - len / 2.0, centre + len / 2.0, samples)
        } else {
            linear(centre - 0.5, samples)
        };
        let weights = quantise(&weights, total);
        Span { start, weights }
    };
    (0..count).map(span).collect()
}

/// Overlaps of an interval with samples; only those inside the picture count.
fn area(a: f64, b: f64, samples: usize) -> (usize, Vec<f64>) {
    let last = samples as f64 - 1.0;
    let first = a.floor().clamp(0.0, last);
    let end = (b.ceil() - 1.0).clamp(first, last);
    let (first, end) = (first as usize, end as usize);
    let overlap = |j: usize| (b.min(j as f64 + 1.0) - a.max(j as f64)).max(0.0);
    (first, (first..=end).map(overlap).collect())
}

/// The two samples next to a place, or the one that it lies on.
fn linear(place: f64, samples: usize) -> (usize, Vec<f64>) {
    let last = samples as f64 - 1.0;
    let left = place.floor();
    let fraction = place - left;
    if left < 0.0 || left >= last {
        (left.clamp(0.0, last) as usize, vec![1.0])
    } else if fraction < 1e-6 {
        (left as usize, vec![1.0])
    } else {
        (left as usize, vec![1.0 - fraction, fraction])
    }
}

/// Whole numbers in the same proportion that sum to `total`.
fn quantise(weights: &[f64], total: u32) -> Vec<u32> {
    let sum: f64 = weights.iter().sum();
    let scale = if sum > 0.0 {
        f64::from(total) / sum
    } else {
        0.0
    };
    // Rounding the running sum keeps the total exact however many weights there are.
    let (mut running, mut before) = (0.0, 0);
    let mut whole: Vec<u32> = weights
        .iter()
        .map(|w| {
            running += w * scale;
            let now = (running.round() as u32).min(total);
            let weight = now - before;
            before = now;
            weight
        })
        .collect();
    if let Some(last) = whole.last_mut() {
        *last += total - before;
    }
    whole
}

#[cfg(test)]
#[path = "axis_tests.rs"]
mod tests;
