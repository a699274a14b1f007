// SPDX-License-Identifier: MPL-2.0

//! From properties to what `crate::model` understands.

use super::settings::Settings;
use crate::model::{
    self, ModelError, ModelSource, Origin, ProviderRequest, Search, SessionOptions, builtin,
};
use gst::glib;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Environment variable that names the model if no property does.
pub const MODEL_VARIABLE: &str = "MATTE_MODEL";

impl Settings {
    /// Where the model comes from: the property, else `MATTE_MODEL`, else the built-in one.
    ///
    /// # Errors
    /// [`ModelError::Unknown`] for the name of a model that no folder has.
    pub fn source(&self) -> Result<ModelSource, ModelError> {
        let named = self.model.as_deref().map(String::from).or_else(|| {
            std::env::var(MODEL_VARIABLE)
                .ok()
                .filter(|name| !name.is_empty())
        });
        let name = named.as_deref().unwrap_or(builtin::DEFAULT);
        model::find_model(name, model_folders)
    }

    /// How the model is loaded.
    ///
    /// # Errors
    /// [`ModelError`] for an unknown provider, a subject that cannot be read or too few pixels.
    pub fn options(&self) -> Result<model::Options, ModelError> {
        let mut provider =
            ProviderRequest::parse(self.execution_provider.as_deref().unwrap_or_default())?;
        provider.strict = self.strict_provider;
        if let Some(options) = &self.provider_options {
            for (name, value) in options.iter() {
                let value = value.transform::<String>().ok().and_then(|v| v.get().ok());
                let value = value.ok_or_else(|| {
                    ModelError::Provider(format!(
                        "option {name} of provider-options cannot be written as text"
                    ))
                })?;
                provider.options.push((name.to_string(), value));
            }
        }
        let mut overrides = model::DescriptionKeys::default();
        if let Some(subject) = &self.subject {
            overrides.insert_text("output.subject", subject, &Origin::new("property subject"))?;
        }
        if self.input_pixels > 0 {
            overrides.insert(
                "input.pixels",
                i64::from(self.input_pixels).into(),
                &Origin::new("property input-pixels"),
            )?;
        }
        Ok(model::Options {
            engine: self.engine.into(),
            search: Search {
                library: self.onnxruntime_library.as_deref().map(PathBuf::from),
                plugin_folder: plugin_folder(),
            },
            session: SessionOptions {
                threads: self.threads as usize,
                provider,
                ..SessionOptions::default()
            },
            overrides,
            stream: None,
        })
    }
}

/// Where models lie that are named without a folder: those installed with the plugin, the user's,
/// the system's, and those that `scripts/fetch-models.sh` fetched.
fn model_folders() -> Vec<PathBuf> {
    let plugin = plugin_folder();
    let installed = plugin
        .as_deref()
        .and_then(prefix_of)
        .map(|prefix| prefix.join("share"));
    let shared = installed
        .into_iter()
        .chain([glib::user_data_dir()])
        .chain(glib::system_data_dirs());
    let mut folders: Vec<_> = shared.map(|share| share.join("matte/models")).collect();
    let cache = std::env::var_os("MATTE_CACHE").filter(|folder| !folder.is_empty());
    let cache = cache.map_or_else(|| glib::user_cache_dir().join("matte"), PathBuf::from);
    folders.push(cache.join("models"));
    let mut seen = HashSet::new();
    folders.retain(|folder| folder.is_dir() && seen.insert(folder.clone()));
    folders
}

/// The prefix that a plugin's folder was installed under: `/usr` for
/// `/usr/lib/x86_64-linux-gnu/gstreamer-1.0`. None for a folder outside of any `lib`.
fn prefix_of(plugin_folder: &Path) -> Option<&Path> {
    let is_lib = |at: &&Path| at.ends_with("lib") || at.ends_with("lib64");
    plugin_folder.ancestors().find(is_lib)?.parent()
}

/// The folder that the plugin was loaded from.
fn plugin_folder() -> Option<PathBuf> {
    let plugin = gst::Registry::get().find_plugin("matte")?;
    plugin.filename()?.parent().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_above_the_libraries() {
        for (folder, prefix) in [
            ("/usr/lib/x86_64-linux-gnu/gstreamer-1.0", Some("/usr")),
            ("/opt/matte/lib64/gstreamer-1.0", Some("/opt/matte")),
            ("/home/me/matte/target/release", None),
        ] {
            assert_eq!(
                prefix_of(Path::new(folder)),
                prefix.map(Path::new),
                "{folder}"
            );
        }
    }
}
