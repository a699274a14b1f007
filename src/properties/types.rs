// SPDX-License-Identifier: MPL-2.0

//! The types that properties can have.

use super::{About, BoxError, PropertyType};
use crate::blend::ColorName;
use gst::glib;
use gst::prelude::*;
use std::sync::Arc;

/// Implements [`PropertyType`] for types whose values GObject takes and gives as they are.
macro_rules! plain_property {
    ($Type:ty, |$about:ident, $default:ident, $range:ident| $spec:expr) => {
        impl $crate::properties::PropertyType for $Type {
            fn spec(
                $about: &$crate::properties::About,
                $default: Self,
                $range: &[Self],
            ) -> gst::glib::ParamSpec {
                $about.describe($spec).build()
            }

            fn to_property(&self) -> gst::glib::Value {
                gst::prelude::ToValue::to_value(self)
            }

            fn from_property(
                value: &gst::glib::Value,
                _default: Self,
            ) -> Result<Self, $crate::properties::BoxError> {
                Ok(value.get()?)
            }
        }
    };
}
pub(crate) use plain_property;

/// Makes an enum of GObject that properties can have. Each row is a variant: its number and nick for
/// GObject, and what it does. GStreamer's documentation tools list the enum.
macro_rules! property_enum {
    ($(#[$doc:meta])* $Enum:ident, $name:literal {
        $($Variant:ident = $number:literal, $nick:literal, $text:literal;)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, gst::glib::Enum)]
        #[enum_type(name = $name)]
        #[repr(i32)]
        pub enum $Enum {
            $(#[doc = $text] #[enum_value(name = $text, nick = $nick)] $Variant = $number,)+
        }

        $crate::properties::plain_property!($Enum, |about, default, _range| {
            let kind = <$Enum as gst::glib::types::StaticType>::static_type();
            gst::prelude::PluginApiExt::mark_as_plugin_api(kind, gst::PluginAPIFlags::empty());
            gst::glib::ParamSpecEnum::builder_with_default(&about.name, default)
        });
    };
}
pub(crate) use property_enum;

macro_rules! number_properties {
    ($($Type:ty: $Spec:ident),+) => {
        $(plain_property!($Type, |about, default, range| {
            let (low, high) = match range {
                [low, high] => (*low, *high),
                _ => (<$Type>::MIN, <$Type>::MAX),
            };
            let spec = glib::$Spec::builder(&about.name).default_value(default);
            spec.minimum(low).maximum(high)
        });)+
    };
}

number_properties!(u32: ParamSpecUInt, i32: ParamSpecInt, f32: ParamSpecFloat, f64: ParamSpecDouble);

plain_property!(bool, |about, default, _range| {
    glib::ParamSpecBoolean::builder(&about.name).default_value(default)
});

plain_property!(Option<gst::Structure>, |about, _default, _range| {
    glib::ParamSpecBoxed::builder::<gst::Structure>(&about.name)
});

/// Text that may be unset. Shared: settings are copied per frame while a property is controlled.
impl PropertyType for Option<Arc<str>> {
    fn spec(about: &About, default: Self, _range: &[Self]) -> glib::ParamSpec {
        let spec = glib::ParamSpecString::builder(&about.name);
        about
            .describe(spec.default_value(default.as_deref()))
            .build()
    }

    fn to_property(&self) -> glib::Value {
        self.as_deref().to_value()
    }

    fn from_property(value: &glib::Value, default: Self) -> Result<Self, BoxError> {
        let text = value.get::<Option<&str>>()?.filter(|text| !text.is_empty());
        Ok(text.map(Arc::from).or(default))
    }
}

/// A colour as a text. GStreamer's own elements, tools and [`ARGBControlBinding`] know colours as
/// numbers, so this is a form of such a property, not a replacement.
///
/// [`ARGBControlBinding`]: https://gstreamer.freedesktop.org/documentation/controller/gstargbcontrolbinding.html
impl PropertyType for ColorName {
    fn spec(about: &About, default: Self, _range: &[Self]) -> glib::ParamSpec {
        let spec = glib::ParamSpecString::builder(&about.name);
        let default = default.to_string();
        about.describe(spec.default_value(Some(&*default))).build()
    }

    fn to_property(&self) -> glib::Value {
        self.to_string().to_value()
    }

    fn from_property(value: &glib::Value, default: Self) -> Result<Self, BoxError> {
        match value.get::<Option<&str>>()? {
            None | Some("") => Ok(default),
            // GStreamer's presets give texts back with a backslash before each special character.
            Some(text) => Ok(text.replace('\\', "").parse()?),
        }
    }
}
