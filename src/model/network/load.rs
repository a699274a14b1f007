// SPDX-License-Identifier: MPL-2.0

//! From a model file to a network that is ready to run.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::{DynTensor, TensorElementType as E};

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::description::{DescriptionKeys, Origin, gather};
use super::super::exit::Loading;
use super::super::family::{Family, refuse};
use super::super::input::{Descriptor, InputTensor, constant};
use super::super::onnx::{Feed, Outline};
use super::super::output::{OutputPlan, Reading, Scratch, Seen};
use super::super::session::{ModelBytes, ModelSource, Runtime, SessionOptions, SharedSession};
use super::super::signature::{Signature, TensorInfo, find};
use super::super::tensors::zeros;
use super::state::State;
use super::test_picture::draw_test_picture;
use super::{Network, Options};

/// What sides are tried as multiples of, after those of most networks.
const MULTIPLES: [i64; 3] = [32, 64, 128];

impl Network {
    /// Loads a model, or joins the networks that use it already, and runs it once to warm it up.
    ///
    /// # Errors
    /// [`ModelError`]: a missing or broken file or library, a description that cannot be understood
    /// or contradicts the model, a model that is none for pictures.
    pub fn load(source: &ModelSource, options: &Options) -> Result<Self, ModelError> {
        let model = ModelBytes::read(source)?;
        let runtime = Runtime::get(&options.search)?;
        let _loading = Loading::begin();
        let outline = model.outline()?;
        refuse(&outline, &model.name)?;
        let mut keys = gather(source, &outline.metadata, &model, &options.overrides)?;
        let inputs = outline.inputs.iter();
        let feeds: HashMap<String, Feed> = inputs
            .map(|(input, _)| ((*input).to_owned(), outline.feed(input)))
            .collect();
        let family = Family::of(&outline);
        if let Some(family) = &family {
            let changed = feeds.values().any(|feed| !feed.changes.is_empty());
            family.describe(&mut keys, changed)?;
        }
        let mut network = Loader {
            model: &model,
            outline: &outline,
            keys: &keys,
            feeds: &feeds,
            runtime,
            options,
        }
        .network()?;
        if let Some(family) = family {
            let guess = format!("it is {}, by its names, sides and layers", family.name);
            network.descriptor.guesses.insert(0, guess);
        }
        Ok(network)
    }
}

/// What a network is made from.
#[derive(Clone, Copy)]
struct Loader<'a> {
    model: &'a ModelBytes<'a>,
    outline: &'a Outline<'a>,
    keys: &'a DescriptionKeys,
    /// What the graph does to each input before the network begins.
    feeds: &'a HashMap<String, Feed>,
    runtime: &'static Runtime,
    options: &'a Options,
}

impl Loader<'_> {
    fn context<'b>(&'b self, signature: &'b Signature) -> ResolveContext<'b> {
        ResolveContext {
            file: &self.model.name,
            keys: self.keys,
            signature,
            feeds: self.feeds,
            stream: self.options.stream,
        }
    }

    fn session(&self, options: &SessionOptions) -> Result<Arc<SharedSession>, ModelError> {
        self.model.session(self.runtime, self.outline, options)
    }

    /// The network; where its sides are open and it cannot run with those that are usual, with sides
    /// that are larger multiples.
    ///
    /// # Errors
    /// What the first attempt says, and what else was tried.
    fn network(&self) -> Result<Network, ModelError> {
        let error = match self.in_best_session() {
            Err(error @ (ModelError::Run { .. } | ModelError::Load { .. })) => error,
            other => return other,
        };
        let open = self.outline.sides.values().any(|sides| sides.contains(&0));
        let said = ["input.multiple", "input.width", "input.height"];
        if !open || said.iter().any(|key| self.keys.origin(key).is_some()) {
            return Err(error);
        }
        for multiple in MULTIPLES {
            let mut keys = self.keys.clone();
            let origin = Origin::new("guess");
            keys.insert("input.multiple", multiple.into(), &origin)?;
            let keys = &keys;
            if let Ok(mut network) = (Loader { keys, ..*self }).in_best_session() {
                let guess = format!("input.multiple = {multiple}, since it cannot run with less");
                network.descriptor.guesses.push(guess);
                return Ok(network);
            }
        }
        Err(error.with(
            "sides that are multiples of 16, 32, 64 and 128 were tried; if it takes others, set \
             input.width and input.height, or input.multiple, in [input] of the .toml beside it",
        ))
    }

    /// A session whose sides are all known, if the model leaves some open, and the network in it.
    fn in_best_session(&self) -> Result<Network, ModelError> {
        let as_asked = &self.options.session;
        let Some(signature) = self.model.peek(self.runtime, self.outline) else {
            let session = self.session(as_asked)?;
            return self.in_session(&session.signature, &session);
        };
        let input = Descriptor::resolve(&self.context(&signature))?.input;
        let fixed = SessionOptions {
            sides: self.outline.named_sides(&input.name, &input.shape()),
            ..as_asked.clone()
        };
        let session = self.session(&fixed);
        match session.and_then(|session| self.in_session(&signature, &session)) {
            // A model may give one name to what has two sizes.
            Err(error) if !fixed.sides.is_empty() => {
                let session = self.session(as_asked)?;
                let mut network = self.in_session(&signature, &session)?;
                let problem = format!("its sizes cannot be fixed, so it runs slower: {error}");
                network.warnings.push(problem);
                Ok(network)
            }
            network => network,
        }
    }

    /// A warning about what was guessed of the picture's numbers, with the lines that settle it.
    fn doubts(&self, about: &Descriptor) -> Option<String> {
        let lines = &about.doubts;
        let name = match self.model.name.strip_suffix(".onnx") {
            Some(stem) => format!("{stem}.toml"),
            None => format!("{}.toml", self.model.name),
        };
        (!lines.is_empty()).then(|| {
            format!(
                "nothing in {} tells how it takes its picture; guessed. If that is right, these \
                 lines in {name} beside it say so, else correct them there: [input] {}",
                self.model.name,
                lines.join("; ")
            )
        })
    }

    fn in_session(
        &self,
        signature: &Signature,
        session: &Arc<SharedSession>,
    ) -> Result<Network, ModelError> {
        let context = self.context(signature);
        let mut parts = Parts::new(&context, session)?;
        let outputs = parts.first_run(&context)?;
        let mut network = parts.finish(&context, &outputs)?;
        let mismatch = self.runtime.mismatch(&self.options.search);
        network.warnings.extend(mismatch);
        network.warnings.extend(session.warnings.iter().cloned());
        network.warnings.extend(self.doubts(&network.descriptor));
        network.run_to_warm_up()?;
        Ok(network)
    }
}

