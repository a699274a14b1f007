// SPDX-License-Identifier: MPL-2.0

//! From a model file to a network that is ready to run.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::DynTensor;

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::description::{DescriptionKeys, gather};
use super::super::exit::Loading;
use super::super::input::{Descriptor, InputTensor, constant};
use super::super::onnx::Outline;
use super::super::output::OutputPlan;
use super::super::session::{ModelBytes, ModelSource, Runtime, SessionOptions, SharedSession};
use super::super::signature::{Signature, TensorInfo, find};
use super::super::tensors::zeros;
use super::state::State;
use super::{Network, Options};

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
        let keys = gather(source, &outline.metadata, &model, &options.overrides)?;
        Loader {
            model: &model,
            outline: &outline,
            keys: &keys,
            runtime,
            options,
        }
        .network()
    }
}

/// What a network is made from.
struct Loader<'a> {
    model: &'a ModelBytes<'a>,
    outline: &'a Outline<'a>,
    keys: &'a DescriptionKeys,
    runtime: &'static Runtime,
    options: &'a Options,
}

impl Loader<'_> {
    fn context<'b>(&'b self, signature: &'b Signature) -> ResolveContext<'b> {
        ResolveContext {
            file: &self.model.name,
            keys: self.keys,
            signature,
            stream: self.options.stream,
        }
    }

    fn session(&self, options: &SessionOptions) -> Result<Arc<SharedSession>, ModelError> {
        self.model.session(self.runtime, self.outline, options)
    }

    /// A session whose sides are all known, if the model leaves some open, and the network in it.
    fn network(&self) -> Result<Network, ModelError> {
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

    /// Runs once and tells the true shapes of all outputs. States start from their smallest form
    /// and get their true one.
    fn first_run(&mut self, context: &ResolveContext) -> Result<Vec<TensorInfo>, ModelError> {
        let mut inputs: Vec<(&str, &DynTensor)> =
            vec![(self.descriptor.input.name.as_str(), self.input.tensor())];
        inputs.extend(
            self.states
                .iter()
                .map(|state| (state.input(), state.front())),
        );
        let names = self.descriptor.extras.iter().map(|(name, _)| name.as_str());
        inputs.extend(names.zip(&self.constants));
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
        let plan = OutputPlan::resolve(
            context,
            &outputs,
            |output| self.session.hint(output),
            &self.descriptor.input.spec,
            &mut self.descriptor.guesses,
        )?;
        let info = find(&outputs, &plan.name);
        let info = info.ok_or_else(|| context.unsuitable("its output has gone"))?;
        let output = zeros(info.element, &info.sides());
        self.assemble(plan, output, context.file)
            .map_err(|error| context.run_error(&error))
    }

    fn assemble(
        self,
        plan: OutputPlan,
        output: ort::Result<DynTensor>,
        file: &str,
    ) -> ort::Result<Network> {
        let mut network = Network {
            bindings: Vec::new(),
            parity: 0,
            input: self.input,
            states: self.states,
            output: output?,
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
    let values: Vec<(Cow<str>, SessionInputValue)> = inputs
        .iter()
        .map(|(name, tensor)| ((*name).into(), tensor.view().into_dyn().into()))
        .collect();
    let outputs = session.run(values)?;
    Ok(outputs
        .iter()
        .map(|(name, value)| TensorInfo::of_value(name, &value))
        .collect())
}
