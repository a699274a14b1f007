// SPDX-License-Identifier: MPL-2.0

//! Which files a model may name for its data.

use std::path::{Component, Path, PathBuf};

use super::super::ModelError;
use super::Outline;

impl Outline<'_> {
    /// Checks that every outside file lies in the model's own folder.
    ///
    /// ONNX Runtime opens what a model names. A model from a stranger must not read, through `..`,
    /// an absolute path or a link, what lies elsewhere. `model` is the model's path, `None` for one
    /// in memory, which has no folder and so may name none.
    ///
    /// Caches of model hubs keep each file once, in `blobs/`, and link to it from
    /// `snapshots/REVISION/`: such links are followed, and no others.
    ///
    /// # Errors
    /// [`ModelError::ExternalData`] for the first location that is refused.
    pub fn confine(&self, model: Option<&Path>, file: &str) -> Result<(), ModelError> {
        for location in &self.external {
            let refuse = |reason| ModelError::ExternalData {
                file: file.into(),
                location: (*location).into(),
                reason,
            };
            let path = Path::new(location);
            let Some(model) = model else {
                return Err(refuse("a model in memory has no folder"));
            };
            let plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
            if location.is_empty() || !path.components().all(plain) {
                return Err(refuse("it must be a file in the model's own folder"));
            }
            let folder = folder_of(model);
            let Ok(target) = folder.join(path).canonicalize() else {
                return Err(refuse("there is no such file beside the model"));
            };
            if !roots(model).iter().any(|root| target.starts_with(root)) {
                return Err(refuse("it is a link that leads out of the model's folder"));
            }
            if !target.is_file() {
                return Err(refuse("it is not a plain file"));
            }
        }
        Ok(())
    }
}

/// The folder that a file lies in.
pub(in crate::model) fn folder_of(model: &Path) -> &Path {
    match model.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The real folders that a model's data may lie in: its own, that of the file which it links to, and
/// the one where a hub's cache keeps the files of its snapshots.
fn roots(model: &Path) -> Vec<PathBuf> {
    let folder = folder_of(model).canonicalize().ok();
    let linked = model.canonicalize().ok();
    let linked = linked.and_then(|model| model.parent().map(Path::to_path_buf));
    let snapshots = folder.as_deref().and_then(Path::parent);
    let snapshots = snapshots.filter(|folder| folder.file_name() == Some("snapshots".as_ref()));
    let blobs = snapshots.and_then(Path::parent);
    let blobs = blobs.and_then(|cache| cache.join("blobs").canonicalize().ok());
    [folder, linked, blobs].into_iter().flatten().collect()
}
