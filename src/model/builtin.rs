// SPDX-License-Identifier: MPL-2.0

//! The networks inside the plugin.

use super::ModelSource;

/// Name of the network that runs where none is named.
pub const DEFAULT: &str = "builtin";

/// A network inside the plugin, by the name that the property `model` gives it.
pub fn find(_name: &str) -> Option<ModelSource> {
    None
}
