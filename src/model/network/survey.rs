// SPDX-License-Identifier: MPL-2.0

//! What each way to read a model makes of a picture, for somebody who sees which one is right.
//!
//! The network runs once for each way to feed it; what it gives is read in every way that its
//! numbers allow.

use std::collections::HashSet;
use std::sync::Arc;

use toml::Value;

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::description::{DescriptionKeys, Origin};
use super::super::output::{OutputPlan, Scratch, classes_by_presence, decode, decode_instances};
use super::super::output_kind::OutputKind;
use super::super::session::{ModelSource, SharedSession};
use super::super::signature::{GraphHint, Signature, TensorInfo};
use super::load::{Loader, with_loader};
use super::parts::Parts;
use super::{Network, Options};
use crate::frame::{FrameFormat, FrameRef, GrayImage, Sampler};

/// Ways to feed a network that are tried.
const MOST_FEEDS: usize = 8;
/// Readings that are kept in all.
const MOST: usize = 48;
/// Other classes that are shown beside the likely one.
const MOST_CLASSES: usize = 5;
/// What the keys' origin is called.
const SOURCE: &str = "survey";

/// What programs usually make of code values, as lines of an `[input]` section.
const NUMBERS: [&[(&str, &str)]; 4] = [
    &[("input.range", "[0.0, 1.0]")],
    &[
        ("input.range", "[0.0, 1.0]"),
        ("input.mean", "[0.485, 0.456, 0.406]"),
        ("input.std", "[0.229, 0.224, 0.225]"),
    ],
    &[("input.range", "[-1.0, 1.0]")],
    &[("input.range", "[0.0, 255.0]")],
];

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

/// Descriptions that say all about the inputs, the likeliest first; at most about `most`.
fn ways_to_feed(
    loader: &Loader,
    signature: &Signature,
    keys: DescriptionKeys,
    most: usize,
) -> Vec<Result<DescriptionKeys, ModelError>> {
    let about = match loader.with(&keys).descriptor(signature) {
        Ok(about) => about,
        Err(error) => {
            let ModelError::Ambiguous { key, .. } = &error else {
                return vec![Err(error)];
            };
            let answers = answers_about_inputs(key, signature);
            if answers.is_empty() {
                return vec![Err(error)];
            }
            let ways = answers
                .into_iter()
                .flat_map(|answer| match and(&keys, &[(key, answer)]) {
                    Ok(keys) => ways_to_feed(loader, signature, keys, most),
                    Err(error) => vec![Err(error)],
                });
            return ways.take(most).collect();
        }
    };
    let doubted = |key: &str| about.doubts.iter().any(|line| line.starts_with(key));
    let orders: &[&str] = match doubted("order") {
        true => &["rgb", "bgr"],
        false => &[""],
    };
    let described = |keys: DescriptionKeys, order: &str| match order {
        "" => Ok(keys),
        order => and(&keys, &[("input.order", order.into())]),
    };
    let origin = Origin::new(SOURCE);
    let numbered = |numbers: &[(&str, &str)]| {
        let mut keys = keys.clone();
        for (key, value) in numbers {
            // Nothing of the table can be refused: a test of it says so.
            let _ = keys.insert_text(key, value, &origin);
        }
        keys
    };
    let numbers: Vec<DescriptionKeys> = match doubted("range") {
        true => NUMBERS.into_iter().map(numbered).collect(),
        false => vec![keys.clone()],
    };
    let mut ways = Vec::new();
    for order in orders {
        ways.extend(numbers.iter().map(|keys| described(keys.clone(), order)));
    }
    ways
}

/// What a key about the inputs may be.
fn answers_about_inputs(key: &str, signature: &Signature) -> Vec<Value> {
    let numbers = |all: &[f64]| all.iter().map(|&number| number.into()).collect();
    match key {
        "input.name" => {
            let names = signature.inputs.iter().map(|input| input.name.clone());
            names.map(Value::String).collect()
        }
        "input.layout" => vec!["nchw".into(), "nhwc".into()],
        "input.range" => vec![pair([0.0, 1.0]), pair([1.0, 0.0])],
        "input.fourth" => numbers(&[0.0, 0.5, 1.0]),
        extra if extra.starts_with("extra.") => numbers(&[1.0, 0.0, 0.5]),
        _ => Vec::new(),
    }
}

