// SPDX-License-Identifier: MPL-2.0

//! Why a frame gets no matte.

use crate::model::ModelError;
use crate::video::MapError;
use gst::glib;

/// Why a frame gets no matte.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The frame carries no tensors.
    #[error(
        "the frame has no tensors (GstTensorMeta); put mattedecode right behind an inference \
         element, such as onnxinference or tfliteinference"
    )]
    NoTensors,
    /// The frame is a part of the picture that the network saw.
    #[error(
        "the frame is a part of its picture (GstVideoCropMeta), and inference elements do not look \
         at that; crop before them, into new memory (videocrop ! videoconvertscale)"
    )]
    Cropped,
    /// A tensor's memory cannot be read.
    #[error("the tensor of the matte has no memory that can be read")]
    Unreadable,
    /// The tensors are not what the description says, or their values cannot be right.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The buffer does not hold a frame of the caps.
    #[error(transparent)]
    Map(#[from] MapError),
    /// There is no memory for a matte, or none of its size.
    #[error(transparent)]
    Memory(#[from] glib::BoolError),
}
