// SPDX-License-Identifier: MPL-2.0

//! The networks inside the plugin.

use super::ModelSource;
use std::borrow::Cow;

/// Name of the network that runs if none is named.
pub const DEFAULT: &str = "builtin";

/// A network inside the plugin: its name, the ONNX file, its description.
type Builtin = (&'static str, &'static [u8], &'static str);

const NETWORKS: [Builtin; 2] = [
    (
        DEFAULT,
        include_bytes!("../../models/matte.onnx"),
        include_str!("../../models/matte.toml"),
    ),
    (
        "builtin-lite",
        include_bytes!("../../models/matte-lite.onnx"),
        include_str!("../../models/matte-lite.toml"),
    ),
];

/// The network inside the plugin of this name; none if there is no such network.
pub fn find(name: &str) -> Option<ModelSource> {
    let (name, model, descriptor) = NETWORKS.into_iter().find(|network| network.0 == name)?;
    Some(ModelSource::Memory {
        name: name.to_owned(),
        model: Cow::Borrowed(model),
        descriptor: Some(Cow::Borrowed(descriptor)),
    })
}
