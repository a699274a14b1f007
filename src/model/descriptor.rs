// SPDX-License-Identifier: MPL-2.0

//! What a model needs to be fed: its picture input, its recurrent states, its constants. (What its
//! output means is settled in `output`, once the output's true shape is known.)
//!
//! Every answer comes from the merged [`Settings`] or from the model's own signature; what neither
//! says is guessed where one answer is plain, and each guess is reported. Where more than one answer
//! is possible it is an error that names the key to set.

use ort::value::TensorElementType;

use super::network::MAX_ELEMENTS;
use super::settings::{Settings, StatePair};
use super::signature::{Signature, TensorInfo, list};
use super::{InputSize, ModelError, guess};
use crate::frame::{ChannelOrder, ElementType, MAX_TARGET_SIDE, TensorLayout, TensorSpec};

/// Pixels to aim at where neither model nor descriptor name a size: 256x144.
const DEFAULT_PIXELS: usize = 256 * 144;
/// Sides are multiples of this where nothing else is said; most networks halve four times.
const DEFAULT_MULTIPLE: usize = 16;

/// Everything but the output's meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Descriptor {
    /// Short name for messages; the file's name where nothing else is said.
    pub name: String,
    /// Version of the weights.
    pub version: Option<String>,
    /// Licence of the weights (SPDX).
    pub licence: Option<String>,
    /// Where the weights come from.
    pub source: Option<String>,
    /// The picture input.
    pub input: PictureInput,
    /// Recurrent states.
    pub states: Vec<StatePair>,
    /// Constants for further inputs.
    pub extras: Vec<(String, Vec<f32>)>,
    /// What was guessed, one sentence each.
    pub guesses: Vec<String>,
}

/// The input that takes the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureInput {
    /// Its name.
    pub name: String,
    /// What the sampler fills it with.
    pub spec: TensorSpec,
    /// Number of channels, 1 or 3.
    pub channels: usize,
    /// What its size comes from.
    pub size: InputSize,
}

impl PictureInput {
    /// The tensor's sides.
    pub fn shape(&self) -> [usize; 4] {
        let (c, h, w) = (self.channels, self.spec.height, self.spec.width);
        match self.spec.layout {
            TensorLayout::Nchw => [1, c, h, w],
            TensorLayout::Nhwc => [1, h, w, c],
        }
    }
}

/// What the answers are drawn from.
pub(super) struct Question<'a> {
    /// The model's name in errors.
    pub file: &'a str,
    /// All that the sources say.
    pub settings: &'a Settings,
    /// The model's inputs and outputs.
    pub signature: &'a Signature,
    /// Width and height of the video, for models that leave their size open.
    pub stream: Option<(usize, usize)>,
}

impl Question<'_> {
    pub(super) fn ambiguous(&self, key: &str, question: impl Into<String>) -> ModelError {
        ModelError::Ambiguous {
            file: self.file.into(),
            key: key.into(),
            question: question.into(),
        }
    }

    pub(super) fn unsuitable(&self, reason: impl Into<String>) -> ModelError {
        ModelError::Unsuitable {
            file: self.file.into(),
            reason: reason.into(),
        }
    }

    /// An error at the place where `key` was set.
    pub(super) fn contradiction(&self, key: &str, problem: impl Into<String>) -> ModelError {
        match self.settings.origin(key) {
            Some(origin) => origin.error(key, problem),
            None => self.unsuitable(problem),
        }
    }
}

impl Descriptor {
    /// Answers all that concerns the inputs.
    ///
    /// # Errors
    /// [`ModelError::Unsuitable`] where no input can take a picture, [`ModelError::Ambiguous`] where
    /// a key must be set, [`ModelError::Descriptor`] where a key contradicts the model.
    pub(super) fn resolve(question: &Question) -> Result<Self, ModelError> {
        let mut guesses = Vec::new();
        let settings = question.settings;
        let (image, layout) = picture(question, &mut guesses)?;
        let element = element(question, image)?;
        let (channel_side, height_side, width_side) = match layout {
            TensorLayout::Nchw => (image.dims[1], image.dims[2], image.dims[3]),
            TensorLayout::Nhwc => (image.dims[3], image.dims[1], image.dims[2]),
        };
        let channels = channel_side.unwrap_or(3);
        let order = order(question, channels, &mut guesses)?;
        let ((width, height), size) = size(question, width_side, height_side, &mut guesses)?;
        let (scale, bias) = normalisation(settings, element, &mut guesses);
        let input = PictureInput {
            name: image.name.clone(),
            spec: TensorSpec {
                width,
                height,
                layout,
                order,
                element,
                scale,
                bias,
            },
            channels,
            size,
        };
        let (states, extras) = others(question, &image.name, &mut guesses)?;
        let text = |key: &str| settings.text(key).map(str::to_owned);
        Ok(Self {
            name: text("model.name").unwrap_or_else(|| question.file.to_owned()),
            version: text("model.version"),
            licence: text("model.licence"),
            source: text("model.source"),
            input,
            states,
            extras,
            guesses,
        })
    }
}

