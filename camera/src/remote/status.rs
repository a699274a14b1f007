// SPDX-License-Identifier: MPL-2.0

//! What the properties of the interface are, at a moment.

use crate::cost::Cost;
use gst::glib::prelude::*;
use gst::glib::{Variant, VariantDict};
use std::collections::BTreeMap;

/// The properties of the interface.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Status {
    /// As other programs show the published camera.
    pub name: String,
    /// Width and height of the published video.
    pub size: (i32, i32),
    /// The chosen camera; empty: the first one.
    pub camera: String,
    /// The camera that is read now; empty: it is closed.
    pub open_camera: String,
    /// Whether viewers get pictures.
    pub enabled: bool,
    /// Whether a program reads.
    pub watched: bool,
    /// What is behind the person.
    pub background: String,
    /// The picture's file.
    pub picture: String,
    /// The video's file.
    pub video: String,
    /// Where the person stands before the video.
    pub place: String,
    /// `#rrggbb`.
    pub color: String,
    /// 0 to 100.
    pub blur_strength: f64,
    /// Properties of `mattebackground` that were set.
    pub properties: BTreeMap<String, String>,
    /// In the last second.
    pub cost: Cost,
    /// Why there is no picture, although somebody wants one.
    pub failure: String,
}

impl Status {
    /// Every property by its name, as the bus carries it.
    pub fn values(&self) -> [(&'static str, Variant); 15] {
        let Cost {
            processor,
            rate,
            latency,
        } = self.cost;
        [
            ("Name", self.name.to_variant()),
            ("Size", self.size.to_variant()),
            ("Camera", self.camera.to_variant()),
            ("OpenCamera", self.open_camera.to_variant()),
            ("Enabled", self.enabled.to_variant()),
            ("Watched", self.watched.to_variant()),
            ("Background", self.background.to_variant()),
            ("Picture", self.picture.to_variant()),
            ("Video", self.video.to_variant()),
            ("Place", self.place.to_variant()),
            ("Color", self.color.to_variant()),
            ("BlurStrength", self.blur_strength.to_variant()),
            ("Properties", self.properties.to_variant()),
            ("Cost", (processor, rate, latency).to_variant()),
            ("Failure", self.failure.to_variant()),
        ]
    }

    /// The properties that are other than before, `a{sv}`; None if none is.
    pub fn changes(&self, before: &Self) -> Option<Variant> {
        let changes = VariantDict::new(None);
        let mut any = false;
        for ((name, now), (_, before)) in self.values().into_iter().zip(before.values()) {
            if now != before {
                changes.insert_value(name, &now);
                any = true;
            }
        }
        any.then(|| changes.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_other_is_told() {
        let before = Status::default();
        assert_eq!(before.changes(&before), None);
        let now = Status {
            enabled: true,
            cost: Cost {
                rate: 30.0,
                ..Cost::default()
            },
            ..Status::default()
        };
        let changes = now.changes(&before).expect("two are other");
        let changes = VariantDict::new(Some(&changes));
        assert_eq!(changes.lookup::<bool>("Enabled"), Ok(Some(true)));
        let cost = changes.lookup::<(f64, f64, f64)>("Cost");
        assert_eq!(cost, Ok(Some((0.0, 30.0, 0.0))));
        assert!(!changes.contains("Name"));
    }
}
