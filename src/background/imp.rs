// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `mattebackground`.

use crate::compose::MatteCompose;
use crate::refine::MatteRefine;
use crate::segment::MatteSegment;
use crate::{compose, refine, segment};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::collections::HashSet;
use std::sync::LazyLock;

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "mattebackground",
        gst::DebugColorFlags::empty(),
        Some("Background replacement behind one element"),
    )
});

/// The property that more than one child has; each child's own is named `CHILD-stats` here.
const STATS: &str = "stats";

/// State of the bin: its children.
#[derive(Debug)]
pub struct MatteBackground {
    segment: MatteSegment,
    refine: MatteRefine,
    compose: MatteCompose,
}

impl MatteBackground {
    fn children(&self) -> [(&'static str, &gst::Element); 3] {
        [
            ("segment", self.segment.upcast_ref()),
            ("refine", self.refine.upcast_ref()),
            ("compose", self.compose.upcast_ref()),
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
            all.retain(|spec| spec.name() != STATS);
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
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        let (child, name) = self.target(pspec.name());
        child.property_value(name)
    }

    fn constructed(&self) {
        self.parent_constructed();
        let bin = self.obj();
        let children = self.children().map(|(_, child)| child);
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
            let template = |name, direction, caps| {
                gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps)
                    .expect("the template is valid")
            };
            vec![
                template("sink", gst::PadDirection::Sink, compose::sink_caps()),
                template("src", gst::PadDirection::Src, compose::src_caps()),
            ]
        });
        &TEMPLATES
    }
}

impl BinImpl for MatteBackground {}
