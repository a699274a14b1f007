// SPDX-License-Identifier: MPL-2.0

//! From a graph to the passes that compute it: what follows a convolution (an addition, a Relu)
//! becomes part of its pass, and what computes shapes goes away.

use std::collections::HashMap;

use super::graph::{Constant, Graph, Node, Reason};
use super::layers::{Layer, Layers, Value};

/// A number in a tensor of shapes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dim {
    Known(i64),
    Side(Value, usize),
}

/// What a name in the graph stands for.
#[derive(Debug, Clone)]
pub(super) enum Known {
    Tensor(Value),
    Dims(Vec<Dim>),
}

pub(super) struct Reader<'a> {
    pub(super) graph: &'a Graph,
    pub(super) names: HashMap<&'a str, Known>,
    /// Which nodes read a tensor's numbers (and not its shape alone).
    pub(super) readers: HashMap<&'a str, Vec<usize>>,
    /// Nodes that an earlier pass has done already.
    pub(super) done: Vec<bool>,
    /// Tensors of one pixel.
    pub(super) pooled: Vec<bool>,
    pub(super) made: Layers,
}

impl Layers {
    /// Reads a graph.
    ///
    /// # Errors
    /// An operator, or a way to use one, that networks of this project have not.
    pub fn of(graph: &Graph) -> Result<Self, Reason> {
        let mut readers: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, node) in graph.nodes.iter().enumerate() {
            if node.operator != "Shape" {
                for input in &node.inputs {
                    readers.entry(input).or_default().push(at);
                }
            }
        }
        let mut reader = Reader {
            graph,
            names: HashMap::new(),
            readers,
            done: vec![false; graph.nodes.len()],
            pooled: Vec::new(),
            made: Self::default(),
        };
        let picture = reader.tensor(3, false);
        reader.names.insert(&graph.input, Known::Tensor(picture));
        for (at, node) in graph.nodes.iter().enumerate() {
            if !reader.done[at] {
                reader.node(at, node)?;
            }
        }
        // Only the picture's three channels are not filled up.
        if reader.made.channels[1..].contains(&3) {
            return Err("three channels inside of the network".into());
        }
        match reader.made.layers.last() {
            Some(Layer::Output { .. }) => Ok(reader.made),
            _ => Err("its output is none of ours".into()),
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn tensor(&mut self, channels: usize, pooled: bool) -> Value {
        self.made.channels.push(channels);
        self.pooled.push(pooled);
        self.made.channels.len() - 1
    }

    pub(super) fn value(&self, name: &str) -> Result<Value, Reason> {
        match self.names.get(name) {
            Some(Known::Tensor(value)) => Ok(*value),
            _ => Err(format!("`{name}` is no tensor of numbers")),
        }
    }

    pub(super) fn input(&self, node: &Node, at: usize) -> Result<Value, Reason> {
        self.value(node.inputs.get(at).map_or("", |name| name))
    }

    pub(super) fn floats(&self, node: &Node, at: usize) -> Option<(&'a [usize], &'a [f32])> {
        match self.graph.constants.get(node.inputs.get(at)?)? {
            Constant::Floats { sides, values } => Some((sides, values)),
            Constant::Ints(_) => None,
        }
    }

    /// Whole numbers, of which some may be sides.
    pub(super) fn dims(&self, node: &Node, at: usize) -> Result<Vec<Dim>, Reason> {
        let name: &str = node.inputs.get(at).map_or("", |name| name);
        match (self.names.get(name), self.graph.constants.get(name)) {
            (Some(Known::Dims(dims)), _) => Ok(dims.clone()),
            (_, Some(Constant::Ints(numbers))) => {
                Ok(numbers.iter().map(|number| Dim::Known(*number)).collect())
            }
            _ => Err(format!("`{name}` is no shape")),
        }
    }

    pub(super) fn known(&self, node: &Node, at: usize) -> Result<usize, Reason> {
        match self.dims(node, at)?[..] {
            [Dim::Known(number)] => usize::try_from(number).map_err(|_| "a negative index".into()),
            _ => Err("an index that depends on the picture".into()),
        }
    }

    /// The only node that reads `name`, if it is this operator and the name is not the output.
    pub(super) fn follower(&self, name: &str, operator: &str) -> Option<(usize, &'a Node)> {
        let [at] = self.readers.get(name)?[..] else {
            return None;
        };
        let node = &self.graph.nodes[at];
        (node.operator == operator && name != self.graph.output).then_some((at, node))
    }

    /// What follows a pass that gives `name`: the sum with another tensor that is there already, and
    /// a Relu. The nodes are done with it.
    pub(super) fn fuse(&mut self, name: &'a str, pooled: bool) -> (&'a str, Option<Value>, bool) {
        let mut name = name;
        let add = self.follower(name, "Add").and_then(|(at, node)| {
            let other = node.inputs.iter().find(|input| *input != name)?;
            let other = self.value(other).ok()?;
            (self.pooled[other] == pooled).then_some((at, node, other))
        });
        let add = add.map(|(at, node, other)| {
            self.done[at] = true;
            name = &node.outputs[0];
            other
        });
        let relu = self.relu(&mut name);
        (name, add, relu)
    }

    pub(super) fn relu(&mut self, name: &mut &'a str) -> bool {
        match self.follower(name, "Relu") {
            Some((at, node)) => {
                self.done[at] = true;
                *name = &node.outputs[0];
                true
            }
            None => false,
        }
    }

    pub(super) fn is_last_read(&self, value: Value, at: usize) -> bool {
        let names = self.names.iter();
        let mut names = names.filter(|(_, known)| matches!(known, Known::Tensor(v) if *v == value));
        names.all(|(name, _)| {
            *name != self.graph.output
                && self
                    .readers
                    .get(name)
                    .is_none_or(|readers| readers.iter().all(|r| *r <= at))
        })
    }

    pub(super) fn node(&mut self, at: usize, node: &'a Node) -> Result<(), Reason> {
        let [name] = &node.outputs[..] else {
            return Err(format!("{} with several outputs", node.operator));
        };
        let mut name: &str = name;
        match node.operator.as_str() {
            "Conv" => return self.conv(node, name),
            "Resize" => return self.resize(node, name),
            "Shape" => {
                let value = self.input(node, 0)?;
                let dims = (0..4).map(|axis| Dim::Side(value, axis)).collect();
                self.names.insert(name, Known::Dims(dims));
            }
            "Gather" => {
                let (dims, index) = (self.dims(node, 0)?, self.known(node, 1)?);
                let dim = *dims.get(index).ok_or("an index outside of a shape")?;
                self.names.insert(name, Known::Dims(vec![dim]));
            }
            "Unsqueeze" | "Cast" => {
                let dims = self.dims(node, 0)?;
                self.names.insert(name, Known::Dims(dims));
            }
            "Slice" => {
                let dims = self.dims(node, 0)?;
                let (start, end) = (self.known(node, 1)?, self.known(node, 2)?);
                let part = dims
                    .get(start..end.min(dims.len()))
                    .ok_or("an empty slice")?;
                self.names.insert(name, Known::Dims(part.to_vec()));
            }
            "Concat" if self.dims(node, 0).is_ok() => {
                let mut all = Vec::new();
                for at in 0..node.inputs.len() {
                    all.extend(self.dims(node, at)?);
                }
                self.names.insert(name, Known::Dims(all));
            }
            "Concat" => {
                if node.number("axis") != Some(1) {
                    return Err("Concat of other than channels".into());
                }
                let inputs: Result<Vec<Value>, _> = (0..node.inputs.len())
                    .map(|at| self.input(node, at))
                    .collect();
                let inputs = inputs?;
                let channels = inputs.iter().map(|input| self.made.channels[*input]).sum();
                let output = self.tensor(channels, self.pooled[inputs[0]]);
                self.push(name, output, Layer::Concat { inputs, output });
            }
            "Relu" | "Sigmoid" | "GlobalAveragePool" | "AveragePool" => {
                let input = self.input(node, 0)?;
                if node.operator == "Sigmoid" && name == self.graph.output {
                    return self.output(input, 1, true);
                }
                let pooled = self.pooled[input] || node.operator == "GlobalAveragePool";
                let output = self.tensor(self.made.channels[input], pooled);
                let layer = match node.operator.as_str() {
                    "Relu" => Layer::Relu { input, output },
                    "Sigmoid" => Layer::Sigmoid { input, output },
                    "GlobalAveragePool" => Layer::GlobalPool { input, output },
                    _ => Self::pool(node, input, output)?,
                };
                self.push(name, output, layer);
            }
            "Add" | "Mul" => {
                let (mut a, mut b) = (self.input(node, 0)?, self.input(node, 1)?);
                if self.pooled[a] && !self.pooled[b] {
                    (a, b) = (b, a);
                }
                if self.made.channels[a] != self.made.channels[b] {
                    return Err("a sum of different numbers of channels".into());
                }
                let relu = self.relu(&mut name);
                let output = self.tensor(self.made.channels[a], self.pooled[a]);
                let product = node.operator == "Mul";
                let layer = Layer::Combine {
                    a,
                    b,
                    output,
                    product,
                    relu,
                };
                self.push(name, output, layer);
            }
            "DepthToSpace" => {
                let input = self.input(node, 0)?;
                let block = usize::try_from(node.number("blocksize").unwrap_or(0)).unwrap_or(0);
                if node.text("mode") != "CRD" {
                    return Err("DepthToSpace in another order".into());
                }
                if name == self.graph.output {
                    return self.output(input, block, false);
                }
                match self.follower(name, "Sigmoid") {
                    Some((at, node)) if node.outputs[..] == [self.graph.output.as_str()] => {
                        self.done[at] = true;
                        return self.output(input, block, true);
                    }
                    _ => return Err("DepthToSpace inside of the network".into()),
                }
            }
            other => return Err(format!("the operator {other}, node {at}")),
        }
        Ok(())
    }

    pub(super) fn push(&mut self, name: &'a str, output: Value, layer: Layer) {
        self.names.insert(name, Known::Tensor(output));
        self.made.layers.push(layer);
    }

    pub(super) fn output(
        &mut self,
        input: Value,
        block: usize,
        sigmoid: bool,
    ) -> Result<(), Reason> {
        if block == 0 || block > 4 || self.made.channels[input] != block * block {
            return Err("an output of several channels".into());
        }
        let layer = Layer::Output {
            input,
            block,
            sigmoid,
        };
        self.made.layers.push(layer);
        Ok(())
    }
}
