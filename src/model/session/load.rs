// SPDX-License-Identifier: MPL-2.0

//! From a model's bytes to a session, or to one that is loaded already.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};

use crate::sync::lock;
use ort::ep::ExecutionProviderDispatch;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};

use super::super::ModelError;
use super::super::engine::{EngineError, EngineKind};
use super::super::onnx::Outline;
use super::super::signature::{GraphHint, Signature, TensorInfo};
use super::provider::{Placement, ProviderKind};
use super::turns::Turns;
use super::{Engine, Loaded, ModelBytes, Optimisation, Runtime, SessionOptions, SharedSession};

/// What makes two networks alike enough to share a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    engine: EngineKind,
    sum: [u8; 32],
    /// Set only if the model reads further files from its folder.
    folder: Option<PathBuf>,
    options: SessionOptions,
}

/// Sessions by what makes them alike, with the turns of those who load one.
#[derive(Default)]
struct Sessions {
    loaded: Mutex<HashMap<Key, Weak<SharedSession>>>,
    turns: Turns<Key>,
}

static SESSIONS: OnceLock<Sessions> = OnceLock::new();

impl ModelBytes<'_> {
    /// The inputs and outputs of a model that leaves sides of its inputs open, without getting it
    /// ready to run, which takes several times as long. None if all sides are numbers, or if the
    /// file leaves something out and ONNX Runtime alone cannot load it: [`ModelBytes::session`] then says
    /// why, or a provider can.
    pub fn peek(&self, engine: Engine, outline: &Outline) -> Option<Signature> {
        // The embedded engine's models are the same for every size.
        #[cfg_attr(
            not(feature = "embedded"),
            expect(irrefutable_let_patterns, reason = "there is no other engine")
        )]
        let Engine::OnnxRuntime(runtime) = engine else {
            return None;
        };
        let open = |(_, sides): &(&str, Vec<&str>)| sides.iter().any(|side| !side.is_empty());
        if !outline.inputs.iter().any(open) {
            return None;
        }
        if let Some(signature) = Signature::of_outline(outline) {
            return Some(signature);
        }
        let options = SessionOptions {
            optimisation: Optimisation::None,
            ..SessionOptions::default()
        };
        let mut builder = builder(runtime, &options).ok()?;
        let session = self.commit(&mut builder, outline).ok()?;
        Some(Signature::of(&session))
    }

    /// The shared session of this model with these options, loaded if there is none yet.
    ///
    /// # Errors
    /// What the engine says about it.
    pub fn session(
        &self,
        engine: Engine,
        outline: &Outline,
        options: &SessionOptions,
    ) -> Result<Arc<SharedSession>, ModelError> {
        let external = !outline.external.is_empty();
        let key = Key {
            engine: engine.kind(),
            sum: self.sum,
            folder: self.folder().filter(|_| external).map(Path::to_path_buf),
            options: options.clone(),
        };
        let Sessions { loaded, turns } = SESSIONS.get_or_init(Sessions::default);
        // Loading takes long, and as much memory again as a session: those who need the same one wait
        // for it (for ever, if it never ends; if it fails, the next one tries), others find or load
        // theirs meanwhile.
        turns.take(&key, || {
            let found = {
                let mut loaded = lock(loaded);
                loaded.retain(|_, session| session.strong_count() > 0);
                loaded.get(&key).and_then(Weak::upgrade)
            };
            if let Some(session) = found {
                return Ok(session);
            }
            let session = Arc::new(self.load(engine, options, outline)?);
            lock(loaded).insert(key.clone(), Arc::downgrade(&session));
            Ok(session)
        })
    }

    fn load(
        &self,
        engine: Engine,
        options: &SessionOptions,
        outline: &Outline,
    ) -> Result<SharedSession, ModelError> {
        let mut warnings = Vec::new();
        let (loaded, signature, placement) = match engine {
            Engine::OnnxRuntime(runtime) => {
                let usable = options.provider.usable(options.threads, &mut warnings)?;
                let loader = Loader {
                    model: self,
                    outline,
                    runtime,
                    options,
                };
                let (session, placement) = if usable.is_empty() {
                    (loader.on_cpu()?, Placement::cpu())
                } else {
                    loader.accelerated(&usable, &mut warnings)?
                };
                let signature = Signature::of(&session);
                (
                    Loaded::OnnxRuntime(RwLock::new(session)),
                    signature,
                    placement,
                )
            }
            #[cfg(feature = "embedded")]
            Engine::Embedded => {
                let folder = self.folder();
                let model = super::super::embedded::Model::load(&self.bytes, folder, outline)
                    .map_err(|error| ModelError::load(&self.name, &error))?;
                if options.threads > 1 && model.is_single_threaded() {
                    warnings.push(format!(
                        "threads={} has no effect: the embedded engine runs this network on one",
                        options.threads
                    ));
                }
                let signature = model.signature();
                (
                    Loaded::Embedded(Box::new(model)),
                    signature,
                    Placement::cpu(),
                )
            }
        };
        let hint = |output: &TensorInfo| GraphHint::of(outline, &output.name);
        Ok(SharedSession {
            hints: signature.outputs.iter().map(hint).collect(),
            signature,
            loaded,
            first_runs: Mutex::default(),
            first_turns: Turns::default(),
            placement,
            warnings,
        })
    }

    /// From memory if the file is whole in itself: what was checked is what is loaded.
    fn commit(&self, builder: &mut SessionBuilder, outline: &Outline) -> ort::Result<Session> {
        match self.path {
            Some(path) if !outline.external.is_empty() => builder.commit_from_file(path),
            _ => builder.commit_from_memory(&self.bytes),
        }
    }
}

