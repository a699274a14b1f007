// SPDX-License-Identifier: MPL-2.0

//! What a network is put together from: its input tensors, one run that shows what it gives, and how
//! that is read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ort::value::TensorElementType as E;

use super::super::ModelError;
use super::super::context::ResolveContext;
use super::super::engine::EngineError;
use super::super::given::Given;
use super::super::input::{Descriptor, InputTensor, constant};
use super::super::output::{OutputPlan, Reading, Scratch, Seen};
use super::super::session::{FirstRun, SharedSession};
use super::super::signature::{TensorInfo, find};
use super::super::tensors::Tensor;
use super::state::State;
use super::test_picture::draw_test_picture;
use super::{Bound, Network};

/// The output, and the second one of an instance segmentation.
type Outputs = (
    Result<Tensor, EngineError>,
    Result<Option<Tensor>, EngineError>,
);

/// What a network reads, before it is known what it writes.
pub(super) struct Parts<'a> {
    session: &'a Arc<SharedSession>,
    pub descriptor: Descriptor,
    pub input: InputTensor,
    /// One for each of the descriptor's extras.
    constants: Vec<Tensor>,
    states: Vec<State>,
    /// What the last run gave, by output.
    values: Vec<(String, Tensor)>,
}

impl<'a> Parts<'a> {
    pub fn new(
        context: &ResolveContext,
        session: &'a Arc<SharedSession>,
    ) -> Result<Self, ModelError> {
        let descriptor = Descriptor::resolve(context)?;
        let input = InputTensor::new(context.engine, &descriptor.input);
        let input = input.map_err(|error| context.run_error(&error))?;
        let picture = (descriptor.input.spec.layout, descriptor.input.shape());
        let mut constants = Vec::new();
        for (name, values) in &descriptor.extras {
            let info = find(&context.signature.inputs, name);
            let info = info.ok_or_else(|| context.unsuitable("a constant without an input"))?;
            let beside = (picture.0, &picture.1[..]);
            constants.push(constant(context, info, values, beside)?);
        }
        let states = descriptor.states.iter();
        let states = states.map(|pair| State::probe(context, pair));
        Ok(Self {
            session,
            input,
            constants,
            states: states.collect::<Result<_, _>>()?,
            values: Vec::new(),
            descriptor,
        })
    }

