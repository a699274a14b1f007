// SPDX-License-Identifier: MPL-2.0

//! From a model file to a network that is ready to run.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::context::ResolveContext;
use super::super::description::{DescriptionKeys, Origin, gather};
use super::super::exit::Loading;
use super::super::family::{Family, refuse};
use super::super::input::Descriptor;
use super::super::onnx::{Feed, Outline};
use super::super::session::{
    Chosen, Engine, ModelBytes, ModelSource, SessionOptions, SharedSession,
};
use super::super::signature::Signature;
use super::super::{ModelError, RuntimeError};
use super::parts::Parts;
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
        with_loader(source, options, |loader| loader.network())
    }
}

/// Reads a model and all that is said about it, and lets `make` make something of it.
///
/// # Errors
/// A file or a library that cannot be used, a network that is known to be none for pictures, and
/// those of `make`.
pub(super) fn with_loader<T>(
    source: &ModelSource,
    options: &Options,
    make: impl FnOnce(&Loader) -> Result<T, ModelError>,
) -> Result<T, ModelError> {
    let model = ModelBytes::read(source)?;
    let Chosen {
        engine,
        missing,
        warnings,
    } = Engine::choose(options.engine, &options.search, &options.session)?;
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
    let made = make(&Loader {
        model: &model,
        outline: &outline,
        keys: &keys,
        feeds: &feeds,
        family: family.as_ref(),
        engine,
        missing: missing.as_ref(),
        warnings: &warnings,
        options,
    });
    made.map_err(|error| match &missing {
        Some(missing) => error.with(&format!("ONNX Runtime was not found: {missing}")),
        None => error,
    })
}

/// What a network is made from.
#[derive(Clone, Copy)]
pub(super) struct Loader<'a> {
    pub model: &'a ModelBytes<'a>,
    outline: &'a Outline<'a>,
    pub keys: &'a DescriptionKeys,
    /// What the graph does to each input before the network begins.
    feeds: &'a HashMap<String, Feed>,
    family: Option<&'a Family>,
    engine: Engine,
    /// Why ONNX Runtime was not taken, if it was looked for.
    missing: Option<&'a RuntimeError>,
    /// What was asked for and has no effect on the engine.
    warnings: &'a [String],
    options: &'a Options,
}

/// Something that was made in a session, and what is to be said of it.
pub(super) struct Made<T> {
    pub value: T,
    guesses: Vec<String>,
    warnings: Vec<String>,
}

impl<T> From<T> for Made<T> {
    fn from(value: T) -> Self {
        let (guesses, warnings) = (Vec::new(), Vec::new());
        Self {
            value,
            guesses,
            warnings,
        }
    }
}

/// Makes something in a session.
type Make<'m, T> = &'m dyn Fn(&ResolveContext, &Arc<SharedSession>) -> Result<T, ModelError>;

impl<'a> Loader<'a> {
    /// The same with other words about the model.
    pub fn with<'b>(&self, keys: &'b DescriptionKeys) -> Loader<'b>
    where
        'a: 'b,
    {
        Loader { keys, ..*self }
    }

    fn context<'b>(&'b self, signature: &'b Signature) -> ResolveContext<'b> {
        ResolveContext {
            engine: self.engine.kind(),
            file: &self.model.name,
            keys: self.keys,
            signature,
            feeds: self.feeds,
            stream: self.options.stream,
        }
    }

    fn session(&self, options: &SessionOptions) -> Result<Arc<SharedSession>, ModelError> {
        self.model.session(self.engine, self.outline, options)
    }

    /// The network.
    ///
    /// # Errors
    /// As [`Loader::make`].
    fn network(&self) -> Result<Network, ModelError> {
        let made = self.make(&|context, session| self.in_session(context, session))?;
        let mut network = made.value;
        let guesses = &mut network.descriptor.guesses;
        if let Some(family) = self.family {
            let guess = format!("it is {}, by its names, sides and layers", family.name);
            guesses.insert(0, guess);
        }
        guesses.extend(made.guesses);
        network.warnings.extend(made.warnings);
        Ok(network)
    }

    /// Lets `make` make something in the session that suits the model best; where its sides are open
    /// and it cannot run with those that are usual, with sides that are larger multiples.
    ///
    /// # Errors
    /// What the first attempt says, and what else was tried.
    pub fn make<T>(&self, make: Make<T>) -> Result<Made<T>, ModelError> {
        let error = match self.in_best_session(make) {
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
            if let Ok(mut made) = self.with(&keys).in_best_session(make) {
                let guess = format!("input.multiple = {multiple}, since it cannot run with less");
                made.guesses.push(guess);
                return Ok(made);
            }
        }
        Err(error.with(
            "sides that are multiples of 16, 32, 64 and 128 were tried; if it takes others, set \
             input.width and input.height, or input.multiple, in [input] of the .toml beside it",
        ))
    }

    /// A session whose sides are all known, if the model leaves some open, and what is made in it.
    fn in_best_session<T>(&self, make: Make<T>) -> Result<Made<T>, ModelError> {
        let as_asked = &self.options.session;
        let Some(signature) = self.model.peek(self.engine, self.outline) else {
            let session = self.session(as_asked)?;
            return make(&self.context(&session.signature), &session).map(Made::from);
        };
        let context = self.context(&signature);
        let input = Descriptor::resolve(&context)?.input;
        let fixed = SessionOptions {
            sides: self.outline.named_sides(&input.name, &input.shape()),
            ..as_asked.clone()
        };
        let session = self.session(&fixed);
        match session.and_then(|session| make(&context, &session)) {
            // A model may give one name to what has two sizes.
            Err(error) if !fixed.sides.is_empty() => {
                let session = self.session(as_asked)?;
                let mut made = Made::from(make(&context, &session)?);
                let problem = format!("its sizes cannot be fixed, so it runs slower: {error}");
                made.warnings.push(problem);
                Ok(made)
            }
            made => made.map(Made::from),
        }
    }

    /// What the file says of its inputs and outputs.
    ///
    /// # Errors
    /// The engine cannot load it.
    pub fn signature(&self) -> Result<Signature, ModelError> {
        match self.model.peek(self.engine, self.outline) {
            Some(signature) => Ok(signature),
            None => Ok(self.session(&self.options.session)?.signature.clone()),
        }
    }

    /// All that concerns the inputs.
    ///
    /// # Errors
    /// As [`Descriptor::resolve`].
    pub fn descriptor(&self, signature: &Signature) -> Result<Descriptor, ModelError> {
        Descriptor::resolve(&self.context(signature))
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
                "nothing in {} tells how it takes its picture; guessed. Write what is right into {name} \
                 beside it (`matte-camera describe` shows it); the guess is: [input] {}",
                self.model.name,
                lines.join("; ")
            )
        })
    }

    fn in_session(
        &self,
        context: &ResolveContext,
        session: &Arc<SharedSession>,
    ) -> Result<Network, ModelError> {
        let mut parts = Parts::new(context, session)?;
        parts.refuse_by_shape(context)?;
        let first = parts.first_run(context)?;
        let mut network = parts.finish(context, &first, self.options.session.threads)?;
        network.missing = self.missing.cloned();
        network.warnings.extend(self.warnings.iter().cloned());
        if let Engine::OnnxRuntime(runtime) = self.engine {
            let mismatch = runtime.mismatch(&self.options.search);
            network.warnings.extend(mismatch);
        }
        network.warnings.extend(session.warnings.iter().cloned());
        network.warnings.extend(self.doubts(&network.descriptor));
        Ok(network)
    }
}
