// SPDX-License-Identifier: MPL-2.0

//! What can go wrong with a model, said so that the reader knows what to do next.

mod implausible;
mod runtime;

pub(super) use implausible::SLACK;
pub use implausible::{Fault, Implausible};
pub use runtime::{LibraryError, RuntimeError};

use std::path::PathBuf;

use super::engine::EngineError;

/// Why a model cannot be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}; {hint}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// A model is named, and no folder has a file of that name.
    #[error(
        "no model is named `{name}`{}; name an .onnx file, builtin or builtin-lite",
        looked_in(name, folders)
    )]
    Unknown {
        /// The name.
        name: String,
        /// Where it was looked for.
        folders: Vec<PathBuf>,
    },
    /// ONNX Runtime is missing, broken or too old.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The file is no ONNX model, or is cut off.
    #[error("{file} is not an ONNX model: {reason}")]
    NotOnnx {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A descriptor says something that cannot be understood. `at` names file and line.
    #[error("{at}: {key}: {problem}")]
    Descriptor {
        /// File and line, or the source that stands for them.
        at: String,
        /// The key.
        key: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// The model leaves a question open that no description answers.
    #[error("{file}: {question}; {}", where_to_set(file, key))]
    Ambiguous {
        /// The model.
        file: String,
        /// The key that answers it.
        key: String,
        /// What is not known, and what there is to choose from.
        question: String,
    },
    /// The model takes or gives something that is no picture.
    #[error("{file} cannot be used: {reason}")]
    Unsuitable {
        /// The model.
        file: String,
        /// What was found and what was expected.
        reason: String,
    },
    /// A model keeps data in a file outside its own folder.
    #[error("{file} keeps data in `{location}`, which is refused: {reason}")]
    ExternalData {
        /// The model.
        file: String,
        /// The location that the model names.
        location: String,
        /// Why it is refused.
        reason: &'static str,
    },
    /// The file is not the one that its descriptor describes.
    #[error("{file} has SHA-256 {found}, but {at} expects {expected}; fetch the model again")]
    Checksum {
        /// The model.
        file: String,
        /// Its sum.
        found: String,
        /// The descriptor's file and line.
        at: String,
        /// The sum in the descriptor.
        expected: String,
    },
    /// An execution provider has an unknown name or cannot be used though it must be.
    #[error("execution provider: {0}")]
    Provider(String),
    /// An engine is asked for that this build has not.
    #[error("{0}")]
    Engine(String),
    /// The engine refuses the model.
    #[error("{file} cannot be loaded: {message}")]
    Load {
        /// The model.
        file: String,
        /// The engine's name and its words.
        message: String,
    },
    /// A run of the model fails.
    #[error("{file} failed to run: {message}")]
    Run {
        /// The model.
        file: String,
        /// The engine's name and its words, or what is wrong with what it gave.
        message: String,
    },
    /// A tensor of another element's inference is not what it should be.
    #[error("{file}: tensor `{output}`: {problem}")]
    Tensor {
        /// The model.
        file: String,
        /// The output.
        output: String,
        /// What was found and what was expected.
        problem: String,
    },
    /// The output holds NaN or infinity: no matte can be made of it.
    #[error("{file} gave a value that is not finite (NaN or infinity) in output `{output}`")]
    NonFinite {
        /// The model.
        file: String,
        /// The output.
        output: String,
    },
    /// The output holds numbers that its kind cannot hold: no matte can be made of it.
    #[error("{file} gave in output `{output}` {what}")]
    Implausible {
        /// The model.
        file: String,
        /// The output.
        output: String,
        /// What was found, what is allowed and which key sets it right.
        what: Implausible,
    },
}

/// Stands for the model of tensors that nobody has described.
pub(super) const UNNAMED: &str = "the frame's tensors";

/// Where a named model was looked for, for a message.
fn looked_in(name: &str, folders: &[PathBuf]) -> String {
    if folders.is_empty() {
        return ": there is no file of that name".to_owned();
    }
    let folders: Vec<_> = folders.iter().map(|at| at.display().to_string()).collect();
    let folders = folders.join(", ");
    format!(
        ": there is neither a file of that name nor {name}.onnx or matte-{name}.onnx in {folders}"
    )
}

/// The file beside the model, and what to write there.
fn where_to_set(model: &str, key: &str) -> String {
    let endings = [".onnx", ".tflite", ".toml"];
    let stem = endings.iter().find_map(|ending| model.strip_suffix(ending));
    let stem = stem.unwrap_or(model);
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    // A dot in a name would make sections of its parts.
    let quote = if name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        "\""
    } else {
        ""
    };
    let place = match (model == UNNAMED, model.ends_with(".toml")) {
        (true, _) => "a description (.toml) that the property `model` names".to_owned(),
        (_, true) => model.to_owned(),
        _ => format!("{stem}.toml beside it"),
    };
    format!("set `{key}` in {place}: [{section}], {quote}{name}{quote} = ...")
}

impl ModelError {
    /// The same with more to the engine's words.
    pub(super) fn with(self, more: &str) -> Self {
        match self {
            Self::Run { file, message } => {
                let message = format!("{message}; {more}");
                Self::Run { file, message }
            }
            Self::Load { file, message } => {
                let message = format!("{message}; {more}");
                Self::Load { file, message }
            }
            other => other,
        }
    }

    /// A tensor of another element's inference is not what it should be.
    pub(super) fn tensor(file: &str, output: &str, problem: impl Into<String>) -> Self {
        Self::Tensor {
            file: file.to_owned(),
            output: output.to_owned(),
            problem: problem.into(),
        }
    }

    /// The engine's words about a run of `file`.
    pub(super) fn run(file: &str, error: &EngineError) -> Self {
        Self::Run {
            file: file.to_owned(),
            message: error.to_string(),
        }
    }

    /// The engine's words about loading `file`.
    pub(super) fn load(file: &str, error: &EngineError) -> Self {
        Self::Load {
            file: file.to_owned(),
            message: error.to_string(),
        }
    }
}
