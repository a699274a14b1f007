// SPDX-License-Identifier: MPL-2.0

//! Any network, by the crate `rten`.
//!
//! What rten's interface does not have, this cannot do: a run is not ended between two nodes, and
//! each run makes the memory that it needs.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use ort::value::TensorElementType as E;
use rten::{
    DataType, Dimension, ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView,
    ValueType, ValueView,
};
use rten_tensor::{AsView, Layout};

use super::mend::mend;
use crate::model::engine::{EngineError, EngineKind};
use crate::model::given::Given;
use crate::model::onnx::Outline;
use crate::model::signature::{Signature, TensorInfo};
use crate::model::tensors::Tensor;

/// What to do about a model that rten has no way to run.
const WAY_OUT: &str = "ONNX Runtime may run it (engine=onnxruntime)";

/// A loaded network.
pub(super) struct Model(rten::Model);

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Model")
    }
}

/// The threads that runs of one network use.
#[derive(Debug)]
pub(super) struct Threads(RunOptions);

impl Threads {
    /// So many, at least one.
    pub fn new(count: usize) -> Self {
        let pool = ThreadPool::with_num_threads(count.max(1));
        Self(RunOptions::default().with_thread_pool(Some(Arc::new(pool))))
    }
}

impl Model {
    /// Loads a model; see [`super::Model::load`].
    ///
    /// # Errors
    /// What cannot be run, in rten's words, which name the operator.
    pub fn load(
        bytes: &[u8],
        folder: Option<&Path>,
        outline: &Outline,
    ) -> Result<Self, EngineError> {
        let mut options = ModelOptions::with_all_ops();
        for location in &outline.external {
            let data = folder.map(|folder| std::fs::read(folder.join(location)));
            let data = data
                .transpose()
                .map_err(|problem| EngineError::embedded(problem.to_string()))?;
            options.external_data(location, data.unwrap_or_default());
        }
        let bytes = mend(bytes).map_err(EngineError::embedded)?;
        guarded(|| options.load(bytes)).map(Self)
    }

    /// Its inputs and outputs.
    pub fn signature(&self) -> Signature {
        let infos = |ids: &[NodeId]| ids.iter().filter_map(|id| self.info(*id)).collect();
        Signature {
            inputs: infos(self.0.input_ids()),
            outputs: infos(self.0.output_ids()),
        }
    }

    fn info(&self, id: NodeId) -> Option<TensorInfo> {
        let node = self.0.node_info(id)?;
        let side = |side: Dimension| match side {
            Dimension::Fixed(side) => Some(side),
            Dimension::Symbolic(_) => None,
        };
        let sides = node.shape().unwrap_or_default();
        Some(TensorInfo {
            name: node.name().unwrap_or_default().to_owned(),
            // What is not told is a float mostly; a run tells the truth.
            element: node.dtype().map_or(Some(E::Float32), element),
            dims: sides.into_iter().map(side).collect(),
        })
    }

    /// A run with fresh outputs.
    ///
    /// # Errors
    /// It fails.
    pub fn run_once(&self, inputs: &[(&str, &Tensor)]) -> Result<Given, EngineError> {
        let ids = self.0.output_ids();
        let (mut outputs, mut values) = (Vec::new(), Vec::new());
        for (id, value) in ids.iter().zip(self.values(inputs, ids, &Threads::new(1))?) {
            let node = self.0.node_info(*id);
            let info = TensorInfo {
                name: node.and_then(|node| node.name()).unwrap_or_default().into(),
                element: element(value.dtype()),
                dims: value.shape().iter().map(|side| Some(*side)).collect(),
            };
            if info.element.is_some() {
                let mut tensor = Tensor::zeros(EngineKind::Embedded, info.element, &info.sides())?;
                if write(&value, &mut tensor).is_some() {
                    values.push((info.name.clone(), tensor));
                }
            }
            outputs.push(info);
        }
        Ok(Given { outputs, values })
    }