/// What a network reads, before it is known what it writes.
struct Parts<'a> {
    session: &'a Arc<SharedSession>,
    descriptor: Descriptor,
    input: InputTensor,
    /// One for each of the descriptor's extras.
    constants: Vec<DynTensor>,
    states: Vec<State>,
}

impl<'a> Parts<'a> {
    fn new(context: &ResolveContext, session: &'a Arc<SharedSession>) -> Result<Self, ModelError> {
        let descriptor = Descriptor::resolve(context)?;
        let input = InputTensor::new(&descriptor.input);
        let input = input.map_err(|error| context.run_error(&error))?;
        let mut constants = Vec::new();
        for (name, values) in &descriptor.extras {
            let info = find(&context.signature.inputs, name);
            let info = info.ok_or_else(|| context.unsuitable("a constant without an input"))?;
            constants.push(constant(context, info, values)?);
        }
        let states = descriptor.states.iter();
        let states = states.map(|pair| State::probe(context, pair));
        Ok(Self {
            session,
            input,
            constants,
            states: states.collect::<Result<_, _>>()?,
            descriptor,
        })
    }

    /// All that the network reads, by name.
    fn inputs(&self) -> Vec<(&str, &DynTensor)> {
        let about = &self.descriptor;
        let picture = (about.input.name.as_str(), self.input.tensor());
        let states = self.states.iter();
        let states = states.map(|state| (state.input(), state.front()));
        let names = about.extras.iter().map(|(name, _)| name.as_str());
        let constants = names.zip(&self.constants);
        [picture]
            .into_iter()
            .chain(states)
            .chain(constants)
            .collect()
    }

    /// What a run on a test picture gives in `output`. The picture has every colour, dark and
    /// bright; none if it cannot be run or gives no floats.
    fn look(&mut self, output: &str, reading: &Reading) -> Option<Seen> {
        draw_test_picture(&mut self.input).ok()?;
        let mut session = self.session.own();
        let values = session.run(run_inputs(&self.inputs())).ok()?;
        let value = values.get(output)?;
        let floats = match *value.dtype().tensor_type().as_ref()? {
            E::Float32 => value.try_extract_tensor::<f32>().ok()?.1.to_vec(),
            E::Float64 => to_floats(value.try_extract_tensor::<f64>().ok()?.1, |x| x as f32),
            E::Float16 => to_floats(value.try_extract_tensor().ok()?.1, half::f16::to_f32),
            E::Bfloat16 => to_floats(value.try_extract_tensor().ok()?.1, half::bf16::to_f32),
            _ => return None,
        };
        Seen::of(&floats, reading)
    }

