// SPDX-License-Identifier: MPL-2.0

//! What each way to read a model makes of a picture, for somebody who sees which one is right.
//!
//! The network runs once for each way to feed it; what it gives is read in every way that its
//! numbers allow.

mod feeds;
mod readings;

use super::load::{Loader, with_loader};
use super::{Network, Options};
use crate::frame::{FrameRef, GrayImage};
use crate::model::ModelError;
use crate::model::description::{DescriptionKeys, Origin};
use crate::model::session::ModelSource;
use feeds::ways_to_feed;
use readings::readings;
use toml::Value;

/// Ways to feed a network that are tried.
const MOST_FEEDS: usize = 8;
/// Readings that are kept in all.
const MOST: usize = 48;
/// What the keys' origin is called.
const SOURCE: &str = "survey";

/// One way to read a model, and the matte that it gives.
#[derive(Debug, Clone)]
pub struct Surveyed {
    /// Keys and their values, as in a description.
    keys: DescriptionKeys,
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

impl Network {
    /// Tries every way to feed a model and to read what it gives on `picture`. What the model or its
    /// description says is not asked.
    ///
    /// # Errors
    /// As [`Network::load`], but for questions that a description would answer.
    pub fn survey(
        source: &ModelSource,
        options: &Options,
        picture: &FrameRef,
    ) -> Result<Survey, ModelError> {
        with_loader(source, options, |loader| survey(loader, picture))
    }
}

fn survey(loader: &Loader, picture: &FrameRef) -> Result<Survey, ModelError> {
    let signature = loader.signature()?;
    let mut survey = Survey::default();
    let (mut feeds, mut first_error) = (Vec::new(), None);
    let mut refuse = |survey: &mut Survey, error: ModelError| {
        let problem = error.to_string();
        if !survey.problems.contains(&problem) {
            survey.problems.push(problem);
        }
        first_error.get_or_insert(error);
    };
    for way in ways_to_feed(loader, &signature, loader.keys.clone(), MOST_FEEDS) {
        match way {
            Ok(keys) => feeds.push(keys),
            Err(error) => refuse(&mut survey, error),
        }
    }
    feeds.truncate(MOST_FEEDS);
    let room = MOST / feeds.len().max(1);
    for keys in &feeds {
        let made = loader
            .with(keys)
            .make(&|context, session| readings(context, session, picture, room));
        match made {
            Ok(made) => {
                survey.readings.extend(made.value.readings);
                survey.contradicted += made.value.contradicted;
                survey.left_out += made.value.left_out;
            }
            Err(error) => refuse(&mut survey, error),
        }
    }
    match first_error {
        Some(error) if survey.readings.is_empty() => Err(error),
        _ => Ok(survey),
    }
}

/// The same keys and one more.
fn and(keys: &DescriptionKeys, more: &[(&str, Value)]) -> Result<DescriptionKeys, ModelError> {
    let (mut keys, origin) = (keys.clone(), Origin::new(SOURCE));
    for (key, value) in more {
        keys.insert(key, value.clone(), &origin)?;
    }
    Ok(keys)
}

fn pair([low, high]: [f32; 2]) -> Value {
    Value::Array(vec![f64::from(low).into(), f64::from(high).into()])
}
