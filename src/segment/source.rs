// SPDX-License-Identifier: MPL-2.0

//! From properties to what `crate::model` understands.

use super::settings::Settings;
use crate::model::{
    self, ModelError, ModelSource, Origin, ProviderRequest, Search, SessionOptions, builtin,
};
use std::path::PathBuf;

/// Environment variable that names the model if no property does.
pub const MODEL_VARIABLE: &str = "MATTE_MODEL";

impl Settings {
    /// Where the model comes from: the property, else `MATTE_MODEL`, else the built-in one.
    pub fn source(&self) -> ModelSource {
        let named = self.model.as_deref().map(String::from).or_else(|| {
            std::env::var(MODEL_VARIABLE)
                .ok()
                .filter(|name| !name.is_empty())
        });
        let name = named.as_deref().unwrap_or(builtin::DEFAULT);
        builtin::find(name).unwrap_or_else(|| ModelSource::File(PathBuf::from(name)))
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

/// The folder that the plugin was loaded from.
fn plugin_folder() -> Option<PathBuf> {
    let plugin = gst::Registry::get().find_plugin("matte")?;
    plugin.filename()?.parent().map(PathBuf::from)
}
