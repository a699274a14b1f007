// SPDX-License-Identifier: MPL-2.0

//! The element `matterefine`: the raw matte becomes a steady and exact one.
use crate::control::Control;
/**
 * SECTION:element-matterefine
 *
 * Replaces the raw matte on a frame by a refined one. It corrects the matte by what the room and the
 * subject looked like, filters it over time, applies hysteresis, removes islands and holes, fits the edge to the picture and shapes it. The frame itself
 * passes through untouched.
 *
 * Radii and regions are meant as the viewer sees the frame: the tag `image-orientation` (or
 * #matterefine:video-direction) and the caps' pixel-aspect-ratio say how. Radii count rows and are
 * round. The matte itself is stored as the frame is.
 *
 * With #matterefine:key, a screen of one colour behind the subject is keyed: the network says where
 * the subject can be, the key says where its edge is. While no such screen is in the picture, the
 * network's matte alone counts. The element messages `matte-screen-found` and
 * `matte-screen-missing` say so, and a warning the first time that it is missing.
 *
 * #matterefine:preset sets all parameters; single properties override it, in whatever order they are
 * set.
 *
 * ## Example
 * |[
 * gst-launch-1.0 v4l2src ! mattesegment ! matterefine preset=quality feather=2 ! mattecompose ! videoconvert ! autovideosink
 * ]|
 * |[
 * gst-launch-1.0 v4l2src ! mattesegment ! matterefine key=auto ! mattecompose background=image image=beach.jpg ! videoconvert ! autovideosink
 * ]|
 *
 * Since: 0.1
 */
use crate::filter;
use crate::properties::property_enum;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;

mod error;
mod imp;
mod key;
mod point;
mod region;
mod screen;
mod settings;
mod state;

pub(crate) use settings::Settings;

glib::wrapper! {
    /// Element that refines mattes; see the module's page.
    pub struct MatteRefine(ObjectSubclass<imp::MatteRefine>)
        @extends gst_base::BaseTransform, gst::Element, gst::Object,
        @implements gst::Preset;
}

impl MatteRefine {
    /// Its properties that move over time.
    pub(crate) fn control(&self) -> &Control {
        &self.imp().control
    }
}

/// Makes a GObject enum of one of the filters' enums, value by value.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident of $of:path, $gtype:literal {
        $($variant:ident = $number:literal, $nick:literal, $text:literal;)+
    }) => {
        property_enum! {
            $(#[$doc])* $name, $gtype { $($variant = $number, $nick, $text;)+ }
        }

        impl From<$name> for $of {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$variant => Self::$variant,)+
                }
            }
        }

        impl From<$of> for $name {
            fn from(value: $of) -> Self {
                type Of = $of;
                match value {
                    $(Of::$variant => Self::$variant,)+
                }
            }
        }
    };
}

mirror! {
    /// How the matte is steadied over time.
    Temporal of filter::TemporalMode, "GstMatteRefineTemporal" {
        None = 0, "none", "None: every matte as it comes";
        Ema = 1, "ema", "EMA: exponential moving average";
        Uncertainty = 2, "uncertainty", "Uncertainty: unsure pixels follow the past, sure ones the present";
        Flow = 3, "flow", "Flow: average along the motion of the picture";
        Adaptive = 4, "adaptive", "Adaptive: what stands still in the picture stands still in the matte";
    }
}

mirror! {
    /// How the matte's edge is fitted to the picture.
    EdgeMode of filter::EdgeMode, "GstMatteRefineEdgeMode" {
        None = 0, "none", "None: scaled without a look at the picture";
        Guided = 1, "guided", "Guided: guided filter on luma";
        GuidedColor = 2, "guided-color", "Guided colour: guided filter on luma and colour";
        JointBilateral = 3, "joint-bilateral", "Joint bilateral upsampling";
        Matting = 4, "matting", "Matting: closed-form matting of the unsure band";
    }
}

mirror! {
    /// Which of several people is shown.
    SubjectSelect of filter::SubjectSelect, "GstMatteRefineSubjectSelect" {
        All = 0, "all", "All: everybody";
        Largest = 1, "largest", "Largest: the largest one";
        Nearest = 2, "nearest", "Nearest: the one nearest to the centre of the frame";
        Point = 3, "point", "Point: the one at subject-point, wherever they go from there";
    }
}

mirror! {
    /// A named set of parameters.
    Preset of filter::Preset, "GstMatteRefinePreset" {
        Fast = 0, "fast", "Fast: half the time of balanced, without motion compensation";
        Balanced = 1, "balanced", "Balanced: steady and exact at a few milliseconds";
        Quality = 2, "quality", "Quality: colour guides the edge, too";
        Off = 3, "off", "Off: the raw matte, scaled";
    }
}

/// Registers the element.
///
/// # Errors
/// If GStreamer refuses the registration.
pub fn register(plugin: &gst::Plugin) -> Result<(), glib::BoolError> {
    gst::Element::register(
        Some(plugin),
        "matterefine",
        gst::Rank::NONE,
        MatteRefine::static_type(),
    )
}