    /// All that the network reads, by name.
    fn inputs(&self) -> Vec<(&str, &Tensor)> {
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

    /// Refuses a network none of whose outputs can be a matte, before it runs, if their sides are all
    /// known.
    ///
    /// # Errors
    /// [`ModelError::Unsuitable`] with the reason for each output.
    pub fn refuse_by_shape(&self, context: &ResolveContext) -> Result<(), ModelError> {
        let outputs = self.without_states(&self.session.signature.outputs);
        let known = |output: &TensorInfo| {
            // A tensor without a shape looks like a single number.
            !output.dims.is_empty() && output.dims.iter().all(Option::is_some)
        };
        match outputs.iter().all(known) {
            true => {
                let outputs = self.of_one_picture(&outputs);
                OutputPlan::refuse_by_shape(context, &outputs, &self.descriptor.input.spec)
            }
            false => Ok(()),
        }
    }

    /// What the test picture gives in `output`; none if it cannot be run or gives no floats.
    pub fn look(&mut self, output: &str, reading: &Reading) -> Option<Seen> {
        if self.values.is_empty() {
            // Another network of this session made the first run.
            self.run().ok()?;
        }
        let floats = floats(self.value(output)?)?;
        Seen::of(&floats, reading)
    }

    /// What the last run gave in `output`.
    pub fn value(&self, output: &str) -> Option<&Tensor> {
        let mut values = self.values.iter();
        Some(&values.find(|(name, _)| name == output)?.1)
    }

    /// Runs what the input holds with fresh outputs; tells their true shapes and the time it took.
    ///
    /// # Errors
    /// The run fails.
    pub fn run(&mut self) -> Result<FirstRun, EngineError> {
        let start = Instant::now();
        let Given { outputs, values } = self.session.run(&self.inputs())?;
        let took = start.elapsed();
        self.values = values;
        Ok(FirstRun { outputs, took })
    }

    /// Runs once, on a test picture, unless another network of the session has: the true shapes of
    /// all outputs, and what warms the network up. States start from their smallest form and get
    /// their true one.
    pub fn first_run(&mut self, context: &ResolveContext) -> Result<FirstRun, ModelError> {
        // A picture that cannot be drawn leaves nothing to look at, and the shapes are the same.
        let _ = draw_test_picture(&mut self.input);
        // Constants may decide about shapes as well (a downsample ratio does).
        let inputs = self.inputs().into_iter();
        let fed: Vec<_> = inputs
            .map(|(name, tensor)| (name, tensor.shape()))
            .collect();
        let key = format!("{fed:?} {:?}", self.descriptor.extras);
        let session = Arc::clone(self.session);
        let first = session.first_run(key, || self.run());
        let first = first.map_err(|error| context.run_error(&error))?;
        for state in &mut self.states {
            state.settle(context, &first.outputs)?;
        }
        Ok(first)
    }

    /// The outputs as if the network took one picture.
    pub fn of_one_picture(&self, outputs: &[TensorInfo]) -> Vec<TensorInfo> {
        let batch = self.descriptor.input.batch();
        let mut outputs = outputs.to_vec();
        let sides = outputs
            .iter_mut()
            .filter_map(|output| output.dims.first_mut());
        for side in sides.filter(|side| **side == Some(batch)) {
            *side = Some(1);
        }
        outputs
    }

    /// Those of `outputs` that feed no state.
    pub fn without_states(&self, outputs: &[TensorInfo]) -> Vec<TensorInfo> {
        let states = &self.descriptor.states;
        let is_state = |info: &TensorInfo| states.iter().any(|state| state.output == info.name);
        let outputs = outputs.iter().filter(|info| !is_state(info));
        outputs.cloned().collect()
    }

    /// Settles the output, which is one of `outputs`, and binds everything.
    pub fn finish(
        mut self,
        context: &ResolveContext,
        first: &FirstRun,
        threads: usize,
    ) -> Result<Network, ModelError> {
        let outputs = self.without_states(&first.outputs);
        let warm_up = first.took;
        let first = self.of_one_picture(&outputs);
        let batch = self.descriptor.input.batch();
        if batch > 1 {
            self.descriptor.guesses.push(format!(
                "it takes {batch} pictures at once: the first is the frame, the others are empty and \
                 cost as much"
            ));
        }
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
        let zeros = |info: &TensorInfo| Tensor::zeros(context.engine, info.element, &info.sides());
        let output = zeros(info);
        let prototypes = plan.instances.as_ref();
        let prototypes = prototypes.and_then(|instances| find(&outputs, &instances.prototypes));
        let prototypes = prototypes.map(zeros);
        let outputs = (output, prototypes.transpose());
        let network = self.assemble(context, plan, outputs, warm_up);
        let bound = network.and_then(|mut network| {
            network.bind(threads)?;
            network.reset();
            Ok(network)
        });
        bound.map_err(|error| context.run_error(&error))
    }

    fn assemble(
        self,
        context: &ResolveContext,
        plan: OutputPlan,
        (output, prototypes): Outputs,
        warm_up: Duration,
    ) -> Result<Network, EngineError> {
        Ok(Network {
            bound: Bound::default(),
            parity: 0,
            input: self.input,
            states: self.states,
            output: output?,
            prototypes: prototypes?,
            scratch: Scratch::new(&plan),
            plan,
            constants: self.constants,
            descriptor: self.descriptor,
            warnings: Vec::new(),
            engine: context.engine,
            missing: None,
            warm_up,
            file: context.file.to_owned(),
            session: Arc::clone(self.session),
        })
    }
}

/// A tensor's values as floats; none if they are no fractions.
fn floats(value: &Tensor) -> Option<Vec<f32>> {
    Some(match value.element() {
        E::Float32 => value.values::<f32>().to_vec(),
        E::Float64 => to_floats(value.values::<f64>(), |x| x as f32),
        E::Float16 => to_floats(value.values(), half::f16::to_f32),
        E::Bfloat16 => to_floats(value.values(), half::bf16::to_f32),
        _ => return None,
    })
}

fn to_floats<T: Copy>(values: &[T], convert: impl Fn(T) -> f32) -> Vec<f32> {
    values.iter().map(|x| convert(*x)).collect()
}
