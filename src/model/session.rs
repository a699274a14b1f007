// SPDX-License-Identifier: MPL-2.0

//! Loaded models. Networks with the same model, input size and settings share one session and its
//! weights; each has tensors of its own.
//!
//! On the CPU, networks of one session run at the same time: ONNX Runtime promises that for its own
//! kernels (`InferenceSession::Run` is thread-safe, kernels keep no state). Sessions that have nodes
//! anywhere else run one network at a time, since ort has seen providers break under concurrent
//! runs. How many run at once in the whole process is limited by [`super::RunSlot`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{
    Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};

use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use sha2::{Digest, Sha256};

use super::ModelError;
use super::onnx::Outline;
use super::provider::{Placement, ProviderKind, ProviderRequest};
use super::runtime::Runtime;
use super::signature::{Signature, TensorInfo};

/// How much ONNX Runtime rewrites the network when it loads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Optimisation {
    /// Nothing.
    None,
    /// What changes no result.
    Basic,
    /// Fused operators as well.
    Extended,
    /// Memory layouts as well.
    #[default]
    All,
}

/// How a session is made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionOptions {
    /// Threads that one run uses, at least 1. More than one never spins while it waits.
    pub threads: usize,
    /// How much the network is rewritten.
    pub optimisation: Optimisation,
    /// Plan memory once for all runs (turn off only to save memory where sizes change).
    pub memory_pattern: bool,
    /// What computes it.
    pub provider: ProviderRequest,
    /// What inputs' sides are that the model leaves open, by the names it gives them. Known sizes
    /// let ONNX Runtime fuse more and compute no shapes in a run.
    pub sides: Vec<(String, usize)>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            threads: 1,
            optimisation: Optimisation::default(),
            memory_pattern: true,
            provider: ProviderRequest::default(),
            sides: Vec::new(),
        }
    }
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// An `.onnx` file; its description may lie beside it.
    File(PathBuf),
    /// A model in memory, such as the built-in one.
    Memory {
        /// Its name in messages.
        name: String,
        /// The ONNX file's bytes.
        model: Cow<'static, [u8]>,
        /// The text of its TOML description, if any.
        descriptor: Option<Cow<'static, str>>,
    },
}

/// A session with what is known about it.
#[derive(Debug)]
pub(super) struct SharedSession {
    session: RwLock<Session>,
    /// Shapes of all outputs, by what a network feeds: known from the first network that fed it.
    shapes: Mutex<HashMap<String, Vec<TensorInfo>>>,
    /// The model's inputs and outputs.
    pub signature: Signature,
    /// The operator that gives each output its meaning, in the order of the outputs.
    pub operators: Vec<Option<String>>,
    /// Which providers got how many nodes.
    pub placement: Placement,
    /// What did not go as asked.
    pub warnings: Vec<String>,
}

impl SharedSession {
    /// The session, to run a network or to make something in it beside others that do so.
    pub fn share(&self) -> RwLockReadGuard<'_, Session> {
        // A panic elsewhere while it was held leaves ONNX Runtime's object as it was.
        self.session.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session for one alone.
    pub fn own(&self) -> RwLockWriteGuard<'_, Session> {
        self.session.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether networks of this session may run at the same time.
    pub fn runs_together(&self) -> bool {
        !self.placement.is_accelerated()
    }

    /// The shapes of all outputs for what `key` describes, found out by `probe` where no network
    /// has asked before. So a new network waits for no run of another one that is under way.
    pub fn shapes(
        &self,
        key: String,
        probe: impl FnOnce(&mut Session) -> ort::Result<Vec<TensorInfo>>,
    ) -> ort::Result<Vec<TensorInfo>> {
        let known = || self.shapes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shapes) = known().get(&key) {
            return Ok(shapes.clone());
        }
        let shapes = probe(&mut self.own())?;
        known().insert(key, shapes.clone());
        Ok(shapes)
    }

    /// The operator that gives `output` its meaning.
    pub fn operator(&self, output: &str) -> Option<&str> {
        let index = self
            .signature
            .outputs
            .iter()
            .position(|known| known.name == output)?;
        self.operators[index].as_deref()
    }
}

