// SPDX-License-Identifier: MPL-2.0

//! Which engine runs a network: ONNX Runtime, a library that is found when it is needed, or the
//! embedded one, which is part of the plugin.

use std::fmt;

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EngineKind {
    /// The ONNX Runtime library.
    OnnxRuntime,
    /// The one inside the plugin.
    Embedded,
}

impl EngineKind {
    /// Short name, as users write it.
    pub const fn nick(self) -> &'static str {
        match self {
            Self::OnnxRuntime => "onnxruntime",
            Self::Embedded => "embedded",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnnxRuntime => "ONNX Runtime",
            Self::Embedded => "the embedded engine",
        })
    }
}

/// Which engine the user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EngineRequest {
    /// ONNX Runtime where it is found, else the embedded one.
    #[default]
    Auto,
    /// ONNX Runtime or nothing.
    OnnxRuntime,
    /// The embedded one; ONNX Runtime is not looked for.
    Embedded,
}

/// What an engine says when it cannot load or run something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{engine} says: {message}")]
pub(super) struct EngineError {
    engine: EngineKind,
    message: String,
}

impl EngineError {
    pub fn new(engine: EngineKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { engine, message }
    }

    /// In the embedded engine's name.
    #[cfg(feature = "embedded")]
    pub fn embedded(message: impl Into<String>) -> Self {
        Self::new(EngineKind::Embedded, message)
    }
}

impl From<ort::Error> for EngineError {
    fn from(error: ort::Error) -> Self {
        Self::new(EngineKind::OnnxRuntime, error.message())
    }
}
