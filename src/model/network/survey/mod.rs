// SPDX-License-Identifier: MPL-2.0

//! What each way to read a model makes of a picture, for somebody who sees which one is right.
//!
//! The network runs once for each way to feed it; what it gives is read in every way that its
//! numbers allow.

mod feeds;
mod keys;
mod readings;
mod surveyed;

pub use surveyed::{Survey, Surveyed};

use super::load::{Loader, with_loader};
use super::{Network, Options};
use crate::frame::FrameRef;
use crate::model::ModelError;
use crate::model::session::ModelSource;
use feeds::ways_to_feed;
use readings::readings;

/// Ways to feed a network that are tried.
const MOST_FEEDS: usize = 8;
/// Readings that are kept in all.
const MOST: usize = 48;
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