/// What makes two networks alike enough to share a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    sum: [u8; 32],
    /// Set only where the model reads further files from its folder.
    folder: Option<PathBuf>,
    options: SessionOptions,
}

static SESSIONS: OnceLock<Mutex<HashMap<Key, Weak<SharedSession>>>> = OnceLock::new();

/// A model's bytes, checked.
pub(super) struct ModelBytes<'a> {
    /// The model's name in messages: the file's name or the name in memory.
    pub name: String,
    bytes: Cow<'a, [u8]>,
    path: Option<&'a Path>,
    sum: [u8; 32],
}

/// ONNX files are protobuf messages, which hold less than this.
const MAX_FILE: u64 = 2 << 30;

/// A whole file; what has no end or waits for a writer (a device, a pipe) is none.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() || about.len() > MAX_FILE {
        let problem = "expected an .onnx file of at most 2 GiB";
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            problem,
        ));
    }
    std::fs::read(path)
}

impl<'a> ModelBytes<'a> {
    /// Reads a source.
    ///
    /// # Errors
    /// [`ModelError::Read`] where the file cannot be read.
    pub fn read(source: &'a ModelSource) -> Result<Self, ModelError> {
        let (name, bytes, path) = match source {
            ModelSource::File(path) => {
                let error = |source| ModelError::Read {
                    path: path.clone(),
                    source,
                    hint: "name an .onnx file that can be read, or builtin",
                };
                let bytes = Cow::Owned(read_file(path).map_err(error)?);
                let name = path.file_name().unwrap_or(path.as_os_str());
                (
                    name.to_string_lossy().into_owned(),
                    bytes,
                    Some(path.as_path()),
                )
            }
            ModelSource::Memory { name, model, .. } => {
                (name.clone(), Cow::Borrowed(model.as_ref()), None)
            }
        };
        let sum = Sha256::digest(&bytes).into();
        Ok(Self {
            name,
            bytes,
            path,
            sum,
        })
    }

    /// SHA-256 in hexadecimal digits.
    pub fn sum(&self) -> String {
        self.sum.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The folder that the file lies in.
    fn folder(&self) -> Option<&Path> {
        self.path.map(|path| match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        })
    }

