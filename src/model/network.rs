// SPDX-License-Identifier: MPL-2.0

//! A network ready to run: a session, the tensors that go in and out of it, its recurrent states.
//!
//! All memory is made when the network is loaded and bound to the session once. A run allocates
//! nothing on our side: fill [`Network::input_mut`], call [`Network::run`], then [`Network::decode`].

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ort::AsPointer;
use ort::memory::Allocator;
use ort::session::NoSelectedOutputs;
use ort::session::{IoBinding, RunOptions, Session};
use ort::value::DynTensor;

use super::decode::{self, DecodeError};
use super::descriptor::{Descriptor, Question};
use super::exit::Loading;
use super::input::{InputTensor, constant};
use super::output::OutputPlan;
use super::provider::Placement;
use super::runtime::{Runtime, Search};
use super::session::{ModelBytes, ModelSource, SessionOptions, SharedSession};
use super::settings::Settings;
use super::signature::Signature;
use super::state::State;
use super::{ModelError, sources};
use crate::frame::GrayImage;
use crate::frame::{TensorMut, TensorSpec};

/// How a network is loaded.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where ONNX Runtime is looked for.
    pub search: Search,
    /// How the session is made.
    pub session: SessionOptions,
    /// The user's settings, which come before all other descriptions.
    pub overrides: Settings,
    /// Width and height of the video, for models that leave their size open.
    pub stream: Option<(usize, usize)>,
}

/// A network ready to run.
pub struct Network {
    // The bindings point into the tensors and the session and are dropped first.
    bindings: Vec<IoBinding>,
    turn: usize,
    input: InputTensor,
    states: Vec<State>,
    output: DynTensor,
    plan: OutputPlan,
    // Bound once and never looked at again.
    _constants: Vec<DynTensor>,
    run_options: Arc<RunOptions<NoSelectedOutputs>>,
    /// Inputs must be bound again before each run, since they are copied to a device then.
    rebind: bool,
    descriptor: Descriptor,
    warnings: Vec<String>,
    /// What a run took when nothing was left to be prepared.
    warm_up: Duration,
    file: String,
    session: Arc<SharedSession>,
}

/// Ends a run that takes too long, from another thread.
#[derive(Clone)]
pub struct Stopper(Arc<RunOptions<NoSelectedOutputs>>);

impl Stopper {
    /// Lets the run under way, and every later one, fail as soon as the current node is done.
    pub fn stop(&self) {
        // Setting a flag; nothing can be done about a failure and nothing depends on it.
        let _ = self.0.terminate();
    }

