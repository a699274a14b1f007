// SPDX-License-Identifier: MPL-2.0

//! Which output is the matte, and which of its axes are channels, rows and columns.

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::input::layout_of;
use super::super::signature::{self, GraphHint, TensorInfo, list};
use super::element::{has_fractions, is_decodable};
use crate::frame::{TensorLayout, TensorSpec};

/// One way to read an output's sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub layout: TensorLayout,
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

/// The output that holds the matte.
///
/// # Errors
/// There is none, or there are several and `output.name` names none of them.
pub(super) fn choose<'a, 'b>(
    context: &ResolveContext,
    outputs: &'a [TensorInfo],
    hint: impl Fn(&str) -> Option<&'b GraphHint>,
    input: &TensorSpec,
    guesses: &mut Vec<String>,
) -> Result<&'a TensorInfo, ModelError> {
    if let Some(name) = context.keys.text("output.name") {
        return signature::find(outputs, name).ok_or_else(|| {
            let problem = format!("the model has no output `{name}`, only {}", list(outputs));
            context.contradiction("output.name", problem)
        });
    }
    refuse(context, outputs, input)?;
    let found: Vec<&TensorInfo> = outputs.iter().filter(|o| is_usable(o, input)).collect();
    match &found[..] {
        [only] => Ok(only),
        several => only_soft(several, hint, guesses)
            .or_else(|| only_single(several, input, guesses))
            .ok_or_else(|| {
                let asked = format!("which output holds the matte? It has {}", list(found));
                context.ambiguous("output.name", asked)
            }),
    }
}

/// Whether an output can be a matte, by its type and its sides.
fn is_usable(output: &TensorInfo, input: &TensorSpec) -> bool {
    is_decodable(output.element) && !readings(output, input).is_empty()
}

/// Refuses outputs of which none can be a matte.
///
/// # Errors
/// [`ModelError::Unsuitable`] with the reason for each.
pub(super) fn refuse(
    context: &ResolveContext,
    outputs: &[TensorInfo],
    input: &TensorSpec,
) -> Result<(), ModelError> {
    match outputs.iter().any(|output| is_usable(output, input)) {
        true => Ok(()),
        false => Err(context.unsuitable(none_of(outputs, input))),
    }
}

/// Outputs that an error lists.
const LISTED: usize = 8;

/// That no output can be a matte, with the reason of each.
fn none_of(outputs: &[TensorInfo], input: &TensorSpec) -> String {
    let (width, height) = (input.width, input.height);
    let reason = |output: &TensorInfo| format!("{output} {}", why_not(output, input));
    let mut reasons: Vec<String> = outputs.iter().take(LISTED).map(reason).collect();
    if outputs.len() > LISTED {
        reasons.push(format!("and {} more", outputs.len() - LISTED));
    }
    let reasons = match reasons.is_empty() {
        true => "it has none besides its states".to_owned(),
        false => reasons.join("; "),
    };
    format!(
        "none of its outputs can be a matte of its {width}x{height} picture (HxW, 1xCxHxW or 1xHxWxC \
         of numbers, or rows and columns as one side): {reasons}"
    )
}

/// Why an output can be no matte.
fn why_not(output: &TensorInfo, input: &TensorSpec) -> String {
    if output.element.is_none() {
        return "is no tensor".into();
    }
    if !is_decodable(output.element) {
        return "holds no plain numbers".into();
    }
    let sides: Vec<usize> = output
        .sides()
        .into_iter()
        .filter(|side| *side > 1)
        .collect();
    let (width, height) = (input.width, input.height);
    match (&sides[..], &output.sides()[..]) {
        ([], _) => "is one number for the whole picture".into(),
        ([_], _) => "has no rows and columns".into(),
        (_, &[_, _, a, b]) if a > 1 && b > 1 => format!(
            "has another aspect than {width}x{height}, in either order of its axes: a crop or a \
             stretched picture is no matte of the whole one"
        ),
        (_, sides) if sides.len() > 5 => "has too many sides".into(),
        _ => format!("has no two sides with the aspect of {width}x{height}"),
    }
}

/// The only one of several outputs that is soft, where others are decided already.
fn only_soft<'a, 'b>(
    several: &[&'a TensorInfo],
    hint: impl Fn(&str) -> Option<&'b GraphHint>,
    guesses: &mut Vec<String>,
) -> Option<&'a TensorInfo> {
    let is_soft = |output: &&&TensorInfo| {
        let operator = hint(&output.name).and_then(|hint| hint.operator.as_deref());
        has_fractions(output.element) && operator != Some("ArgMax")
    };
    let mut soft = several.iter().filter(is_soft);
    let (Some(only), None) = (soft.next(), soft.next()) else {
        return None;
    };
    guesses.push(format!(
        "output.name = \"{}\", the only one with more than yes and no",
        only.name
    ));
    Some(only)
}

