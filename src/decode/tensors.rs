// SPDX-License-Identifier: MPL-2.0

//! A frame's tensors as `crate::model` understands them.

use crate::model::{Decoder, Element, TensorAbout};
use gst_analytics::{TensorDataType, TensorMeta, ffi};

/// Tensors that a decoder reads at most: boxes and prototypes.
pub const MOST: usize = 2;

/// What is known about a tensor on a frame.
struct Head<'a> {
    /// Its tensor id; empty if it has none.
    id: &'static str,
    element: Option<Element>,
    sides: &'a [usize],
    by_columns: bool,
    data: Option<&'a gst::BufferRef>,
}

impl<'a> Head<'a> {
    #[allow(
        unsafe_code,
        reason = "the binding takes id and data for granted, which C leaves open"
    )]
    fn of(tensor: &'a gst_analytics::Tensor) -> Self {
        // SAFETY: a boxed GstTensor is a valid pointer as long as it is borrowed; plain fields are
        // read. A buffer that is there belongs to the tensor.
        let (id, data) = unsafe {
            let raw: &'a ffi::GstTensor = &*tensor.as_ptr();
            let data = (!raw.data.is_null()).then(|| gst::BufferRef::from_ptr(raw.data));
            (raw.id, data)
        };
        // Without an id there is no quark to ask for.
        let id = if id == 0 {
            ""
        } else {
            tensor.id().as_str().as_str()
        };
        Self {
            id,
            element: element(tensor.data_type()),
            sides: tensor.dims(),
            by_columns: tensor.dims_order() == gst_analytics::TensorDimOrder::ColMajor,
            data,
        }
    }

    fn about(&self) -> TensorAbout {
        TensorAbout {
            id: self.id.to_owned(),
            element: self.element,
            sides: self.sides.to_vec(),
            by_columns: self.by_columns,
        }
    }

    fn is(&self, source: &TensorAbout) -> bool {
        source.is(self.id, self.element, self.sides, self.by_columns)
    }
}

/// The type of a tensor's numbers; none if they are no numbers of a matte.
fn element(kind: TensorDataType) -> Option<Element> {
    Some(match kind {
        TensorDataType::Float32 => Element::Float32,
        TensorDataType::Float64 => Element::Float64,
        TensorDataType::Float16 => Element::Float16,
        TensorDataType::Bfloat16 => Element::Bfloat16,
        TensorDataType::Uint8 => Element::Uint8,
        TensorDataType::Int8 => Element::Int8,
        TensorDataType::Uint16 => Element::Uint16,
        TensorDataType::Int16 => Element::Int16,
        TensorDataType::Int32 => Element::Int32,
        TensorDataType::Int64 => Element::Int64,
        #[cfg(feature = "v1_28")]
        TensorDataType::Bool => Element::Bool,
        _ => return None,
    })
}

/// Calls `work` for each tensor of a frame.
fn each(buffer: &gst::BufferRef, mut work: impl FnMut(&Head)) {
    for meta in buffer.iter_meta::<TensorMeta>() {
        for tensor in meta.as_slice() {
            work(&Head::of(tensor));
        }
    }
}

/// The tensors of a frame, each with its memory.
pub fn all(buffer: &gst::BufferRef) -> Vec<(TensorAbout, Option<gst::Buffer>)> {
    let mut found = Vec::new();
    each(buffer, |head| {
        found.push((head.about(), head.data.map(ToOwned::to_owned)));
    });
    found
}

/// The memory of the tensors that a decoder reads, in its order; none if one of them is not on the
/// frame.
pub fn sources(
    buffer: &gst::BufferRef,
    decoder: &Decoder,
    frame: (usize, usize),
) -> Option<[Option<gst::Buffer>; MOST]> {
    let mut found = [const { None }; MOST];
    let wanted = decoder.sources(frame);
    each(buffer, |head| {
        let place = wanted.iter().position(|source| head.is(source));
        if let Some(slot) = place.and_then(|place| found.get_mut(place)) {
            *slot = head.data.map(ToOwned::to_owned);
        }
    });
    let all = found.iter().flatten().count();
    (all > 0 && all == wanted.len()).then_some(found)
}
