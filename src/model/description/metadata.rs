// SPDX-License-Identifier: MPL-2.0

//! Descriptions kept inside of a model: entries `matte.KEY` in the ONNX file's metadata, their
//! values written as in TOML (`matte.input.range` = `[0.0, 1.0]`) or as a bare word.

use super::super::ModelError;
use super::{DescriptionKeys, Origin};

/// Takes what is ours out of a model's metadata; `file` is the model's name in errors.
///
/// # Errors
/// An entry under `matte.` with an unknown key or a wrong value.
pub fn parse<'a>(
    entries: impl IntoIterator<Item = (&'a str, &'a str)>,
    file: &str,
) -> Result<DescriptionKeys, ModelError> {
    let origin = Origin::new(format!("metadata of {file}"));
    let mut keys = DescriptionKeys::default();
    for (key, value) in entries {
        if let Some(key) = key.strip_prefix("matte.") {
            keys.insert_text(key, value, &origin)?;
        }
    }
    Ok(keys)
}

#[cfg(test)]
#[path = "metadata_tests.rs"]
mod tests;
