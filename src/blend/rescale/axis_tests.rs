// SPDX-License-Identifier: MPL-2.0

use super::*;

const LUMA: Side = Side {
    sub: 0,
    cosited: false,
};

/// Upright square pixels on both sides, but for the source's shape.
fn place(from: (usize, usize), to: (usize, usize), pixel_aspect: f64, fit: Fit) -> (Along, Along) {
    let source = View::new(Orientation::Rotate0, pixel_aspect);
    super::place(from, to, (source, View::default()), fit)
}

#[test]
fn cover_cuts_the_longer_side_in_the_middle() {
    let (x, y) = place((200, 100), (100, 100), 1.0, Fit::Cover);
    assert_eq!((x.origin, x.scale, x.len), (50.0, 1.0, 100));
    assert_eq!((y.origin, y.scale, y.len), (0.0, 1.0, 100));
}

#[test]
fn contain_leaves_bars_and_knows_pixel_aspect() {
    let (x, y) = place((200, 100), (100, 100), 1.0, Fit::Contain);
    assert_eq!((x.start, x.len, x.scale), (0, 100, 2.0));
    assert_eq!((y.start, y.len, y.scale), (24, 50, 2.0));
    // Pixels half as wide as they are high make the same picture square.
    let (x, y) = place((200, 100), (100, 100), 0.5, Fit::Contain);
    assert_eq!((x.len, y.len), (100, 100));
}

#[test]
fn halving_averages_and_doubling_interpolates() {
    let (half, _) = place((4, 1), (2, 1), 1.0, Fit::Stretch);
    let spans_of = |along, samples, count| spans((LUMA, samples), (LUMA, count), along, 256);
    let two = vec![128, 128];
    let halved = spans_of(half, 4, 2);
    assert_eq!((halved[1].start, &halved[1].weights), (2, &two));
    let (double, _) = place((2, 1), (4, 1), 1.0, Fit::Stretch);
    let doubled = spans_of(double, 2, 4);
    assert_eq!((doubled[0].start, &doubled[0].weights[..]), (0, &[256][..]));
    assert_eq!(
        (doubled[1].start, &doubled[1].weights[..]),
        (0, &[192, 64][..])
    );
    assert_eq!((doubled[3].start, &doubled[3].weights[..]), (1, &[256][..]));
}

#[test]
fn weights_always_sum_up_and_stay_inside() {
    for (from, to) in [(1, 7), (7, 1), (1920, 3), (3, 1920), (641, 360), (360, 641)] {
        for fit in [Fit::Cover, Fit::Contain, Fit::Stretch, Fit::Tile] {
            for sub in [0, 1] {
                let side = Side { sub, cosited: true };
                let (x, _) = place((from, 5), (to, 9), 1.3, fit);
                let samples = crate::frame::subsampled(from, sub);
                let count = crate::frame::subsampled(x.len, sub);
                for span in spans((side, samples), (side, count), x, 256) {
                    assert!(span.start + span.weights.len() <= samples, "{from} {to}");
                    assert_eq!(span.weights.iter().sum::<u32>(), 256);
                }
            }
        }
    }
}
