// SPDX-License-Identifier: MPL-2.0

//! Gathers what all sources say about a model. First found wins, key by key: the user's own
//! keys, `NAME.toml`, `NAME.onnx.modelinfo` (or `NAME.modelinfo`), the file's metadata.

use std::io::ErrorKind;
use std::path::Path;

use super::super::ModelError;
use super::super::session::{ModelBytes, ModelSource};
use super::{DescriptionKeys, metadata, modelinfo, toml_file};

/// Descriptions larger than this are none.
const MAX_DESCRIPTION: u64 = 1 << 20;

/// All keys of one model.
///
/// # Errors
/// A description that cannot be read or understood, or whose checksum is not the model's.
pub(in crate::model) fn gather(
    source: &ModelSource,
    entries: &[(&str, &str)],
    model: &ModelBytes,
    overrides: &DescriptionKeys,
) -> Result<DescriptionKeys, ModelError> {
    let mut keys = overrides.clone();
    match source {
        ModelSource::File(path) => read_beside(path, &mut keys)?,
        ModelSource::Memory {
            name, descriptor, ..
        } => {
            if let Some(text) = descriptor {
                keys.merge(toml_file::parse(text, &format!("{name}.toml"))?);
            }
        }
    }
    keys.merge(metadata::parse(entries.iter().copied(), &model.name)?);
    check_sum(&keys, model)?;
    Ok(keys)
}

/// The keys of a description that stands for a model by itself.
///
/// # Errors
/// A description that is missing, cannot be read or understood.
pub(in crate::model) fn gather_alone(
    path: &Path,
    overrides: &DescriptionKeys,
) -> Result<DescriptionKeys, ModelError> {
    let Some((name, text)) = read(path)? else {
        return Err(ModelError::Read {
            path: path.to_path_buf(),
            source: ErrorKind::NotFound.into(),
            hint: "name a description that can be read",
        });
    };
    let mut keys = overrides.clone();
    keys.merge(toml_file::parse(&text, &name)?);
    Ok(keys)
}

/// The outputs that the `.modelinfo` beside a model file describes: name and tensor id.
///
/// # Errors
/// A file that cannot be read or understood.
pub(in crate::model) fn output_ids(model: &Path) -> Result<Vec<(String, String)>, ModelError> {
    match read_modelinfo(model)? {
        Some((name, text)) => modelinfo::output_ids(&text, &name),
        None => Ok(Vec::new()),
    }
}

/// The `.modelinfo` beside a model file: its name and text.
fn read_modelinfo(model: &Path) -> Result<Option<(String, String)>, ModelError> {
    let mut whole = model.as_os_str().to_owned();
    whole.push(".modelinfo");
    match read(Path::new(&whole))? {
        None => read(&model.with_extension("modelinfo")),
        found => Ok(found),
    }
}

/// The descriptions beside a model file.
fn read_beside(path: &Path, keys: &mut DescriptionKeys) -> Result<(), ModelError> {
    if let Some((name, text)) = read(&path.with_extension("toml"))? {
        keys.merge(toml_file::parse(&text, &name)?);
    }
    if let Some((name, text)) = read_modelinfo(path)? {
        keys.merge(modelinfo::parse(&text, &name)?);
    }
    Ok(())
}

/// The model is the one that the description is for, if that says so.
fn check_sum(keys: &DescriptionKeys, model: &ModelBytes) -> Result<(), ModelError> {
    let key = "model.sha256";
    let (Some(expected), Some(origin)) = (keys.text(key), keys.origin(key)) else {
        return Ok(());
    };
    let found = model.sum();
    if expected.eq_ignore_ascii_case(&found) {
        return Ok(());
    }
    Err(ModelError::Checksum {
        file: model.name.clone(),
        found,
        at: origin.to_string(),
        expected: expected.to_owned(),
    })
}

/// A description beside the model: its name and text; `None` if there is no such file.
fn read(path: &Path) -> Result<Option<(String, String)>, ModelError> {
    let error = |source| ModelError::Read {
        path: path.to_path_buf(),
        source,
        hint: "make it readable or take it away",
    };
    match std::fs::metadata(path) {
        Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(None),
        Err(problem) => return Err(error(problem)),
        Ok(about) if about.len() > MAX_DESCRIPTION || !about.is_file() => {
            let problem = "expected a text file of at most 1 MiB";
            return Err(error(std::io::Error::new(ErrorKind::InvalidData, problem)));
        }
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(path).map_err(error)?;
    Ok(Some((path.display().to_string(), text)))
}
