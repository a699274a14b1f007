// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::frame::{GrayImage, TensorMut, TensorSpec};
use crate::model::{ModelError, ModelSource};
use crate::segment::engine::{About, Cancel};
use std::sync::Arc;

/// A network that is never run.
struct Idle(TensorSpec);

impl Engine for Idle {
    fn about(&self) -> About {
        About::default()
    }
    fn input_spec(&self) -> &TensorSpec {
        &self.0
    }
    fn input_mut(&mut self) -> TensorMut<'_> {
        TensorMut::F32(&mut [])
    }
    fn infer(&mut self, _: &mut GrayImage) -> Result<(), ModelError> {
        Ok(())
    }
    fn reset(&mut self) {}
    fn cancel(&self) -> Arc<dyn Cancel> {
        unreachable!("it is never run")
    }
}

fn settings(model: &str) -> Settings {
    Settings {
        model: Some(model.into()),
        ..Settings::default()
    }
}

fn ready(model: &str) -> Box<Ready> {
    let settings = settings(model);
    Box::new(Ready {
        source: ModelSource::File(model.into()),
        options: model::Options::default(),
        engine: Box::new(Idle(TensorSpec::new(1, 1))),
        settings,
    })
}

fn model_of(ready: Option<Box<Ready>>) -> Option<std::sync::Arc<str>> {
    ready.and_then(|ready| ready.settings.model)
}

#[test]
fn only_the_newest_request_is_answered() {
    let mut requests = Requests::default();
    assert!(requests.restart(settings("old")).is_none());
    let (first, _) = requests.begin(settings("a"));
    let (second, _) = requests.begin(settings("b"));
    assert_eq!(
        model_of(requests.deliver(first.number, ready("a"))).as_deref(),
        Some("a")
    );
    assert!(requests.take().is_none());
    assert!(requests.refuse(first.number).is_none());
    assert!(requests.deliver(second.number, ready("b")).is_none());
    assert_eq!(model_of(requests.take()).as_deref(), Some("b"));
    assert!(requests.take().is_none());
    let in_use = requests.refuse(second.number);
    assert_eq!(in_use, Some(settings("b")));
}

#[test]
fn a_refusal_goes_back_to_what_is_in_use() {
    let mut requests = Requests::default();
    assert!(requests.restart(settings("old")).is_none());
    let (request, _) = requests.begin(settings("bad"));
    assert_eq!(requests.refuse(request.number), Some(settings("old")));
    // Nothing is wanted any more, so nothing is requested again.
    assert_eq!(requests.resize((64, 48)).0, None);
}

#[test]
fn a_new_size_asks_again_and_drops_what_was_loaded() {
    let mut requests = Requests::default();
    let (request, _) = requests.begin(settings("a"));
    assert_eq!(request.stream, None);
    assert!(requests.deliver(request.number, ready("a")).is_none());
    let (wanted, stale) = requests.resize((64, 48));
    assert_eq!(wanted, Some(settings("a")));
    assert_eq!(model_of(stale).as_deref(), Some("a"));
    let (request, _) = requests.begin(settings("a"));
    assert_eq!(request.stream, Some((64, 48)));
    assert!(requests.deliver(request.number, ready("a")).is_none());
    assert_eq!(
        model_of(requests.restart(settings("b"))).as_deref(),
        Some("a")
    );
    assert!(requests.take().is_none());
}
