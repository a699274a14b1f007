// SPDX-License-Identifier: MPL-2.0

//! Properties of elements: one table per element.
//!
//! # Add a property
//!
//! Write one row into the table of the element ([`properties!`] in the `settings.rs` of its folder):
//!
//! ```ignore
//! /// How far the background is out of focus, relative to the height that the viewer sees
//! blur_strength: f64 [0.0, 100.0] = 50.0, "Blur strength", CONTROLLABLE;
//! ```
//!
//! - The doc comment is the blurb; its lines are joined by spaces.
//! - `blur_strength` is the field of `Settings` and the property `blur-strength`.
//! - The type is a [`PropertyType`]: `bool`, `u32`, `i32`, `f32`, `f64`, `Option<Arc<str>>` for text, an enum
//!   of [`property_enum!`], or a type that implements the trait itself.
//! - `[0.0, 100.0]` is the range of a number, both ends included; without it every number is valid.
//! - `= 50.0` is the default, `"Blur strength"` the nick.
//! - [`READY`], [`PLAYING`] or [`CONTROLLABLE`] says when the value may change.
//!
//! That is all: the element reads `settings.blur_strength`, and `mattebackground` takes its
//! properties from the same tables. A property of `matterefine` that follows the preset is a row
//! without a default in the table `Overrides`, and a field of the same name in `filter::Params`.
//! Then `scripts/docs/plugin-cache.py` and `scripts/docs/elements-page.py` write the new property down.
//!
//! # Why no `#[derive(glib::Properties)]`
//!
//! The derive carries blurbs, ranges, flags and enums, too, but for one class: `mattebackground`
//! could not have the ParamSpecs as well, and what `mattecompose` and `mattemix` share would be
//! written twice. It writes neither struct nor `Default`: values that live in one mutex are declared
//! again in attributes of the mutex. It knows no value that follows a preset, and none that is
//! refused with a reason.

use gst::glib;
use gst::prelude::*;

mod at_rest;
#[cfg(test)]
mod tests;
mod types;

pub use at_rest::AtRest;
pub(crate) use types::{plain_property, property_enum};

/// The value is only read: the element computes it.
pub const READ_ONLY: glib::ParamFlags = glib::ParamFlags::READABLE;
/// The value may change until the element is started.
pub const READY: glib::ParamFlags =
    glib::ParamFlags::READWRITE.union(gst::PARAM_FLAG_MUTABLE_READY);
/// The value may change at any time.
pub const PLAYING: glib::ParamFlags =
    glib::ParamFlags::READWRITE.union(gst::PARAM_FLAG_MUTABLE_PLAYING);
/// The value may change at any time, and a GstController may move it from frame to frame.
pub const CONTROLLABLE: glib::ParamFlags = PLAYING.union(gst::PARAM_FLAG_CONTROLLABLE);

/// Why a value is refused although its type and range are right.
#[derive(Debug, thiserror::Error)]
#[error("{property}: {reason}; the old value stays")]
pub struct Refused {
    property: String,
    reason: BoxError,
}

/// Why an element that runs refuses a value that it reads at its start only.
#[derive(Debug, thiserror::Error)]
#[error("it counts from the start on, and the element runs; stop it first (state READY or NULL)")]
struct TooLate;

/// Takes a value as [`Properties::set`], of an element that runs.
///
/// # Errors
/// [`Refused`] also if another value is to count for a property that is read at the start only.
pub fn set_while_running<P: Properties + Clone + PartialEq>(
    settings: &mut P,
    spec: &glib::ParamSpec,
    value: &glib::Value,
) -> Result<bool, Refused> {
    // Those that controllers move must allocate nothing.
    if !spec.flags().contains(gst::PARAM_FLAG_MUTABLE_READY) {
        return settings.set(spec.name(), value);
    }
    let mut wanted = settings.clone();
    let found = wanted.set(spec.name(), value)?;
    match wanted == *settings {
        true => Ok(found),
        false => Err(Refused {
            property: spec.name().into(),
            reason: TooLate.into(),
        }),
    }
}

