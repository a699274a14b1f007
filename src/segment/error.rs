// SPDX-License-Identifier: MPL-2.0

//! What can go wrong between a frame and its matte.

use crate::frame::SampleError;
use crate::model::ModelError;
use crate::video::MapError;
use gst::glib;

/// Why a network cannot be used, or a frame has no matte.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// The network cannot be loaded, or its run failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The buffer does not hold a frame of the caps.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The frame cannot be sampled.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// There is no memory for a matte, or none of its size.
    #[error(transparent)]
    Memory(#[from] glib::BoolError),
    /// The system gives no thread to run the network on.
    #[error("no thread for the network: {0}")]
    NetworkThread(std::io::Error),
    /// The system gives no thread to load a network on.
    #[error("no thread to load the model: {0}")]
    LoaderThread(std::io::Error),
    /// The matte is not of the size that the network announced.
    #[error(
        "the network gave a matte of {}x{}, expected {}x{}",
        found.0, found.1, expected.0, expected.1
    )]
    MatteSize {
        /// Width and height of the matte.
        found: (usize, usize),
        /// What was announced.
        expected: (usize, usize),
    },
    /// A panic while the network was loaded.
    #[error("loading the network panicked")]
    LoadPanicked,
    /// A panic while the network ran.
    #[error("the network's thread panicked")]
    RunPanicked,
    /// A run takes far longer than it should.
    #[error("its run does not end")]
    RunHangs,
}

impl SegmentError {
    /// Whether the run failed where it is computed: a device may be lost.
    pub const fn is_of_device(&self) -> bool {
        matches!(self, Self::Model(ModelError::Run { .. }))
    }
}
