#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes a plain f32 network of any size out of IS-Net as @imgly/background-removal publishes it.

usage: isnet_to_onnx.py IN.onnx OUT.onnx

The published file keeps f16 weights for a graph of 1024x1024 with a dozen outputs and casts
between. Out comes f32 throughout (faster on CPUs, which have no f16), the one output that is the
matte, and open sides: every Resize to a fixed size becomes one by a fixed factor. Sides must be
multiples of 128, so that each halving and doubling on the way is exact.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)


def to_float(tensor):
    if tensor.data_type == TensorProto.FLOAT16:
        array = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def convert(source, target):
    """Converts the file `source` to the file `target`."""
    model = onnx.load(source)
    graph = model.graph
    for tensor in graph.initializer:
        to_float(tensor)
    # Casts between the two float types mean nothing any more: their users take what they were made
    # of.
    origin, nodes = {}, []
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                to_float(attribute.t)
        if node.op_type == "Cast" and node.attribute[0].i in FLOATS:
            origin[node.output[0]] = node.input[0]
        else:
            nodes.append(node)

    def follow(name):
        while name in origin:
            name = origin[name]
        return name

    for node in nodes:
        for position, name in enumerate(node.input):
            node.input[position] = follow(name)
    output = graph.output[0].name
    if output in origin:
        nodes.append(onnx.helper.make_node("Identity", [follow(output)], [output]))
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.output[1:]
    del graph.value_info[:]
    for value in (graph.input[0], graph.output[0]):
        value.type.tensor_type.elem_type = TensorProto.FLOAT
    scale_by_factors(model)
    nodes = needed(list(graph.node), output)
    used = {name for node in nodes for name in node.input}
    constants = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(constants)
    for value in (graph.input[0], graph.output[0]):
        sides = value.type.tensor_type.shape.dim
        sides[2].dim_param, sides[3].dim_param = "height", "width"
    onnx.checker.check_model(model)
    pathlib.Path(target).write_bytes(model.SerializeToString(deterministic=True))


def scale_by_factors(model):
    """Replaces the fixed sizes of all Resize nodes by the factors that they stand for."""
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {
        value.name: [side.dim_value for side in value.type.tensor_type.shape.dim]
        for value in [*inferred.value_info, *inferred.output]
    }
    for node in model.graph.node:
        if node.op_type == "Resize":
            before, after = shapes[node.input[0]], shapes[node.output[0]]
            factors = [a / b for a, b in zip(after, before)]
            if not all(factor.is_integer() for factor in factors):
                raise SystemExit(f"{node.name} scales {before} to {after}, not by a whole factor")
            name = f"{node.output[0]}_factors"
            array = np.array(factors, np.float32)
            model.graph.initializer.append(numpy_helper.from_array(array, name))
            del node.input[1:]
            node.input.extend(["", name])


def needed(nodes, output):
    """The nodes that lead to `output`, in their order."""
    makers = {name: node for node in nodes for name in node.output}
    wanted, seen = [output], set()
    while wanted:
        node = makers.get(wanted.pop())
        if node is not None and id(node) not in seen:
            seen.add(id(node))
            wanted.extend(node.input)
    return [node for node in nodes if id(node) in seen]


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    convert(*sys.argv[1:])
