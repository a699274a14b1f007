// SPDX-License-Identifier: MPL-2.0

//! What a model needs to be fed: its picture input (`picture`, `size`), its recurrent states and
//! its constants (`further`), and the tensors for them (`tensor`, `constant`). What its output
//! means is settled in `output`, once the output's true shape is known.
//!
//! Every answer comes from the merged [`DescriptionKeys`](super::DescriptionKeys) or from the
//! model's own signature. What neither says is guessed if one answer is plain, and each guess is
//! reported. If more than one answer is possible, it is an error that names the key to set.

mod constant;
mod further;
mod picture;
mod size;
mod tensor;

pub(in crate::model) use constant::constant;
pub(in crate::model) use picture::layout_of;
pub use size::InputSize;
pub(in crate::model) use tensor::InputTensor;

use ort::value::TensorElementType;

use super::ModelError;
use super::context::ResolveContext;
use super::description::StatePair;
use crate::frame::{TensorLayout, TensorSpec};

/// Everything but the output's meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Descriptor {
    /// Short name for messages; the file's name if nothing else is said.
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
    /// The model's own element type.
    pub element: TensorElementType,
    /// Number of channels, 1 or 3.
    pub channels: usize,
    /// Number of the tensor's sides before the picture's three; each is 1.
    pub leading: usize,
    /// What its size comes from.
    pub size: InputSize,
}

impl PictureInput {
    /// The tensor's sides.
    pub fn shape(&self) -> Vec<usize> {
        let (c, h, w) = (self.channels, self.spec.height, self.spec.width);
        let mut shape = vec![1; self.leading];
        shape.extend(match self.spec.layout {
            TensorLayout::Nchw => [c, h, w],
            TensorLayout::Nhwc => [h, w, c],
        });
        shape
    }
}

impl Descriptor {
    /// Answers all that concerns the inputs.
    ///
    /// # Errors
    /// [`ModelError::Unsuitable`] if no input can take a picture, [`ModelError::Ambiguous`] if a
    /// key must be set, [`ModelError::Descriptor`] if a key contradicts the model.
    pub(in crate::model) fn resolve(context: &ResolveContext) -> Result<Self, ModelError> {
        let mut guesses = Vec::new();
        let input = picture::resolve(context, &mut guesses)?;
        let (states, extras) = further::resolve(context, &input.name, &mut guesses)?;
        let text = |key: &str| context.keys.text(key).map(str::to_owned);
        Ok(Self {
            name: text("model.name").unwrap_or_else(|| context.file.to_owned()),
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
