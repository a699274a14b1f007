// SPDX-License-Identifier: MPL-2.0

//! Gathers what all sources say about a model. First found wins, key by key: the user's own
//! settings, `NAME.toml`, `NAME.onnx.modelinfo` (or `NAME.modelinfo`), the file's metadata.

use std::io::ErrorKind;
use std::path::Path;

use super::session::{ModelBytes, ModelSource};
use super::settings::Settings;
use super::{ModelError, descriptor_toml, metadata, modelinfo};

/// Descriptions larger than this are none.
const MAX_DESCRIPTION: u64 = 1 << 20;

/// All settings of one model.
///
/// # Errors
/// A description that cannot be read or understood, or whose checksum is not the model's.
pub(super) fn gather(
    source: &ModelSource,
    entries: &[(&str, &str)],
    model: &ModelBytes,
    overrides: &Settings,
) -> Result<Settings, ModelError> {
    let mut settings = overrides.clone();
    match source {
        ModelSource::File(path) => {
            let beside = path.with_extension("toml");
            if let Some((name, text)) = read(&beside)? {
                settings.merge(descriptor_toml::parse(&text, &name)?);
            }
            let mut whole = path.as_os_str().to_owned();
            whole.push(".modelinfo");
            let candidates = [
                Path::new(&whole).to_path_buf(),
                path.with_extension("modelinfo"),
            ];
            for candidate in candidates {
                if let Some((name, text)) = read(&candidate)? {
                    settings.merge(modelinfo::parse(&text, &name)?);
                    break;
                }
            }
        }
        ModelSource::Memory {
            name, descriptor, ..
        } => {
            if let Some(text) = descriptor {
                settings.merge(descriptor_toml::parse(text, &format!("{name}.toml"))?);
            }
        }
    }
    settings.merge(metadata::parse(entries.iter().copied(), &model.name)?);
    if let (Some(expected), Some(origin)) = (
        settings.text("model.sha256"),
        settings.origin("model.sha256"),
    ) {
        let found = model.sum();
        if !expected.eq_ignore_ascii_case(&found) {
            return Err(ModelError::Checksum {
                file: model.name.clone(),
                found,
                at: origin.to_string(),
                expected: expected.to_owned(),
            });
        }
    }
    Ok(settings)
}

/// A description beside the model: its name and text; `None` where there is no such file.
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
