// SPDX-License-Identifier: MPL-2.0

//! GObject glue of `mattebackground`.

use crate::compose::MatteCompose;
use crate::mix::MatteMix;
use crate::refine::MatteRefine;
use crate::segment::MatteSegment;
use crate::{compose, mix, refine, segment};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "mattebackground",
        gst::DebugColorFlags::empty(),
        Some("Background replacement behind one element"),
    )
});

/// The property that more than one child has; each child's own is named `CHILD-stats` here.
const STATS: &str = "stats";

/// State of the bin: its children. Of `compose` and `mix`, one is in the bin and the other waits.
#[derive(Debug)]
pub struct MatteBackground {
    segment: MatteSegment,
    refine: MatteRefine,
    compose: MatteCompose,
    mix: MatteMix,
    pads: Mutex<Pads>,
}

#[derive(Debug, Default)]
struct Pads {
    source: Option<gst::GhostPad>,
    /// The requested pad, while there is one.
    background: Option<gst::GhostPad>,
    /// Whether `mix` is in the bin.
    mixing: bool,
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

    fn pads(&self) -> MutexGuard<'_, Pads> {
        self.pads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the children may be exchanged: no data flows.
    fn is_at_rest(&self) -> bool {
        let bin = self.obj();
        bin.current_state() <= gst::State::Ready && bin.pending_state() <= gst::State::Ready
    }

    /// Puts `mix` in the place of `compose`, or back.
    fn exchange(&self, mixing: bool) -> Result<(), glib::BoolError> {
        let mut pads = self.pads();
        if pads.mixing == mixing {
            return Ok(());
        }
        let bin = self.obj();
        let (compose, mix) = (self.compose.upcast_ref(), self.mix.upcast_ref());
        let (out, into): (&gst::Element, &gst::Element) = match mixing {
            true => (compose, mix),
            false => (mix, compose),
        };
        gst::debug!(CAT, imp = self, "{} for {}", into.name(), out.name());
        // The ghost pad lets go first, or it would be left without a target while linked.
        bin.add(into)?;
        if let Some(source) = &pads.source {
            source.set_target(into.static_pad("src").as_ref())?;
        }
        self.refine.unlink(out);
        bin.remove(out)?;
        self.refine.link_pads(Some("src"), into, Some("sink"))?;
        pads.mixing = mixing;
        drop(pads);
        into.sync_state_with_parent()?;
        // Out of the bin, nobody else would stop it.
        out.set_state(gst::State::Null)
            .map_err(|_| glib::bool_error!("{} does not stop", out.name()))?;
        Ok(())
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
        if self.pads().background.is_some() {
            gst::warning!(
                CAT,
                imp = self,
                "there is one background pad, and it is taken"
            );
            return None;
        }
        let mixing = self.pads().mixing;
        if !mixing && !self.is_at_rest() {
            gst::element_imp_warning!(
                self,
                gst::CoreError::Pad,
                ("The pad background must be requested before the bin starts"),
                ["set the bin to READY, request the pad, and start it again"]
            );
            return None;
        }
        let made = self.exchange(true).and_then(|()| {
            let target = self.mix.static_pad("background");
            let target = target.ok_or_else(|| glib::bool_error!("mattemix has no background"))?;
            let pad = gst::GhostPad::from_template_with_target(template, &target)?;
            // A bin that runs expects its pads to be active.
            pad.set_active(!self.is_at_rest())?;
            self.obj().add_pad(&pad)?;
            Ok(pad)
        });
        match made {
            Ok(pad) => {
                self.pads().background = Some(pad.clone());
                Some(pad.upcast())
            }
            Err(error) => {
                gst::error!(CAT, imp = self, "no background pad: {error}");
                None
            }
        }
    }

    fn release_pad(&self, pad: &gst::Pad) {
        let mine = self.pads().background.take();
        let Some(mine) = mine.filter(|mine| mine.upcast_ref::<gst::Pad>() == pad) else {
            return;
        };
        // Both fail only where the pad is gone already.
        let _ = mine.set_active(false);
        let _ = self.obj().remove_pad(&mine);
        // While data flows `mix` stays, with its last background frame.
        if self.is_at_rest()
            && let Err(error) = self.exchange(false)
        {
            gst::error!(CAT, imp = self, "mattecompose does not come back: {error}");
        }
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        let success = self.parent_change_state(transition)?;
        let abandoned = self.pads().mixing && self.pads().background.is_none();
        if transition == gst::StateChange::PausedToReady
            && abandoned
            && let Err(error) = self.exchange(false)
        {
            gst::error!(CAT, imp = self, "mattecompose does not come back: {error}");
            return Err(gst::StateChangeError);
        }
        Ok(success)
    }
}

impl BinImpl for MatteBackground {}
