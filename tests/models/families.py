#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes small files with the names, sides and operators of networks that many people have, and with
random weights: for families of which no real file can be fetched from a package.

usage: families.py [FOLDER]        needs the PyPI packages onnx and numpy

Each draws its weights from the same seed, so that the files come out the same each time. They are kept in
the repository. scripts/models/compare.py compares their mattes with Python's.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import checker, helper, numpy_helper

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
F32, F16, U8, I64 = T.FLOAT, T.FLOAT16, T.UINT8, T.INT64


class Net:
    """A graph that grows: each method adds an operator and gives the name of what it makes."""

    def __init__(self, kind=np.float32):
        self.random, self.nodes, self.constants, self.kind = np.random.default_rng(20), [], [], kind

    def const(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def number(self, value):
        return self.const(self.kind(value))

    def ints(self, *values):
        return self.const(np.array(values, np.int64))

    def weights(self, *sides, scale=1.0):
        values = self.random.normal(0, scale / np.sqrt(np.prod(sides[1:])), sides)
        return self.const(values.astype(self.kind))

    def add(self, op, *inputs, name=None, **attributes):
        name = name or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def conv(self, x, to, of, side=1, name=None, scale=1.0, favour=None, **attributes):
        """A convolution; the channel `favour` is larger than the others, as a person's in a portrait."""
        weights = self.weights(to, of // attributes.get("group", 1), side, side, scale=scale)
        pad = attributes.pop("pads", [side // 2 * attributes.get("dilations", [1])[0]] * 4)
        bias = self.random.normal(0, 0.3, to)
        if favour is not None:
            bias[favour] += scale
        return self.add("Conv", x, weights, self.const(bias.astype(self.kind)), name=name, pads=pad, **attributes)

    def norm(self, x, channels):
        scale = self.const(np.ones(channels, self.kind))
        return self.add("LayerNormalization", x, scale, self.const(np.zeros(channels, self.kind)), axis=-1)

    def attention(self, x, channels):
        """Tokens (1, tokens, channels) look at each other."""
        normal = self.norm(x, channels)
        query, key, what = (self.add("MatMul", normal, self.weights(channels, channels)) for _ in range(3))
        scores = self.add("MatMul", query, self.add("Transpose", key, perm=[0, 2, 1]))
        share = self.add("Softmax", self.add("Mul", scores, self.number(channels**-0.5)), axis=-1)
        return self.add("Add", x, self.add("MatMul", share, what))

    def gelu(self, x):
        inner = self.add("Erf", self.add("Div", x, self.number(2**0.5)))
        return self.add("Mul", self.add("Mul", x, self.add("Add", inner, self.number(1))), self.number(0.5))

    def tokens(self, x, channels):
        flat = self.add("Reshape", x, self.ints(1, channels, -1))
        return self.add("Transpose", flat, perm=[0, 2, 1])

    def picture(self, tokens, like):
        """Tokens as the picture that they were."""
        return self.add("Reshape", self.add("Transpose", tokens, perm=[0, 2, 1]), self.add("Shape", like))

    def resize(self, x, scale, name=None, mode="linear"):
        scales = self.const(np.array([1, 1, scale, scale], np.float32))
        extra = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"} if mode == "nearest" else {
            "coordinate_transformation_mode": "half_pixel"}
        return self.add("Resize", x, "", scales, name=name, mode=mode, **extra)

    def save(self, name, inputs, outputs, metadata=None):
        values = [[helper.make_tensor_value_info(n, kind, sides) for n, kind, sides in all] for all in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, "main_graph", *values, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version, model.producer_name = 8, ""
        helper.set_model_props(model, metadata or {})
        checker.check_model(model)
        (FOLDER / f"family_{name}.onnx").write_bytes(model.SerializeToString())


def birefnet(name, source, target, sides):
    """A transformer on windows of the picture, and a way up that looks at the picture again."""
    net = Net()
    low = net.conv(source, 8, 3, side=16, strides=[16, 16], pads=[0] * 4)
    small = net.add("AveragePool", low, kernel_shape=[4, 4], strides=[4, 4])
    seen = net.picture(net.gelu(net.attention(net.tokens(small, 8), 8)), small)
    joined = net.add("Concat", net.resize(seen, 4.0), low, axis=1)
    score = net.conv(net.add("Relu", net.conv(joined, 8, 16, side=3)), 1, 8, scale=6)
    net.add("Sigmoid", net.resize(score, 16.0), name=target)
    net.save(name, [(source, F32, sides)], [(target, F32, [sides[0], 1, *sides[2:]])])


birefnet("birefnet", "input_image", "output_image", [1, 3, 1024, 1024])
birefnet("rmbg2", "pixel_values", "alphas", ["batch_size", 3, "height", "width"])

for name, classes, sides in (("segformer", 150, ["batch_size", 3, "height", "width"]),
                             ("segformer_city", 19, [1, 3, 512, 1024])):
    net = Net()
    low = net.conv("pixel_values", 8, 3, side=7, strides=[4, 4], pads=[3] * 4)
    small = net.conv(low, 8, 8, side=8, strides=[8, 8], pads=[0] * 4)
    mixed = net.picture(net.attention(net.tokens(small, 8), 8), small)
    mixed = net.gelu(net.conv(mixed, 8, 8, side=3, group=8))
    joined = net.add("Concat", net.resize(mixed, 8.0), low, axis=1)
    net.conv(net.add("Relu", net.conv(joined, 16, 16)), classes, 16, scale=6, name="logits",
             favour={150: 12, 19: 11}[classes])
    out = [sides[0], classes, *("h4", "w4")] if isinstance(sides[2], str) else [1, classes, sides[2] // 4, sides[3] // 4]
    net.save(name, [("pixel_values", F32, sides)], [("logits", F32, out)])

net = Net()
low = net.add("Relu", net.conv("input", 8, 3, side=3, strides=[8, 8]))
wide = net.conv(low, 8, 8, side=3, dilations=[12, 12])
whole = net.resize(net.conv(net.add("GlobalAveragePool", low), 8, 8), 65.0)
joined = net.add("Concat", wide, whole, axis=1)
net.resize(net.conv(net.add("Relu", joined), 21, 16, scale=6, favour=15), 8.0, name="out")
net.resize(net.conv(low, 21, 8), 8.0, name="aux")
net.save("torchvision", [("input", F32, [1, 3, 520, 520])],
         [("out", F32, [1, 21, 520, 520]), ("aux", F32, [1, 21, 520, 520])])

net = Net()
picture = net.add("Transpose", net.add("Cast", "ImageTensor:0", to=F32), perm=[0, 3, 1, 2])
signed = net.add("Sub", net.add("Div", picture, net.number(127.5)), net.number(1))
score = net.conv(net.add("Clip", net.conv(signed, 8, 3, side=3), net.number(0), net.number(6)), 21, 8, scale=6)
net.add("ArgMax", score, name="SemanticPredictions:0", axis=1, keepdims=0)
net.save("deeplab_tf", [("ImageTensor:0", U8, [1, "height", "width", 3])],
         [("SemanticPredictions:0", I64, ["n", "rows", "columns"])])

net = Net()
score = net.conv(net.add("Relu", net.conv("x", 8, 3, side=3, strides=[4, 4])), 2, 8, scale=6)
net.add("Softmax", net.resize(score, 4.0), name="save_infer_model/scale_0.tmp_1", axis=1)
net.save("pphumanseg", [("x", F32, [1, 3, 192, 192])], [("save_infer_model/scale_0.tmp_1", F32, [1, 2, 192, 192])])

# The half floats of RobustVideoMatting's own release, with one of its four states.
net = Net(np.float16)
low = net.conv("src", 4, 3, side=3, strides=[2, 2])
update = net.add("Sigmoid", net.conv(low, 4, 4))
kept = net.add("Mul", update, "r1i")
now = net.add("Mul", net.add("Sub", net.number(1), update), net.add("Tanh", low))
net.add("Add", kept, now, name="r1o")
up = net.resize("r1o", 2.0)
net.add("Clip", net.conv(up, 1, 4, side=3, scale=4), net.number(0), net.number(1), name="pha")
net.add("Identity", "src", name="fgr")
net.save("rvm_half", [("src", F16, ["n", 3, "h", "w"]), ("r1i", F16, ["n", "c", "h2", "w2"])],
         [("fgr", F16, ["n", 3, "h", "w"]), ("pha", F16, ["n", 1, "h", "w"]), ("r1o", F16, ["n", 4, "h2", "w2"])])

net = Net()
score = net.conv(net.add("Relu", net.conv("images", 8, 3, side=3, strides=[8, 8])), 3, 8, scale=6)
net.resize(score, 8.0, name="output0")
net.save("yolo_sem", [("images", F32, [1, 3, 640, 640])], [("output0", F32, [1, 3, 640, 640])],
         {"task": "semantic", "names": "{0: 'road', 1: 'person', 2: 'car'}"})

# Boxes of anchors of three strides, scores of 80 classes and 32 coefficients; 32 prototypes.
COCO = {"task": "segment", "names": "{" + ", ".join(f"{i}: '{'person' if i == 0 else f'thing {i}'}'" for i in range(80)) + "}"}


def yolo(best):
    net = Net()
    prototypes = net.conv("images", 32, 3, side=3, strides=[4, 4], scale=3, name="output1")
    rows = []
    for stride in (8, 16, 32):
        side = 640 // stride
        features = net.add("Mul", *(lambda t: (t, net.add("Sigmoid", t)))(
            net.conv("images", 16, 3, side=3, strides=[stride, stride])))
        raw = net.conv(features, 116, 16, scale=2)
        rows.append(net.add("Reshape", raw, net.ints(1, 116, side * side)))
    raw = net.add("Concat", *rows, axis=2)
    boxes, scores, coefficients = (
        net.add("Slice", raw, net.ints(a), net.ints(b), net.ints(1)) for a, b in ((0, 4), (4, 84), (84, 116)))
    grid = [(x + 0.5, y + 0.5, stride) for stride in (8, 16, 32) for y in range(640 // stride) for x in range(640 // stride)]
    middle = np.array([[x * s, y * s] for x, y, s in grid], np.float32).T[None]
    size = np.array([[s * 6, s * 9] for *_, s in grid], np.float32).T[None]
    # Halves hold these numbers exactly.
    place, step = (net.add("Cast", net.const(np.concatenate(pair, 1).astype(np.float16)), to=F32)
                   for pair in ((middle, size), (size / 4, size / 4)))
    boxes = net.add("Add", net.add("Mul", net.add("Tanh", boxes), step), place)
    # Most scores are small, a person's is larger.
    less = np.full((1, 80, 1), 7, np.float32)
    less[0, 0] = 3
    scores = net.add("Sub", net.add("Mul", scores, net.number(2)), net.const(less))
    # No two are alike, or their order would be open.
    counted = net.add("Range", *(net.const(np.float32(n)) for n in (0, 8400, 1)))
    scores = net.add("Sigmoid", net.add("Sub", scores, net.add("Mul", counted, net.number(1e-4))))
    if not best:
        net.add("Concat", boxes, scores, coefficients, name="output0", axis=1)
        net.save("yolo_seg", [("images", F32, [1, 3, 640, 640])],
                 [("output0", F32, [1, 116, 8400]), ("output1", F32, [1, 32, 160, 160])], COCO)
        return
    most = net.add("ReduceMax", scores, axes=[1], keepdims=1)
    kind = net.add("Cast", net.add("ArgMax", scores, axis=1, keepdims=1), to=F32)
    corners = [net.add("Slice", boxes, net.ints(a), net.ints(a + 2), net.ints(1)) for a in (0, 2)]
    half = net.add("Mul", corners[1], net.number(0.5))
    all = net.add("Concat", net.add("Sub", corners[0], half), net.add("Add", corners[0], half), most, kind,
                  coefficients, axis=1)
    flat = net.add("Reshape", most, net.ints(1, 8400))
    net.nodes.append(helper.make_node("TopK", [flat, net.ints(300)], ["top", "where"], axis=1))
    row = net.add("Reshape", "where", net.ints(300))
    net.add("Transpose", net.add("Gather", all, row, axis=2), name="output0", perm=[0, 2, 1])
    net.save("yolo26_seg", [("images", F32, [1, 3, 640, 640])],
             [("output0", F32, [1, 300, 38]), ("output1", F32, [1, 32, 160, 160])], COCO)


yolo(best=False)
yolo(best=True)