    /// What the file says about itself; it names no file that it must not read.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn outline(&self) -> Result<Outline<'_>, ModelError> {
        let outline = Outline::read(&self.bytes, &self.name)?;
        outline.confine(self.folder(), &self.name)?;
        Ok(outline)
    }

    /// The inputs and outputs of a model that leaves sides of its inputs open, without getting it
    /// ready to run, which takes several times as long. None where all sides are numbers, and where
    /// ONNX Runtime alone cannot load it: [`ModelBytes::session`] then says why, or a provider can.
    pub fn peek(&self, runtime: &Runtime, outline: &Outline) -> Option<Signature> {
        let open = |(_, sides): &(&str, Vec<&str>)| sides.iter().any(|side| !side.is_empty());
        if !outline.inputs.iter().any(open) {
            return None;
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
    /// What ONNX Runtime says about it.
    pub fn session(
        &self,
        runtime: &Runtime,
        outline: &Outline,
        options: &SessionOptions,
    ) -> Result<Arc<SharedSession>, ModelError> {
        let external = !outline.external.is_empty();
        let key = Key {
            sum: self.sum,
            folder: self.folder().filter(|_| external).map(Path::to_path_buf),
            options: options.clone(),
        };
        let sessions = SESSIONS.get_or_init(Mutex::default);
        let find = || {
            let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.retain(|_, session| session.strong_count() > 0);
            sessions.get(&key)?.upgrade()
        };
        if let Some(session) = find() {
            return Ok(session);
        }
        // Loading takes long; others must be able to find or load theirs meanwhile.
        let session = Arc::new(self.load(runtime, options, outline)?);
        if let Some(other) = find() {
            return Ok(other);
        }
        let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(key, Arc::downgrade(&session));
        Ok(session)
    }

    fn load(
        &self,
        runtime: &Runtime,
        options: &SessionOptions,
        outline: &Outline,
    ) -> Result<SharedSession, ModelError> {
        let mut warnings = Vec::new();
        let usable = options.provider.usable(options.threads, &mut warnings)?;
        let kinds: Vec<ProviderKind> = usable.iter().map(|(kind, _)| *kind).collect();
        let log = Arc::new(Mutex::new(Vec::new()));
        let attempt = || -> ort::Result<Session> {
            let mut builder = builder(runtime, options)?;
            if usable.is_empty() {
                return self.commit(&mut builder, outline);
            }
            // Where the nodes went is only in ONNX Runtime's verbose log.
            let lines = Arc::clone(&log);
            let logger = move |_: LogLevel, _: &str, _: &str, _: &str, message: &str| {
                if message.contains(" placed on [") {
                    lines
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(message.to_owned());
                }
            };
            builder = builder
                .with_logger(Arc::new(logger))?
                .with_log_level(LogLevel::Verbose)?;
            for (_, provider) in &usable {
                builder =
                    builder.with_execution_providers([provider.clone().error_on_failure()])?;
            }
            self.commit(&mut builder, outline)
        };
        let load_error = |error: ort::Error| ModelError::Load {
            file: self.name.clone(),
            message: error.message().to_owned(),
        };
        let (session, placement) = match attempt() {
            Ok(session) if usable.is_empty() => (session, Placement::cpu()),
            Ok(session) => {
                let lines = log.lock().unwrap_or_else(PoisonError::into_inner);
                let placement = Placement::from_log(lines.iter().map(String::as_str));
                self.check_placement(&kinds, &placement, options, &mut warnings)?;
                (session, placement)
            }
            Err(error) if usable.is_empty() => return Err(load_error(error)),
            Err(error) => {
                let names: Vec<&str> = kinds.iter().map(|kind| kind.nick()).collect();
                let problem = format!("{} cannot be used: {}", names.join(", "), error.message());
                if options.provider.strict {
                    return Err(ModelError::Provider(problem));
                }
                let mut builder = builder(runtime, options).map_err(load_error)?;
                let session = self.commit(&mut builder, outline).map_err(load_error)?;
                warnings.push(format!("{problem}; running on the CPU"));
                (session, Placement::cpu())
            }
        };
        let signature = Signature::of(&session);
        let operator = |output: &TensorInfo| outline.operator(&output.name).map(str::to_owned);
        Ok(SharedSession {
            operators: signature.outputs.iter().map(operator).collect(),
            signature,
            session: RwLock::new(session),
            shapes: Mutex::default(),
            placement,
            warnings,
        })
    }

    /// From memory where the file is whole in itself: what was checked is what is loaded.
    fn commit(&self, builder: &mut SessionBuilder, outline: &Outline) -> ort::Result<Session> {
        match self.path {
            Some(path) if !outline.external.is_empty() => builder.commit_from_file(path),
            _ => builder.commit_from_memory(&self.bytes),
        }
    }

    fn check_placement(
        &self,
        kinds: &[ProviderKind],
        placement: &Placement,
        options: &SessionOptions,
        warnings: &mut Vec<String>,
    ) -> Result<(), ModelError> {
        if kinds.iter().any(|kind| placement.has(*kind)) {
            return Ok(());
        }
        let names: Vec<&str> = kinds.iter().map(|kind| kind.nick()).collect();
        let problem = format!("{} took no part of {}", names.join(", "), self.name);
        if options.provider.strict {
            return Err(ModelError::Provider(problem));
        }
        warnings.push(format!("{problem}; running on {placement}"));
        Ok(())
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