/// The only one of several outputs that has a single channel.
fn only_single<'a>(
    several: &[&'a TensorInfo],
    input: &TensorSpec,
    guesses: &mut Vec<String>,
) -> Option<&'a TensorInfo> {
    let single = |output: &&&TensorInfo| readings(output, input).iter().any(|r| r.channels == 1);
    let mut singles = several.iter().filter(single);
    let (Some(only), None) = (singles.next(), singles.next()) else {
        return None;
    };
    guesses.push(format!(
        "output.name = \"{}\", the only one with a single channel",
        only.name
    ));
    Some(only)
}

/// All ways to read an output's sides as a picture of about the input's aspect.
fn readings(output: &TensorInfo, input: &TensorSpec) -> Vec<Reading> {
    let dims: Vec<usize> = output.dims.iter().map(|side| side.unwrap_or(0)).collect();
    let reading = |layout, [channels, height, width]: [usize; 3]| Reading {
        layout,
        channels,
        height,
        width,
    };
    let (nchw, nhwc) = (TensorLayout::Nchw, TensorLayout::Nhwc);
    let mut sides = &dims[..];
    while let [1, rest @ ..] = sides
        && rest.len() > 2
    {
        sides = rest;
    }
    let all = match *sides {
        [h, w] | [1, h, w] => vec![reading(nchw, [1, h, w])],
        [a, b, c] => vec![reading(nchw, [a, b, c]), reading(nhwc, [c, a, b])],
        _ => Vec::new(),
    };
    let fits = |reading: &Reading| reading.fits(input);
    let fitting: Vec<Reading> = all.into_iter().filter(fits).collect();
    if !fitting.is_empty() {
        return fitting;
    }
    // Rows and columns may be one side.
    let (h, w) = (input.height, input.width);
    let all = match *sides {
        [n] | [1, n] | [1, 1, n] | [1, n, 1] if n == h * w => Some(reading(nchw, [1, h, w])),
        [c, n] | [1, c, n] if n == h * w => Some(reading(nchw, [c, h, w])),
        [n, c] | [1, n, c] if n == h * w => Some(reading(nhwc, [c, h, w])),
        _ => None,
    };
    all.into_iter().filter(fits).collect()
}

impl Reading {
    /// Whether it is a picture of about the input's aspect.
    fn fits(&self, input: &TensorSpec) -> bool {
        let (w, h) = (self.width, self.height);
        // A single value for a whole picture is no matte.
        let enough = |side: usize, input: usize| side >= input.min(2);
        let aspect = |w: usize, h: usize| w as f64 / h as f64;
        let one_pixel = 1.0 / (w as f64).min(h as f64);
        let bend = || (aspect(w, h) / aspect(input.width, input.height)).ln();
        self.channels > 0
            && enough(w, input.width)
            && enough(h, input.height)
            && bend().abs() <= 0.05 + one_pixel
    }
}

/// Channels, size and order of the axes.
///
/// # Errors
/// The output's sides are no picture's, or none in the order that `output.layout` says.
pub(super) fn resolve(
    context: &ResolveContext,
    output: &TensorInfo,
    input: &TensorSpec,
    guesses: &mut Vec<String>,
) -> Result<Reading, ModelError> {
    if !is_decodable(output.element) {
        return Err(context.unsuitable(format!(
            "output {output} holds no numbers that a matte is made of"
        )));
    }
    let possible = readings(output, input);
    let declared = context.keys.text("output.layout").map(layout_of);
    let wanted = |reading: &&Reading| declared.is_none_or(|layout| layout == reading.layout);
    let mut fitting = possible.iter().filter(wanted);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(*only),
        (Some(first), Some(second)) => {
            // Both readings are pictures: take the one that is laid out like the input.
            let like_input = first.layout == input.layout;
            if (first.channels, second.channels) != (1, 1) {
                guesses.push(format!("output.layout like the input's, for {output}"));
            }
            Ok(*if like_input { first } else { second })
        }
        _ => {
            let problem = format!(
                "output {output} is no picture of the input's aspect ({}x{}); expected HxW, \
                 1xCxHxW or 1xHxWxC",
                input.width, input.height
            );
            Err(if declared.is_some() && !possible.is_empty() {
                context.contradiction("output.layout", problem)
            } else {
                context.unsuitable(problem)
            })
        }
    }
}
