// SPDX-License-Identifier: MPL-2.0

//! The properties of `mattebackground` that the settings ask for.

use crate::elements::{self, NoPlugin};
use crate::settings::{Background, CheckError, Settings};
use gst::glib;
use gst::prelude::*;
use std::collections::BTreeMap;

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
    /// There is no such element.
    #[error(transparent)]
    NoPlugin(#[from] NoPlugin),
}

/// A property and what it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// As `--set` takes it.
    pub value: String,
    /// The least number; 0 if it is none.
    pub least: f64,
    /// The greatest number; 0 if it is none.
    pub most: f64,
}

/// The properties that settings of their own set, and how the bus calls these.
const OWN: [(&str, &str); 5] = [
    ("background", "Background"),
    ("blur-strength", "BlurStrength"),
    ("color", "Color"),
    ("color-name", "Color"),
    ("image", "Picture"),
];

/// The properties that name programs, or what is as powerful as one: a library, a network, options
/// of a provider, which load libraries and write caches. The user alone sets them
/// (docs/security.md).
const USERS: [&str; 3] = ["model", "onnxruntime-library", "provider-options"];

/// Why others must not set a property, by its own name.
pub fn refusal(name: &str) -> Option<String> {
    let own = OWN.into_iter().find(|(property, _)| *property == name);
    let own = own.map(|(_, own)| format!("{name} is set by the property {own} of this interface"));
    let users = USERS.contains(&name).then(|| {
        format!(
            "{name} may bring in code or write files, which no other program may ask for: \
             matte-camera --set {name}=..., or its settings file"
        )
    });
    own.or(users)
}

/// A property's own name. GLib takes `light_wrap` and `GstMatteBackground::light-wrap`, too.
///
/// # Errors
/// If there is no such property.
pub fn canonical(name: &str) -> Result<String, PropertyError> {
    let spec = elements::matte_property(name)?;
    let spec = spec.ok_or_else(|| PropertyError::Unknown(name.into()))?;
    Ok(spec.name().into())
}

/// The value of a property where others are set, and what it takes.
///
/// # Errors
/// With the property that is not known, or a value that cannot be set.
pub fn describe(
    properties: &BTreeMap<String, toml::Value>,
    name: &str,
) -> Result<Described, PropertyError> {
    let matte = elements::matte()?;
    for (name, value) in properties {
        set(&matte, name, &text_of(value))?;
    }
    let unknown = || PropertyError::Unknown(name.into());
    let spec = matte.find_property(name).ok_or_else(unknown)?;
    let value = matte.property_value(name);
    let (least, most) = range(&spec).unwrap_or_default();
    let text = match (value.get::<Option<String>>(), value.get::<f32>()) {
        (Ok(text), _) => text.unwrap_or_default(),
        (_, Ok(number)) => number.to_string(),
        _ => value.serialize().map(Into::into).unwrap_or_default(),
    };
    Ok(Described {
        value: text,
        least,
        most,
    })
}

/// Whether a property changes while it plays.
fn moves(matte: &gst::Element, name: &str) -> bool {
    let spec = matte.find_property(name);
    spec.is_some_and(|spec| spec.flags().contains(gst::PARAM_FLAG_MUTABLE_PLAYING))
}

/// Whether all that can be wrong with a property is seen when it is set: it changes while the
/// element plays, and is no text, which may name a file.
///
/// # Errors
/// If there is no such property.
pub fn is_plain(matte: &gst::Element, name: &str) -> Result<bool, PropertyError> {
    let spec = matte.find_property(name);
    let spec = spec.ok_or_else(|| PropertyError::Unknown(name.into()))?;
    Ok(moves(matte, name) && spec.value_type() != glib::Type::STRING)
}

/// Whether other values can be set while the element plays, so that it is then as if they had been
/// set before.
pub fn can_change(
    matte: &gst::Element,
    old: &BTreeMap<String, toml::Value>,
    new: &BTreeMap<String, toml::Value>,
) -> bool {
    old.keys().all(|name| new.contains_key(name))
        && new
            .iter()
            .all(|(name, value)| old.get(name) == Some(value) || moves(matte, name))
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
        set(matte, name, &text_of(value))?;
    }
    Ok(())
}

/// A value as `--set` takes it.
pub fn text_of(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Sets a property from a text, as gst-launch does.
///
/// # Errors
/// If there is no such property, or the text is no value of its type and range.
pub fn set(element: &gst::Element, name: &str, text: &str) -> Result<(), PropertyError> {
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

/// The range of a property that is a number.
fn range(spec: &glib::ParamSpec) -> Option<(f64, f64)> {
    macro_rules! numbers {
        ($($spec:ty),*) => {
            $(if let Some(spec) = spec.downcast_ref::<$spec>() {
                return Some((spec.minimum() as f64, spec.maximum() as f64));
            })*
        };
    }
    numbers!(
        glib::ParamSpecInt,
        glib::ParamSpecUInt,
        glib::ParamSpecInt64,
        glib::ParamSpecUInt64,
        glib::ParamSpecFloat,
        glib::ParamSpecDouble
    );
    None
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