    /// Runs on `inputs` and writes `outputs`, each by name.
    ///
    /// # Errors
    /// An operator fails, or the outputs have not the shapes that they had before.
    pub fn run(
        &self,
        inputs: &[(&str, &Tensor)],
        outputs: &mut [(&str, &mut Tensor)],
        threads: &Threads,
    ) -> Result<(), EngineError> {
        let find = |name: &str| {
            let id = self.0.find_node(name);
            id.ok_or_else(|| EngineError::embedded(format!("there is no output `{name}`")))
        };
        let ids = outputs.iter().map(|(name, _)| find(name));
        let ids = ids.collect::<Result<Vec<NodeId>, _>>()?;
        let values = self.values(inputs, &ids, threads)?;
        for ((name, tensor), value) in outputs.iter_mut().zip(values) {
            write(&value, tensor).ok_or_else(|| {
                EngineError::embedded(format!(
                    "output `{name}` is {:?} now, and {:?} was expected",
                    value.shape(),
                    tensor.shape()
                ))
            })?;
        }
        Ok(())
    }

    fn values(
        &self,
        inputs: &[(&str, &Tensor)],
        outputs: &[NodeId],
        threads: &Threads,
    ) -> Result<Vec<Value>, EngineError> {
        let inputs = inputs.iter().map(|(name, tensor)| {
            let id = self.0.find_node(name);
            let id =
                id.ok_or_else(|| EngineError::embedded(format!("there is no input `{name}`")))?;
            Ok((id, view(tensor)?))
        });
        let inputs = inputs.collect::<Result<Vec<_>, EngineError>>()?;
        guarded(|| self.0.run(inputs, outputs, Some(threads.0.clone())))
    }
}

/// Calls rten, which panics for some graphs that make no sense.
fn guarded<T, P: fmt::Display>(call: impl FnOnce() -> Result<T, P>) -> Result<T, EngineError> {
    let problem = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(problem)) => problem.to_string(),
        Err(_) => "the graph makes no sense to it".to_owned(),
    };
    Err(EngineError::embedded(format!("{problem}; {WAY_OUT}")))
}

/// The type of a tensor's elements; none for what is no tensor.
fn element(kind: ValueType) -> Option<E> {
    Some(match kind {
        ValueType::Tensor(DataType::Int32) => E::Int32,
        ValueType::Tensor(DataType::Float) => E::Float32,
        ValueType::Tensor(DataType::Int8) => E::Int8,
        ValueType::Tensor(DataType::UInt8) => E::Uint8,
        _ => return None,
    })
}

/// A tensor as rten takes it; nothing is copied.
fn view(tensor: &Tensor) -> Result<ValueOrView<'_>, EngineError> {
    let Tensor::Plain(tensor) = tensor else {
        return Err(EngineError::embedded("the tensor is another engine's"));
    };
    macro_rules! view {
        ($type:ty) => {
            tensor
                .values::<$type>()
                .and_then(|values| ValueView::from_shape(tensor.shape(), values).ok())
        };
    }
    let view = view!(f32)
        .or_else(|| view!(i32))
        .or_else(|| view!(i8))
        .or_else(|| view!(u8));
    let view =
        view.ok_or_else(|| EngineError::embedded("a tensor's values do not fit its shape"))?;
    Ok(view.into())
}

/// Copies what a run gave; none if type or shape is another.
fn write(value: &Value, tensor: &mut Tensor) -> Option<()> {
    if value.shape().as_slice() != tensor.shape() {
        return None;
    }
    macro_rules! write {
        ($from:expr, $type:ty) => {{
            let values = tensor.values_mut::<$type>();
            if values.len() != $from.iter().len() {
                return None;
            }
            match $from.data() {
                Some(data) => values.copy_from_slice(data),
                None => values
                    .iter_mut()
                    .zip($from.iter())
                    .for_each(|(to, from)| *to = *from),
            }
        }};
    }
    match value {
        Value::FloatTensor(from) => write!(from, f32),
        Value::Int32Tensor(from) => write!(from, i32),
        Value::Int8Tensor(from) => write!(from, i8),
        Value::UInt8Tensor(from) => write!(from, u8),
        _ => return None,
    }
    Some(())
}