/// What a [`PropertyType`] says about a value that it cannot take.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A table of properties and the values that they have. [`properties!`] implements it.
pub trait Properties {
    /// ParamSpecs for all rows: new ones with each call, because each belongs to one class.
    fn specs() -> Vec<glib::ParamSpec>;

    /// The value of a property, if the table has one of this name that can be written.
    fn get(&self, name: &str) -> Option<glib::Value>;

    /// Takes the value of a property; GObject has checked type and range. Returns whether the table
    /// has a property of this name.
    ///
    /// # Errors
    /// [`Refused`] if the value means nothing; the old one stays.
    fn set(&mut self, name: &str, value: &glib::Value) -> Result<bool, Refused>;

    /// The value of a property of this table.
    fn value(&self, name: &str) -> glib::Value {
        self.get(name)
            .expect("GObject asks for the properties of the table only")
    }
}

/// A type that a property can have, and its form in GObject.
pub trait PropertyType: Sized {
    /// The ParamSpec of a property of this type; `range` is empty, or holds both ends.
    fn spec(about: &About, default: Self, range: &[Self]) -> glib::ParamSpec;

    /// The value as GObject knows it.
    fn to_property(&self) -> glib::Value;

    /// The value from GObject's; an empty text stands for the default.
    ///
    /// # Errors
    /// Why the value means nothing.
    fn from_property(value: &glib::Value, default: Self) -> Result<Self, BoxError>;
}

/// What a row says about its property, except for the type.
#[derive(Debug)]
pub struct About {
    pub name: String,
    pub nick: &'static str,
    /// The doc comment of the row, with the space that it begins with.
    pub blurb: &'static str,
    pub flags: glib::ParamFlags,
}

impl About {
    /// Hands everything but the name to the builder of a ParamSpec.
    pub fn describe<'a, B: ParamSpecBuilderExt<'a>>(&'a self, builder: B) -> B {
        let builder = builder.nick(self.nick).flags(self.flags);
        builder.blurb(self.blurb.trim_start())
    }
}

/// Whether a property has the name of a field.
pub fn names(property: &str, field: &str) -> bool {
    let fits = |(p, f): (u8, u8)| p == f || (p, f) == (b'-', b'_');
    property.len() == field.len() && property.bytes().zip(field.bytes()).all(fits)
}

/// The value of a field from the property's.
///
/// # Errors
/// [`Refused`] with the reason of the type.
pub fn take<T: PropertyType>(name: &str, value: &glib::Value, default: T) -> Result<T, Refused> {
    T::from_property(value, default).map_err(|reason| Refused {
        property: name.into(),
        reason,
    })
}