/// The layouts that an input's sides allow, for a picture of 1 or 3 channels.
fn layouts(tensor: &TensorInfo) -> Vec<TensorLayout> {
    let fits = |side: Option<usize>| matches!(side, None | Some(1 | 3));
    let &[batch, a, _, c] = &tensor.dims[..] else {
        return Vec::new();
    };
    let numeric = tensor.is_float() || tensor.element == Some(TensorElementType::Uint8);
    if !numeric || !matches!(batch, None | Some(1)) {
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

/// The picture input and its layout.
fn picture<'a>(
    question: &Question<'a>,
    guesses: &mut Vec<String>,
) -> Result<(&'a TensorInfo, TensorLayout), ModelError> {
    let (settings, inputs) = (question.settings, &question.signature.inputs);
    let image = if let Some(name) = settings.text("input.name") {
        inputs
            .iter()
            .find(|input| input.name == name)
            .ok_or_else(|| {
                let problem = format!("the model has no input `{name}`, only {}", list(inputs));
                question.contradiction("input.name", problem)
            })?
    } else {
        let states = settings.states().unwrap_or_default();
        let taken = |input: &TensorInfo| {
            states.iter().any(|state| state.input == input.name)
                || settings.extras().any(|(name, ..)| name == input.name)
        };
        let known: Vec<&TensorInfo> = inputs
            .iter()
            .filter(|input| !taken(input) && !layouts(input).is_empty())
            .collect();
        // States of recurrent networks often leave every side open; a picture has its channels.
        let sure = |input: &&&TensorInfo| layouts(input).len() == 1;
        match (&known[..], known.iter().filter(sure).count()) {
            ([only], _) => *only,
            (_, 1) => known
                .iter()
                .find(|input| layouts(input).len() == 1)
                .copied()
                .unwrap_or(known[0]),
            ([], _) => {
                return Err(question.unsuitable(format!(
                    "none of its inputs can take a picture (a tensor of f32, f16 or u8 with four \
                     sides, 1x3xHxW or 1xHxWx3, or 1 channel for gray); it has {}",
                    list(inputs)
                )));
            }
            _ => {
                let asked = format!("which input takes the picture? It has {}", list(known));
                return Err(question.ambiguous("input.name", asked));
            }
        }
    };
    let possible = layouts(image);
    if possible.is_empty() {
        return Err(question.unsuitable(format!(
            "input {image} cannot take a picture: expected f32, f16 or u8, 1x3xHxW or 1xHxWx3 (1 \
             channel for gray)"
        )));
    }
    let layout = match (settings.text("input.layout"), &possible[..]) {
        (Some(word), _) => {
            let layout = guess::layout(word);
            if !possible.contains(&layout) {
                let problem = format!("{word} does not fit input {image}");
                return Err(question.contradiction("input.layout", problem));
            }
            layout
        }
        (None, [only]) => *only,
        _ => {
            let asked = format!("is input {image} nchw or nhwc?");
            return Err(question.ambiguous("input.layout", asked));
        }
    };
    if settings.text("input.layout").is_none() {
        let word = if layout == TensorLayout::Nchw {
            "nchw"
        } else {
            "nhwc"
        };
        guesses.push(format!(
            "input.layout = \"{word}\", from the sides of {image}"
        ));
    }
    Ok((image, layout))
}

fn element(question: &Question, image: &TensorInfo) -> Result<ElementType, ModelError> {
    let (element, word) = match image.element {
        Some(TensorElementType::Float32) => (ElementType::F32, "f32"),
        Some(TensorElementType::Float16) => (ElementType::F16, "f16"),
        Some(TensorElementType::Uint8) => (ElementType::U8, "u8"),
        _ => return Err(question.unsuitable(format!("input {image} is not f32, f16 or u8"))),
    };
    match question.settings.text("input.type") {
        Some(said) if said != word => {
            let problem = format!("the model's input is {word}, not {said}");
            Err(question.contradiction("input.type", problem))
        }
        _ => Ok(element),
    }
}

fn order(
    question: &Question,
    channels: usize,
    guesses: &mut Vec<String>,
) -> Result<ChannelOrder, ModelError> {
    match (question.settings.text("input.order"), channels) {
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
            Err(question.contradiction("input.order", problem))
        }
    }
}

