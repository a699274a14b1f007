// SPDX-License-Identifier: MPL-2.0

//! What a model needs to be fed: its picture input (`picture`, `size`, `values`), its recurrent states and
//! its constants (`further`), and the tensors for them (`tensor`, `constant`). What its output
//! means is settled in `output`, once the output's true shape is known.
//!
//! Every answer comes from the merged [`DescriptionKeys`](super::DescriptionKeys) or from the
//! model's own signature. What neither says is guessed if one answer is plain, and each guess is
//! reported. If more than one answer is possible, it is an error that names the key to set.

mod constant;
mod further;
mod picture;
mod picture_input;
mod size;
mod tensor;
mod values;

pub(in crate::model) use constant::constant;
pub(in crate::model) use picture::layout_of;
pub use picture_input::PictureInput;
pub use size::InputSize;
pub(in crate::model) use tensor::InputTensor;

use super::ModelError;
use super::context::ResolveContext;
use super::description::StatePair;

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
    /// Lines of an `[input]` section for what was guessed about the picture's numbers, of which
    /// nothing in the file tells whether it is right.
    pub doubts: Vec<String>,
}

impl Descriptor {
    /// Answers all that concerns the inputs.
    ///
    /// # Errors
    /// [`ModelError::Unsuitable`] if no input can take a picture, [`ModelError::Ambiguous`] if a
    /// key must be set, [`ModelError::Descriptor`] if a key contradicts the model.
    pub(in crate::model) fn resolve(context: &ResolveContext) -> Result<Self, ModelError> {
        let (mut guesses, mut doubts) = (Vec::new(), Vec::new());
        let input = picture::resolve(context, &mut guesses, &mut doubts)?;
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
            doubts,
        })
    }
}
