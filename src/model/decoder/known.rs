// SPDX-License-Identifier: MPL-2.0

//! What is said about a model that somebody else runs: descriptions beside the file, and the file
//! itself, if it is one that can be read here.

use std::path::Path;

use super::super::ModelError;
use super::super::description::{DescriptionKeys, gather, gather_alone, output_ids};
use super::super::error::UNNAMED;
use super::super::family::{Family, refuse};
use super::super::input::layout_of;
use super::super::session::{ModelBytes, ModelSource};
use super::super::signature::{GraphHint, TensorInfo};
use super::super::tflite;
use super::about::TensorAbout;
use crate::frame::TensorLayout;

/// What is said about a model.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The model's name in errors.
    pub file: String,
    /// All that the descriptions say.
    pub keys: DescriptionKeys,
    /// What was guessed so far.
    pub guesses: Vec<String>,
    /// Its outputs, in the model's order.
    outputs: Vec<Output>,
    /// Channels come last, as always in the format of the file.
    channels_last: bool,
}

/// An output of the model.
#[derive(Debug)]
struct Output {
    /// What the tensor on a frame is called.
    id: String,
    /// What the model and its description call it.
    name: String,
    hint: GraphHint,
}

impl Known {
    /// Gathers it; `model` is the file that is run or a description alone.
    ///
    /// # Errors
    /// A file or a description that is missing or cannot be understood.
    pub fn gather(model: Option<&Path>, overrides: &DescriptionKeys) -> Result<Self, ModelError> {
        let Some(path) = model else {
            let (file, keys) = (UNNAMED.to_owned(), overrides.clone());
            return Ok(Self {
                file,
                keys,
                ..Self::default()
            });
        };
        let ending = path.extension().and_then(|ending| ending.to_str());
        let ending = ending.map(str::to_ascii_lowercase).unwrap_or_default();
        if ending == "toml" {
            let name = path.file_name().unwrap_or(path.as_os_str());
            return Ok(Self {
                file: name.to_string_lossy().into_owned(),
                keys: gather_alone(path, overrides)?,
                ..Self::default()
            });
        }
        let source = ModelSource::File(path.to_path_buf());
        let model = ModelBytes::read(&source).map_err(named)?;
        let sections = output_ids(path)?;
        let mut known = Self {
            channels_last: ending == "tflite",
            ..Self::default()
        };
        if ending == "onnx" {
            let outline = model.outline()?;
            refuse(&outline, &model.name)?;
            known.keys = gather(&source, &outline.metadata, &model, overrides)?;
            if let Some(family) = Family::of(&outline) {
                family.describe(&mut known.keys, true)?;
                known.guesses.push(format!(
                    "it is {}, by its names, sides and layers",
                    family.name
                ));
            }
            let hint = |name: &&str| ((*name).to_owned(), GraphHint::of(&outline, name));
            let outputs = outline.outputs.iter().map(hint).collect();
            // GStreamer 1.26 finds the ids of outputs in the file's metadata, by their names.
            let id = |name: &str| {
                let mut entries = outline.metadata.iter().rev();
                let (_, id) = entries.find(|(key, _)| *key == name)?;
                Some((*id).to_owned())
            };
            known.outputs = merge(sections, outputs, id);
        } else {
            known.keys = gather(&source, &[], &model, overrides)?;
            known.outputs = merge(sections, tflite::outputs(model.bytes()), |_| None);
        }
        known.file = model.name;
        Ok(known)
    }

    /// What a frame's tensor is in the model's own words; `tensors` are all of the frame.
    pub fn info(&self, tensors: &[TensorAbout], at: usize) -> TensorInfo {
        let tensor = &tensors[at];
        let known = self.outputs.iter().find(|output| output.id == tensor.id);
        let known = known.or(match (&self.outputs[..], tensors.len()) {
            ([only], 1) => Some(only),
            _ => None,
        });
        let name = match known {
            Some(output) => output.name.clone(),
            None if tensor.id.is_empty() => format!("tensor {at}"),
            None => tensor.id.clone(),
        };
        TensorInfo {
            name,
            element: tensor.element,
            dims: tensor.sides.iter().map(|side| Some(*side)).collect(),
        }
    }

    /// The id of the tensor that the description calls `name`.
    pub fn id_of<'a>(&'a self, name: &'a str) -> &'a str {
        let known = self.outputs.iter().find(|output| output.name == name);
        known.map_or(name, |output| &output.id)
    }

    /// What the graph says of the output `name`.
    pub fn hint(&self, name: &str) -> Option<&GraphHint> {
        let known = self.outputs.iter().find(|output| output.name == name);
        known.map(|output| &output.hint)
    }

    /// The order of the input's axes, which decides where sides can be read in two ways.
    pub fn layout(&self, keys: &DescriptionKeys) -> TensorLayout {
        match (keys.text("input.layout"), self.channels_last) {
            (Some(word), _) => layout_of(word),
            (None, true) => TensorLayout::Nhwc,
            (None, false) => TensorLayout::Nchw,
        }
    }
}

/// The outputs as `.modelinfo` sections (name and id) and the file itself name them. GStreamer takes
/// a section for an output by name, else by its place among them.
fn merge(
    sections: Vec<(String, String)>,
    outputs: Vec<(String, GraphHint)>,
    id: impl Fn(&str) -> Option<String>,
) -> Vec<Output> {
    let by_name = |name: &str| outputs.iter().find(|(known, _)| known == name);
    let named = sections.iter().all(|(name, _)| by_name(name).is_some());
    let of_sections = sections.iter().enumerate().map(|(place, (name, id))| {
        let known = if named {
            by_name(name)
        } else {
            outputs.get(place)
        };
        Output {
            id: id.clone(),
            name: name.clone(),
            hint: known.map_or(GraphHint::default(), |(_, hint)| hint.clone()),
        }
    });
    let others = outputs
        .iter()
        .enumerate()
        .filter(|(place, (name, _))| match named {
            true => sections.iter().all(|(section, _)| section != name),
            false => *place >= sections.len(),
        });
    let others = others.map(|(_, (name, hint))| Output {
        id: id(name).unwrap_or_else(|| name.clone()),
        name: name.clone(),
        hint: hint.clone(),
    });
    of_sections.chain(others).collect()
}

/// The same with what to do about it here.
fn named(error: ModelError) -> ModelError {
    match error {
        ModelError::Read { path, source, .. } => ModelError::Read {
            path,
            source,
            hint: "name the file that the inference element runs, or a description (.toml)",
        },
        other => other,
    }
}
