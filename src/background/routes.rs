// SPDX-License-Identifier: MPL-2.0

//! The map from the properties of the bin to those of its children, made once.

use crate::properties::Properties;
use crate::{compose, mix, refine, segment};
use gst::glib;
use gst::prelude::*;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::LazyLock;

/// A child of the bin.
#[derive(Debug, Clone, Copy)]
pub enum Child {
    Segment,
    Refine,
    Compose,
    Mix,
}

/// Where a property of the bin goes.
#[derive(Debug)]
pub struct Route {
    /// The children that have it; the first is asked for its value.
    pub children: Vec<Child>,
    /// What they call it.
    pub property: String,
}

/// All properties of the bin.
#[derive(Debug, Default)]
pub struct Routes {
    pub specs: Vec<glib::ParamSpec>,
    routes: HashMap<String, Route>,
}

pub static ROUTES: LazyLock<Routes> = LazyLock::new(|| {
    let mut all = Routes::default();
    all.add(Child::Segment, segment::Settings::specs());
    all.add(Child::Refine, refine::Settings::specs());
    all.add(Child::Compose, compose::Settings::specs());
    all.add(Child::Mix, mix::Settings::specs());
    all
});

/// The statistics of a child, under a name that says whose they are.
fn stats(child: Child) -> glib::ParamSpec {
    let network = ("segment-stats", "Statistics of the network (mattesegment)");
    let refining = (
        "refine-stats",
        "Statistics of the post-processing (matterefine)",
    );
    let (name, of) = if matches!(child, Child::Segment) {
        network
    } else {
        refining
    };
    let spec = glib::ParamSpecBoxed::builder::<gst::Structure>(name);
    spec.nick(of).blurb(of).read_only().build()
}

impl Routes {
    fn add(&mut self, child: Child, specs: Vec<glib::ParamSpec>) {
        for spec in specs {
            let property = spec.name().to_owned();
            let spec = match &*property {
                // The bin's output no longer shows what that mask would describe.
                "analytics-meta" => continue,
                "stats" => stats(child),
                _ => spec,
            };
            match self.routes.entry(spec.name().to_owned()) {
                // A property that several children have means the same in all.
                Entry::Occupied(route) => route.into_mut().children.push(child),
                Entry::Vacant(place) => {
                    let children = vec![child];
                    place.insert(Route { children, property });
                    self.specs.push(spec);
                }
            }
        }
    }

    /// Where a property goes.
    pub fn of(&self, name: &str) -> &Route {
        &self.routes[name]
    }
}
