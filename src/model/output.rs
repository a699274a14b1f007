// SPDX-License-Identifier: MPL-2.0

//! What a model's output means: which one it is, where its pixels and classes lie, how a value
//! becomes a matte. Settled after a first run, when the true shapes are known.

use ort::value::TensorElementType;

use super::ModelError;
use super::descriptor::Question;
use super::guess;
use super::settings::Class;
use super::signature::{TensorInfo, list};
use crate::frame::TensorLayout;

/// What the output's values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// 0 (background) to 1 (subject); bytes from 0 to 255.
    Alpha,
    /// One channel before the sigmoid.
    Logits,
    /// One channel a class, probabilities that add up to 1.
    Softmax,
    /// One channel a class, before the softmax.
    Classes,
    /// The index of the most likely class.
    Labels,
    /// Any scale; the picture's own lowest and highest value become 0 and 1.
    MinMax,
}

impl OutputKind {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "alpha" => Self::Alpha,
            "logits" => Self::Logits,
            "softmax" => Self::Softmax,
            "classes" => Self::Classes,
            "labels" => Self::Labels,
            "minmax" => Self::MinMax,
            _ => return None,
        })
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
}

/// How to read the output tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputPlan {
    /// The output's name.
    pub name: String,
    /// What its values mean.
    pub kind: OutputKind,
    /// The raw matte's width.
    pub width: usize,
    /// The raw matte's height.
    pub height: usize,
    /// Number of channels (classes), at least 1.
    pub channels: usize,
    /// Elements from one pixel to the next.
    pub pixel_step: usize,
    /// Elements from one channel of a pixel to the next.
    pub channel_step: usize,
    /// Classes that are kept, ascending; of no meaning for one channel that is not labels.
    pub subject: Vec<usize>,
    /// Number of classes, 0 where nothing tells it; of meaning for labels.
    pub classes: usize,
    /// What background and subject are in an alpha.
    pub range: [f32; 2],
}

/// Element types that can be decoded.
pub(super) fn is_decodable(element: Option<TensorElementType>) -> bool {
    use TensorElementType as E;
    matches!(
        element,
        Some(E::Float32 | E::Float16 | E::Uint8 | E::Int8 | E::Int32 | E::Int64 | E::Bool)
    )
}

impl OutputPlan {
    /// Settles the output. `outputs` hold true shapes, those of states left out; `operator` tells
    /// which operator gives an output its meaning; `input` is the picture's width and height.
    ///
    /// # Errors
    /// As for the inputs: unsuitable, ambiguous or contradicted.
    pub(super) fn resolve<'a>(
        question: &Question,
        outputs: &[TensorInfo],
        operator: impl Fn(&str) -> Option<&'a str>,
        input: (usize, usize),
        input_layout: TensorLayout,
        guesses: &mut Vec<String>,
    ) -> Result<Self, ModelError> {
        let output = choose(question, outputs, input, guesses)?;
        let geometry = geometry(question, output, input, input_layout, guesses)?;
        let kind = kind(
            question,
            output,
            geometry.channels,
            operator(&output.name),
            guesses,
        )?;
        let range = range(question, output, kind)?;
        let several = geometry.channels > 1 || kind == OutputKind::Labels;
        let subject = if several {
            subject(question, geometry.channels, kind, guesses)?
        } else {
            Vec::new()
        };
        Ok(Self {
            kind,
            subject,
            classes: question.settings.labels().len(),
            range,
            name: output.name.clone(),
            ..geometry
        })
    }
}

/// The output that holds the matte.
fn choose<'a>(
    question: &Question,
    outputs: &'a [TensorInfo],
    input: (usize, usize),
    guesses: &mut Vec<String>,
) -> Result<&'a TensorInfo, ModelError> {
    if let Some(name) = question.settings.text("output.name") {
        let found = outputs.iter().find(|output| output.name == name);
        return found.ok_or_else(|| {
            let problem = format!("the model has no output `{name}`, only {}", list(outputs));
            question.contradiction("output.name", problem)
        });
    }
    let usable =
        |output: &&TensorInfo| is_decodable(output.element) && !shapes(output, input).is_empty();
    let found: Vec<&TensorInfo> = outputs.iter().filter(usable).collect();
    match &found[..] {
        [] => Err(question.unsuitable(format!(
            "none of its outputs can be a matte (HxW, 1xCxHxW or 1xHxWxC of numbers); it has {}",
            list(outputs)
        ))),
        [only] => Ok(only),
        several => {
            let single =
                |output: &&&TensorInfo| shapes(output, input).iter().any(|s| s.channels == 1);
            let mut singles = several.iter().filter(single);
            match (singles.next(), singles.next()) {
                (Some(only), None) => {
                    guesses.push(format!(
                        "output.name = \"{}\", the only one with a single channel",
                        only.name
                    ));
                    Ok(only)
                }
                _ => {
                    let asked = format!("which output holds the matte? It has {}", list(found));
                    Err(question.ambiguous("output.name", asked))
                }
            }
        }
    }
}