/// What is read of one run.
struct Readings<'a> {
    context: &'a ResolveContext<'a>,
    session: &'a SharedSession,
    parts: Parts<'a>,
    outputs: Vec<TensorInfo>,
    found: Survey,
    /// Descriptions that were looked at.
    known: HashSet<String>,
    room: usize,
}

/// Runs a network on the picture and reads it in all ways.
fn readings(
    context: &ResolveContext,
    session: &Arc<SharedSession>,
    picture: &FrameRef,
    room: usize,
) -> Result<Survey, ModelError> {
    let mut parts = Parts::new(context, session)?;
    parts.refuse_by_shape(context)?;
    let first = parts.first_run(context)?;
    let unsuitable = |error: crate::frame::SampleError| context.unsuitable(error.to_string());
    let level = crate::simd::level();
    let mut sampler =
        Sampler::new(FrameFormat::from(picture), parts.input.spec(), level).map_err(unsuitable)?;
    sampler
        .sample(picture, parts.input.as_mut())
        .map_err(unsuitable)?;
    parts.input.finish();
    parts.run().map_err(|error| context.run_error(&error))?;
    let outputs = parts.of_one_picture(&parts.without_states(&first.outputs));
    let mut readings = Readings {
        context,
        session,
        parts,
        outputs,
        found: Survey::default(),
        known: HashSet::new(),
        room,
    };
    if let Some(error) = readings.read(context.keys) {
        return Err(error);
    }
    Ok(readings.found)
}

