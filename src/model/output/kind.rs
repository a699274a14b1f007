// SPDX-License-Identifier: MPL-2.0

//! What an output's values mean: as declared, or as the last operator shows.

use ort::value::TensorElementType as E;

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::signature::TensorInfo;

/// What the output's values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// 0 (background) to 1 (subject); bytes from 0 to 255.
    Alpha,
    /// One channel before the sigmoid.
    Logits,
    /// One channel per class, probabilities that add up to 1.
    Softmax,
    /// One channel per class, before the softmax.
    Classes,
    /// The index of the most likely class.
    Labels,
    /// Any scale; the picture's own lowest and highest value become 0 and 1.
    MinMax,
}

impl OutputKind {
    /// All of them.
    const ALL: [Self; 6] = [
        Self::Alpha,
        Self::Logits,
        Self::Softmax,
        Self::Classes,
        Self::Labels,
        Self::MinMax,
    ];

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word that `output.kind` has for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Alpha => "alpha",
            Self::Logits => "logits",
            Self::Softmax => "softmax",
            Self::Classes => "classes",
            Self::Labels => "labels",
            Self::MinMax => "minmax",
        }
    }

    /// Whether an output of so many channels can hold it; else what it needs.
    fn check(self, output: &TensorInfo, channels: usize) -> Result<(), &'static str> {
        let float = output.is_float();
        let (fits, needs) = match self {
            Self::Alpha => (
                channels == 1 && (float || output.element == Some(E::Uint8)),
                "one channel of floats or bytes",
            ),
            Self::Logits | Self::MinMax => (channels == 1 && float, "one channel of floats"),
            Self::Softmax | Self::Classes => (channels > 1 && float, "several channels of floats"),
            Self::Labels => (channels == 1, "one channel"),
        };
        if fits { Ok(()) } else { Err(needs) }
    }

    /// What the operator that makes an output tells.
    fn guess(operator: &str, output: &TensorInfo, channels: usize) -> Option<Self> {
        let kind = match (operator, channels) {
            ("ArgMax", 1) => Self::Labels,
            ("Sigmoid" | "HardSigmoid" | "Clip", 1) => Self::Alpha,
            ("Softmax", 2..) => Self::Softmax,
            ("Conv" | "ConvTranspose" | "BatchNormalization", 1) => Self::Logits,
            ("Conv" | "ConvTranspose" | "BatchNormalization", 2..) => Self::Classes,
            _ => return None,
        };
        kind.check(output, channels).is_ok().then_some(kind)
    }
}

/// Whether a tensor of such elements can be decoded.
pub(super) fn is_decodable(element: Option<E>) -> bool {
    matches!(
        element,
        Some(E::Float32 | E::Float16 | E::Uint8 | E::Int8 | E::Int32 | E::Int64 | E::Bool)
    )
}

/// What the values mean.
///
/// # Errors
/// `output.kind` contradicts the output, or it is missing and no operator stands for it.
pub(super) fn resolve(
    context: &ResolveContext,
    output: &TensorInfo,
    channels: usize,
    operator: Option<&str>,
    guesses: &mut Vec<String>,
) -> Result<OutputKind, ModelError> {
    let declared = context.keys.text("output.kind");
    if let Some(kind) = declared.and_then(OutputKind::parse) {
        return kind
            .check(output, channels)
            .map(|()| kind)
            .map_err(|needs| {
                let word = kind.word();
                let problem = format!("\"{word}\" needs {needs}, but output {output} has not");
                context.contradiction("output.kind", problem)
            });
    }
    let operator = operator.unwrap_or_default();
    let Some(kind) = OutputKind::guess(operator, output, channels) else {
        let choices = match (channels, output.is_float()) {
            (1, true) => "alpha, logits, minmax or labels",
            (1, false) => "alpha or labels",
            _ => "softmax or classes",
        };
        let asked = format!("what do the values of output {output} mean: {choices}?");
        return Err(context.ambiguous("output.kind", asked));
    };
    guesses.push(format!(
        "output.kind = \"{}\", since {operator} makes `{}`",
        kind.word(),
        output.name
    ));
    Ok(kind)
}

/// What background and subject are in an alpha: as declared, else bytes from 0 to 255 and every
/// other number from 0 to 1.
///
/// # Errors
/// `output.range` is given for what is no alpha.
pub(super) fn range(
    context: &ResolveContext,
    output: &TensorInfo,
    kind: OutputKind,
) -> Result<[f32; 2], ModelError> {
    match context.keys.output_range() {
        Some(_) if kind != OutputKind::Alpha => {
            let problem = format!(
                "it is the range of an alpha, but output.kind is \"{}\"",
                kind.word()
            );
            Err(context.contradiction("output.range", problem))
        }
        Some(range) => Ok(range),
        None if output.element == Some(E::Uint8) => Ok([0.0, 255.0]),
        None => Ok([0.0, 1.0]),
    }
}
