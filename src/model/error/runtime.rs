// SPDX-License-Identifier: MPL-2.0

//! Why there is no usable ONNX Runtime.

use std::error::Error as _;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Why a library is no usable ONNX Runtime.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// There is no such file.
    #[error("no such file")]
    Missing,
    /// The system cannot load it, in the system's words.
    #[error("{0}")]
    Loader(String),
    /// It is another library.
    #[error("it is not ONNX Runtime")]
    Other,
    /// Its version is no version.
    #[error("its version cannot be read")]
    NoVersion,
    /// It is older than what is needed.
    #[error(
        "it is ONNX Runtime {version}, too old: 1.{} or newer is needed",
        ort::MINOR_VERSION
    )]
    TooOld {
        /// Its version.
        version: String,
    },
    /// It fails while its environment is made, in its own words.
    #[error("{0}")]
    Environment(String),
    /// Its entry point fails.
    #[error("it is no working ONNX Runtime (its entry point failed)")]
    EntryPoint,
}

/// No usable ONNX Runtime. Its message lists every place that was looked at and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct RuntimeError {
    /// Each place and what was wrong with it, in the order of the search.
    pub tried: Vec<(PathBuf, LibraryError)>,
}

impl RuntimeError {
    fn message(&self) -> String {
        let mut text = format!(
            "no usable ONNX Runtime (1.{} or newer) was found. Looked at:",
            ort::MINOR_VERSION
        );
        for (path, problem) in &self.tried {
            let _ = write!(text, "\n  {}: {problem}", path.display());
        }
        text.push_str(
            "\nInstall the system's package (Debian 13: libonnxruntime1.21, Fedora: onnxruntime, \
             Arch: onnxruntime-cpu), or the PyPI package `onnxruntime`, which holds \
             onnxruntime/capi/libonnxruntime.so.1.*; then set ORT_DYLIB_PATH or the element's \
             property to that file if it is not in the system's library folders.",
        );
        text
    }
}

impl From<ort::LoadDynamicError> for LibraryError {
    /// ort's error, without the path that our own message names already.
    fn from(error: ort::LoadDynamicError) -> Self {
        match error {
            // libloading says what went wrong only in the source of its error.
            ort::LoadDynamicError::Dlopen { error, .. } => Self::Loader(match error.source() {
                Some(source) => source.to_string(),
                None => error.to_string(),
            }),
            ort::LoadDynamicError::MissingApi { .. } => Self::Other,
            ort::LoadDynamicError::InvalidVersionString => Self::NoVersion,
            ort::LoadDynamicError::BadVersion { version_str, .. } => {
                let version = version_str.to_string();
                Self::TooOld { version }
            }
        }
    }
}
