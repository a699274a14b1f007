// SPDX-License-Identifier: MPL-2.0

//! What the answers about a model are drawn from, and the errors that name the key to set.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::ModelError;
use super::description::DescriptionKeys;
use super::engine::{EngineError, EngineKind};
use super::onnx::Feed;
use super::signature::Signature;

/// All that is known about a model while its description is resolved.
pub(super) struct ResolveContext<'a> {
    /// What runs the model.
    pub engine: EngineKind,
    /// The model's name in errors.
    pub file: &'a str,
    /// All that the sources say.
    pub keys: &'a DescriptionKeys,
    /// The model's inputs and outputs.
    pub signature: &'a Signature,
    /// What the graph does to each input before the network begins.
    pub feeds: &'a HashMap<String, Feed>,
    /// Width and height of the video, for models that leave their size open.
    pub stream: Option<(usize, usize)>,
}

impl<'a> ResolveContext<'a> {
    /// What the graph does to `input` before the network begins.
    pub fn feed(&self, input: &str) -> &'a Feed {
        static NOTHING: LazyLock<Feed> = LazyLock::new(Feed::default);
        self.feeds.get(input).unwrap_or(&NOTHING)
    }

    /// More than one answer is possible, and `key` gives it.
    pub fn ambiguous(&self, key: &str, question: impl Into<String>) -> ModelError {
        ModelError::Ambiguous {
            file: self.file.into(),
            key: key.into(),
            question: question.into(),
        }
    }

    /// The model takes or gives something that is no picture.
    pub fn unsuitable(&self, reason: impl Into<String>) -> ModelError {
        ModelError::Unsuitable {
            file: self.file.into(),
            reason: reason.into(),
        }
    }

    /// The value of `key` contradicts the model; the error names the place where it was set.
    pub fn contradiction(&self, key: &str, problem: impl Into<String>) -> ModelError {
        match self.keys.origin(key) {
            Some(origin) => origin.error(key, problem),
            None => self.unsuitable(problem),
        }
    }

    /// The engine fails to run the model or to make a tensor for it.
    pub fn run_error(&self, error: &EngineError) -> ModelError {
        ModelError::run(self.file, error)
    }
}