/// Execution providers that the library has, with what makes each of them.
type Providers = [(ProviderKind, ExecutionProviderDispatch)];

/// What a session is made from.
struct Loader<'a> {
    model: &'a ModelBytes<'a>,
    outline: &'a Outline<'a>,
    runtime: &'a Runtime,
    options: &'a SessionOptions,
}

impl Loader<'_> {
    fn on_cpu(&self) -> Result<Session, ModelError> {
        builder(self.runtime, self.options)
            .and_then(|mut builder| self.model.commit(&mut builder, self.outline))
            .map_err(|error| ModelError::load(&self.model.name, &EngineError::from(error)))
    }

    /// With providers besides the CPU, or on the CPU alone if they cannot be used.
    fn accelerated(
        &self,
        providers: &Providers,
        warnings: &mut Vec<String>,
    ) -> Result<(Session, Placement), ModelError> {
        let nicks: Vec<&str> = providers.iter().map(|(kind, _)| kind.nick()).collect();
        let nicks = nicks.join(", ");
        let give_up = |problem: String| match self.options.provider.strict {
            true => Err(ModelError::Provider(problem)),
            false => Ok(problem),
        };
        match self.with_providers(providers) {
            Ok((session, placement)) => {
                if !providers.iter().any(|(kind, _)| placement.has(*kind)) {
                    let problem = give_up(format!("{nicks} took no part of {}", self.model.name))?;
                    warnings.push(format!("{problem}; running on {placement}"));
                }
                Ok((session, placement))
            }
            Err(error) => {
                let problem = give_up(format!("{nicks} cannot be used: {}", error.message()))?;
                let session = self.on_cpu()?;
                warnings.push(format!("{problem}; running on the CPU"));
                Ok((session, Placement::cpu()))
            }
        }
    }

    fn with_providers(&self, providers: &Providers) -> ort::Result<(Session, Placement)> {
        let log = Arc::new(Mutex::new(Vec::new()));
        // Only ONNX Runtime's verbose log tells where the nodes went.
        let lines = Arc::clone(&log);
        let logger = move |_: LogLevel, _: &str, _: &str, _: &str, message: &str| {
            if message.contains(" placed on [") {
                lines
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(message.to_owned());
            }
        };
        let mut builder = builder(self.runtime, self.options)?
            .with_logger(Arc::new(logger))?
            .with_log_level(LogLevel::Verbose)?;
        for (_, provider) in providers {
            builder = builder.with_execution_providers([provider.clone().error_on_failure()])?;
        }
        let session = self.model.commit(&mut builder, self.outline)?;
        let lines = log.lock().unwrap_or_else(PoisonError::into_inner);
        let placement = Placement::from_log(lines.iter().map(String::as_str));
        Ok((session, placement))
    }
}

fn builder(runtime: &Runtime, options: &SessionOptions) -> ort::Result<SessionBuilder> {
    let level = match options.optimisation {
        Optimisation::None => GraphOptimizationLevel::Disable,
        Optimisation::Basic => GraphOptimizationLevel::Level1,
        Optimisation::Extended => GraphOptimizationLevel::Level2,
        Optimisation::All => GraphOptimizationLevel::All,
    };
    let builder = Session::builder(runtime.environment())?
        // Builds without the optimiser refuse the level; the network runs all the same.
        .with_optimization_level(level)
        .unwrap_or_else(|error| error.recover())
        .with_intra_threads(options.threads.max(1))?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .with_memory_pattern(options.memory_pattern)?;
    options.sides.iter().try_fold(builder, |builder, side| {
        let (name, size) = side;
        Ok(builder.with_dimension_override(name, *size as i64)?)
    })
}
