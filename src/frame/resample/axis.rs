// SPDX-License-Identifier: MPL-2.0

//! Resampling weights of one axis, in exact integers.
//!
//! A target sample covers an interval of the source axis. If it is at least one source sample
//! long, the weights are the overlaps of that interval with the source samples' cells (true area
//! averaging); if it is shorter, they are those of linear interpolation at its centre
//! (half-pixel centres). Both are rational numbers with one common denominator, so that they are
//! kept as integers and the sums of 8-bit and 10-bit samples come out without rounding.

/// Most pixels that a source axis may have, so that 10-bit sums fit in 31 bits.
pub(in crate::frame) const MAX_SOURCE: usize = 32_768;
/// Most samples that a target axis may have, for the same reason.
pub(in crate::frame) const MAX_TARGET: usize = 16_384;

/// One axis of a component that is to be resampled.
#[derive(Debug, Clone, Copy)]
pub(in crate::frame) struct AxisSpec {
    /// Pixels of the frame along this axis, 1 to [`MAX_SOURCE`].
    pub pixels: usize,
    /// Samples of the component along this axis.
    pub samples: usize,
    /// log2 of the component's subsampling.
    pub sub: u32,
    /// Whether subsampled samples sit on every other pixel rather than midway between two.
    pub cosited: bool,
    /// Samples wanted, 1 to [`MAX_TARGET`].
    pub target: usize,
}

/// The source samples that make one target sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    /// First source sample.
    start: usize,
    /// Where its weights start in [`Axis::weights`].
    at: usize,
    /// Number of source samples, at least 1.
    len: usize,
}

