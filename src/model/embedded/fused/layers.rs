// SPDX-License-Identifier: MPL-2.0

//! From a graph to the passes that compute it, whatever the size of the picture: what follows a
//! convolution (an addition, a Relu) becomes part of its pass, and what computes shapes goes away.

use std::collections::HashMap;

use super::graph::{Constant, Graph, Node, Reason};
use super::weights::Weights;

/// Most places in a kernel.
pub(super) const MOST_PLACES: usize = 64;

/// A tensor that passes read and write, by number.
pub(super) type Value = usize;

/// One pass.
#[derive(Debug)]
pub(super) enum Layer {
    /// A convolution, dense or by channel, and what follows it.
    Conv {
        input: Value,
        output: Value,
        /// What is added to the result.
        add: Option<Value>,
        relu: bool,
        conv: Conv,
    },
    /// A bilinear enlargement (half pixel) that is added to `output`, or makes it.
    Resize {
        input: Value,
        output: Value,
        target: Target,
        add: bool,
        relu: bool,
    },
    /// A sum or a product; `b` may have one pixel only.
    Combine {
        a: Value,
        b: Value,
        output: Value,
        product: bool,
        relu: bool,
    },
    Relu {
        input: Value,
        output: Value,
    },
    Sigmoid {
        input: Value,
        output: Value,
    },
    /// The mean of the pixels in a square that are inside of the picture.
    AveragePool {
        input: Value,
        output: Value,
        kernel: usize,
        pad: usize,
    },
    /// The mean of all pixels.
    GlobalPool {
        input: Value,
        output: Value,
    },
    /// One after the other in each pixel.
    Concat {
        inputs: Vec<Value>,
        output: Value,
    },
    /// The network's only channel: of each pixel's channels a square of so many pixels.
    Output {
        input: Value,
        block: usize,
        sigmoid: bool,
    },
}

/// What a convolution is.
#[derive(Debug)]
pub(super) struct Conv {
    /// Each channel has a kernel of its own.
    pub depthwise: bool,
    pub weights: Weights,
    /// Rows and columns.
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    /// Top, left, bottom, right.
    pub pads: [usize; 4],
}

/// How large a [`Layer::Resize`] makes a picture.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// So many times as large.
    Times(usize),
    /// As large as another tensor.
    Like(Value),
}

/// A network as passes.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The passes, in their order.
    pub layers: Vec<Layer>,
    /// Channels of each tensor; 0 is the picture.
    pub channels: Vec<usize>,
}

/// A number in a tensor of shapes.
#[derive(Debug, Clone, Copy)]
enum Dim {
    Known(i64),
    Side(Value, usize),
}

/// What a name in the graph stands for.
#[derive(Debug, Clone)]
enum Known {
    Tensor(Value),
    Dims(Vec<Dim>),
}