    /// Lets later runs go on.
    pub fn resume(&self) {
        let _ = self.0.unterminate();
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("descriptor", &self.descriptor)
            .field("output", &self.plan)
            .field("provider", &self.session.placement)
            .finish_non_exhaustive()
    }
}

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
        let settings = sources::gather(source, &outline.metadata, &model, &options.overrides)?;
        let finish = |signature: Option<&Signature>, session: Arc<SharedSession>| {
            let mut warnings: Vec<String> = runtime.mismatch(&options.search).into_iter().collect();
            warnings.extend(session.warnings.iter().cloned());
            let question = Question {
                file: &model.name,
                settings: &settings,
                signature: signature.unwrap_or(&session.signature),
                stream: options.stream,
            };
            Self::make(&question, Arc::clone(&session), warnings)
        };
        let Some(signature) = model.peek(runtime, &outline) else {
            return finish(None, model.session(runtime, &outline, &options.session)?);
        };
        let question = Question {
            file: &model.name,
            settings: &settings,
            signature: &signature,
            stream: options.stream,
        };
        let input = Descriptor::resolve(&question)?.input;
        let fixed = SessionOptions {
            sides: outline.named_sides(&input.name, &input.shape()),
            ..options.session.clone()
        };
        let network = model
            .session(runtime, &outline, &fixed)
            .and_then(|session| finish(Some(&signature), session));
        match network {
            // A model may give one name to what has two sizes.
            Err(error) if !fixed.sides.is_empty() => {
                let session = model.session(runtime, &outline, &options.session)?;
                let mut network = finish(Some(&signature), session)?;
                let problem = format!("its sizes cannot be fixed, so it runs slower: {error}");
                network.warnings.push(problem);
                Ok(network)
            }
            network => network,
        }
    }

    fn make(
        question: &Question,
        session: Arc<SharedSession>,
        warnings: Vec<String>,
    ) -> Result<Self, ModelError> {
        let file = question.file;
        let error = |error: ort::Error| ModelError::Run {
            file: file.to_owned(),
            message: error.message().to_owned(),
        };
        let mut descriptor = Descriptor::resolve(question)?;
        let input = InputTensor::new(&descriptor.input).map_err(error)?;
        let signature = question.signature;
        let mut constants = Vec::new();
        for (name, values) in &descriptor.extras {
            let info = signature.inputs.iter().find(|input| input.name == *name);
            let info = info.ok_or_else(|| question.unsuitable("a constant without an input"))?;
            constants.push(constant(question, info, values)?);
        }
        let run_options = Arc::new(RunOptions::new().map_err(error)?);

        // A first run tells the shapes of all outputs; states start from their smallest form.
        let mut states = Vec::new();
        for pair in &descriptor.states {
            states.push(State::probe(question, pair)?);
        }
        let shapes = {
            let mut inputs: Vec<(&str, &DynTensor)> =
                vec![(descriptor.input.name.as_str(), input.tensor())];
            inputs.extend(states.iter().map(|state| (state.input(), state.front())));
            let names = descriptor.extras.iter().map(|(name, _)| name.as_str());
            inputs.extend(names.zip(&constants));
            // Constants may decide about shapes as well (a downsample ratio does).
            let fed: Vec<_> = inputs
                .iter()
                .map(|(name, tensor)| (name, tensor.shape()))
                .collect();
            let key = format!("{fed:?} {:?}", descriptor.extras);
            session
                .shapes(key, |session| probe(session, &inputs))
                .map_err(error)?
        };
        for state in &mut states {
            state.settle(question, &shapes)?;
        }
        let is_state = |name: &str| descriptor.states.iter().any(|state| state.output == name);
        let outputs: Vec<_> = shapes
            .iter()
            .filter(|info| !is_state(&info.name))
            .cloned()
            .collect();
        let spec = descriptor.input.spec;
        let plan = OutputPlan::resolve(
            question,
            &outputs,
            |output| session.operator(output),
            (spec.width, spec.height),
            spec.layout,
            &mut descriptor.guesses,
        )?;
        let info = outputs.iter().find(|info| info.name == plan.name);
        let info = info.ok_or_else(|| question.unsuitable("its output has gone"))?;
        let output = zeros(info.element, &sides(&info.dims)).map_err(error)?;

        let mut network = Self {
            bindings: Vec::new(),
            turn: 0,
            input,
            states,
            output,
            plan,
            _constants: Vec::new(),
            run_options,
            rebind: session.placement.is_accelerated(),
            descriptor,
            warnings,
            warm_up: Duration::ZERO,
            file: file.to_owned(),
            session,
        };
        network.bind(&constants).map_err(error)?;
        network._constants = constants;
        let start = Instant::now();
        network.run()?;
        network.warm_up = start.elapsed();
        network.reset();
        Ok(network)
    }

    /// Binds every tensor. With states there are two bindings, one for even and one for odd runs:
    /// what one run writes is what the next one reads.
    fn bind(&mut self, constants: &[DynTensor]) -> ort::Result<()> {
        let session = self.session.share();
        let turns = if self.states.is_empty() { 1 } else { 2 };
        for turn in 0..turns {
            let mut binding = session.create_binding()?;
            binding.bind_input(self.descriptor.input.name.as_str(), self.input.tensor())?;
            for ((name, _), tensor) in self.descriptor.extras.iter().zip(constants) {
                binding.bind_input(name.as_str(), tensor)?;
            }
            for state in &mut self.states {
                state.bind(&mut binding, turn)?;
            }
            binding.bind_output(self.plan.name.as_str(), &mut self.output)?;
            self.bindings.push(binding);
        }
        Ok(())
    }

    /// What the sampler must fill [`Network::input_mut`] with.
    pub fn input_spec(&self) -> &TensorSpec {
        self.input.spec()
    }

    /// The input's memory, laid out as [`Network::input_spec`] says.
    pub fn input_mut(&mut self) -> TensorMut<'_> {
        self.input.as_mut()
    }

    /// Width and height of the raw matte.
    pub fn matte_size(&self) -> (usize, usize) {
        (self.plan.width, self.plan.height)
    }

    /// Runs the network on what the input holds. Waits while another network of the same session
    /// runs, unless all of it is on the CPU.
    ///
    /// # Errors
    /// [`ModelError::Run`] with ONNX Runtime's words: a provider that is lost, memory that is short,
    /// a run that was stopped.
    pub fn run(&mut self) -> Result<(), ModelError> {
        self.input.finish();
        self.run_bound().map_err(|error| ModelError::Run {
            file: self.file.clone(),
            message: error.message().to_owned(),
        })?;
        self.turn = (self.turn + 1) % self.bindings.len();
        Ok(())
    }

    fn run_bound(&mut self) -> ort::Result<()> {
        let binding = &mut self.bindings[self.turn];
        if self.rebind {
            binding.bind_input(self.descriptor.input.name.as_str(), self.input.tensor())?;
            for state in &self.states {
                state.rebind(binding, self.turn)?;
            }
        }
        if self.session.runs_together() {
            run_binding(&self.session.share(), binding, &self.run_options)
        } else {
            run_binding(&self.session.own(), binding, &self.run_options)
        }
    }

    /// Decodes the last run's output into the raw matte, which gets [`Network::matte_size`].
    ///
    /// # Errors
    /// [`ModelError::NonFinite`] where the network gave NaN or infinity, [`ModelError::Implausible`]
    /// where it gave numbers that its kind does not allow; `matte` is then undefined and the states
    /// are best cleared with [`Network::reset`].
    pub fn decode(&self, matte: &mut GrayImage) -> Result<(), ModelError> {
        decode::decode(&self.plan, &self.output, matte).map_err(|error| match error {
            DecodeError::NonFinite => ModelError::NonFinite {
                file: self.file.clone(),
                output: self.plan.name.clone(),
            },
            DecodeError::Implausible(what) => ModelError::Implausible {
                file: self.file.clone(),
                output: self.plan.name.clone(),
                what,
            },
            DecodeError::Tensor(message) => ModelError::Run {
                file: self.file.clone(),
                message,
            },
        })
    }

    /// Forgets all that earlier frames left in the recurrent states.
    pub fn reset(&mut self) {
        self.turn = 0;
        for state in &mut self.states {
            state.clear();
        }
    }

    /// What really computes the network, such as `cpu` or `xnnpack (40 nodes), cpu (3 nodes)`.
    pub fn active_provider(&self) -> &Placement {
        &self.session.placement
    }

    /// What the model says about itself and what was guessed about it.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// How the output is read.
    pub fn output(&self) -> &OutputPlan {
        &self.plan
    }

    /// What did not go as asked, one sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What the run that warmed the network up took.
    pub fn warm_up(&self) -> Duration {
        self.warm_up
    }

    /// Whether two networks share one loaded session.
    pub fn shares_session_with(&self, other: &Network) -> bool {
        Arc::ptr_eq(&self.session, &other.session)
    }

    /// A handle that ends a run from another thread.
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.run_options))
    }
}