    /// Runs once and tells the true shapes of all outputs. States start from their smallest form
    /// and get their true one.
    fn first_run(&mut self, context: &ResolveContext) -> Result<Vec<TensorInfo>, ModelError> {
        let inputs = self.inputs();
        // Constants may decide about shapes as well (a downsample ratio does).
        let fed: Vec<_> = inputs
            .iter()
            .map(|(name, tensor)| (name, tensor.shape()))
            .collect();
        let key = format!("{fed:?} {:?}", self.descriptor.extras);
        let outputs = self.session.shapes(key, |session| probe(session, &inputs));
        let outputs = outputs.map_err(|error| context.run_error(&error))?;
        for state in &mut self.states {
            state.settle(context, &outputs)?;
        }
        Ok(outputs)
    }

    /// The outputs as if the network took one picture.
    fn first_of_batch(&mut self, outputs: &[TensorInfo]) -> Vec<TensorInfo> {
        let batch = self.descriptor.input.batch();
        if batch > 1 {
            self.descriptor.guesses.push(format!(
                "it takes {batch} pictures at once: the first is the frame, the others are empty and \
                 cost as much"
            ));
        }
        let mut outputs = outputs.to_vec();
        let sides = outputs
            .iter_mut()
            .filter_map(|output| output.dims.first_mut());
        for side in sides.filter(|side| **side == Some(batch)) {
            *side = Some(1);
        }
        outputs
    }

    /// Settles the output, which is one of `outputs`, and binds everything.
    fn finish(
        mut self,
        context: &ResolveContext,
        outputs: &[TensorInfo],
    ) -> Result<Network, ModelError> {
        let states = &self.descriptor.states;
        let is_state = |info: &TensorInfo| states.iter().any(|state| state.output == info.name);
        let outputs: Vec<TensorInfo> = outputs
            .iter()
            .filter(|info| !is_state(info))
            .cloned()
            .collect();
        let first = self.first_of_batch(&outputs);
        let (session, input) = (self.session, self.descriptor.input.spec);
        let mut guesses = std::mem::take(&mut self.descriptor.guesses);
        let plan = OutputPlan::resolve(
            context,
            &first,
            |output| session.hint(output),
            |output, reading| self.look(output, reading),
            &input,
            &mut guesses,
        )?;
        self.descriptor.guesses = guesses;
        let info = find(&outputs, &plan.name);
        let info = info.ok_or_else(|| context.unsuitable("its output has gone"))?;
        let output = zeros(info.element, &info.sides());
        let prototypes = plan.instances.as_ref();
        let prototypes = prototypes.and_then(|instances| find(&outputs, &instances.prototypes));
        let prototypes = prototypes.map(|info| zeros(info.element, &info.sides()));
        self.assemble(plan, output, prototypes.transpose(), context.file)
            .map_err(|error| context.run_error(&error))
    }

    fn assemble(
        self,
        plan: OutputPlan,
        output: ort::Result<DynTensor>,
        prototypes: ort::Result<Option<DynTensor>>,
        file: &str,
    ) -> ort::Result<Network> {
        let mut network = Network {
            bindings: Vec::new(),
            parity: 0,
            input: self.input,
            states: self.states,
            output: output?,
            prototypes: prototypes?,
            scratch: Scratch::new(&plan),
            plan,
            _constants: Vec::new(),
            run_options: Arc::new(RunOptions::new()?),
            rebind: self.session.placement.is_accelerated(),
            descriptor: self.descriptor,
            warnings: Vec::new(),
            warm_up: Duration::ZERO,
            file: file.to_owned(),
            session: Arc::clone(self.session),
        };
        network.bind(&self.constants)?;
        network._constants = self.constants;
        Ok(network)
    }
}

impl Network {
    /// A first run with everything in its place, so that the first frame's own waits for nothing.
    fn run_to_warm_up(&mut self) -> Result<(), ModelError> {
        let start = Instant::now();
        self.run()?;
        self.warm_up = start.elapsed();
        self.reset();
        Ok(())
    }
}

/// Runs once with fresh outputs and tells their true shapes.
fn probe(session: &mut Session, inputs: &[(&str, &DynTensor)]) -> ort::Result<Vec<TensorInfo>> {
    let outputs = session.run(run_inputs(inputs))?;
    Ok(outputs
        .iter()
        .map(|(name, value)| TensorInfo::of_value(name, &value))
        .collect())
}

/// Tensors as a run takes them.
fn run_inputs<'a>(
    inputs: &[(&'a str, &'a DynTensor)],
) -> Vec<(Cow<'a, str>, SessionInputValue<'a>)> {
    let input =
        |&(name, tensor): &(&'a str, &'a DynTensor)| (name.into(), tensor.view().into_dyn().into());
    inputs.iter().map(input).collect()
}

fn to_floats<T: Copy>(values: &[T], convert: impl Fn(T) -> f32) -> Vec<f32> {
    values.iter().map(|x| convert(*x)).collect()
}
