// SPDX-License-Identifier: MPL-2.0

//! The network: describing a model file, loading ONNX Runtime, running, decoding.
//!
//! [`Network::load`] does everything: it finds the library ([`Runtime`]), looks into the file
//! (`onnx`), loads it or joins a session that is loaded already (`session`), gathers what is said
//! about the model (`sources`: the user, `NAME.toml`, `NAME.onnx.modelinfo`, metadata), answers the
//! rest by careful guesses ([`Descriptor`], [`OutputPlan`]), makes the tensors and warms up.
//! Nothing here knows GStreamer.

pub mod builtin;
mod decode;
mod descriptor;
mod descriptor_toml;
mod error;
mod exit;
#[doc(hidden)]
pub mod fuzzing;
mod guess;
mod input;
mod input_size;
mod keys;
mod metadata;
mod modelinfo;
mod network;
mod onnx;
mod output;
mod plausible;
mod provider;
mod run_slot;
mod runtime;
mod session;
mod settings;
mod signature;
mod sources;
mod state;

pub use descriptor::{Descriptor, PictureInput};
pub use error::ModelError;
pub use input_size::InputSize;
pub use keys::{KEYS, Kind};
pub use network::{Network, Options, Stopper};
pub use output::{OutputKind, OutputPlan};
pub use plausible::{Fault, Implausible};
pub use provider::{Placement, ProviderKind, ProviderRequest};
pub use run_slot::{RunSlot, VARIABLE as CONCURRENT_RUNS_VARIABLE};
pub use runtime::{LogSink, Runtime, RuntimeError, Search, refuse_telemetry, set_log_sink};
pub use session::{ModelSource, Optimisation, SessionOptions};
pub use settings::{Class, Origin, Settings, StatePair};