/// One way to read an output's sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    layout: TensorLayout,
    channels: usize,
    height: usize,
    width: usize,
}

/// All ways to read an output's sides as a picture of about the input's aspect.
fn shapes(output: &TensorInfo, input: (usize, usize)) -> Vec<Shape> {
    let sides: Vec<usize> = output.dims.iter().map(|side| side.unwrap_or(0)).collect();
    let (nchw, nhwc) = (TensorLayout::Nchw, TensorLayout::Nhwc);
    let all = match sides[..] {
        [h, w] | [1, h, w] => vec![(nchw, 1, h, w)],
        [a, b, c] | [1, a, b, c] => vec![(nchw, a, b, c), (nhwc, c, a, b)],
        _ => Vec::new(),
    };
    let aspect = |w: usize, h: usize| w as f64 / h as f64;
    let wanted = aspect(input.0, input.1);
    let one_pixel = |w, h| 1.0 / (w as f64).min(h as f64);
    let fits = |&(_, c, h, w): &(TensorLayout, usize, usize, usize)| {
        // A single value for a whole picture is no matte.
        let enough = |side: usize, input: usize| side >= input.min(2);
        let full = c > 0 && enough(w, input.0) && enough(h, input.1);
        full && (aspect(w, h) / wanted).ln().abs() <= 0.05 + one_pixel(w, h)
    };
    let shape = |(layout, channels, height, width)| Shape {
        layout,
        channels,
        height,
        width,
    };
    all.into_iter().filter(fits).map(shape).collect()
}

/// Size, channels and steps.
fn geometry(
    question: &Question,
    output: &TensorInfo,
    input: (usize, usize),
    input_layout: TensorLayout,
    guesses: &mut Vec<String>,
) -> Result<OutputPlan, ModelError> {
    if !is_decodable(output.element) {
        return Err(question.unsuitable(format!(
            "output {output} holds no numbers that a matte is made of"
        )));
    }
    let possible = shapes(output, input);
    let declared = question.settings.text("output.layout").map(guess::layout);
    let wanted = |shape: &&Shape| declared.is_none_or(|layout| layout == shape.layout);
    let mut fitting = possible.iter().filter(wanted);
    let shape = match (fitting.next(), fitting.next()) {
        (Some(only), None) => *only,
        (Some(first), Some(second)) => {
            // Both readings are pictures: take the one that is laid out like the input.
            let same = if first.layout == input_layout {
                first
            } else {
                second
            };
            if first.channels.min(second.channels) != 1 || first.channels != second.channels {
                guesses.push(format!("output.layout like the input's, for {output}"));
            }
            *same
        }
        _ => {
            let (w, h) = input;
            let problem = format!(
                "output {output} is no picture of the input's aspect ({w}x{h}); expected HxW, \
                 1xCxHxW or 1xHxWxC"
            );
            return Err(if declared.is_some() && !possible.is_empty() {
                question.contradiction("output.layout", problem)
            } else {
                question.unsuitable(problem)
            });
        }
    };
    let Shape {
        layout,
        channels,
        height,
        width,
    } = shape;
    let (pixel_step, channel_step) = match layout {
        TensorLayout::Nchw => (1, width * height),
        TensorLayout::Nhwc => (channels, 1),
    };
    Ok(OutputPlan {
        name: String::new(),
        kind: OutputKind::Alpha,
        width,
        height,
        channels,
        pixel_step,
        channel_step,
        subject: Vec::new(),
        classes: 0,
        range: [0.0, 1.0],
    })
}

/// What background and subject are in an alpha: as declared, or bytes from 0 to 255 and every other
/// number from 0 to 1.
fn range(
    question: &Question,
    output: &TensorInfo,
    kind: OutputKind,
) -> Result<[f32; 2], ModelError> {
    match question.settings.output_range() {
        Some(_) if kind != OutputKind::Alpha => {
            let problem = format!(
                "it is the range of an alpha, but output.kind is \"{}\"",
                kind.word()
            );
            Err(question.contradiction("output.range", problem))
        }
        Some(range) => Ok(range),
        None if output.element == Some(TensorElementType::Uint8) => Ok([0.0, 255.0]),
        None => Ok([0.0, 1.0]),
    }
}