/// Width and height: the model's own, else the descriptor's, else near the wanted number of pixels
/// in the stream's aspect.
fn size(
    question: &Question,
    width: Option<usize>,
    height: Option<usize>,
    guesses: &mut Vec<String>,
) -> Result<((usize, usize), InputSize), ModelError> {
    let settings = question.settings;
    let side = |key: &str, fixed: Option<usize>| match (fixed, settings.side(key)) {
        (Some(fixed), Some(said)) if fixed != said => {
            let problem = format!("the model's is fixed at {fixed}, but {said} is asked for");
            Err(question.contradiction(key, problem))
        }
        (Some(fixed), _) if fixed == 0 || fixed > MAX_TARGET_SIDE => Err(question.unsuitable(
            format!("its picture input has a side of {fixed}; expected 1 to {MAX_TARGET_SIDE}"),
        )),
        (fixed, said) => Ok(fixed.or(said)),
    };
    let sides = (side("input.width", width)?, side("input.height", height)?);
    let within = |(width, height): (usize, usize)| {
        if width.max(height) > MAX_TARGET_SIDE || 3 * width * height > MAX_ELEMENTS {
            return Err(question.unsuitable(format!(
                "an input of {width}x{height} is too large; expected sides up to {MAX_TARGET_SIDE} and \
                 up to {MAX_ELEMENTS} values"
            )));
        }
        Ok((width, height))
    };
    if let (Some(width), Some(height)) = sides {
        if settings.origin("input.pixels").is_some() {
            let problem = format!("the input is {width}x{height} whatever it says; leave it out");
            return Err(question.contradiction("input.pixels", problem));
        }
        return Ok((within((width, height))?, InputSize::Fixed));
    }
    let multiple = settings.side("input.multiple").unwrap_or(DEFAULT_MULTIPLE);
    let pixels = settings.side("input.pixels").unwrap_or(DEFAULT_PIXELS);
    let stream = question
        .stream
        .filter(|&(w, h)| w > 0 && h > 0)
        .unwrap_or((16, 9));
    let size = within(guess::size(sides, pixels, multiple, stream))?;
    if settings.origin("input.pixels").is_none() {
        guesses.push(format!(
            "input size {}x{}, since the model leaves it open (set input.width and input.height, or \
             input.pixels)",
            size.0, size.1
        ));
    }
    let from_stream = InputSize::Stream {
        sides,
        pixels,
        multiple,
    };
    Ok((size, from_stream))
}

/// Per channel factor and summand on a colour value x of 0 to 1:
/// `(low + x * (high - low) - mean) / std`.
fn normalisation(
    settings: &Settings,
    element: ElementType,
    guesses: &mut Vec<String>,
) -> ([f32; 3], [f32; 3]) {
    let range = settings.range().unwrap_or_else(|| {
        let high = if element == ElementType::U8 {
            255.0
        } else {
            1.0
        };
        guesses.push(format!("input.range = [0, {high}], the most common one"));
        [[0.0, high]; 3]
    });
    let mean = settings.per_channel("input.mean").unwrap_or([0.0; 3]);
    let std = settings.per_channel("input.std").unwrap_or([1.0; 3]);
    let scale = |c: usize| ((range[c][1] - range[c][0]) / std[c]) as f32;
    let bias = |c: usize| ((range[c][0] - mean[c]) / std[c]) as f32;
    (std::array::from_fn(scale), std::array::from_fn(bias))
}

/// Recurrent states.
type States = Vec<StatePair>;
/// Constants, by input.
type Extras = Vec<(String, Vec<f32>)>;

/// What the inputs besides the picture get.
fn others(
    question: &Question,
    image: &str,
    guesses: &mut Vec<String>,
) -> Result<(States, Extras), ModelError> {
    let (settings, signature) = (question.settings, question.signature);
    let input = |name: &str| signature.inputs.iter().find(|input| input.name == name);
    let mut states = settings.states().unwrap_or_default();
    for state in &states {
        if input(&state.input).is_none() {
            let problem = format!(
                "the model has no input `{}`, only {}",
                state.input,
                list(&signature.inputs)
            );
            return Err(question.contradiction("state", problem));
        }
        if !signature
            .outputs
            .iter()
            .any(|output| output.name == state.output)
        {
            let problem = format!(
                "the model has no output `{}`, only {}",
                state.output,
                list(&signature.outputs)
            );
            return Err(question.contradiction("state", problem));
        }
    }
    let mut extras = Vec::new();
    for (name, values, origin) in settings.extras() {
        if input(name).is_none() {
            let problem = format!(
                "the model has no input `{name}`, only {}",
                list(&signature.inputs)
            );
            return Err(origin.error(&format!("extra.{name}"), problem));
        }
        extras.push((name.to_owned(), values));
    }
    for input in &signature.inputs {
        let known = input.name == image
            || states.iter().any(|state| state.input == input.name)
            || extras.iter().any(|(name, _)| *name == input.name);
        if known {
            continue;
        }
        if let Some(output) = guess::state_output(input, signature) {
            guesses.push(format!(
                "state: output `{output}` feeds input `{}`, from their names",
                input.name
            ));
            states.push(StatePair {
                input: input.name.clone(),
                output,
                shape: None,
            });
        } else if input.name == "downsample_ratio" {
            guesses.push("extra.downsample_ratio = 1, since the picture is small already".into());
            extras.push((input.name.clone(), vec![1.0]));
        } else {
            let asked = format!(
                "what does its input {input} get, besides the picture? (a constant, or a [[state]] for what an output feeds back)"
            );
            return Err(question.ambiguous(&format!("extra.{}", input.name), asked));
        }
    }
    Ok((states, extras))
}
