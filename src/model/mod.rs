// SPDX-License-Identifier: MPL-2.0

//! The network: describing a model file, choosing what runs it, running, decoding.
//!
//! [`Network::load`] does everything: it chooses the engine (`engine`: ONNX Runtime, found by
//! [`Runtime`], or the `embedded` one), looks into the file
//! (`onnx`), loads it or joins a session that is loaded already (`session`), gathers what is said
//! about the model (`description`: the user, `NAME.toml`, `NAME.onnx.modelinfo`, metadata), answers
//! the rest by careful guesses (`input`: [`Descriptor`]; `output`: [`OutputPlan`]), makes the
//! tensors and warms up. Nothing here knows GStreamer.

pub mod builtin;
mod context;
mod decoder;
mod description;
#[cfg(feature = "embedded")]
mod embedded;
mod engine;
mod error;
mod exit;
mod family;
#[doc(hidden)]
pub mod fuzzing;
mod given;
mod input;
mod named;
mod network;
mod numbers;
mod onnx;
mod output;
mod output_kind;
mod run_slot;
mod session;
mod signature;
mod tensors;
mod tflite;

pub use decoder::{Decoder, Element, MATTE, TensorAbout};
pub use description::{Class, DescriptionKeys, Fourth, KEYS, Kind, Origin, StatePair};
pub use engine::{EngineKind, EngineRequest};
pub use error::{Fault, Implausible, LibraryError, ModelError, RuntimeError};
pub use input::{Descriptor, InputSize, PictureInput};
pub use named::find as find_model;
pub use network::{Network, Options, Stopper, Survey, Surveyed};
pub use output::{Instances, OutputPlan};
pub use output_kind::OutputKind;
pub use run_slot::{
    RunSlot, VARIABLE as CONCURRENT_RUNS_VARIABLE, refused as refused_concurrent_runs,
};
pub use session::{
    LogSink, ModelSource, Optimisation, Placement, ProviderKind, ProviderRequest, Runtime, Search,
    SessionOptions, refuse_telemetry, set_log_sink,
};