/// Weights of every target sample of an axis.
#[derive(Debug, Clone)]
pub(in crate::frame) struct Axis {
    spans: Vec<Span>,
    weights: Vec<u32>,
    sum: u32,
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Axis {
    pub fn new(spec: AxisSpec) -> Self {
        let AxisSpec {
            pixels, samples, ..
        } = spec;
        // In units of 1/cell of a source sample, the interval of target sample t starts at
        // t * step + shift and is `step` long.
        let sub = 1u64 << spec.sub;
        let cell = 2 * sub * spec.target as u64;
        let step = 2 * pixels as u64;
        let shift = if spec.cosited {
            (sub - 1) * spec.target as u64
        } else {
            0
        };
        let mut axis = Self {
            spans: Vec::with_capacity(spec.target),
            weights: Vec::new(),
            sum: 0,
        };
        for t in 0..spec.target as u64 {
            let start = t * step + shift;
            if step >= cell {
                axis.push_area(start, start + step, cell, samples);
            } else {
                axis.push_linear(start as i64 + (step / 2) as i64, cell as i64, samples);
            }
        }
        let divisor = axis.weights.iter().fold(0, |g, w| gcd(g, u64::from(*w)));
        for w in &mut axis.weights {
            *w /= divisor as u32;
        }
        axis.sum = axis.weights[..axis.spans[0].len].iter().sum();
        axis
    }

    /// Adds the overlaps of the interval from `a` to `b` with cells of length `cell`. The last
    /// sample stands for all that lies beyond it.
    fn push_area(&mut self, a: u64, b: u64, cell: u64, samples: usize) {
        let last = samples as u64 - 1;
        let first = (a / cell).min(last);
        let end = (b.div_ceil(cell) - 1).min(last);
        let at = self.weights.len();
        for j in first..=end {
            let from = if j == first { a } else { j * cell };
            let to = if j == end { b } else { (j + 1) * cell };
            self.weights.push((to - from) as u32);
        }
        self.push_span(first, at);
    }

    /// Adds the weights of the samples on both sides of `centre`. The first and last samples
    /// stand for all that lies beyond them.
    fn push_linear(&mut self, centre: i64, cell: i64, samples: usize) {
        let position = centre - cell / 2;
        let last = samples as i64 - 1;
        let left = position.div_euclid(cell);
        let fraction = position.rem_euclid(cell);
        let at = self.weights.len();
        if left < 0 || left >= last || fraction == 0 {
            self.weights.push(cell as u32);
        } else {
            self.weights
                .extend([(cell - fraction) as u32, fraction as u32]);
        }
        self.push_span(left.clamp(0, last) as u64, at);
    }

    fn push_span(&mut self, start: u64, at: usize) {
        self.spans.push(Span {
            start: start as usize,
            at,
            len: self.weights.len() - at,
        });
    }

    /// What the weights of every target sample sum to.
    pub fn sum(&self) -> u32 {
        self.sum
    }

    /// Number of target samples.
    pub fn target(&self) -> usize {
        self.spans.len()
    }

    /// Whether every target sample is the source sample of the same number.
    pub fn is_identity(&self) -> bool {
        self.sum == 1 && self.spans.iter().enumerate().all(|(t, s)| s.start == t)
    }

    /// First source sample of target sample `t` and the weights from there on.
    pub fn taps(&self, t: usize) -> (usize, &[u32]) {
        let span = self.spans[t];
        (span.start, &self.weights[span.at..span.at + span.len])
    }

    /// Most source samples that one target sample needs.
    pub fn max_taps(&self) -> usize {
        self.spans.iter().map(|s| s.len).max().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::subsampled;
    use proptest::prelude::*;

    fn axis(pixels: usize, sub: u32, cosited: bool, target: usize) -> Axis {
        Axis::new(AxisSpec {
            pixels,
            samples: subsampled(pixels, sub),
            sub,
            cosited,
            target,
        })
    }

    #[test]
    fn full_hd_to_144_rows_needs_weights_of_two_halves() {
        let axis = axis(1080, 0, false, 144);
        assert_eq!(axis.sum(), 15);
        assert_eq!(axis.taps(0), (0, &[2, 2, 2, 2, 2, 2, 2, 1][..]));
        assert_eq!(axis.taps(1), (7, &[1, 2, 2, 2, 2, 2, 2, 2][..]));
        assert_eq!(axis.max_taps(), 8);
        assert!(!axis.is_identity());
    }

    #[test]
    fn only_the_same_size_in_the_same_place_is_the_identity() {
        assert!(axis(7, 0, false, 7).is_identity());
        assert!(axis(8, 1, false, 4).is_identity());
        assert!(!axis(8, 1, true, 4).is_identity());
        assert!(!axis(2, 0, false, 1).is_identity());
    }

    #[test]
    fn doubling_interpolates_at_quarters_and_holds_the_edges() {
        let axis = axis(2, 0, false, 4);
        assert_eq!(axis.taps(0), (0, &[4][..]));
        assert_eq!(axis.taps(1), (0, &[3, 1][..]));
        assert_eq!(axis.taps(2), (0, &[1, 3][..]));
        assert_eq!(axis.taps(3), (1, &[4][..]));
    }

    #[test]
    fn cosited_chroma_is_shifted_by_a_quarter_sample() {
        // Pixels 0 and 1 cover chroma 0.25 to 1.25 where chroma sits on pixel 0.
        let axis = axis(8, 1, true, 4);
        assert_eq!(axis.taps(0), (0, &[3, 1][..]));
        assert_eq!(axis.taps(3), (3, &[4][..]));
    }

    proptest! {
        #[test]
        fn weights_always_sum_up_and_stay_inside(
            pixels in 1usize..=MAX_SOURCE, sub in 0u32..=1, cosited: bool, target in 1usize..600,
        ) {
            let samples = subsampled(pixels, sub);
            let axis = axis(pixels, sub, cosited, target);
            // Sums of 10-bit samples must fit in an i32.
            prop_assert!(u64::from(axis.sum()) * 1023 <= i32::MAX as u64);
            for t in 0..target {
                let (start, weights) = axis.taps(t);
                prop_assert!(start + weights.len() <= samples);
                prop_assert_eq!(weights.iter().sum::<u32>(), axis.sum());
                prop_assert!(weights.iter().all(|w| *w > 0));
            }
        }
    }
}
