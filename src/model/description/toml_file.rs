// SPDX-License-Identifier: MPL-2.0

//! `NAME.toml` beside `NAME.onnx`: the project's own model description.
//!
//! The values are read by the `toml` crate; a second pass over its spans finds each key's line, so
//! that every error names file, line and key.

use std::collections::HashMap;

use toml::Value;
use toml::de::{DeTable, DeValue};

use super::super::ModelError;
use super::{DescriptionKeys, Origin};

/// Reads the text of a descriptor; `source` is its name in errors.
///
/// # Errors
/// Broken TOML, an unknown key, a wrong type or value: each with file, line and key.
pub fn parse(text: &str, source: &str) -> Result<DescriptionKeys, ModelError> {
    let origin = Origin::new(source);
    let broken = |error: toml::de::Error| {
        let line = error.span().map(|span| line_of(text, span.start));
        origin.at(line).error("TOML", error.message().to_owned())
    };
    let spans = DeTable::parse(text).map_err(broken)?;
    let table = text.parse::<toml::Table>().map_err(broken)?;
    let mut lines = HashMap::new();
    for (key, value) in spans.get_ref() {
        let section = key.get_ref();
        lines.insert(section.to_string(), line_of(text, key.span().start));
        if let DeValue::Table(inner) = value.get_ref() {
            for key in inner.keys() {
                let line = line_of(text, key.span().start);
                lines.insert(format!("{section}.{}", key.get_ref()), line);
            }
        }
    }
    let mut keys = DescriptionKeys::default();
    for (section, value) in table {
        match value {
            Value::Table(inner) => {
                for (name, value) in inner {
                    let key = format!("{section}.{name}");
                    let at = origin.at(lines.get(&key).copied());
                    keys.insert(&key, value, &at)?;
                }
            }
            value => {
                let at = origin.at(lines.get(&section).copied());
                keys.insert(&section, value, &at)?;
            }
        }
    }
    Ok(keys)
}

/// Line of a byte offset, counted from 1.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset.min(text.len())]
        .iter()
        .filter(|&&b| b == b'\n')
        .count()
}

#[cfg(test)]
#[path = "toml_file_tests.rs"]
mod tests;
