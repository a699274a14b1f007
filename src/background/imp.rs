// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `mattebackground`.

use super::exchange::Pads;
use crate::compose::MatteCompose;
use crate::mix::MatteMix;
use crate::refine::MatteRefine;
use crate::segment::MatteSegment;
use crate::{compose, mix, refine, segment};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

pub(super) static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "mattebackground",
        gst::DebugColorFlags::empty(),
        Some("Background replacement behind one element"),
    )
});

/// The property that more than one child has; each child's own is named `CHILD-stats` here.
const STATS: &str = "stats";

/// State of the bin: its children. Of `compose` and `mix`, one is in the chain and the other waits.
#[derive(Debug)]
pub struct MatteBackground {
    pub(super) segment: MatteSegment,
    pub(super) refine: MatteRefine,
    pub(super) compose: MatteCompose,
    pub(super) mix: MatteMix,
    pub(super) pads: Mutex<Pads>,
}

impl MatteBackground {
    fn children(&self) -> [(&'static str, &gst::Element); 4] {
        [
            ("segment", self.segment.upcast_ref()),
            ("refine", self.refine.upcast_ref()),
            ("compose", self.compose.upcast_ref()),
            ("mix", self.mix.upcast_ref()),
        ]
    }

    /// The child and its property that stand behind a property of the bin.
    fn target<'a>(&self, name: &'a str) -> (&gst::Element, &'a str) {
        for (child_name, child) in self.children() {
            if name.strip_suffix("-stats") == Some(child_name) {
                return (child, STATS);
            }
            if name != STATS && child.has_property(name) {
                return (child, name);
            }
        }
        unreachable!("every property of the bin is a child's")
    }
}

#[glib::object_subclass]
impl ObjectSubclass for MatteBackground {
    const NAME: &'static str = "GstMatteBackground";
    type Type = super::MatteBackground;
    type ParentType = gst::Bin;

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
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let stats = |name: &str, of: &str| {
                glib::ParamSpecBoxed::builder::<gst::Structure>(name)
                    .nick(of)
                    .blurb(of)
                    .read_only()
                    .build()
            };
            let mut all: Vec<glib::ParamSpec> = segment::properties();
            all.extend(refine::properties());
            all.extend(compose::properties());
            // What both have means the same in both.
            let known: HashSet<_> = all.iter().map(|spec| spec.name()).collect();
            let own = mix::properties().into_iter();
            let own: Vec<_> = own.filter(|spec| !known.contains(spec.name())).collect();
            all.extend(own);
            // A mask of what this bin's picture no longer shows: only the elements alone make it.
            all.retain(|spec| ![STATS, "analytics-meta"].contains(&spec.name()));
            all.push(stats(
                "segment-stats",
                "Statistics of the network (mattesegment)",
            ));
            all.push(stats(
                "refine-stats",
                "Statistics of the post-processing (matterefine)",
            ));
            debug_assert_eq!(
                all.iter()
                    .map(|spec| spec.name())
                    .collect::<HashSet<_>>()
                    .len(),
                all.len(),
                "two children share a property name"
            );
            all
        });
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let (child, name) = self.target(pspec.name());
        gst::debug!(CAT, imp = self, "{} of {}: {value:?}", name, child.name());
        child.set_property_from_value(name, value);
        let shared = child == self.compose.upcast_ref::<gst::Element>();
        if shared && mix::properties().iter().any(|spec| spec.name() == name) {
            self.mix.set_property_from_value(name, value);
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        let (child, name) = self.target(pspec.name());
        child.property_value(name)
    }

    fn constructed(&self) {
        self.parent_constructed();
        let bin = self.obj();
        let [segment, refine, compose, _] = self.children().map(|(_, child)| child);
        #[cfg(feature = "v1_26")]
        segment.set_property("analytics-meta", false);
        let children = [segment, refine, compose];
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
            if pad.direction() == gst::PadDirection::Src {
                self.pads().source = Some(pad);
            }
        }
    }
}

impl GstObjectImpl for MatteBackground {}

impl ElementImpl for MatteBackground {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Matte background",
                "Filter/Effect/Video",
                "Blurs or replaces the background behind people",
                "matte developers",
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
        match self.request_background(template) {
            Ok(pad) => Some(pad.upcast()),
            Err(error) => {
                gst::error!(CAT, imp = self, "no background pad: {error}");
                None
            }
        }
    }

    fn release_pad(&self, pad: &gst::Pad) {
        if let Err(error) = self.release_background(pad) {
            gst::error!(
                CAT,
                imp = self,
                "the background pad is not released: {error}"
            );
        }
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        let success = self.parent_change_state(transition)?;
        if transition == gst::StateChange::PausedToReady
            && let Err(error) = self.settle()
        {
            gst::error!(CAT, imp = self, "the composing elements stay: {error}");
            return Err(gst::StateChangeError);
        }
        Ok(success)
    }
}

impl BinImpl for MatteBackground {}
