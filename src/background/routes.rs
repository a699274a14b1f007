// SPDX-License-Identifier: MPL-2.0

//! Which child's property stands behind each property of the bin. Worked out once.

use crate::{compose, mix, refine, segment};
use gst::glib;
use gst::prelude::*;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The property that more than one child has; each child's own is named `CHILD-stats` here.
const STATS: &str = "stats";
/// A mask of what this bin's picture no longer shows: only the elements alone make it.
const MASK: &str = "analytics-meta";

/// A child of the bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    children: Vec<Child>,
    /// What they call it.
    property: String,
}

impl Route {
    pub fn children(&self) -> &[Child] {
        &self.children
    }

    pub fn property(&self) -> &str {
        &self.property
    }
}

/// All properties of the bin.
#[derive(Debug)]
pub struct Routes {
    specs: Vec<glib::ParamSpec>,
    routes: HashMap<String, Route>,
}

pub static ROUTES: LazyLock<Routes> = LazyLock::new(Routes::new);

impl Routes {
    fn new() -> Self {
        let mut all = Self {
            specs: Vec::new(),
            routes: HashMap::new(),
        };
        all.add(Child::Segment, segment::properties());
        all.add(Child::Refine, refine::properties());
        all.add(Child::Compose, compose::properties());
        all.add(Child::Mix, mix::properties());
        let of_network = "Statistics of the network (mattesegment)";
        all.add_stats(Child::Segment, "segment-stats", of_network);
        let of_refining = "Statistics of the post-processing (matterefine)";
        all.add_stats(Child::Refine, "refine-stats", of_refining);
        all
    }

    fn add(&mut self, child: Child, specs: Vec<glib::ParamSpec>) {
        for spec in specs {
            let name = spec.name();
            if [STATS, MASK].contains(&name) {
                continue;
            }
            // What several have means the same in all.
            if let Some(route) = self.routes.get_mut(name) {
                route.children.push(child);
                continue;
            }
            let property = name.to_owned();
            let route = Route {
                children: vec![child],
                property,
            };
            self.routes.insert(name.to_owned(), route);
            self.specs.push(spec);
        }
    }

    fn add_stats(&mut self, child: Child, name: &str, of: &str) {
        let spec = glib::ParamSpecBoxed::builder::<gst::Structure>(name)
            .nick(of)
            .blurb(of)
            .read_only();
        self.specs.push(spec.build());
        let route = Route {
            children: vec![child],
            property: STATS.to_owned(),
        };
        self.routes.insert(name.to_owned(), route);
    }

    /// The specifications of all properties.
    pub fn specs(&self) -> &[glib::ParamSpec] {
        &self.specs
    }

    /// Where a property goes.
    pub fn of(&self, name: &str) -> Option<&Route> {
        self.routes.get(name)
    }

    /// The properties of a child that may move over time.
    pub fn controllable(&self, child: Child) -> Vec<&str> {
        let of_child = |name: &str| {
            let route = self.of(name);
            route.is_some_and(|route| route.children.contains(&child))
        };
        self.specs
            .iter()
            .filter(|spec| spec.flags().contains(gst::PARAM_FLAG_CONTROLLABLE))
            .map(|spec| spec.name())
            .filter(|name| of_child(name))
            .collect()
    }
}
