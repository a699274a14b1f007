// SPDX-License-Identifier: MPL-2.0

//! What tells one network from another: names, metadata, operators, the shapes of outputs.

use super::Outline;

impl Outline<'_> {
    /// An entry of the file's metadata.
    pub fn said(&self, key: &str) -> Option<&str> {
        let mut entries = self.metadata.iter();
        Some(entries.find(|(known, _)| *known == key)?.1)
    }

    /// Whether there is an input of this name.
    pub fn has_input(&self, name: &str) -> bool {
        self.inputs.iter().any(|(known, _)| *known == name)
    }

    /// Whether there is an output of this name.
    pub fn has_output(&self, name: &str) -> bool {
        self.outputs.contains(&name)
    }

    /// How many nodes of an operator there are.
    pub fn count(&self, operator: &str) -> usize {
        let nodes = self.nodes.iter();
        nodes.filter(|node| node.operator == operator).count()
    }

    /// Whether a convolution works on groups of channels.
    pub fn has_depthwise(&self) -> bool {
        let grouped = |group: Option<f32>| group.is_some_and(|group| group > 1.0);
        self.nodes
            .iter()
            .any(|node| grouped(node.attribute("group")))
    }

    /// Whether the outputs are boxes with coefficients, and prototypes of masks.
    pub fn is_instances(&self) -> bool {
        let sides = |at: usize| Some(&self.sides.get(self.outputs.get(at)?)?[..]);
        match (sides(0), sides(1)) {
            (Some(&[_, a, b]), Some(&[_, prototypes, _, _])) if prototypes >= 16 => {
                // Box, score and class, then a coefficient for each prototype, in rows or columns.
                [a, b].iter().any(|&side| side > prototypes + 4) && a != b
            }
            _ => self.said("task") == Some("segment"),
        }
    }
}