/// Makes a struct with its `Default` and [`Properties`] of a table. The page of the module explains
/// the rows. After them come groups that several tables share (`with field: Group;`), other forms of
/// rows (`forms { … }`: `color_name: ColorName = color`) and what the element computes
/// (`read_only { … }`), if there are any.
///
/// `struct Overrides over Base as Values` makes `Values` of such a table, whose defaults and values
/// come from the fields of `Base`, and `Overrides` with an `Option` for each row.
macro_rules! properties {
    (@spec $field:ident: $Type:ty, $default:expr, [$($range:expr),*], $nick:literal, $flags:ident,
        $($blurb:literal)+
    ) => {{
        let about = $crate::properties::About {
            name: stringify!($field).replace('_', "-"),
            nick: $nick,
            blurb: concat!($($blurb),+),
            flags: $crate::properties::$flags,
        };
        <$Type as $crate::properties::PropertyType>::spec(&about, $default, &[$($range),*])
    }};

    (
        $(#[$meta:meta])*
        $vis:vis struct $Name:ident over $Base:ident as $Values:ident {
            $(
                $(#[doc = $blurb:literal])+
                $field:ident: $Type:ty $([$low:expr, $high:expr])?, $nick:literal, $flags:ident;
            )*
        }
    ) => {
        $crate::properties::properties! {
            /// Values of all properties that may be overridden.
            #[derive(Debug)]
            $vis struct $Values {
                $(
                    $(#[doc = $blurb])+
                    $field: $Type $([$low, $high])? = $Base::default().$field.into(), $nick, $flags;
                )*
            }
        }

        impl From<&$Base> for $Values {
            fn from(base: &$Base) -> Self {
                Self { $($field: base.$field.into(),)* }
            }
        }

        $(#[$meta])*
        $vis struct $Name { $($field: Option<$Type>,)* }

        impl $Name {
            /// What `base` becomes.
            pub fn over(&self, mut base: $Base) -> $Base {
                $(base.$field = self.$field.map_or(base.$field, Into::into);)*
                base
            }

            /// Overrides a value, as [`Properties::set`] sets it.
            pub fn set(&mut self, name: &str, value: &gst::glib::Value) -> Result<bool, Refused> {
                let mut values = $Values::default();
                let found = values.set(name, value)?;
                $(if $crate::properties::names(name, stringify!($field)) {
                    self.$field = Some(values.$field);
                })*
                Ok(found)
            }
        }
    };

    (
        $(#[$meta:meta])*
        $vis:vis struct $Name:ident {
            $(
                $(#[doc = $blurb:literal])+
                $(#[cfg($cfg:meta)])?
                $field:ident: $Type:ty $([$low:expr, $high:expr])? = $default:expr, $nick:literal,
                $flags:ident;
            )*
            $(with $group:ident: $Group:ty;)*
            $(forms {
                $(
                    $(#[doc = $say:literal])+
                    $form:ident: $Form:ty = $row:ident, $heading:literal, $change:ident;
                )*
            })?
            $(read_only {
                $($(#[doc = $about:literal])+ $computed:ident: $Computed:ty, $title:literal;)*
            })?
        }
    ) => {
        $(#[$meta])*
        $vis struct $Name {
            $($(#[doc = $blurb])+ $(#[cfg($cfg)])? pub $field: $Type,)*
            $(#[doc = "Properties that several elements have."] pub $group: $Group,)*
        }

        impl Default for $Name {
            fn default() -> Self {
                Self {
                    $($(#[cfg($cfg)])? $field: $default,)*
                    $($group: Default::default(),)*
                }
            }
        }

        impl $crate::properties::Properties for $Name {
            fn specs() -> Vec<gst::glib::ParamSpec> {
                let rows = vec![$($(#[cfg($cfg)])? $crate::properties::properties!(
                    @spec $field: $Type, $default, [$($low, $high)?], $nick, $flags, $($blurb)+
                ),)*];
                let forms = vec![$($($crate::properties::properties!(
                    @spec $form: $Form, <$Form>::from(Self::default().$row), [], $heading, $change,
                    $($say)+
                ),)*)?];
                let computed = vec![$($($crate::properties::properties!(
                    @spec $computed: $Computed, None, [], $title, READ_ONLY, $($about)+
                ),)*)?];
                [rows, $(<$Group>::specs(),)* forms, computed].concat()
            }

            fn get(&self, name: &str) -> Option<gst::glib::Value> {
                match name {
                    $($(#[cfg($cfg)])? _ if $crate::properties::names(name, stringify!($field)) => {
                        Some($crate::properties::PropertyType::to_property(&self.$field))
                    })*
                    $($(_ if $crate::properties::names(name, stringify!($form)) => {
                        let form = <$Form>::from(self.$row);
                        Some($crate::properties::PropertyType::to_property(&form))
                    })*)?
                    _ => None$(.or_else(|| self.$group.get(name)))*,
                }
            }

            fn set(
                &mut self,
                name: &str,
                value: &gst::glib::Value,
            ) -> Result<bool, $crate::properties::Refused> {
                match name {
                    $($(#[cfg($cfg)])? _ if $crate::properties::names(name, stringify!($field)) => {
                        self.$field = $crate::properties::take(name, value, $default)?;
                        Ok(true)
                    })*
                    $($(_ if $crate::properties::names(name, stringify!($form)) => {
                        let default = <$Form>::from(Self::default().$row);
                        self.$row = $crate::properties::take(name, value, default)?.into();
                        Ok(true)
                    })*)?
                    _ => Ok(false$(|| self.$group.set(name, value)?)*),
                }
            }
        }
    };
}
pub(crate) use properties;
