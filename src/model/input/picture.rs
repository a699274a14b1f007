// SPDX-License-Identifier: MPL-2.0

//! The input that takes the picture: which one it is, and what the sampler must fill it with.

use ort::value::TensorElementType as E;

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::description::Fourth;
use super::super::onnx::Feed;
use super::super::signature::{self, TensorInfo, list};
use super::{PictureInput, size, values};
use crate::frame::{ElementType, TensorLayout, TensorSpec};

/// Answers all that concerns the picture. `doubts` gets the lines of a description that would settle
/// what was guessed about its numbers.
///
/// # Errors
/// No input can take a picture, a key must be set, or a key contradicts the model.
pub(super) fn resolve(
    context: &ResolveContext,
    guesses: &mut Vec<String>,
    doubts: &mut Vec<String>,
) -> Result<PictureInput, ModelError> {
    let image = choose(context)?;
    let feed = context.feed(&image.name);
    let layout = layout(context, image, guesses)?;
    let element = element(context, image)?;
    let sides = sides(image, feed);
    let Some((leading, &[a, b, c])) = sides.split_last_chunk() else {
        return Err(cannot_take(context, image));
    };
    let [channels, height, width] = match layout {
        TensorLayout::Nchw => [a, b, c],
        TensorLayout::Nhwc => [c, a, b],
    };
    let channels = channels.or(feed.channels.filter(is_picture)).unwrap_or(3);
    let order = values::order(context, channels, feed, guesses, doubts)?;
    let square = is_square(feed, layout);
    let ((width, height), size) = size::resolve(context, width, height, square, guesses)?;
    let (scale, bias) = values::normalisation(context, element, feed, guesses, doubts)?;
    Ok(PictureInput {
        name: image.name.clone(),
        spec: TensorSpec {
            width,
            height,
            layout,
            order,
            element: sampled(element),
            scale,
            bias,
        },
        element,
        channels,
        fourth: fourth(context, image, channels)?,
        leading: leading.iter().map(|side| side.unwrap_or(1)).collect(),
        size,
    })
}

/// The largest batch that is taken: all but one of its pictures are computed for nothing.
const MOST_PICTURES: usize = 16;

/// What a fourth channel gets.
///
/// # Errors
/// There is one and nothing tells, or there is none.
fn fourth(
    context: &ResolveContext,
    image: &TensorInfo,
    channels: usize,
) -> Result<Option<Fourth>, ModelError> {
    match (context.keys.fourth(), channels) {
        (None, 4) => {
            let asked = format!(
                "what does the fourth channel of input {image} get, besides red, green and blue? (a \
                 number for all pixels, \"matte\" for the last matte, or \"trimap\" for one made of it)"
            );
            Err(context.ambiguous("input.fourth", asked))
        }
        (Some(_), channels) if channels != 4 => {
            let problem = format!("the model's input has {channels} channel(s)");
            Err(context.contradiction("input.fourth", problem))
        }
        (given, _) => Ok(given),
    }
}

/// Whether a picture can have so many channels.
fn is_picture(channels: &usize) -> bool {
    matches!(channels, 1 | 3 | 4)
}

/// The input's sides. Those of an input without a shape are what the first convolution takes.
fn sides(tensor: &TensorInfo, feed: &Feed) -> Vec<Option<usize>> {
    match (feed.channel_axis, feed.channels) {
        (Some(axis @ (1 | 3)), Some(channels)) if tensor.dims.is_empty() => {
            let mut sides = vec![Some(1), None, None, None];
            sides[axis] = Some(channels);
            sides
        }
        _ => tensor.dims.clone(),
    }
}

/// The layout that a word names.
pub(in crate::model) fn layout_of(word: &str) -> TensorLayout {
    if word == "nhwc" {
        TensorLayout::Nhwc
    } else {
        TensorLayout::Nchw
    }
}

/// Whether the model gives rows and columns the same name, and so the same number.
fn is_square(feed: &Feed, layout: TensorLayout) -> bool {
    let Some([.., a, b, c]) = feed.sides.last_chunk::<4>() else {
        return false;
    };
    let (rows, columns) = match layout {
        TensorLayout::Nchw => (b, c),
        TensorLayout::Nhwc => (a, b),
    };
    rows == columns && !rows.is_empty()
}

/// The layouts that an input's sides allow, for a picture of 1, 3 or 4 channels.
fn layouts(tensor: &TensorInfo, feed: &Feed) -> Vec<TensorLayout> {
    let fits = |side: Option<usize>| side.is_none_or(|side| is_picture(&side));
    let sides = sides(tensor, feed);
    let Some((leading, &[a, _, c])) = sides.split_last_chunk() else {
        return Vec::new();
    };
    let numeric = ELEMENTS
        .iter()
        .any(|(element, _)| tensor.element == Some(*element));
    let single = match leading {
        [batch] => batch.is_none_or(|batch| (1..=MOST_PICTURES).contains(&batch)),
        sides => sides.iter().all(|side| matches!(side, None | Some(1))),
    };
    if !numeric || !single || leading.len() > 2 {
        return Vec::new();
    }
    // A side that is known to be the channels beats one that is only open.
    let known = |side: Option<usize>| side.is_some() && fits(side);
    match (known(a), known(c)) {
        (true, false) => vec![TensorLayout::Nchw],
        (false, true) => vec![TensorLayout::Nhwc],
        _ => [(a, TensorLayout::Nchw, 1), (c, TensorLayout::Nhwc, 3)]
            .into_iter()
            // The first convolution knows where the channels are.
            .filter(|(.., axis)| feed.channel_axis.is_none_or(|known| known == *axis))
            .filter_map(|(side, layout, _)| fits(side).then_some(layout))
            .collect(),
    }
}

