// SPDX-License-Identifier: MPL-2.0

//! The camera's pad, which says where the subject stands.

use crate::blend::Place;
use crate::compose::Standing;
use crate::control;
use crate::properties::{Properties, properties};
use crate::sync::lock;
use gst::glib;
use gst::subclass::prelude::*;
use gst_base::subclass::prelude::*;
use gst_video::subclass::prelude::*;
use std::sync::{LazyLock, Mutex};

properties! {
    /// Values of the pad's properties.
    #[derive(Debug, Clone, PartialEq)]
    pub struct PadSettings {
        /// Where the left edge of the camera's picture is drawn, in pixels from the viewer's left
        xpos: i32 = 0, "X position", CONTROLLABLE;
        /// Where the upper edge of the camera's picture is drawn, in pixels from the viewer's top
        ypos: i32 = 0, "Y position", CONTROLLABLE;
        /// How large the camera's picture is drawn, 1 being as it is
        scale: f64 [0.01, 10.0] = 1.0, "Scale", CONTROLLABLE;
        /// How much of the subject is seen, 0 to 1
        opacity: f64 [0.0, 1.0] = 1.0, "Opacity", CONTROLLABLE;
    }
}

glib::wrapper! {
    /// The pad `sink` of #mattemix: where the subject stands before the background, named as
    /// #compositor names it.
    pub struct MatteMixPad(ObjectSubclass<imp::MatteMixPad>)
        @extends gst_video::VideoAggregatorPad, gst_base::AggregatorPad, gst::Pad, gst::Object;
}

impl MatteMixPad {
    /// Where the subject stands at a stream time, to which the pad's control bindings are applied.
    pub fn standing(&self, time: Option<gst::ClockTime>) -> Standing {
        control::sync(self, time);
        let settings = lock(&self.imp().settings);
        Standing {
            place: Place {
                x: settings.xpos.into(),
                y: settings.ypos.into(),
                scale: settings.scale,
            },
            opacity: (settings.opacity * 255.0).round() as u8,
        }
    }
}

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct MatteMixPad {
        pub settings: Mutex<PadSettings>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for MatteMixPad {
        const NAME: &'static str = "GstMatteMixPad";
        type Type = super::MatteMixPad;
        type ParentType = gst_video::VideoAggregatorPad;
    }

    impl ObjectImpl for MatteMixPad {
        fn properties() -> &'static [glib::ParamSpec] {
            static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(PadSettings::specs);
            &PROPERTIES
        }

        fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
            // GObject has checked type and range, and no value means nothing.
            let _ = lock(&self.settings).set(pspec.name(), value);
        }

        fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
            lock(&self.settings).value(pspec.name())
        }
    }

    impl GstObjectImpl for MatteMixPad {}
    impl PadImpl for MatteMixPad {}
    impl AggregatorPadImpl for MatteMixPad {}
    impl VideoAggregatorPadImpl for MatteMixPad {}
}
