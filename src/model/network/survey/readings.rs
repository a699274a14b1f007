// SPDX-License-Identifier: MPL-2.0

//! Ways to read what a run gave.

use std::collections::HashSet;
use std::sync::Arc;

use toml::Value;

use super::super::parts::Parts;
use super::keys::{and, pair};
use super::surveyed::{Survey, Surveyed};
use crate::frame::{FrameFormat, FrameRef, GrayImage, Sampler};
use crate::model::ModelError;
use crate::model::context::ResolveContext;
use crate::model::description::DescriptionKeys;
use crate::model::output::{OutputPlan, Scratch, classes_by_presence, decode, decode_instances};
use crate::model::output_kind::OutputKind;
use crate::model::session::SharedSession;
use crate::model::signature::{GraphHint, TensorInfo};

/// Other classes that are shown beside the likely one.
const MOST_CLASSES: usize = 5;
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
pub(super) fn readings(
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
