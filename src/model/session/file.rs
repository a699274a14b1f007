// SPDX-License-Identifier: MPL-2.0

//! A model's bytes and what they say about themselves.

use std::borrow::Cow;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::super::ModelError;
use super::super::onnx::{Outline, folder_of};
use super::ModelSource;

/// A model's bytes, checked.
pub(in crate::model) struct ModelBytes<'a> {
    /// The model's name in messages: the file's name or the name in memory.
    pub name: String,
    pub(super) bytes: Cow<'a, [u8]>,
    pub(super) path: Option<&'a Path>,
    pub(super) sum: [u8; 32],
}

/// ONNX files are protobuf messages, which hold less than this.
const MAX_FILE: u64 = 2 << 30;

/// A whole file; what has no end or waits for a writer (a device, a pipe) is none.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() || about.len() > MAX_FILE {
        let problem = "expected an .onnx file of at most 2 GiB";
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            problem,
        ));
    }
    std::fs::read(path)
}

impl<'a> ModelBytes<'a> {
    /// Reads a source.
    ///
    /// # Errors
    /// [`ModelError::Read`] if the file cannot be read.
    pub fn read(source: &'a ModelSource) -> Result<Self, ModelError> {
        let (name, bytes, path) = match source {
            ModelSource::File(path) => {
                let error = |source| ModelError::Read {
                    path: path.clone(),
                    source,
                    hint: "name an .onnx file that can be read, or builtin",
                };
                let bytes = Cow::Owned(read_file(path).map_err(error)?);
                let name = path.file_name().unwrap_or(path.as_os_str());
                (
                    name.to_string_lossy().into_owned(),
                    bytes,
                    Some(path.as_path()),
                )
            }
            ModelSource::Memory { name, model, .. } => {
                (name.clone(), Cow::Borrowed(model.as_ref()), None)
            }
        };
        let sum = Sha256::digest(&bytes).into();
        Ok(Self {
            name,
            bytes,
            path,
            sum,
        })
    }

    /// SHA-256 in hexadecimal digits.
    pub fn sum(&self) -> String {
        self.sum.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The folder that the file lies in.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.path.map(folder_of)
    }

    /// What the file says about itself; it names no file that it must not read.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn outline(&self) -> Result<Outline<'_>, ModelError> {
        let outline = Outline::read(&self.bytes, &self.name)?;
        outline.confine(self.path, &self.name)?;
        Ok(outline)
    }
}
