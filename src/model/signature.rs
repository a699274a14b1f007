// SPDX-License-Identifier: MPL-2.0

//! A model's inputs and outputs, as far as the file itself tells them.

use std::fmt;

use super::onnx::{Bounds, Outline, Quantised};
use ort::value::{Outlet, TensorElementType, ValueRef, ValueType};

/// One input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Name.
    pub name: String,
    /// Element type; `None` for what is no tensor (sequences, maps).
    pub element: Option<TensorElementType>,
    /// Sides; `None` if the model leaves them open.
    pub dims: Vec<Option<usize>>,
}

impl TensorInfo {
    fn new(name: &str, value: &ValueType) -> Self {
        let side = |&side: &i64| usize::try_from(side).ok();
        let sides = value.tensor_shape().into_iter().flat_map(|s| s.iter());
        Self {
            name: name.to_owned(),
            element: value.tensor_type(),
            dims: sides.map(side).collect(),
        }
    }

    /// What the model says.
    pub(super) fn of(outlet: &Outlet) -> Self {
        Self::new(outlet.name(), outlet.dtype())
    }

    /// What a run really gave.
    pub(super) fn of_value(name: &str, value: &ValueRef<'_>) -> Self {
        Self::new(name, value.dtype())
    }

    /// The sides, 1 for each that is open.
    pub(super) fn sides(&self) -> Vec<usize> {
        self.dims.iter().map(|side| side.unwrap_or(1)).collect()
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

/// What the graph says of an output's values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GraphHint {
    /// The operator that gives them their meaning.
    pub operator: Option<String>,
    /// Between which numbers they lie.
    pub bounds: Option<Bounds>,
    /// What its whole numbers stand for.
    pub quantised: Option<Quantised>,
}

impl GraphHint {
    /// What an ONNX file says of one of its outputs.
    pub(super) fn of(outline: &Outline, output: &str) -> Self {
        Self {
            operator: outline.operator(output).map(str::to_owned),
            bounds: outline.bounds(output),
            quantised: outline.quantised(output),
        }
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
    /// What a loaded model says.
    pub(super) fn of(session: &ort::session::Session) -> Self {
        Self {
            inputs: session.inputs().iter().map(TensorInfo::of).collect(),
            outputs: session.outputs().iter().map(TensorInfo::of).collect(),
        }
    }

    /// What the file itself says; none if it leaves out something that an engine would find out.
    pub(super) fn of_outline(outline: &Outline) -> Option<Self> {
        let tensor = |name: &str| {
            let sides = outline.sides.get(name).filter(|sides| !sides.is_empty())?;
            Some(TensorInfo {
                name: name.to_owned(),
                element: Some(element(*outline.elements.get(name)?)?),
                dims: sides
                    .iter()
                    .map(|side| Some(*side).filter(|side| *side > 0))
                    .collect(),
            })
        };
        let inputs = outline.inputs.iter().map(|(name, _)| tensor(name));
        let outputs = outline.outputs.iter().map(|name| tensor(name));
        Some(Self {
            inputs: inputs.collect::<Option<_>>()?,
            outputs: outputs.collect::<Option<_>>()?,
        })
    }
}

/// The type with this number in ONNX's `TensorProto.DataType`.
fn element(number: u64) -> Option<TensorElementType> {
    Some(match number {
        1 => TensorElementType::Float32,
        2 => TensorElementType::Uint8,
        3 => TensorElementType::Int8,
        4 => TensorElementType::Uint16,
        5 => TensorElementType::Int16,
        6 => TensorElementType::Int32,
        7 => TensorElementType::Int64,
        8 => TensorElementType::String,
        9 => TensorElementType::Bool,
        10 => TensorElementType::Float16,
        11 => TensorElementType::Float64,
        12 => TensorElementType::Uint32,
        13 => TensorElementType::Uint64,
        16 => TensorElementType::Bfloat16,
        _ => return None,
    })
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

/// The tensor of this name.
pub(super) fn find<'a>(tensors: &'a [TensorInfo], name: &str) -> Option<&'a TensorInfo> {
    tensors.iter().find(|tensor| tensor.name == name)
}
