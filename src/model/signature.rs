// SPDX-License-Identifier: MPL-2.0

//! A model's inputs and outputs, as far as the file itself tells them.

use std::fmt;

use ort::value::{Outlet, TensorElementType};

/// One input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Name.
    pub name: String,
    /// Element type; `None` for what is no tensor (sequences, maps).
    pub element: Option<TensorElementType>,
    /// Sides; `None` where the model leaves them open.
    pub dims: Vec<Option<usize>>,
}

impl TensorInfo {
    pub(super) fn of(outlet: &Outlet) -> Self {
        let dims = outlet.dtype().tensor_shape();
        Self {
            name: outlet.name().to_owned(),
            element: outlet.dtype().tensor_type(),
            dims: dims
                .map(|shape| {
                    shape
                        .iter()
                        .map(|&side| usize::try_from(side).ok())
                        .collect()
                })
                .unwrap_or_default(),
        }
    }

    /// What a run really gave.
    pub(super) fn of_value(name: &str, value: &ort::value::ValueRef<'_>) -> Self {
        let dims = value.dtype().tensor_shape();
        Self {
            name: name.to_owned(),
            element: value.dtype().tensor_type(),
            dims: dims
                .map(|shape| {
                    shape
                        .iter()
                        .map(|&side| usize::try_from(side).ok())
                        .collect()
                })
                .unwrap_or_default(),
        }
    }

    /// Whether it is a tensor of floats.
    pub(super) fn is_float(&self) -> bool {
        matches!(
            self.element,
            Some(TensorElementType::Float32 | TensorElementType::Float16)
        )
    }
}

impl fmt::Display for TensorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let element = self
            .element
            .map_or("no tensor".to_owned(), |e| e.to_string());
        let sides = self
            .dims
            .iter()
            .map(|d| d.map_or("?".to_owned(), |d| d.to_string()));
        write!(
            f,
            "`{}` ({element} {})",
            self.name,
            sides.collect::<Vec<_>>().join("x")
        )
    }
}

/// A model's inputs and outputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signature {
    /// Inputs, in the model's order.
    pub inputs: Vec<TensorInfo>,
    /// Outputs, in the model's order.
    pub outputs: Vec<TensorInfo>,
}

impl Signature {
    pub(super) fn of(session: &ort::session::Session) -> Self {
        Self {
            inputs: session.inputs().iter().map(TensorInfo::of).collect(),
            outputs: session.outputs().iter().map(TensorInfo::of).collect(),
        }
    }
}

/// Several tensors in words.
pub(super) fn list<'a>(tensors: impl IntoIterator<Item = &'a TensorInfo>) -> String {
    let words: Vec<String> = tensors.into_iter().map(ToString::to_string).collect();
    if words.is_empty() {
        "none".into()
    } else {
        words.join(", ")
    }
}
