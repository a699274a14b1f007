// SPDX-License-Identifier: MPL-2.0

//! The input that takes the picture: which one it is, and what the sampler must fill it with.

use ort::value::TensorElementType as E;

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::description::DescriptionKeys;
use super::super::signature::{self, TensorInfo, list};
use super::{PictureInput, size};
use crate::frame::{ChannelOrder, ElementType, TensorLayout, TensorSpec};

/// Answers all that concerns the picture.
///
/// # Errors
/// No input can take a picture, a key must be set, or a key contradicts the model.
pub(super) fn resolve(
    context: &ResolveContext,
    guesses: &mut Vec<String>,
) -> Result<PictureInput, ModelError> {
    let image = choose(context)?;
    let layout = layout(context, image, guesses)?;
    let element = element(context, image)?;
    let Some((leading, &[a, b, c])) = image.dims.split_last_chunk() else {
        return Err(cannot_take(context, image));
    };
    let [channels, height, width] = match layout {
        TensorLayout::Nchw => [a, b, c],
        TensorLayout::Nhwc => [c, a, b],
    };
    let channels = channels.unwrap_or(3);
    let order = order(context, channels, guesses)?;
    let ((width, height), size) = size::resolve(context, width, height, guesses)?;
    let (scale, bias) = normalisation(context.keys, element, guesses);
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
        leading: leading.len(),
        size,
    })
}

/// The layout that a word names.
pub(in crate::model) fn layout_of(word: &str) -> TensorLayout {
    if word == "nhwc" {
        TensorLayout::Nhwc
    } else {
        TensorLayout::Nchw
    }
}

/// The layouts that an input's sides allow, for a picture of 1 or 3 channels.
fn layouts(tensor: &TensorInfo) -> Vec<TensorLayout> {
    let fits = |side: Option<usize>| matches!(side, None | Some(1 | 3));
    let Some((leading, &[a, _, c])) = tensor.dims.split_last_chunk() else {
        return Vec::new();
    };
    let numeric = ELEMENTS
        .iter()
        .any(|(element, _)| tensor.element == Some(*element));
    let single = leading.iter().all(|side| matches!(side, None | Some(1)));
    if !numeric || !single || leading.len() > 2 {
        return Vec::new();
    }
    // A side that is known to be the channels beats one that is only open.
    let known = |side: Option<usize>| side.is_some() && fits(side);
    match (known(a), known(c)) {
        (true, false) => vec![TensorLayout::Nchw],
        (false, true) => vec![TensorLayout::Nhwc],
        _ => [(a, TensorLayout::Nchw), (c, TensorLayout::Nhwc)]
            .into_iter()
            .filter_map(|(side, layout)| fits(side).then_some(layout))
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
    let possible = |input: &&TensorInfo| !taken(input) && !layouts(input).is_empty();
    let mut found: Vec<&TensorInfo> = inputs.iter().filter(possible).collect();
    // Beside a picture as most models have it, others are something else.
    let usual = |input: &TensorInfo| {
        let usual = input.is_float() || input.element == Some(E::Uint8);
        usual && input.dims.len() == 4
    };
    if found.iter().any(|input| usual(input)) {
        found.retain(|input| usual(input));
    }
    // States of recurrent networks often leave every side open; a picture has its channels.
    let mut sure = found.iter().filter(|input| layouts(input).len() == 1);
    match (&found[..], sure.next(), sure.next()) {
        ([only], ..) | (_, Some(only), None) => Ok(only),
        ([], ..) => Err(context.unsuitable(format!(
            "none of its inputs can take a picture (a tensor of f32, f16, f64, u8, i8 or i32 with \
             three to five sides, 1x3xHxW or 1xHxWx3, or 1 channel for gray); it has {}",
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
    let possible = layouts(image);
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

/// The order of the channels.
fn order(
    context: &ResolveContext,
    channels: usize,
    guesses: &mut Vec<String>,
) -> Result<ChannelOrder, ModelError> {
    match (context.keys.text("input.order"), channels) {
        // One channel gets the luma, whatever the order of the colours.
        (Some("gray") | None, 1) => Ok(ChannelOrder::Rgb),
        (Some("rgb"), 3) => Ok(ChannelOrder::Rgb),
        (Some("bgr"), 3) => Ok(ChannelOrder::Bgr),
        (None, _) => {
            guesses.push("input.order = \"rgb\", as most models are trained".into());
            Ok(ChannelOrder::Rgb)
        }
        (Some(word), _) => {
            let problem = format!("{word} does not fit the model's {channels} channel(s)");
            Err(context.contradiction("input.order", problem))
        }
    }
}

/// Factor and summand per channel on a colour value x of 0 to 1:
/// `(low + x * (high - low) - mean) / std`.
fn normalisation(
    keys: &DescriptionKeys,
    element: E,
    guesses: &mut Vec<String>,
) -> ([f32; 3], [f32; 3]) {
    let range = keys.range().unwrap_or_else(|| {
        let [low, high] = match element {
            E::Uint8 | E::Int32 => [0.0, 255.0],
            E::Int8 => [-128.0, 127.0],
            _ => [0.0, 1.0],
        };
        guesses.push(format!(
            "input.range = [{low}, {high}], the most common one"
        ));
        [[low, high]; 3]
    });
    let mean = keys.per_channel("input.mean").unwrap_or([0.0; 3]);
    let std = keys.per_channel("input.std").unwrap_or([1.0; 3]);
    let scale = |c: usize| ((range[c][1] - range[c][0]) / std[c]) as f32;
    let bias = |c: usize| ((range[c][0] - mean[c]) / std[c]) as f32;
    (std::array::from_fn(scale), std::array::from_fn(bias))
}
