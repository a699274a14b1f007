# SPDX-License-Identifier: MPL-2.0
"""Channels of like size before quantisation: the same network, which loses less in 8 bits.

Activations are quantised with one scale a tensor, so a channel that never leaves 0..1 keeps two bits where another one
reaches 60. A ReLU commutes with a positive factor: channel c of one convolution is divided by s_c and the kernels that
read it are multiplied by s_c (cross-layer equalisation, Nagel et al. 2019). As what is read is measured on pictures, s_c
is that of SmoothQuant (Xiao et al. 2023): the root of the channel's largest activation over its readers' largest weight.
"""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper


def _readers(graph: onnx.GraphProto) -> dict[str, list[onnx.NodeProto]]:
    found: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            found.setdefault(name, []).append(node)
    return found


def _groups(node: onnx.NodeProto) -> int:
    return next((a.i for a in node.attribute if a.name == "group"), 1)


def pairs(graph: onnx.GraphProto) -> list[tuple[onnx.NodeProto, str, list[onnx.NodeProto]]]:
    """Convolutions whose output, after a ReLU or not, only convolutions read: (convolution, tensor, its readers)."""
    readers, outputs, found = _readers(graph), {o.name for o in graph.output}, []
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        tensor = node.output[0]
        first = readers.get(tensor, [])
        if len(first) == 1 and first[0].op_type == "Relu" and tensor not in outputs:
            tensor = first[0].output[0]
        last = readers.get(tensor, [])
        if last and tensor not in outputs and all(n.op_type == "Conv" and n.input[0] == tensor for n in last):
            found.append((node, tensor, last))
    return found


def _largest(model: onnx.ModelProto, tensors: list[str], pictures: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The largest value of each channel of `tensors` on `pictures`."""
    probe = onnx.ModelProto.FromString(model.SerializeToString())
    probe.graph.output.extend(onnx.ValueInfoProto(name=t) for t in tensors)
    session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    feed = session.get_inputs()[0].name
    largest = {t: np.float32(0) for t in tensors}
    for picture in pictures:
        for tensor, value in zip(tensors, session.run(tensors, {feed: picture})):
            largest[tensor] = np.maximum(largest[tensor], np.abs(value).max((0, 2, 3)))
    return largest


def equalise(model: onnx.ModelProto, pictures: list[np.ndarray]) -> onnx.ModelProto:
    """A copy of `model` that computes the same with channels of like size, measured on `pictures` (f32 [1, 3, H, W])."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    tensors = {t.name: t for t in model.graph.initializer}
    arrays = {name: numpy_helper.to_array(t).copy() for name, t in tensors.items()}
    found = pairs(model.graph)
    largest = _largest(model, [tensor for _, tensor, _ in found], pictures)
    for node, tensor, readers in found:
        reach = largest[tensor]
        dense = [np.abs(arrays[n.input[1]]).max((0, 2, 3)) for n in readers if _groups(n) == 1]
        # A depthwise kernel has a scale for each channel: any factor suits it.
        scale = np.sqrt(reach / np.maximum(np.max(dense, 0), 1e-9)) if dense else reach
        alive = (reach > 1e-6) & (scale > 1e-9)
        scale = np.where(alive, scale / np.median(scale[alive]) if alive.any() else 1, 1).astype(np.float32)
        for name in node.input[1:]:
            arrays[name] /= scale.reshape(-1, *[1] * (arrays[name].ndim - 1))
        for reader in readers:
            arrays[reader.input[1]] *= scale[None, :, None, None] if _groups(reader) == 1 else scale[:, None, None, None]
    for name, array in arrays.items():
        tensors[name].CopyFrom(numpy_helper.from_array(array, name))
    return model


# What a positive factor on a channel passes through, as it does through a convolution's row and column.
_PASSING = {"Add", "Relu", "Resize", "GlobalAveragePool", "AveragePool"}


def streams(graph: onnx.GraphProto) -> list[tuple[list[onnx.NodeProto], list[str], list[onnx.NodeProto]]]:
    """Tensors whose channels must share a factor, since sums join them, where only convolutions make and read them:
    (convolutions that make them, tensors, convolutions that read them)."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    kernels = {t.name for t in graph.initializer}
    for node in graph.node:
        if node.op_type in _PASSING:
            for name in (*node.input[:2 if node.op_type == "Add" else 1],):
                parent[root(name)] = root(node.output[0])
    # Whoever makes or reads a tensor in another way needs it as it is.
    fixed = {root(value.name) for value in (*graph.input, *graph.output)}
    made: dict[str, list[onnx.NodeProto]] = {}
    read: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        if node.op_type == "Conv":
            made.setdefault(root(node.output[0]), []).append(node)
            read.setdefault(root(node.input[0]), []).append(node)
        elif node.op_type not in _PASSING:
            fixed |= {root(name) for name in (*node.input, *node.output) if name and name not in kernels}
    tensors: dict[str, list[str]] = {}
    for node in graph.node:
        for name in node.output:
            tensors.setdefault(root(name), []).append(name)
    return [(made[name], tensors[name], read[name]) for name in made if name in read and name not in fixed]


def level(model: onnx.ModelProto, pictures: list[np.ndarray], rounds: int = 30, reach_weight: float = 0.5) -> onnx.ModelProto:
    """As `equalise`, for kernels with one scale each, and also along sums: the factor of a channel is shared by all that
    make and read it. Rows of the kernels that make it, its largest value and columns of those that read it meet halfway
    (Nagel et al. 2019); each round undoes a part of what the others did, so it takes some."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    tensors = {t.name: t for t in model.graph.initializer}
    arrays = {name: numpy_helper.to_array(t).copy() for name, t in tensors.items()}
    found = streams(model.graph)
    largest = _largest(model, [name for _, names, _ in found for name in names], pictures)
    reach = [np.max([largest[name] for name in names], 0) for _, names, _ in found]

    def relative(values: np.ndarray) -> np.ndarray:
        return np.log(np.clip(values / max(float(values.max()), 1e-12), 1e-4, 1))

    for _ in range(rounds):
        for number, (makers, _, readers) in enumerate(found):
            rows = [relative(np.abs(arrays[n.input[1]]).max((1, 2, 3))) for n in makers]
            columns = [relative(np.abs(arrays[n.input[1]]).max((0, 2, 3) if _groups(n) == 1 else (1, 2, 3))) for n in readers]
            out = (np.mean(rows, 0) + reach_weight * relative(reach[number])) / (1 + reach_weight)
            scale = np.exp((out - np.mean(columns, 0)) / 2).astype(np.float32)
            for node in makers:
                for name in node.input[1:]:
                    arrays[name] /= scale.reshape(-1, *[1] * (arrays[name].ndim - 1))
            for node in readers:
                arrays[node.input[1]] *= scale[None, :, None, None] if _groups(node) == 1 else scale[:, None, None, None]
            reach[number] = reach[number] / scale
    for name, array in arrays.items():
        tensors[name].CopyFrom(numpy_helper.from_array(array, name))
    return model
