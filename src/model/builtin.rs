// SPDX-License-Identifier: MPL-2.0

//! The networks inside the plugin.

use super::{ModelError, ModelSource};
use std::borrow::Cow;

/// Name of the network that runs where none is named.
pub const DEFAULT: &str = "builtin";

/// Names that are never files.
const NAMES: &[&str] = &["builtin", "builtin-lite"];

/// A network inside the plugin: its name, the ONNX file, its description.
type Builtin = (&'static str, &'static [u8], &'static str);

const NETWORKS: &[Builtin] = &[(
    "builtin",
    include_bytes!("../../models/matte.onnx"),
    include_str!("../../models/matte.toml"),
)];

/// The network inside the plugin of this name; none where the name is no built-in one's.
///
/// # Errors
/// [`ModelError::Unsuitable`] where this build has no such network inside.
pub fn find(name: &str) -> Result<Option<ModelSource>, ModelError> {
    if let Some((name, model, descriptor)) = NETWORKS.iter().find(|network| network.0 == name) {
        return Ok(Some(ModelSource::Memory {
            name: (*name).to_owned(),
            model: Cow::Borrowed(*model),
            descriptor: Some(Cow::Borrowed(*descriptor)),
        }));
    }
    if NAMES.contains(&name) {
        return Err(ModelError::Unsuitable {
            file: name.to_owned(),
            reason: "this build has no such network inside; set the property model, or the \
                     environment variable MATTE_MODEL, to builtin or to an .onnx file \
                     (scripts/fetch-models.sh fetches public ones and says where they are)"
                .to_owned(),
        });
    }
    Ok(None)
}