/// The input that takes the picture.
fn choose<'a>(context: &ResolveContext<'a>) -> Result<&'a TensorInfo, ModelError> {
    let (keys, inputs) = (context.keys, &context.signature.inputs);
    if let Some(name) = keys.text("input.name") {
        return signature::find(inputs, name).ok_or_else(|| {
            let problem = format!("the model has no input `{name}`, only {}", list(inputs));
            context.contradiction("input.name", problem)
        });
    }
    let states = keys.states().unwrap_or_default();
    let taken = |input: &TensorInfo| {
        states.iter().any(|state| state.input == input.name)
            || keys.extras().any(|(name, ..)| name == input.name)
    };
    let layouts = |input: &TensorInfo| layouts(input, context.feed(&input.name));
    let possible = |input: &&TensorInfo| !taken(input) && !layouts(input).is_empty();
    let mut found: Vec<&TensorInfo> = inputs.iter().filter(possible).collect();
    // Beside a picture as most models have it, others are something else.
    let usual = |input: &TensorInfo| {
        let usual = input.is_float() || input.element == Some(E::Uint8);
        usual && matches!(input.dims.len(), 0 | 4)
    };
    if found.iter().any(|input| usual(input)) {
        found.retain(|input| usual(input));
    }
    // Beside a picture in colour, one of a single channel is a trimap or a mask.
    let coloured = |input: &TensorInfo| {
        let sides = input.dims.iter().flatten();
        sides.into_iter().any(|side| matches!(side, 3 | 4))
    };
    if found.iter().any(|input| coloured(input)) {
        found.retain(|input| coloured(input) || input.dims.iter().all(Option::is_none));
    }
    // States of recurrent networks often leave every side open; a picture has its channels.
    let mut sure = found.iter().filter(|input| layouts(input).len() == 1);
    match (&found[..], sure.next(), sure.next()) {
        ([only], ..) | (_, Some(only), None) => Ok(only),
        ([], ..) => Err(context.unsuitable(format!(
            "none of its inputs can take a picture (a tensor of f32, f16, f64, u8, i8 or i32 with \
             three to five sides, 1x3xHxW or 1xHxWx3, or 1 channel for gray, or a fourth one); it \
             has {}",
            list(inputs)
        ))),
        _ => {
            let asked = format!("which input takes the picture? It has {}", list(found));
            Err(context.ambiguous("input.name", asked))
        }
    }
}

fn cannot_take(context: &ResolveContext, image: &TensorInfo) -> ModelError {
    context.unsuitable(format!(
        "input {image} cannot take a picture: expected f32, f16, f64, u8, i8 or i32, 1x3xHxW or \
         1xHxWx3 (1 channel for gray)"
    ))
}

/// The order of the input's axes.
fn layout(
    context: &ResolveContext,
    image: &TensorInfo,
    guesses: &mut Vec<String>,
) -> Result<TensorLayout, ModelError> {
    let possible = layouts(image, context.feed(&image.name));
    match (context.keys.text("input.layout"), &possible[..]) {
        (_, []) => Err(cannot_take(context, image)),
        (Some(word), _) if possible.contains(&layout_of(word)) => Ok(layout_of(word)),
        (Some(word), _) => {
            let problem = format!("{word} does not fit input {image}");
            Err(context.contradiction("input.layout", problem))
        }
        (None, [only]) => {
            let word = match only {
                TensorLayout::Nchw => "nchw",
                TensorLayout::Nhwc => "nhwc",
            };
            guesses.push(format!(
                "input.layout = \"{word}\", from the sides of {image}"
            ));
            Ok(*only)
        }
        (None, _) => {
            let asked = format!("is input {image} nchw or nhwc?");
            Err(context.ambiguous("input.layout", asked))
        }
    }
}

/// Words of `input.type`.
const ELEMENTS: [(E, &str); 6] = [
    (E::Float32, "f32"),
    (E::Float16, "f16"),
    (E::Uint8, "u8"),
    (E::Float64, "f64"),
    (E::Int32, "i32"),
    (E::Int8, "i8"),
];

/// The element type, which `input.type` must agree with.
fn element(context: &ResolveContext, image: &TensorInfo) -> Result<E, ModelError> {
    let mut known = ELEMENTS.into_iter();
    let Some((element, word)) = known.find(|(element, _)| image.element == Some(*element)) else {
        return Err(cannot_take(context, image));
    };
    match context.keys.text("input.type") {
        Some(said) if said != word => {
            let problem = format!("the model's input is {word}, not {said}");
            Err(context.contradiction("input.type", problem))
        }
        _ => Ok(element),
    }
}

/// What the sampler gives; other types are made of f32.
fn sampled(element: E) -> ElementType {
    match element {
        E::Float16 => ElementType::F16,
        E::Uint8 => ElementType::U8,
        _ => ElementType::F32,
    }
}