struct Reader<'a> {
    graph: &'a Graph,
    names: HashMap<&'a str, Known>,
    /// Which nodes read a tensor's numbers (and not its shape alone).
    readers: HashMap<&'a str, Vec<usize>>,
    /// Nodes that an earlier pass has done already.
    done: Vec<bool>,
    /// Tensors of one pixel.
    pooled: Vec<bool>,
    made: Layers,
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
    fn tensor(&mut self, channels: usize, pooled: bool) -> Value {
        self.made.channels.push(channels);
        self.pooled.push(pooled);
        self.made.channels.len() - 1
    }

    fn value(&self, name: &str) -> Result<Value, Reason> {
        match self.names.get(name) {
            Some(Known::Tensor(value)) => Ok(*value),
            _ => Err(format!("`{name}` is no tensor of numbers")),
        }
    }

    fn input(&self, node: &Node, at: usize) -> Result<Value, Reason> {
        self.value(node.inputs.get(at).map_or("", |name| name))
    }

    fn floats(&self, node: &Node, at: usize) -> Option<(&'a [usize], &'a [f32])> {
        match self.graph.constants.get(node.inputs.get(at)?)? {
            Constant::Floats { sides, values } => Some((sides, values)),
            Constant::Ints(_) => None,
        }
    }

    /// Whole numbers, of which some may be sides.
    fn dims(&self, node: &Node, at: usize) -> Result<Vec<Dim>, Reason> {
        let name: &str = node.inputs.get(at).map_or("", |name| name);
        match (self.names.get(name), self.graph.constants.get(name)) {
            (Some(Known::Dims(dims)), _) => Ok(dims.clone()),
            (_, Some(Constant::Ints(numbers))) => {
                Ok(numbers.iter().map(|number| Dim::Known(*number)).collect())
            }
            _ => Err(format!("`{name}` is no shape")),
        }
    }

    fn known(&self, node: &Node, at: usize) -> Result<usize, Reason> {
        match self.dims(node, at)?[..] {
            [Dim::Known(number)] => usize::try_from(number).map_err(|_| "a negative index".into()),
            _ => Err("an index that depends on the picture".into()),
        }
    }

    /// The only node that reads `name`, if it is this operator and the name is not the output.
    fn follower(&self, name: &str, operator: &str) -> Option<(usize, &'a Node)> {
        let [at] = self.readers.get(name)?[..] else {
            return None;
        };
        let node = &self.graph.nodes[at];
        (node.operator == operator && name != self.graph.output).then_some((at, node))
    }

    /// What follows a pass that gives `name`: the sum with another tensor that is there already, and
    /// a Relu. The nodes are done with it.
    fn fuse(&mut self, name: &'a str, pooled: bool) -> (&'a str, Option<Value>, bool) {
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

    fn relu(&mut self, name: &mut &'a str) -> bool {
        match self.follower(name, "Relu") {
            Some((at, node)) => {
                self.done[at] = true;
                *name = &node.outputs[0];
                true
            }
            None => false,
        }
    }

    fn is_last_read(&self, value: Value, at: usize) -> bool {
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

    fn node(&mut self, at: usize, node: &'a Node) -> Result<(), Reason> {
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

    fn push(&mut self, name: &'a str, output: Value, layer: Layer) {
        self.names.insert(name, Known::Tensor(output));
        self.made.layers.push(layer);
    }

    fn output(&mut self, input: Value, block: usize, sigmoid: bool) -> Result<(), Reason> {
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

    fn pool(node: &Node, input: Value, output: Value) -> Result<Layer, Reason> {
        let is = |name: &str, numbers: &[i64]| node.numbers(name) == numbers;
        let counts = node.number("count_include_pad").unwrap_or(0) != 0;
        if !is("kernel_shape", &[3, 3]) || !is("pads", &[1; 4]) || !is("strides", &[1, 1]) || counts
        {
            return Err("another AveragePool than 3x3".into());
        }
        Ok(Layer::AveragePool {
            input,
            output,
            kernel: 3,
            pad: 1,
        })
    }

    fn conv(&mut self, node: &'a Node, name: &'a str) -> Result<(), Reason> {
        let input = self.input(node, 0)?;
        let channels = self.made.channels[input];
        let (sides, values) = self.floats(node, 1).ok_or("a kernel that is computed")?;
        let &[outputs, inputs, rows, columns] = sides else {
            return Err(format!("a kernel of {} sides", sides.len()));
        };
        let bias = match self.floats(node, 2) {
            Some((_, bias)) if bias.len() == outputs => bias.to_vec(),
            None if node.inputs.len() == 2 => vec![0.0; outputs],
            _ => return Err("a bias of another size".into()),
        };
        let group = usize::try_from(node.number("group").unwrap_or(1)).unwrap_or(0);
        let depthwise = group > 1;
        let fits = match depthwise {
            true => group == channels && outputs == channels && inputs == 1,
            false => group == 1 && inputs == channels,
        };
        let places = rows.saturating_mul(columns);
        if !fits || !node.text("auto_pad").is_empty() || values.is_empty() || places > MOST_PLACES {
            return Err(format!("a convolution of {sides:?} in {group} groups"));
        }
        let numbers = |name: &str, most: i64| -> Result<Vec<usize>, Reason> {
            let in_range = |number: &i64| {
                let number = (0..=most).contains(number).then_some(*number);
                number.ok_or_else(|| format!("{name} out of range"))
            };
            let numbers = node.numbers(name).iter().map(in_range);
            numbers.map(|number| Ok(number? as usize)).collect()
        };
        let two = |name: &str| match numbers(name, 16)?[..] {
            [] => Ok([1, 1]),
            [a, b] if a > 0 && b > 0 => Ok([a, b]),
            _ => Err(format!("{name} of another length")),
        };
        let pads = match numbers("pads", 64)?[..] {
            [] => [0; 4],
            [a, b, c, d] => [a, b, c, d],
            _ => return Err("pads of another length".into()),
        };
        let kernel = [rows, columns];
        let conv = Conv {
            depthwise,
            weights: match depthwise {
                true => Weights::by_channel(values, &bias, places),
                false => Weights::dense(values, &bias, channels, places),
            },
            kernel,
            stride: two("strides")?,
            dilation: two("dilations")?,
            pads,
        };
        let pooled = self.pooled[input];
        if pooled && kernel != [1, 1] {
            return Err("a convolution of one pixel".into());
        }
        let (name, add, relu) = self.fuse(name, pooled);
        if add.is_some_and(|add| self.made.channels[add] != outputs) {
            return Err("a sum of different numbers of channels".into());
        }
        let output = self.tensor(outputs, pooled);
        let layer = Layer::Conv {
            input,
            output,
            add,
            relu,
            conv,
        };
        self.push(name, output, layer);
        Ok(())
    }

    fn resize(&mut self, node: &'a Node, name: &'a str) -> Result<(), Reason> {
        let input = self.input(node, 0)?;
        let usual = node.text("mode") == "linear"
            && matches!(
                node.text("coordinate_transformation_mode"),
                "half_pixel" | ""
            );
        if !usual || self.pooled[input] {
            return Err("another Resize than a bilinear one by half pixels".into());
        }
        let target = match self.floats(node, 2) {
            Some((_, &[1.0, 1.0, rows, columns])) if rows == columns => {
                let times = [2.0, 4.0, 8.0].into_iter().find(|times| *times == rows);
                Target::Times(times.ok_or("another Resize than by 2, 4 or 8")? as usize)
            }
            _ => match self.dims(node, 3)?[..] {
                [_, _, Dim::Side(rows, 2), Dim::Side(columns, 3)] if rows == columns => {
                    Target::Like(rows)
                }
                _ => return Err("a Resize to sizes of its own".into()),
            },
        };
        let channels = self.made.channels[input];
        // What it is added to can take the sum, if nobody needs the number before it.
        let sum = self.follower(name, "Add").and_then(|(at, node)| {
            let other = node.inputs.iter().find(|input| *input != name)?;
            let other = self.value(other).ok()?;
            let fits = self.made.channels[other] == channels && !self.pooled[other];
            (fits && self.is_last_read(other, at)).then_some((at, node, other))
        });
        let (mut name, output, add) = match sum {
            Some((at, node, other)) => {
                self.done[at] = true;
                (node.outputs[0].as_str(), other, true)
            }
            None => (name, self.tensor(channels, false), false),
        };
        let relu = self.relu(&mut name);
        let layer = Layer::Resize {
            input,
            output,
            target,
            add,
            relu,
        };
        self.push(name, output, layer);
        Ok(())
    }
}