/// What the values mean: as declared, or as the last operator shows.
fn kind(
    question: &Question,
    output: &TensorInfo,
    channels: usize,
    operator: Option<&str>,
    guesses: &mut Vec<String>,
) -> Result<OutputKind, ModelError> {
    use TensorElementType as E;
    let (float, bytes) = (output.is_float(), output.element == Some(E::Uint8));
    let declared = question
        .settings
        .text("output.kind")
        .and_then(OutputKind::parse);
    if let Some(kind) = declared {
        let fits = match kind {
            OutputKind::Alpha => channels == 1 && (float || bytes),
            OutputKind::Logits | OutputKind::MinMax => channels == 1 && float,
            OutputKind::Softmax | OutputKind::Classes => channels > 1 && float,
            OutputKind::Labels => channels == 1,
        };
        if !fits {
            let needs = match kind {
                OutputKind::Alpha => "one channel of floats or bytes",
                OutputKind::Logits | OutputKind::MinMax => "one channel of floats",
                OutputKind::Softmax | OutputKind::Classes => "several channels of floats",
                OutputKind::Labels => "one channel",
            };
            let problem = format!(
                "\"{}\" needs {needs}, but output {output} has not",
                kind.word()
            );
            return Err(question.contradiction("output.kind", problem));
        }
        return Ok(kind);
    }
    let guessed = match (operator, channels) {
        (Some("ArgMax"), 1) => Some(OutputKind::Labels),
        (Some("Sigmoid" | "HardSigmoid" | "Clip"), 1) if float || bytes => Some(OutputKind::Alpha),
        (Some("Softmax"), 2..) if float => Some(OutputKind::Softmax),
        (Some("Conv" | "ConvTranspose" | "BatchNormalization"), 1) if float => {
            Some(OutputKind::Logits)
        }
        (Some("Conv" | "ConvTranspose" | "BatchNormalization"), 2..) if float => {
            Some(OutputKind::Classes)
        }
        _ => None,
    };
    match guessed {
        Some(kind) => {
            let operator = operator.unwrap_or_default();
            guesses.push(format!(
                "output.kind = \"{}\", since {operator} makes `{}`",
                kind.word(),
                output.name
            ));
            Ok(kind)
        }
        None => {
            let choices = match (channels, float) {
                (1, true) => "alpha, logits, minmax or labels",
                (1, false) => "alpha or labels",
                _ => "softmax or classes",
            };
            let asked = format!("what do the values of output {output} mean: {choices}?");
            Err(question.ambiguous("output.kind", asked))
        }
    }
}

/// The kept classes as indices.
fn subject(
    question: &Question,
    channels: usize,
    kind: OutputKind,
    guesses: &mut Vec<String>,
) -> Result<Vec<usize>, ModelError> {
    let settings = question.settings;
    let labels = settings.labels();
    let count = if kind == OutputKind::Labels {
        labels.len()
    } else {
        channels
    };
    if kind != OutputKind::Labels && !labels.is_empty() && labels.len() != channels {
        let problem = format!(
            "{} names for the {channels} classes of the model",
            labels.len()
        );
        return Err(question.contradiction("output.labels", problem));
    }
    let mut subject = match settings.subject() {
        Some(classes) => {
            let index = |class| match class {
                Class::Index(index) if count == 0 || index < count => Ok(index),
                Class::Index(index) => {
                    let problem =
                        format!("there is no class {index}; the model has {count}, from 0");
                    Err(question.contradiction("output.subject", problem))
                }
                Class::Name(name) => {
                    labels
                        .iter()
                        .position(|label| *label == name)
                        .ok_or_else(|| {
                            let known = if labels.is_empty() {
                                "set output.labels, or give its index".to_owned()
                            } else {
                                format!("output.labels has {}", labels.join(", "))
                            };
                            let problem = format!("there is no class named \"{name}\"; {known}");
                            question.contradiction("output.subject", problem)
                        })
                }
            };
            classes
                .into_iter()
                .map(index)
                .collect::<Result<Vec<usize>, _>>()?
        }
        None => {
            let person = |label: &String| {
                matches!(
                    label.to_lowercase().as_str(),
                    "person" | "people" | "human" | "selfie" | "foreground"
                )
            };
            match (labels.iter().position(person), count) {
                (Some(index), _) => {
                    guesses.push(format!("output.subject = [\"{}\"]", labels[index]));
                    vec![index]
                }
                (None, 2) => {
                    guesses.push("output.subject = [1], the second of two classes".into());
                    vec![1]
                }
                (None, 21) if labels.is_empty() => {
                    guesses.push(
                        "output.subject = [15], the person of Pascal VOC's 21 classes".into(),
                    );
                    vec![15]
                }
                _ => {
                    let known = if labels.is_empty() {
                        format!("{count} classes without names")
                    } else {
                        labels.join(", ")
                    };
                    let asked = format!("which classes are the subject? It has {known}");
                    return Err(question.ambiguous("output.subject", asked));
                }
            }
        }
    };
    subject.sort_unstable();
    subject.dedup();
    Ok(subject)
}
