// SPDX-License-Identifier: MPL-2.0

//! What a survey finds.

use super::keys::SOURCE;
use crate::frame::GrayImage;
use crate::model::description::{DescriptionKeys, Origin};

/// One way to read a model, and the matte that it gives.
#[derive(Debug, Clone)]
pub struct Surveyed {
    /// Keys and their values, as in a description.
    pub(super) keys: DescriptionKeys,
    /// The matte of the picture, of the model's own size.
    pub matte: GrayImage,
}

impl Surveyed {
    /// What this reading says, as `key = value`, the likeliest first asked.
    pub fn words(&self) -> Vec<String> {
        self.keys.words(|origin| origin.source == SOURCE)
    }

    /// The description of this reading: what it says, and what the model's own `.toml`, called
    /// `beside`, said already.
    pub fn to_toml(&self, beside: &str) -> String {
        let kept = |origin: &Origin| origin.source == SOURCE || origin.source == beside;
        self.keys.to_toml(kept)
    }
}

/// All ways to read a model.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Those that its numbers allow, the likeliest first.
    pub readings: Vec<Surveyed>,
    /// Readings that its numbers contradict.
    pub contradicted: usize,
    /// Readings beyond those that are kept.
    pub left_out: usize,
    /// Why ways to feed it cannot be used, each once.
    pub problems: Vec<String>,
}
