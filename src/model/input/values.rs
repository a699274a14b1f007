// SPDX-License-Identifier: MPL-2.0

//! What the numbers of the picture are: their range, mean and deviation, and the order of the
//! channels. As described, else as the graph's own first layers show, else guessed openly.

use ort::value::TensorElementType as E;

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::onnx::Feed;
use crate::frame::ChannelOrder;

/// Factor and summand of each channel, in the tensor's order, on a colour value of 0 to 1.
pub(super) type Normalisation = ([f32; 3], [f32; 3]);

/// Means of ImageNet's red, green and blue, which many networks take off.
const IMAGENET: [f32; 3] = [0.485, 0.456, 0.406];

/// What code values are in files that people have.
const RANGES: [[f32; 2]; 3] = [[0.0, 255.0], [0.0, 1.0], [-1.0, 1.0]];

/// `(low + x * (high - low) - mean) / std` for a colour value x of 0 to 1.
///
/// # Errors
/// The graph turns the picture over, and nobody says whether it is to be given turned over.
pub(super) fn normalisation(
    context: &ResolveContext,
    element: E,
    feed: &Feed,
    guesses: &mut Vec<String>,
    doubts: &mut Vec<String>,
) -> Result<Normalisation, ModelError> {
    let keys = context.keys;
    let range = match keys.range() {
        Some(range) => range,
        None => [guess(context, element, feed, guesses, doubts)?; 3],
    };
    let mean = keys.per_channel("input.mean").unwrap_or([0.0; 3]);
    let std = keys.per_channel("input.std").unwrap_or([1.0; 3]);
    let scale = |c: usize| ((range[c][1] - range[c][0]) / std[c]) as f32;
    let bias = |c: usize| ((range[c][0] - mean[c]) / std[c]) as f32;
    Ok((std::array::from_fn(scale), std::array::from_fn(bias)))
}

/// What the code values 0 and 255 become.
fn guess(
    context: &ResolveContext,
    element: E,
    feed: &Feed,
    guesses: &mut Vec<String>,
    doubts: &mut Vec<String>,
) -> Result<[f64; 2], ModelError> {
    // Mean and deviation say nothing without what they are taken off.
    let described = |key: &str| context.keys.origin(key).is_some();
    let described = described("input.mean") || described("input.std");
    if !described && feed.changes.iter().any(|[factor, _]| *factor < 0.0) {
        let asked = "its first layers turn the picture over; is white its high or its low end? \
                     [0.0, 1.0] if the network is to see it turned over, [1.0, 0.0] if the picture \
                     comes turned over";
        return Err(context.ambiguous("input.range", asked));
    }
    let only = match element {
        E::Uint8 | E::Int32 => Some([0.0, 255.0]),
        E::Int8 => Some([-128.0, 127.0]),
        _ => None,
    };
    let read = match only {
        Some(range) => known(feed, &[range]),
        None => known(feed, &RANGES),
    };
    if let Some([low, high]) = read.filter(|_| !described) {
        guesses.push(format!(
            "input.range = [{low}, {high}], from the first layers of its graph"
        ));
        return Ok([low, high].map(f64::from));
    }
    let [low, high] = only.unwrap_or([0.0, 1.0]);
    guesses.push(format!(
        "input.range = [{low}, {high}], the most common one"
    ));
    // A byte without further layers is a code value.
    if !matches!(element, E::Uint8 | E::Int32) || !feed.changes.is_empty() {
        doubts.push(format!("range = [{low:.1}, {high:.1}]"));
    }
    Ok([low, high].map(f64::from))
}

/// The one of `ranges` that the graph's first layers bring to numbers that networks take.
fn known(feed: &Feed, ranges: &[[f32; 2]]) -> Option<[f32; 2]> {
    if feed.changes.is_empty() {
        return None;
    }
    // Around 0 and neither vanishing nor huge; up to 255 where only a mean is taken off.
    let suits = |[low, high]: [f32; 2], most: f32| {
        feed.changes.iter().all(|[factor, summand]| {
            let (span, middle) = (factor * (high - low), factor * (low + high) / 2.0 + summand);
            (0.4..=most).contains(&span) && middle.abs() <= 0.75 * span
        })
    };
    let most = [12.0, 300.0].into_iter().find(|&most| {
        let suits = |range: &&[f32; 2]| suits(**range, most);
        ranges.iter().any(|range| suits(&range))
    })?;
    let mut suiting = ranges.iter().filter(|range| suits(**range, most));
    let first = suiting.next()?;
    // What only scales a little takes 0 to 1 as well as -1 to 1.
    let scales_only = |[factor, summand]: &[f32; 2]| summand.abs() < 0.25 * factor;
    let open = suiting.next().is_some() && feed.changes.iter().all(scales_only);
    (!open).then_some(*first)
}

/// The order of the channels.
///
/// # Errors
/// `input.order` does not fit the number of channels.
pub(super) fn order(
    context: &ResolveContext,
    channels: usize,
    feed: &Feed,
    guesses: &mut Vec<String>,
    doubts: &mut Vec<String>,
) -> Result<ChannelOrder, ModelError> {
    match (context.keys.text("input.order"), channels) {
        // One channel gets the luma, whatever the order of the colours.
        (Some("gray") | None, 1) => Ok(ChannelOrder::Rgb),
        (Some("rgb"), 3 | 4) => Ok(ChannelOrder::Rgb),
        (Some("bgr"), 3 | 4) => Ok(ChannelOrder::Bgr),
        (None, _) => Ok(match imagenet(feed) {
            Some(order) => {
                let word = if order == ChannelOrder::Rgb {
                    "rgb"
                } else {
                    "bgr"
                };
                guesses.push(format!(
                    "input.order = \"{word}\", from the means that its graph takes off"
                ));
                order
            }
            None => {
                guesses.push("input.order = \"rgb\", as most models are trained".into());
                doubts.push("order = \"rgb\"".into());
                ChannelOrder::Rgb
            }
        }),
        (Some(word), _) => {
            let problem = format!("{word} does not fit the model's {channels} channel(s)");
            Err(context.contradiction("input.order", problem))
        }
    }
}

/// The order of the channels, if ImageNet's means are taken off.
fn imagenet(feed: &Feed) -> Option<ChannelOrder> {
    let &[a, b, c] = &feed.changes[..] else {
        return None;
    };
    let means = [a, b, c].map(|[factor, summand]| -summand / factor);
    let same = |order: [f32; 3]| {
        [1.0, 255.0].iter().any(|scale| {
            let mut pairs = means.iter().zip(order);
            pairs.all(|(mean, known)| (mean / scale - known).abs() < 0.01)
        })
    };
    let [red, green, blue] = IMAGENET;
    match (same([red, green, blue]), same([blue, green, red])) {
        (true, _) => Some(ChannelOrder::Rgb),
        (_, true) => Some(ChannelOrder::Bgr),
        _ => None,
    }
}