/// Elements of a tensor that are believed: a picture of 8192x8192 has fewer.
pub(super) const MAX_ELEMENTS: usize = 1 << 28;

/// A zeroed tensor in ONNX Runtime's own memory.
pub(super) fn zeros(
    element: Option<ort::value::TensorElementType>,
    shape: &[usize],
) -> ort::Result<DynTensor> {
    let element = element.ok_or_else(|| ort::Error::new("not a tensor"))?;
    let count = shape
        .iter()
        .try_fold(1usize, |count, side| count.checked_mul(*side));
    if count.is_none_or(|count| count > MAX_ELEMENTS) {
        return Err(ort::Error::new(format!(
            "a tensor of {shape:?} is larger than {MAX_ELEMENTS} elements"
        )));
    }
    DynTensor::new(&Allocator::default(), element, shape)
}

/// The sides of a tensor whose shape is known.
pub(super) fn sides(dims: &[Option<usize>]) -> Vec<usize> {
    dims.iter().map(|side| side.unwrap_or(1)).collect()
}

/// Runs once with fresh outputs and tells their true shapes.
fn probe(
    session: &mut Session,
    inputs: &[(&str, &DynTensor)],
) -> ort::Result<Vec<super::signature::TensorInfo>> {
    let values: Vec<(std::borrow::Cow<str>, ort::session::SessionInputValue)> = inputs
        .iter()
        .map(|(name, tensor)| ((*name).into(), tensor.view().into_dyn().into()))
        .collect();
    let outputs = session.run(values)?;
    Ok(outputs
        .iter()
        .map(|(name, value)| super::signature::TensorInfo::of_value(name, &value))
        .collect())
}

/// Runs what is bound, without looking up the outputs afterwards.
///
/// `Session::run_binding` wraps every bound output anew after each run, which allocates several
/// times; we hold the outputs' tensors already. There is no safe call that leaves it out.
#[allow(unsafe_code)]
fn run_binding(
    session: &Session,
    binding: &IoBinding,
    options: &RunOptions<NoSelectedOutputs>,
) -> ort::Result<()> {
    // SAFETY: the three pointers come from live objects that their Rust owners keep until after the
    // call. The session is one that `binding` was made from: both live in one `Network`. Others run
    // the same session at the same time only where every node is on the CPU, which ONNX Runtime
    // allows (its `Run` is documented as thread-safe, and its CPU kernels and their allocator are);
    // elsewhere the caller holds the session alone (`SharedSession::own`). The tensors that are bound
    // are kept alive by `binding` and nobody reads or writes them during the call, since they are
    // only reached through the `Network` that the caller has exclusively.
    // The status is owned by us and given up to `result_from_status`, once.
    unsafe {
        let run = ort::api().RunWithBinding;
        ort::Error::result_from_status(run(session.ptr().cast_mut(), options.ptr(), binding.ptr()))
    }
}