impl Readings<'_> {
    /// Reads the outputs as `keys` say, and in the ways that these leave open. What is an error for
    /// all of them comes back.
    fn read(&mut self, keys: &DescriptionKeys) -> Option<ModelError> {
        if !self.known.insert(keys.to_toml(|_| true)) {
            return None;
        }
        let context = ResolveContext {
            engine: self.context.engine,
            file: self.context.file,
            keys,
            signature: self.context.signature,
            feeds: self.context.feeds,
            stream: self.context.stream,
        };
        let (session, spec) = (self.session, self.parts.descriptor.input.spec);
        let outputs = std::mem::take(&mut self.outputs);
        let plan = OutputPlan::resolve(
            &context,
            &outputs,
            |output| session.hint(output),
            |output, reading| self.parts.look(output, reading),
            &spec,
            &mut Vec::new(),
        );
        self.outputs = outputs;
        match plan {
            Ok(plan) => {
                let settled = self.settled(keys, &plan);
                self.keep(&plan, settled.clone());
                for other in self.others(keys, &settled, &plan) {
                    self.read(&other);
                }
                None
            }
            Err(ModelError::Ambiguous { key, .. }) => {
                for answer in self.answers(&key, keys) {
                    if let Ok(keys) = and(keys, &[(&key, answer)]) {
                        self.read(&keys);
                    }
                }
                None
            }
            Err(error) => Some(error),
        }
    }

    fn hint(&self, output: &str) -> GraphHint {
        self.session.hint(output).cloned().unwrap_or_default()
    }

    /// What a key about the outputs may be.
    fn answers(&self, key: &str, keys: &DescriptionKeys) -> Vec<Value> {
        match key {
            "output.name" => {
                let names = self.outputs.iter().map(|output| output.name.clone());
                names.map(Value::String).collect()
            }
            "output.kind" => {
                let kinds = OutputKind::ALL.into_iter().map(OutputKind::word);
                kinds.map(Value::from).collect()
            }
            "output.range" => {
                let named = keys.text("output.name").map(str::to_owned);
                let name = named.or_else(|| Some(self.outputs.first()?.name.clone()));
                let bounds = self.hint(&name.unwrap_or_default()).bounds;
                let [low, high] = bounds.map_or([0.0, 1.0], |bounds| bounds.range);
                vec![pair([high, low]), pair([low, high])]
            }
            "output.subject" => (0..MOST_CLASSES as i64 + 1)
                .map(|class| Value::Array(vec![class.into()]))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The keys with all that a plan has settled.
    fn settled(&self, keys: &DescriptionKeys, plan: &OutputPlan) -> DescriptionKeys {
        let mut more: Vec<(&str, Value)> = vec![("output.kind", plan.kind.word().into())];
        if self.outputs.len() > 1 && plan.kind != OutputKind::Instances {
            more.push(("output.name", plan.name.clone().into()));
        }
        if plan.kind == OutputKind::Alpha {
            more.push(("output.range", pair(plan.range)));
        }
        if !plan.subject.is_empty() {
            more.push(("output.subject", classes(&plan.subject)));
        }
        // Nothing of it can be refused: it came out of a plan.
        and(keys, &more).unwrap_or_else(|_| keys.clone())
    }

    /// Other readings than `plan`'s that nothing rules out.
    fn others(
        &self,
        keys: &DescriptionKeys,
        settled: &DescriptionKeys,
        plan: &OutputPlan,
    ) -> Vec<DescriptionKeys> {
        let open = |key: &str| keys.origin(key).is_none();
        let mut others = Vec::new();
        let instead = |base: &DescriptionKeys, key: &str, value: Value| {
            let mut base = base.clone();
            base.remove(key);
            and(&base, &[(key, value)]).ok()
        };
        if plan.kind == OutputKind::Alpha && plan.channels == 1 && open("output.range") {
            let [background, subject] = plan.range;
            let turned = pair([subject, background]);
            others.extend(instead(settled, "output.range", turned));
        }
        if !plan.subject.is_empty() && open("output.subject") {
            let value = self.parts.value(&plan.name);
            let present = value.map_or_else(Vec::new, |value| classes_by_presence(plan, value));
            let present = present
                .into_iter()
                .filter(|class| !plan.subject.contains(class));
            for class in present.take(MOST_CLASSES) {
                others.extend(instead(settled, "output.subject", classes(&[class])));
            }
        }
        let hint = self.hint(&plan.name);
        let operators = ["Softmax", "LogSoftmax", "ArgMax"];
        let sure = hint.bounds.is_some()
            || operators.map(Some).contains(&hint.operator.as_deref())
            || plan.kind == OutputKind::Instances;
        if open("output.kind") && !sure {
            let kinds = OutputKind::ALL
                .into_iter()
                .filter(|kind| *kind != plan.kind);
            let named = self.settled_name(keys, plan);
            others.extend(
                kinds.filter_map(|kind| instead(&named, "output.kind", kind.word().into())),
            );
        }
        others
    }

    /// The keys with the output's name, if there are several.
    fn settled_name(&self, keys: &DescriptionKeys, plan: &OutputPlan) -> DescriptionKeys {
        if self.outputs.len() < 2 {
            return keys.clone();
        }
        let name = [("output.name", plan.name.clone().into())];
        and(keys, &name).unwrap_or_else(|_| keys.clone())
    }

    /// Keeps a reading if its numbers can be right.
    fn keep(&mut self, plan: &OutputPlan, keys: DescriptionKeys) {
        let matte = self.matte(plan);
        match matte {
            Some(_) if self.found.readings.len() >= self.room => self.found.left_out += 1,
            Some(matte) => self.found.readings.push(Surveyed { keys, matte }),
            None => self.found.contradicted += 1,
        }
    }

    /// The matte of a plan; none if its numbers contradict it.
    fn matte(&self, plan: &OutputPlan) -> Option<GrayImage> {
        let (mut matte, file) = (GrayImage::default(), self.context.file);
        let output = self.parts.value(&plan.name)?;
        match &plan.instances {
            Some(instances) => {
                let prototypes = self.parts.value(&instances.prototypes)?;
                let scratch = &mut Scratch::new(plan);
                decode_instances(plan, [output, prototypes], scratch, &mut matte, file).ok()?;
            }
            None => decode(plan, output, &mut matte, file).ok()?,
        }
        Some(matte)
    }
}

fn classes(classes: &[usize]) -> Value {
    let classes = classes.iter().map(|&class| Value::from(class as i64));
    Value::Array(classes.collect())
}
