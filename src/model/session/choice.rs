// SPDX-License-Identifier: MPL-2.0

//! The choice of the engine: ONNX Runtime is found or not, and the user asks for one or for any.

use super::super::engine::{EngineKind, EngineRequest};
use super::super::error::{ModelError, RuntimeError};
use super::SessionOptions;
use super::runtime::{Runtime, Search};

/// The engine that was chosen.
#[derive(Debug, Clone, Copy)]
pub(in crate::model) enum Engine {
    OnnxRuntime(&'static Runtime),
    #[cfg(feature = "embedded")]
    Embedded,
}

/// A choice and what the user is to know about it.
#[derive(Debug)]
pub(in crate::model) struct Chosen {
    pub engine: Engine,
    /// Why ONNX Runtime was not taken, if it was looked for.
    pub missing: Option<RuntimeError>,
    /// What was asked for and has no effect, one sentence each.
    pub warnings: Vec<String>,
}

impl Engine {
    pub fn kind(self) -> EngineKind {
        match self {
            Self::OnnxRuntime(_) => EngineKind::OnnxRuntime,
            #[cfg(feature = "embedded")]
            Self::Embedded => EngineKind::Embedded,
        }
    }

    /// Chooses as the user asks. Nothing is loaded for the embedded engine.
    ///
    /// # Errors
    /// ONNX Runtime is needed and missing; a provider is needed that the embedded engine has not;
    /// the build has no embedded engine.
    pub fn choose(
        request: EngineRequest,
        search: &Search,
        session: &SessionOptions,
    ) -> Result<Chosen, ModelError> {
        let missing = match request {
            EngineRequest::Embedded => None,
            _ => match Runtime::get(search) {
                Ok(runtime) => {
                    return Ok(Chosen {
                        engine: Self::OnnxRuntime(runtime),
                        missing: None,
                        warnings: Vec::new(),
                    });
                }
                Err(error) => Some(error),
            },
        };
        match missing {
            Some(error) if request == EngineRequest::OnnxRuntime => Err(error.into()),
            missing => Self::embedded(search, session, missing),
        }
    }

    #[cfg(feature = "embedded")]
    fn embedded(
        search: &Search,
        session: &SessionOptions,
        missing: Option<RuntimeError>,
    ) -> Result<Chosen, ModelError> {
        let mut warnings = Vec::new();
        match (&search.library, &missing) {
            (Some(library), Some(error)) => warnings.push(format!(
                "the embedded engine runs instead of {}: {error}",
                library.display()
            )),
            (Some(library), None) => warnings.push(format!(
                "{} is not used: engine=embedded was asked for",
                library.display()
            )),
            (None, _) => {}
        }
        warnings.extend(session.unused_without_onnxruntime()?);
        Ok(Chosen {
            engine: Self::Embedded,
            missing,
            warnings,
        })
    }

    #[cfg(not(feature = "embedded"))]
    fn embedded(
        _search: &Search,
        _session: &SessionOptions,
        missing: Option<RuntimeError>,
    ) -> Result<Chosen, ModelError> {
        Err(match missing {
            Some(error) => error.into(),
            None => ModelError::Engine(
                "this build has no embedded engine; set engine to auto or onnxruntime, or build with \
                 the cargo feature `embedded`"
                    .into(),
            ),
        })
    }
}
