// SPDX-License-Identifier: MPL-2.0

//! Which files a model may name for its data.

use std::path::{Component, Path};

use super::super::ModelError;
use super::Outline;

impl Outline<'_> {
    /// Checks that every outside file lies in the model's own folder.
    ///
    /// ONNX Runtime opens what a model names. A model from a stranger must not read, through `..`,
    /// an absolute path or a link, what lies elsewhere. `folder` is `None` for a model in memory,
    /// which has no folder and so may name none.
    ///
    /// # Errors
    /// [`ModelError::ExternalData`] for the first location that is refused.
    pub fn confine(&self, folder: Option<&Path>, file: &str) -> Result<(), ModelError> {
        for location in &self.external {
            let refuse = |reason| ModelError::ExternalData {
                file: file.into(),
                location: (*location).into(),
                reason,
            };
            let path = Path::new(location);
            let Some(folder) = folder else {
                return Err(refuse("a model in memory has no folder"));
            };
            let plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
            if location.is_empty() || !path.components().all(plain) {
                return Err(refuse("it must be a file in the model's own folder"));
            }
            let (Ok(root), Ok(target)) = (folder.canonicalize(), folder.join(path).canonicalize())
            else {
                return Err(refuse("there is no such file beside the model"));
            };
            if !target.starts_with(&root) {
                return Err(refuse("it is a link that leads out of the model's folder"));
            }
            if !target.is_file() {
                return Err(refuse("it is not a plain file"));
            }
        }
        Ok(())
    }
}
