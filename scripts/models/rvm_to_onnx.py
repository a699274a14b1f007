#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Converts RobustVideoMatting (MobileNetV3), published as a TensorFlow.js graph, to ONNX.

usage: rvm_to_onnx.py MODEL.json OUT.onnx HEIGHT WIDTH      (sides are multiples of 16)
       rvm_to_onnx.py MODEL.json OUT.onnx                   (any size, and the input downsample_ratio)

The graph is evaluated for one size: whatever depends on shapes only is computed now, with NumPy,
and what depends on the picture becomes ONNX nodes. With a size, `downsample_ratio` is 1 and the
guided filter is left out. Without one, the ratio is below 1, the guided filter stays, and sizes are
worked out when the network runs: the evaluation is for a size of which every level is odd, so that
every crop is needed; each size in it is one of a few expressions of the picture's size and the
ratio (`Sizes`). Two such evaluations must come out the same, byte by byte, or some number of the
first would have been left in the graph. Weights are 8-bit with scale and minimum in the file; they
become f32. TensorFlow keeps tensors as NHWC, ONNX as NCHW: a `Symbol` has the NHWC shape of the
original, its tensor in the new graph is the transposed one. Inputs src, r1i to r4i; outputs pha,
fgr, r1o to r4o.
"""

import base64
import json
import pathlib
import sys

import numpy as np
from onnx import TensorProto

from graph import Graph, same_padding

NCHW = (0, 3, 1, 2)  # Where each NCHW axis lies in NHWC.
AXIS = (0, 2, 3, 1)  # Where each NHWC axis lies in NCHW.
DTYPES = {"float32": np.float32, "int32": np.int32, "bool": np.bool_}
CASTS = {"DT_INT32": np.int32, "DT_FLOAT": np.float32, "DT_BOOL": np.bool_}
OUTPUTS = {"pha": 1, "fgr": 0, "r1o": 2, "r2o": 3, "r3o": 4, "r4o": 5}
STATE_CHANNELS = (16, 20, 40, 64)
NUMERIC = {
    "Mul": np.multiply,
    "AddV2": np.add,
    "Add": np.add,
    "Sub": np.subtract,
    "RealDiv": np.divide,
    "FloorMod": np.mod,
    "Equal": np.equal,
    "Minimum": np.minimum,
    "Maximum": np.maximum,
}
BINARY = {
    "Mul": "Mul",
    "AddV2": "Add",
    "Add": "Add",
    "Sub": "Sub",
    "RealDiv": "Div",
    "Minimum": "Min",
    "Maximum": "Max",
}


class Symbol:
    """A tensor that is known only when the network runs."""

    def __init__(self, name, shape):
        self.name = name
        self.shape = tuple(int(side) for side in shape)

    def nchw(self):
        return [self.shape[axis] for axis in NCHW]


class Sizes:
    """The sizes that occur for an open picture, known by what they are in the evaluation: the picture's own;
    level 0, the picture times the ratio; level n + 1, half of level n, rounded up; and twice each level."""

    LEVELS = 5

    def __init__(self, graph, height, width, ratio):
        self.graph = graph
        level = (int(np.float32(height) * np.float32(ratio)), int(np.float32(width) * np.float32(ratio)))
        self.known = {(height, width): ("picture", 0)}
        for number in range(self.LEVELS):
            if not number == self.LEVELS - 1 and not (level[0] % 2 and level[1] % 2):
                raise SystemExit(f"level {number} of {height}x{width} is {level}: not odd")
            self.known[level] = ("level", number)
            self.known[tuple(2 * side for side in level)] = ("twice", number)
            level = tuple((side + 1) // 2 for side in level)
        if len(self.known) != 1 + 2 * self.LEVELS:
            raise SystemExit(f"two sizes of {height}x{width} are the same")
        self.names = {}

    def name(self, expression):
        """The tensor of height and width that an expression is."""
        if expression not in self.names:
            kind, number = expression
            add, integers = self.graph.add, self.graph.integers
            if kind == "picture":
                found = add("Slice", [add("Shape", ["src"]), *(integers(n) for n in (2, 4))])
            elif kind == "twice":
                found = add("Mul", [self.name(("level", number)), integers(2)])
            elif number == 0:
                picture = add("Cast", [self.name(("picture", 0))], to=TensorProto.FLOAT)
                found = add("Cast", [add("Mul", [picture, "downsample_ratio"])], to=TensorProto.INT64)
            else:
                more = add("Add", [self.name(("level", number - 1)), integers(1)])
                found = add("Div", [more, integers(2)])
            self.names[expression] = found
        return self.names[expression]

    def of(self, height, width):
        return self.name(self.known[int(height), int(width)])

    def shape(self, channels, height, width):
        """The tensor of all four sides."""
        return self.graph.add("Concat", [self.graph.integers(1, channels), self.of(height, width)], axis=0)


class Dilated:
    """A depthwise convolution between SpaceToBatchND and BatchToSpaceND, which stand for a dilation."""

    def __init__(self, source, block, paddings):
        self.source, self.block, self.paddings = source, block, paddings
        self.node = self.weights = self.bias = self.activations = None


def shape_of(value):
    return value.shape if isinstance(value, Symbol) else np.shape(value)


def read_weights(manifest, data):
    """The constants of the graph, by the name of their node."""
    weights, offset = {}, 0
    for entry in (entry for group in manifest for entry in group["weights"]):
        quantised = entry.get("quantization")
        dtype = np.dtype(quantised["dtype"] if quantised else DTYPES[entry["dtype"]])
        count = int(np.prod(entry["shape"])) if entry["shape"] else 1
        array = np.frombuffer(data, dtype, count, offset)
        offset += count * dtype.itemsize
        if quantised:
            array = array.astype(np.float32) * np.float32(quantised["scale"]) + np.float32(quantised["min"])
        weights[entry["name"]] = array.reshape(entry["shape"])
    if offset != len(data):
        raise SystemExit(f"the weights are {len(data)} bytes, but {offset} are described")
    return weights


class Converter:
    def __init__(self, model, data, height, width, ratio=1):
        self.source = {node["name"]: node for node in model["modelTopology"]["node"]}
        self.weights = read_weights(model["weightsManifest"], data)
        self.graph = Graph()
        self.open = Sizes(self.graph, height, width, ratio) if ratio < 1 else None
        self.states = {
            f"r{i + 1}i": Symbol(f"r{i + 1}i", (1, height >> (i + 1), width >> (i + 1), channels))
            for i, channels in enumerate(STATE_CHANNELS)
        }
        self.picture = Symbol("src", (1, height, width, 3))
        self.values = {name: [state] for name, state in self.states.items()}
        self.values["src"] = [self.picture]
        self.values["downsample_ratio"] = [np.float32(ratio)]

    # The source graph

    def attribute(self, node, key):
        value = node.get("attr", {}).get(key)
        if value is None:
            return None
        if "s" in value:
            return base64.b64decode(value["s"]).decode()
        if "i" in value:
            return int(value["i"])
        if "b" in value:
            return bool(value["b"])
        if "list" in value:
            items = value["list"]
            if "i" in items:
                return [int(item) for item in items["i"]]
            return [base64.b64decode(item).decode() for item in items.get("s", [])]
        return value

    def value(self, reference):
        name, _, output = reference.partition(":")
        if name not in self.values:
            self.values[name] = self.evaluate(self.source[name])
        return self.values[name][int(output or 0)]

    def inputs(self, node):
        return [name for name in node.get("input", []) if not name.startswith("^")]

    # The new graph

    def emit(self, operator, inputs, shape, **attributes):
        return Symbol(self.graph.add(operator, inputs, **attributes), shape)

    def operand(self, value):
        """The name of an operand; a constant is brought to NCHW."""
        if isinstance(value, Symbol):
            return value.name
        array = np.asarray(value, np.float32)
        if array.ndim == 4:
            array = array.transpose(NCHW)
        elif array.ndim == 3:
            array = array.transpose(2, 0, 1)[None]
        elif array.ndim == 1 and array.size > 1:
            array = array.reshape(1, -1, 1, 1)
        return self.graph.constant(array)

    def slice(self, source, starts, ends):
        """Cuts along all four axes, given in NHWC."""
        if self.open:
            return self.slice_open(source, starts, ends)
        names = [self.graph.integers(*values) for values in (starts, ends, AXIS)]
        shape = [end - start for start, end in zip(starts, ends)]
        return self.emit("Slice", [source.name, *names], shape)

    def slice_open(self, source, starts, ends):
        """Cuts height and width from their beginnings."""
        if any(starts) or (ends[0], ends[3]) != (source.shape[0], source.shape[3]):
            raise SystemExit(f"cutting {source.shape} to {starts}, {ends} is not supported for an open size")
        names = [self.graph.integers(0, 0), self.open.of(*ends[1:3]), self.graph.integers(2, 3)]
        return self.emit("Slice", [source.name, *names], ends)

    def activate(self, value, names):
        for name in names or []:
            if name == "Relu6":
                bounds = [self.graph.constant(np.float32(bound)) for bound in (0, 6)]
                value = self.emit("Clip", [value.name, *bounds], value.shape)
            elif name in ("Relu", "Sigmoid", "Tanh"):
                value = self.emit(name, [value.name], value.shape)
            elif name not in ("BiasAdd", "FusedBatchNorm"):
                raise SystemExit(f"activation {name} is not supported")
        return value

    def convolution(self, node, source, weights, bias, depthwise, dilated=None, crops=None):
        weights = np.asarray(weights, np.float32)
        kernel = weights.shape[:2]
        strides = self.attribute(node, "strides")[1:3]
        dilations = (self.attribute(node, "dilations") or [1, 1, 1, 1])[1:3]
        padding = self.attribute(node, "padding")
        pads = [(0, 0), (0, 0)]
        if dilated:
            dilations = dilated.block
            pads = [
                (pad[0] - crop[0], pad[1] - crop[1])
                for pad, crop in zip(np.asarray(dilated.paddings).tolist(), np.asarray(crops).tolist())
            ]
        elif padding == "SAME":
            if self.open and strides != [1, 1]:
                raise SystemExit("padding of a strided convolution depends on the size")
            sides = zip(source.shape[1:3], kernel, strides, dilations)
            pads = [same_padding(*side) for side in sides]
        elif padding == "EXPLICIT":
            explicit = self.attribute(node, "explicit_paddings")
            pads = [tuple(explicit[2:4]), tuple(explicit[4:6])]
        size = [
            (side + sum(pad) - ((k - 1) * d + 1)) // stride + 1
            for side, pad, k, d, stride in zip(source.shape[1:3], pads, kernel, dilations, strides)
        ]
        if depthwise:
            groups = weights.shape[2]
            channels = groups * weights.shape[3]
            weights = weights.transpose(2, 3, 0, 1).reshape(channels, 1, *kernel)
        else:
            groups, channels = 1, weights.shape[3]
            weights = weights.transpose(3, 2, 0, 1)
        names = [source.name, self.graph.constant(weights, "weights")]
        if bias is not None:
            names.append(self.graph.constant(np.asarray(bias, np.float32), "bias"))
        return self.emit(
            "Conv",
            names,
            (1, *size, channels),
            kernel_shape=list(kernel),
            strides=list(strides),
            dilations=list(dilations),
            group=groups,
            pads=[pads[0][0], pads[1][0], pads[0][1], pads[1][1]],
        )

    # Operators

    def evaluate(self, node):
        """All outputs of a node."""
        operator, names = node["op"], self.inputs(node)
        if operator == "Const":
            return [self.weights[node["name"]]]
        if operator == "Switch":
            value = self.value(names[0])
            return [value, value]
        if operator == "Merge":
            # Both ways of every condition are in the graph; a ratio of 1 takes the `then` way.
            way = "else" if self.open else "then"
            taken = next(name for name in names if way in name)
            return [self.value(taken), 0]
        handler = getattr(self, f"op_{operator}", None)
        inputs = [self.value(name) for name in names]
        if handler:
            return handler(node, *inputs)
        if operator in NUMERIC:
            return [self.binary(operator, *inputs)]
        if operator in ("Relu", "Relu6", "Sigmoid", "Tanh"):
            return [self.activate(inputs[0], [operator])]
        raise SystemExit(f"operator {operator} is not supported")

    def binary(self, operator, first, second):
        if not isinstance(first, Symbol) and not isinstance(second, Symbol):
            return NUMERIC[operator](first, second)
        shape = np.broadcast_shapes(shape_of(first), shape_of(second))
        return self.emit(BINARY[operator], [self.operand(first), self.operand(second)], shape)

    def op_Identity(self, _node, value):
        return [value]

    def op_Shape(self, _node, value):
        return [np.array(shape_of(value), np.int32)]

    def op_Pack(self, node, *values):
        return [np.stack([np.asarray(value) for value in values], self.attribute(node, "axis") or 0)]

    def op_Squeeze(self, _node, value):
        return [value if isinstance(value, Symbol) else np.squeeze(value)]

    def op_Cast(self, node, value):
        if isinstance(value, Symbol):
            return [value]
        return [np.asarray(value).astype(CASTS[node["attr"]["DstT"]["type"]])]

    def op_Square(self, _node, value):
        return [self.emit("Mul", [value.name, value.name], value.shape)]

    def op_StridedSlice(self, node, value, begin, end, strides):
        masks = {
            key: self.attribute(node, f"{key}_mask") or 0
            for key in ("begin", "end", "shrink_axis", "ellipsis")
        }
        index = []
        for axis, (start, stop, step) in enumerate(zip(begin, end, strides)):
            bit = lambda key: masks[key] >> axis & 1
            if bit("ellipsis"):
                index.append(Ellipsis)
            elif bit("shrink_axis"):
                index.append(int(start))
            else:
                start = None if bit("begin") else int(start)
                stop = None if bit("end") else int(stop)
                index.append(slice(start, stop, int(step)))
        if not isinstance(value, Symbol):
            return [np.asarray(value)[tuple(index)]]
        # Which part of each axis is left, by cutting an array of the same shape.
        ranges = [np.arange(side) for side in value.shape]
        grids = np.meshgrid(*ranges, indexing="ij", sparse=True)
        left = [np.broadcast_to(grid, value.shape)[tuple(index)] for grid in grids]
        starts = [int(grid.min()) for grid in left]
        ends = [int(grid.max()) + 1 for grid in left]
        if ends == list(value.shape) and not any(starts):
            return [value]
        return [self.slice(value, starts, ends)]

    def op_Slice(self, _node, value, begin, size):
        ends = [
            int(start) + int(length) if length >= 0 else value.shape[axis]
            for axis, (start, length) in enumerate(zip(begin, size))
        ]
        return [self.slice(value, [int(start) for start in begin], ends)]

    def op_Pad(self, _node, value, paddings):
        paddings = np.asarray(paddings)
        shape = [side + int(pad.sum()) for side, pad in zip(value.shape, paddings)]
        order = [int(paddings[axis][end]) for end in (0, 1) for axis in NCHW]
        return [self.emit("Pad", [value.name, self.graph.integers(*order)], shape)]

    def op_Conv2D(self, node, source, weights):
        return [self.convolution(node, source, weights, None, depthwise=False)]

    def op__FusedConv2D(self, node, source, weights, bias):
        value = self.convolution(node, source, weights, bias, depthwise=False)
        return [self.activate(value, self.attribute(node, "fused_ops"))]

    def op_DepthwiseConv2dNative(self, node, source, weights):
        return self.op_FusedDepthwiseConv2dNative(node, source, weights, None)

    def op_FusedDepthwiseConv2dNative(self, node, source, weights, bias):
        activations = self.attribute(node, "fused_ops")
        if isinstance(source, Dilated):
            source.node, source.weights, source.bias = node, weights, bias
            source.activations = activations
            return [source]
        value = self.convolution(node, source, weights, bias, depthwise=True)
        return [self.activate(value, activations)]

    def op_SpaceToBatchND(self, _node, source, block, paddings):
        return [Dilated(source, [int(side) for side in block], paddings)]

    def op_BatchToSpaceND(self, _node, dilated, _block, crops):
        value = self.convolution(
            dilated.node, dilated.source, dilated.weights, dilated.bias, True, dilated, crops
        )
        return [self.activate(value, dilated.activations)]

    def op_ConcatV2(self, _node, *inputs):
        *values, axis = inputs
        axis = int(axis)
        if not any(isinstance(value, Symbol) for value in values):
            return [np.concatenate([np.atleast_1d(value) for value in values], axis)]
        axis %= 4
        shape = list(values[0].shape)
        shape[axis] = sum(value.shape[axis] for value in values)
        return [self.emit("Concat", [value.name for value in values], shape, axis=AXIS[axis])]

    def split(self, value, axis, sizes):
        parts, start = [], 0
        for size in sizes:
            shape = list(value.shape)
            shape[axis] = size
            names = [self.graph.integers(number) for number in (start, start + size, AXIS[axis])]
            parts.append(self.emit("Slice", [value.name, *names], shape))
            start += size
        return parts

    def op_Split(self, node, axis, value):
        axis, count = int(axis) % 4, self.attribute(node, "num_split")
        return self.split(value, axis, [value.shape[axis] // count] * count)

    def op_SplitV(self, _node, value, sizes, axis):
        return self.split(value, int(axis) % 4, [int(size) for size in sizes])

    def op_Mean(self, _node, value, axes):
        axes = sorted(int(axis) % 4 for axis in np.atleast_1d(axes))
        if axes == [1, 2]:
            return [self.emit("GlobalAveragePool", [value.name], (1, 1, 1, value.shape[3]))]
        if axes == [3]:
            return [self.emit("ReduceMean", [value.name], (*value.shape[:3], 1), axes=[1], keepdims=1)]
        raise SystemExit(f"a mean over the axes {axes} is not supported")

    def op_AvgPool(self, node, value):
        kernel = self.attribute(node, "ksize")[1:3]
        strides = self.attribute(node, "strides")[1:3]
        shape = (1, -(-value.shape[1] // strides[0]), -(-value.shape[2] // strides[1]), value.shape[3])
        if self.open:
            attributes = dict(kernel_shape=kernel, strides=strides, ceil_mode=1)
            return [self.emit("AveragePool", [value.name], shape, **attributes)]
        return [self.emit("AveragePool", [value.name], shape, kernel_shape=kernel, strides=strides)]

    def op_ResizeBilinear(self, _node, value, size):
        height, width = (int(side) for side in size)
        if (height, width) == value.shape[1:3]:
            return [value]
        if self.open:
            sizes = self.open.shape(value.shape[3], height, width)
        else:
            sizes = self.graph.integers(1, value.shape[3], height, width)
        return [
            self.emit(
                "Resize",
                [value.name, "", "", sizes],
                (1, height, width, value.shape[3]),
                mode="linear",
                coordinate_transformation_mode="half_pixel",
            )
        ]

    def op_BroadcastTo(self, _node, value, shape):
        if self.open:
            # A state: zeros of one pixel at first.
            _, height, width, channels = (int(side) for side in shape)
            sizes = self.open.shape(channels, height, width)
            return [self.emit("Expand", [value.name, sizes], (1, height, width, channels))]
        if tuple(int(side) for side in shape) != tuple(shape_of(value)):
            raise SystemExit("a broadcast to another shape is not supported")
        return [value]

    def convert(self, path):
        outputs = []
        for name, number in OUTPUTS.items():
            value = self.value("Identity" if number == 0 else f"Identity_{number}")
            self.graph.rename(value.name, name)
            outputs.append((name, value.nchw()))
        inputs = [(each.name, each.nchw()) for each in (self.picture, *self.states.values())]
        if self.open:
            inputs, outputs = ([(name, opened(name, shape)) for name, shape in each] for each in (inputs, outputs))
            inputs.append(("downsample_ratio", [1]))
        self.graph.save(path, inputs, outputs, "rvm_to_onnx")


def opened(name, shape):
    """The shape with names for height and width; the outputs that are pictures have those of the input."""
    stem = name if name[0] == "r" else "src"
    return [*shape[:2], f"{stem}_height", f"{stem}_width"]


def convert(source, target, height=None, width=None):
    """Converts `source` (.json, its weights in the .bin beside it) to the file `target`."""
    if height and (height % 16 or width % 16):
        raise SystemExit(f"{width}x{height}: both sides must be multiples of 16")
    source, target = pathlib.Path(source), pathlib.Path(target)
    model = json.loads(source.read_text())
    # The graph is walked from its end by recursion.
    sys.setrecursionlimit(10_000)
    data = source.with_suffix(".bin").read_bytes()
    if height:
        Converter(model, data, height, width).convert(target)
        return
    made = []
    for size in ((580, 836, 0.25), (1288, 1928, 0.125)):
        Converter(model, data, *size).convert(target)
        made.append(target.read_bytes())
    if made[0] != made[1]:
        raise SystemExit("the graph depends on the size that it was evaluated for")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 5):
        raise SystemExit(__doc__)
    convert(*sys.argv[1:3], *map(int, sys.argv[3:]))
