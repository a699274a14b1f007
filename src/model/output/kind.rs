// SPDX-License-Identifier: MPL-2.0

//! What an output's values mean: as declared, or as the graph shows.

use ort::value::TensorElementType as E;

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::onnx::Quantised;
use super::super::output_kind::OutputKind;
use super::super::signature::{GraphHint, TensorInfo};
use super::element::has_fractions;
use super::reading::Reading;
use super::seen::Seen;

impl OutputKind {
    /// Whether an output of so many channels can hold it; else what it needs.
    fn check(
        self,
        output: &TensorInfo,
        channels: usize,
        hint: &GraphHint,
    ) -> Result<(), &'static str> {
        let float = has_fractions(output.element) || hint.quantised.is_some();
        let (fits, needs) = match self {
            Self::Logits | Self::MinMax => (channels == 1 && float, "one channel of floats"),
            Self::Softmax | Self::Classes => (channels > 1 && float, "several channels of floats"),
            Self::Alpha => (channels > 0, "a channel"),
            Self::Labels => (channels == 1, "one channel"),
            Self::Instances => (false, "two outputs"),
        };
        if fits { Ok(()) } else { Err(needs) }
    }

    /// What the graph tells of an output.
    fn guess(hint: &GraphHint, output: &TensorInfo, channels: usize) -> Option<Self> {
        let kind = match (hint.operator.as_deref().unwrap_or_default(), channels) {
            ("Softmax", 2..) => Self::Softmax,
            (_, 1) if alpha_range(hint).is_some() => Self::Alpha,
            // Classes that do not exclude each other.
            ("Sigmoid" | "HardSigmoid", 2..) => Self::Alpha,
            ("Sigmoid" | "HardSigmoid" | "Clip", 1)
                if hint.bounds.is_none()
                    && (has_fractions(output.element) || output.element == Some(E::Uint8)) =>
            {
                Self::Alpha
            }
            ("ArgMax", 1) => Self::Labels,
            ("LogSoftmax", 2..) => Self::Classes,
            ("Conv" | "ConvTranspose" | "BatchNormalization", 1) => Self::Logits,
            ("Conv" | "ConvTranspose" | "BatchNormalization", 2..) => Self::Classes,
            _ => return None,
        };
        kind.check(output, channels, hint).is_ok().then_some(kind)
    }

    /// Whether the values of a run may show that the graph's operator tells too little.
    fn is_open(guess: Option<Self>) -> bool {
        matches!(guess, None | Some(Self::Logits | Self::Classes))
    }
}

/// The ends of an alpha, if the bounds of the values are those of one: an activation reaches both
/// of its ends, a Clip alone is one if it has the ends that people use.
fn alpha_range(hint: &GraphHint) -> Option<[f32; 2]> {
    let usual = [[0.0, 1.0], [0.0, 255.0], [-1.0, 1.0]];
    let bounds = hint.bounds?;
    (bounds.activation || usual.contains(&bounds.range)).then_some(bounds.range)
}

/// What the values mean: as declared, as the graph shows, or as the values of a run on a test
/// picture do (`look`).
///
/// # Errors
/// `output.kind` contradicts the output, or it is missing and nothing tells it.
pub(super) fn resolve(
    context: &ResolveContext,
    output: &TensorInfo,
    reading: &Reading,
    hint: &GraphHint,
    mut look: impl FnMut(&str, &Reading) -> Option<Seen>,
    guesses: &mut Vec<String>,
) -> Result<OutputKind, ModelError> {
    let channels = reading.channels;
    let declared = context.keys.text("output.kind");
    if let Some(kind) = declared.and_then(OutputKind::parse) {
        return kind
            .check(output, channels, hint)
            .map(|()| kind)
            .map_err(|needs| {
                let word = kind.word();
                let problem = format!("\"{word}\" needs {needs}, but output {output} has not");
                context.contradiction("output.kind", problem)
            });
    }
    let by_graph = OutputKind::guess(hint, output, channels);
    let fractions = has_fractions(output.element) && hint.operator.as_deref() != Some("LogSoftmax");
    let kind = match OutputKind::is_open(by_graph) && fractions {
        true => match look(&output.name, reading) {
            Some(seen) => seen.kind(channels, by_graph),
            None => by_graph,
        },
        false => by_graph,
    };
    let Some(kind) = kind else {
        let choices = match (channels, has_fractions(output.element)) {
            (1, true) => "alpha, logits, minmax or labels",
            (1, false) => "alpha or labels",
            _ => "softmax, classes or alpha",
        };
        let bounds = hint.bounds.map_or(String::new(), |bounds| {
            format!(" ({} to {})", bounds.range[0], bounds.range[1])
        });
        // A softmax of one channel can only be one over all pixels.
        let over_pixels = match (hint.operator.as_deref(), channels) {
            (Some("Softmax"), 1) => {
                " Its graph makes a softmax over all pixels, which add up to 1: \"minmax\" shows \
                 them, no other kind does"
            }
            _ => "",
        };
        let asked =
            format!("what do the values of output {output}{bounds} mean: {choices}?{over_pixels}");
        return Err(context.ambiguous("output.kind", asked));
    };
    if Some(kind) != by_graph {
        guesses.push(format!(
            "output.kind = \"{}\", as the values of a run on a test picture show",
            kind.word()
        ));
        return Ok(kind);
    }
    guesses.push(format!(
        "output.kind = \"{}\", since {} makes `{}`",
        kind.word(),
        hint.operator.as_deref().unwrap_or("its graph"),
        output.name
    ));
    Ok(kind)
}

/// What background and subject are in an alpha: as declared, else the bounds that the graph gives
/// it, else what stands for 0 and 1, else bytes from 0 to 255 and every other number from 0 to 1.
///
/// # Errors
/// `output.range` is given for what is no alpha, or the graph makes it doubtful which end is which.
pub(super) fn range(
    context: &ResolveContext,
    output: &TensorInfo,
    kind: OutputKind,
    hint: &GraphHint,
    guesses: &mut Vec<String>,
) -> Result<[f32; 2], ModelError> {
    let usual = match (hint.quantised, output.element) {
        (Some(Quantised { scale, zero }), _) => [0.0, 1.0].map(|x| x / scale + zero),
        (None, Some(E::Uint8)) => [0.0, 255.0],
        _ => [0.0, 1.0],
    };
    match context.keys.output_range() {
        Some(_) if kind != OutputKind::Alpha => {
            let problem = format!(
                "it is the range of an alpha, but output.kind is \"{}\"",
                kind.word()
            );
            Err(context.contradiction("output.range", problem))
        }
        Some(range) => Ok(range),
        None if kind != OutputKind::Alpha => Ok(usual),
        None => {
            let range = alpha_range(hint).unwrap_or(usual);
            if hint.bounds.is_some_and(|bounds| bounds.turned) {
                let [low, high] = range;
                let asked = format!(
                    "its graph turns the values of output {output} over, or takes the first class: \
                     are they high in the background ([{high:?}, {low:?}]) or in the subject \
                     ([{low:?}, {high:?}])?"
                );
                return Err(context.ambiguous("output.range", asked));
            }
            if range != usual {
                let [low, high] = range;
                guesses.push(format!(
                    "output.range = [{low}, {high}], the bounds of `{}` in the graph",
                    output.name
                ));
            }
            Ok(range)
        }
    }
}
