// SPDX-License-Identifier: MPL-2.0

//! Operators that look at more than one pixel: pooling, convolutions, enlargement.

use super::graph::{Node, Reason};
use super::layers::{Conv, Layer, MOST_PLACES, Target, Value};
use super::reader::{Dim, Reader};
use super::weights::Weights;

impl<'a> Reader<'a> {
    pub(super) fn pool(node: &Node, input: Value, output: Value) -> Result<Layer, Reason> {
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

    pub(super) fn conv(&mut self, node: &'a Node, name: &'a str) -> Result<(), Reason> {
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

    pub(super) fn resize(&mut self, node: &'a Node, name: &'a str) -> Result<(), Reason> {
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
