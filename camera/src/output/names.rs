// SPDX-License-Identifier: MPL-2.0

//! How the published camera is called.

use super::Output;
use crate::pipewire;

/// The name of the published node.
const NODE: &str = "matte-camera";

/// How the published camera is called in PipeWire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// For programs.
    pub node: String,
    /// For people.
    pub description: String,
}

impl Names {
    /// Names that no other node has: a second program gets a number.
    pub fn unused(output: &Output, name: &str) -> Self {
        let objects = match output {
            Output::PipeWire => pipewire::dump().unwrap_or_default(),
            Output::Loopback(_) => Vec::new(),
        };
        let taken = objects
            .iter()
            .filter_map(|object| object.property("node.name"));
        Self::beside(&taken.collect::<Vec<_>>(), name)
    }

    /// Names beside those that are taken.
    pub(super) fn beside(taken: &[String], name: &str) -> Self {
        let mut number = 1;
        loop {
            let names = match number {
                1 => Self {
                    node: NODE.into(),
                    description: name.into(),
                },
                number => Self {
                    node: format!("{NODE}-{number}"),
                    description: format!("{name} {number}"),
                },
            };
            if !taken.contains(&names.node) {
                return names;
            }
            number += 1;
        }
    }
}
