// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `mattebackground`.

use super::pads::Pads;
use super::routes::{Child, ROUTES, Route};
use crate::compose::MatteCompose;
use crate::mix::MatteMix;
use crate::refine::MatteRefine;
use crate::segment::{MatteSegment, SMALL};
use crate::video::{pad_template, report_refused};
use crate::{compose, mix};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::{LazyLock, Mutex};

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "mattebackground",
        gst::DebugColorFlags::empty(),
        Some("Background replacement behind one element"),
    )
});

/// State of the bin: its children. Either `compose` or `mix` is in the chain.
#[derive(Debug)]
pub struct MatteBackground {
    pub(super) segment: MatteSegment,
    pub(super) refine: MatteRefine,
    pub(super) compose: MatteCompose,
    pub(super) mix: MatteMix,
    pub(super) pads: Mutex<Pads>,
}

impl MatteBackground {
    fn child(&self, child: Child) -> &gst::Element {
        match child {
            Child::Segment => self.segment.upcast_ref(),
            Child::Refine => self.refine.upcast_ref(),
            Child::Compose => self.compose.upcast_ref(),
            Child::Mix => self.mix.upcast_ref(),
        }
    }

    /// Makes each child apply the bin's control bindings at the time of the frame that it works on.
    fn hand_on_control(&self) {
        let bin = self.obj();
        let bin = bin.upcast_ref();
        self.segment.control().follow(bin, &self.segment);
        self.refine.control().follow(bin, &self.refine);
        self.compose.control().follow(bin, &self.compose);
        self.mix.control().follow(bin, &self.mix);
    }
}

#[glib::object_subclass]
impl ObjectSubclass for MatteBackground {
    const NAME: &'static str = "GstMatteBackground";
    type Type = super::MatteBackground;
    type ParentType = gst::Bin;
    type Interfaces = (gst::Preset,);

    fn new() -> Self {
        Self {
            segment: glib::Object::builder().property("name", "segment").build(),
            refine: glib::Object::builder().property("name", "refine").build(),
            compose: glib::Object::builder().property("name", "compose").build(),
            mix: glib::Object::builder().property("name", "mix").build(),
            pads: Mutex::default(),
        }
    }
}

impl ObjectImpl for MatteBackground {
    fn properties() -> &'static [glib::ParamSpec] {
        &ROUTES.specs
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let Route { children, property } = ROUTES.of(pspec.name());
        for child in children {
            gst::trace!(CAT, imp = self, "{property} of {child:?}: {value:?}");
            self.child(*child).set_property_from_value(property, value);
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        let Route { children, property } = ROUTES.of(pspec.name());
        self.child(children[0]).property_value(property)
    }

    fn constructed(&self) {
        self.parent_constructed();
        let bin = self.obj();
        self.hand_on_control();
        let children = [Child::Segment, Child::Refine, Child::Compose].map(|c| self.child(c));
        #[cfg(feature = "v1_26")]
        self.segment.set_property("analytics-meta", false);
        bin.add_many(children)
            .expect("the children have no parent yet");
        gst::Element::link_many(children).expect("the children's templates fit each other");
        for (template, child) in [("sink", children[0]), ("src", children[2])] {
            let target = child
                .static_pad(template)
                .expect("a transform has both pads");
            let template = bin
                .pad_template(template)
                .expect("the templates are registered");
            let pad = gst::GhostPad::from_template_with_target(&template, &target)
                .expect("the target is a pad of the same direction");
            bin.add_pad(&pad).expect("the bin has no pads yet");
            match pad.direction() {
                gst::PadDirection::Src => self.pads().source = Some(pad),
                _ => report_refused(&pad),
            }
        }
    }
}

impl GstObjectImpl for MatteBackground {}

impl PresetImpl for MatteBackground {}

impl ElementImpl for MatteBackground {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            crate::about::metadata(
                "mattebackground",
                "Matte background",
                "Filter/Effect/Video",
                "Blurs or replaces the background behind people",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let template = |name, direction, presence, caps| {
                gst::PadTemplate::new(name, direction, presence, &caps)
                    .expect("the template is valid")
            };
            let (sink, src) = (gst::PadDirection::Sink, gst::PadDirection::Src);
            let (always, request) = (gst::PadPresence::Always, gst::PadPresence::Request);
            vec![
                template("sink", sink, always, compose::sink_caps()),
                template("src", src, always, compose::src_caps()),
                template("background", sink, request, mix::background_caps()),
                pad_template(SMALL, sink, request),
            ]
        });
        &TEMPLATES
    }

    fn request_new_pad(
        &self,
        template: &gst::PadTemplate,
        _name: Option<&str>,
        _caps: Option<&gst::Caps>,
    ) -> Option<gst::Pad> {
        let requested = match template.name_template() == SMALL {
            true => self.request_small(template),
            false => self.request_background(template),
        };
        match requested {
            Ok(pad) => Some(pad.upcast()),
            Err(error) => {
                let name = template.name_template();
                gst::error!(CAT, imp = self, "the pad {name} is not made: {error}");
                None
            }
        }
    }

    fn release_pad(&self, pad: &gst::Pad) {
        let small = self.pads().small.clone();
        let released = match small {
            Some(small) if small.upcast_ref::<gst::Pad>() == pad => self.release_small(&small),
            _ => self.release_background(pad),
        };
        if let Err(error) = released {
            let name = pad.name();
            gst::error!(CAT, imp = self, "the pad {name} is not released: {error}");
        }
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        let success = self.parent_change_state(transition)?;
        if transition == gst::StateChange::PausedToReady
            && let Err(error) = self.choose_end()
        {
            gst::error!(
                CAT,
                imp = self,
                "mattecompose does not take its place again: {error}"
            );
            return Err(gst::StateChangeError);
        }
        Ok(success)
    }
}

impl BinImpl for MatteBackground {}
