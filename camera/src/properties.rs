// SPDX-License-Identifier: MPL-2.0

//! The properties of `mattebackground` that the settings ask for.

use crate::settings::{Background, CheckError, Settings};
use gst::glib;
use gst::prelude::*;

/// A property that cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum PropertyError {
    /// There is none of this name, or it is only for reading.
    #[error(
        "mattebackground has no property '{0}' that can be set: gst-inspect-1.0 mattebackground"
    )]
    Unknown(String),
    /// The text is no value of the property's type.
    #[error("{name} = {text}: a {wanted} is wanted")]
    Type {
        /// The property.
        name: String,
        /// The value.
        text: String,
        /// The property's type.
        wanted: glib::Type,
    },
    /// The value is too small or too large.
    #[error("{name} = {text} is out of range: {range}")]
    Range {
        /// The property.
        name: String,
        /// The value.
        text: String,
        /// What the property takes.
        range: String,
    },
    /// The picture is gone.
    #[error(transparent)]
    Settings(#[from] CheckError),
    /// Properties hold UTF-8 only.
    #[error("picture: the path is not UTF-8")]
    NotUtf8,
}

/// Sets what `mattebackground` is to do.
///
/// # Errors
/// With the property that is not known, or its value.
pub fn set_all(matte: &gst::Element, settings: &Settings) -> Result<(), PropertyError> {
    let color = format!("0xff{:06x}", settings.color.0);
    set(matte, "color", &color)?;
    set(matte, "blur-strength", &settings.blur_strength.to_string())?;
    match settings.background {
        Background::Picture => {
            let picture = settings.picture_file()?;
            let picture = picture.to_str().ok_or(PropertyError::NotUtf8)?;
            if matte.property::<Option<String>>("image").as_deref() != Some(picture) {
                matte.set_property("image", picture);
            }
            set(matte, "background", "image")?;
        }
        Background::Blur => set(matte, "background", "blur")?,
        // The colour is behind a video.
        Background::Video | Background::Color => set(matte, "background", "color")?,
    }
    for (name, value) in &settings.properties {
        match value {
            toml::Value::String(text) => set(matte, name, text)?,
            other => set(matte, name, &other.to_string())?,
        }
    }
    Ok(())
}

/// Sets a property from a text, as gst-launch does.
fn set(element: &gst::Element, name: &str, text: &str) -> Result<(), PropertyError> {
    let spec = element
        .find_property(name)
        .filter(|spec| spec.flags().contains(glib::ParamFlags::WRITABLE))
        .ok_or_else(|| PropertyError::Unknown(name.into()))?;
    let value = glib::Value::deserialize_with_pspec(text, &spec).map_err(|_| {
        let wanted = spec.value_type();
        PropertyError::Type {
            name: name.into(),
            text: text.into(),
            wanted,
        }
    })?;
    // The bindings panic at a value that the property does not take.
    if let Some(range) = range_without(&spec, &value) {
        return Err(PropertyError::Range {
            name: name.into(),
            text: text.into(),
            range,
        });
    }
    element.set_property_from_value(name, &value);
    Ok(())
}

/// The range of a property in words, if a value lies outside of it.
fn range_without(spec: &glib::ParamSpec, value: &glib::Value) -> Option<String> {
    macro_rules! numbers {
        ($($spec:ty => $number:ty),*) => {
            $(if let (Some(spec), Ok(number)) = (spec.downcast_ref::<$spec>(), value.get::<$number>()) {
                let (least, most) = (spec.minimum(), spec.maximum());
                return (!(least..=most).contains(&number)).then(|| format!("{least} to {most}"));
            })*
        };
    }
    numbers!(
        glib::ParamSpecInt => i32, glib::ParamSpecUInt => u32, glib::ParamSpecInt64 => i64,
        glib::ParamSpecUInt64 => u64, glib::ParamSpecFloat => f32, glib::ParamSpecDouble => f64
    );
    None
}

#[cfg(test)]
mod tests;
