#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes the tiny ONNX models of the tests, a few hundred bytes each.

usage: make.py [FOLDER]        needs the PyPI packages onnx and numpy

Each model computes something that a test can work out by hand from its input. The files are kept in
the repository, so that the tests need no Python; run this after a change and commit the result.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import checker, helper, numpy_helper

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
F32, F16, U8, I64 = T.FLOAT, T.FLOAT16, T.UINT8, T.INT64


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def const(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def settled(picture):
    """What a description says of a picture's numbers, so that nothing of it is guessed."""
    kind = picture.type.tensor_type
    sides = [side.dim_value for side in kind.shape.dim]
    said = {"matte.input.order": "rgb"} if 3 in sides[1:] else {}
    return said | ({"matte.input.range": "[0, 1]"} if kind.elem_type in (F32, F16) else {})


def save(name, nodes, inputs, outputs, constants=(), metadata=None, guessed=False):
    """Writes a model. `guessed` leaves out what a description says of the picture's numbers."""
    metadata = metadata if guessed else {**settled(inputs[0]), **(metadata or {})}
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    model.producer_name = ""
    helper.set_model_props(model, metadata or {})
    checker.check_model(model)
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())


def channel(source, index, target, axis=1):
    """Nodes and constants that take one channel out of a tensor."""
    names = [f"{target}_{part}" for part in ("start", "end", "axis")]
    constants = [const(n, np.array([v], np.int64)) for n, v in zip(names, (index, index + 1, axis))]
    return [node("Slice", " ".join([source, *names]), target)], constants


IMAGE, OPEN = [1, 3, 6, 8], [1, 3, "h", "w"]

# The green channel is the alpha, between 0 and 1.
nodes, consts = channel("image", 1, "green")
green = nodes, consts
clip = [const("zero", np.float32(0)), const("one", np.float32(1))]
save("alpha", nodes + [node("Clip", "green zero one", "alpha")], [value("image", F32, IMAGE)],
     [value("alpha", F32, [1, 1, 6, 8])], consts + clip)

# The same without the Clip: nothing tells what the values mean. Also used for NaN and infinity.
save("bare", nodes + [node("Identity", "green", "mask")], [value("image", F32, IMAGE)],
     [value("mask", F32, [1, 1, 6, 8])], consts)

# The same matte for every room: no subject, one in the left half, and no values at all (NaN).
nodes, consts = channel("image", 1, "green")
flat = nodes + [node("Clip", "green zero one", "within"), node("Mul", "within zero", "nothing")]
left = np.zeros((1, 1, 6, 8), np.float32)
left[..., :4] = 1
for name, same in (("nowhere", np.zeros_like(left)), ("left", left), ("never", np.full_like(left, np.nan))):
    save(name, flat + [node("Add", "nothing same", "alpha")], [value("image", F32, IMAGE)],
         [value("alpha", F32, [1, 1, 6, 8])], consts + clip + [const("same", same)],
         metadata={"matte.output.kind": "alpha"})

# Two classes: minus red, and red. The subject's share is sigmoid(2 * red).
red, red_consts = channel("image", 0, "red")
save("classes", red + [node("Neg", "red", "minus"), node("Concat", "minus red", "both", axis=1),
                       node("Conv", "both eye", "scores")],
     [value("image", F32, IMAGE)], [value("scores", F32, [1, 2, 6, 8])],
     red_consts + [const("eye", np.eye(2, dtype=np.float32).reshape(2, 2, 1, 1))])

# The same with the softmax inside of the model.
save("softmax", red + [node("Neg", "red", "minus"), node("Concat", "minus red", "both", axis=1),
                       node("Softmax", "both", "shares", axis=1)],
     [value("image", F32, IMAGE)], [value("shares", F32, [1, 2, 6, 8])], red_consts)

# One channel before the sigmoid: eight times red, minus 4.
save("logits", [node("Conv", "image weights bias", "score")],
     [value("image", F32, IMAGE)], [value("score", F32, [1, 1, 6, 8])],
     [const("weights", np.array([8, 0, 0], np.float32).reshape(1, 3, 1, 1)), const("bias", np.array([-4], np.float32))])

# The index of the strongest channel; the subject's classes are told by metadata.
save("labels", [node("ArgMax", "image", "label", axis=1, keepdims=0)],
     [value("image", F32, IMAGE)], [value("label", I64, [1, 6, 8])],
     metadata={"matte.output.labels": '["background", "person", "cat"]', "matte.input.range": "[0, 1]"})

# Pixels with their channels together, in and out.
nodes, consts = channel("image", 1, "green", axis=3)
save("nhwc", nodes + [node("Sigmoid", "green", "alpha")], [value("image", F32, [1, 6, 8, 3])],
     [value("alpha", F32, [1, 6, 8, 1])], consts)

# Bytes in, bytes out.
nodes, consts = channel("image", 2, "blue")
save("bytes", nodes + [node("Identity", "blue", "alpha")], [value("image", U8, IMAGE)],
     [value("alpha", U8, [1, 1, 6, 8])], consts, metadata={"matte.output.kind": "alpha"})

# Half floats in and out.
nodes, consts = channel("image", 0, "red")
save("half", nodes + [node("Identity", "red", "alpha")], [value("image", F16, IMAGE)],
     [value("alpha", F16, [1, 1, 6, 8])], consts, metadata={"matte.output.kind": "alpha"})

# Gray in, alpha out, every side open.
save("gray", [node("Clip", "image zero one", "alpha")], [value("image", F32, [1, 1, "h", "w"])],
     [value("alpha", F32, [1, 1, "h", "w"])], clip)

# Recurrent: alpha is half the red channel and half of what was there before; its state leaves its
# size open and grows from 1x1. A further output and a constant input, as RVM has.
save("recurrent", red + [node("Mul", "red ratio", "now"), node("Mul", "h_in ratio", "before"),
                         node("Add", "now before", "h_out"), node("Clip", "h_out zero one", "pha"),
                         node("Identity", "image", "fgr")],
     [value("image", F32, ["n", 3, "h", "w"]), value("h_in", F32, ["n", "c", "hs", "ws"]),
      value("ratio", F32, [1])],
     [value("fgr", F32, ["n", 3, "h", "w"]), value("pha", F32, ["n", 1, "h", "w"]),
      value("h_out", F32, ["n", 1, "h", "w"])], red_consts + clip)

# Any scale; the lowest and the highest value become 0 and 1.
nodes, consts = channel("image", 0, "red")
save("minmax", nodes + [node("Mul", "red ten", "scaled")], [value("image", F32, IMAGE)],
     [value("scaled", F32, [1, 1, 6, 8])], consts + [const("ten", np.float32(10))],
     metadata={"matte.output.kind": "minmax"})

# A picture of more channels than anything holds.
nodes, consts = channel("image", 1, "green")
save("immense", nodes + [node("Identity", "green", "alpha")], [value("image", F32, [1, 1 << 31, 6, 8])],
     [value("alpha", F32, [1, 1, 6, 8])], consts)

# Logarithm of the red channel: infinite at 0, NaN below.
save("nan", red + [node("Log", "red", "mask")], [value("image", F32, IMAGE)],
     [value("mask", F32, [1, 1, 6, 8])], red_consts, metadata={"matte.output.kind": "alpha"})

# Numbers that are no alpha of 0 to 1, though a Clip ends them as it ends one: green from 0 to 255,
# from -1 to 1, and a convolution of red and green from 0 to 6. As they are, and told to be such an
# alpha.
nodes, consts = green
for told in ("", "told_"):
    for name, factor, offset, low, high in (("clip255", 255, 0, 0, 255), ("clip_both", 2, -1, -1, 1)):
        save(told + name, nodes + [node("Mul", "green factor", "scaled"), node("Add", "scaled offset", "moved"),
                                   node("Clip", "moved low high", "alpha")],
             [value("image", F32, IMAGE)], [value("alpha", F32, [1, 1, 6, 8])],
             consts + [const(n, np.float32(v)) for n, v in
                       (("factor", factor), ("offset", offset), ("low", low), ("high", high))],
             metadata={"matte.output.range": "[0, 1]"} if told else None)
    save(told + "relu6", [node("Conv", "image weights", "sum"), node("Clip", "sum low high", "alpha")],
         [value("image", F32, IMAGE)], [value("alpha", F32, [1, 1, 6, 8])],
         [const("weights", np.array([3, 8, 0], np.float32).reshape(1, 3, 1, 1)), const("low", np.float32(0)),
          const("high", np.float32(6))],
         metadata={"matte.output.kind": "alpha"} if told else None)

# The sigmoid of green, given as people give it: from 0 to 255, as a hyperbolic tangent, in other
# types, quantised, as a mask, as one of two classes, with rows and columns as one side, with a side
# more or less.
BOOL, F64, I8 = T.BOOL, T.DOUBLE, T.INT8
soft = nodes + [node("Sigmoid", "green", "soft")]
ONE = [1, 1, 6, 8]


def given(name, steps, constants=(), kind=F32, shape=ONE, image=IMAGE, start=soft):
    save(f"given_{name}", [*start, *steps], [value("image", F32, image)], [value("alpha", kind, shape)],
         [*consts, *(const(n, v) for n, v in constants)])


given("scaled", [node("Mul", "soft factor", "alpha")], [("factor", np.float32(255))])
given("tanh", [node("Tanh", "green", "alpha")], start=nodes)
given("double", [node("Cast", "soft", "alpha", to=F64)], kind=F64)
given("mask", [node("Greater", "green half", "alpha")], [("half", np.float32(0.5))], kind=BOOL, start=nodes)
given("less", [node("Less", "green half", "alpha")], [("half", np.float32(0.5))], kind=BOOL, start=nodes)
given("class_0", [node("ArgMax", "image", "label", axis=1), node("Equal", "label zero", "alpha")],
      [("zero", np.int64(0))], kind=BOOL, start=[])
for name, dtype, kind, scale, zero in (("u8", np.uint8, U8, 1 / 128, 0), ("i8", np.int8, I8, 1 / 256, -128)):
    given(name, [node("QuantizeLinear", "soft scale zero", "alpha")],
          [("scale", np.float32(scale)), ("zero", dtype(zero))], kind=kind)
two = nodes + [node("Mul", "green none", "zeros"), node("Concat", "zeros green", "both", axis=1)]
given("slice", [node("Softmax", "both", "shares", axis=1), node("Slice", "shares from to axis", "alpha")],
      [("none", np.float32(0)), *((n, np.array([v], np.int64)) for n, v in (("from", 1), ("to", 2), ("axis", 1)))],
      start=two)
given("flat", [node("Reshape", "soft size", "alpha")], [("size", np.array([1, 48], np.int64))], shape=[1, 48])
given("flat_classes", [node("Transpose", "both", "last", perm=[0, 2, 3, 1]), node("Reshape", "last size", "flat"),
                       node("Softmax", "flat", "alpha", axis=2)],
      [("none", np.float32(0)), ("size", np.array([1, 48, 2], np.int64))], shape=[1, 48, 2], start=two)
for name, image, shape in (("five", [1, *IMAGE], [1, *ONE]), ("three", IMAGE[1:], ONE[2:])):
    channels, inner = channel("picture", 1, "green")
    save(f"given_{name}", [node("Reshape", "image four", "picture"), *channels, node("Sigmoid", "green", "soft"),
                           node("Reshape", "soft out", "alpha")],
         [value("image", F32, image)], [value("alpha", F32, shape)],
         [*inner, const("four", np.array(IMAGE, np.int64)), const("out", np.array(shape, np.int64))])

# Pictures of other types, 0 to 255 or -128 to 127.
I32 = T.INT32
for name, kind, steps, constants in (
        ("double", F64, [node("Cast", "image", "picture", to=F32)], []),
        ("i32", I32, [node("Cast", "image", "float", to=F32), node("Div", "float factor", "picture")],
         [const("factor", np.float32(255))]),
        ("i8", I8, [node("DequantizeLinear", "image scale zero", "picture")],
         [const("scale", np.float32(1 / 255)), const("zero", np.int8(-128))])):
    channels, inner = channel("picture", 1, "green")
    save(f"taken_{name}", [*steps, *channels, node("Clip", "green zero_f one", "alpha")],
         [value("image", kind, IMAGE)], [value("alpha", F32, ONE)],
         [*inner, *constants, const("zero_f", np.float32(0)), const("one", np.float32(1))], guessed=True)

# What is to be read from the first layers: green as alpha behind layers that take the picture from 0 to
# 255, from -1 to 1, less ImageNet's means, turned over; sides that are open, and no sides at all.
def fed(name, steps, constants=(), kind=F32, image=IMAGE, last="picture"):
    green_only = np.array([0, 1, 0], np.float32).reshape(1, 3, 1, 1)
    save(f"fed_{name}", [*steps, node("Conv", f"{last} weights", "green"), node("Clip", "green low high", "alpha")],
         [value("image", kind, image)], [value("alpha", F32, ONE if image == IMAGE else [1, 1, "oh", "ow"])],
         [const("weights", green_only), *(const(n, v) for n, v in constants),
          const("low", np.float32(0)), const("high", np.float32(1))], guessed=True)


def each(*values):
    return np.array(values, np.float32).reshape(1, 3, 1, 1)


fed("plain", [], last="image")
fed("bytes", [node("Div", "image most", "picture")], [("most", np.float32(255))])
fed("signed", [node("Add", "image one", "above"), node("Mul", "above half", "picture")],
    [("one", np.float32(1)), ("half", np.float32(0.5))])
fed("turned", [node("Sub", "one image", "picture")], [("one", np.float32(1))])
for name, order in (("rgb", 1), ("bgr", -1)):
    fed(f"imagenet_{name}", [node("Sub", "image mean", "around"), node("Div", "around std", "picture")],
        [("mean", each(*np.float32([123.675, 116.28, 103.53])[::order])),
         ("std", each(*np.float32([58.395, 57.12, 57.375])[::order]))])
fed("layer", [node("BatchNormalization", "image scale bias mean variance", "picture", epsilon=0.0)],
    [(n, np.full(3, v, np.float32)) for n, v in (("scale", 0.5), ("bias", 0.5), ("mean", 127.5), ("variance", 127.5**2))])
fed("open", [], image=["n", "c", "h", "w"], last="image")
fed("open_last", [node("Transpose", "image", "picture", perm=[0, 3, 1, 2])], image=["n", "h", "w", "c"])
fed("nothing", [], last="image")
unshaped = onnx.load(FOLDER / "fed_nothing.onnx")
for tensor in (*unshaped.graph.input, *unshaped.graph.output):
    tensor.type.tensor_type.ClearField("shape")
(FOLDER / "fed_nothing.onnx").write_bytes(unshaped.SerializeToString())

# Alphas that cannot be told from what the graph says: turned over, the first class, regressed by a
# convolution; scores and classes in whole numbers, classes that do not exclude each other, their
# logarithms, and a mask beside what it was made of.
given("background", [node("Neg", "green", "minus"), node("Sigmoid", "minus", "alpha")], start=nodes)
given("first", [node("Softmax", "both", "shares", axis=1), node("Slice", "shares from to axis", "alpha")],
      [("none", np.float32(0)), *((n, np.array([v], np.int64)) for n, v in (("from", 0), ("to", 1), ("axis", 1)))],
      start=two)
given("conv", [node("Conv", "image weights", "alpha")], [("weights", each(0, 1, 0))], start=[])
save("told_conv", [node("Conv", "image weights", "alpha")], [value("image", F32, IMAGE)], [value("alpha", F32, ONE)],
     [const("weights", each(0, 1, 0))], metadata={"matte.output.kind": "logits"})
for name, dtype, kind, scale, zero in (("u8", np.uint8, U8, 0.05, 128), ("i8", np.int8, I8, 0.05, 0)):
    given(f"logits_{name}", [node("Conv", "image weights", "score"), node("QuantizeLinear", "score scale zero", "alpha")],
          [("weights", each(0, 1, 0)), ("scale", np.float32(scale)), ("zero", dtype(zero))], kind=kind, start=[])
PAIR = [1, 2, 6, 8]
halves = [node("Conv", "image pair", "both")]
pair = ("pair", np.array([[0, 0, 0], [0, 1, 0]], np.float32).reshape(2, 3, 1, 1))
given("classes_u8", [node("QuantizeLinear", "both scale zero", "alpha")],
      [pair, ("scale", np.float32(0.05)), ("zero", np.uint8(100))], kind=U8, shape=PAIR, start=halves)
given("softmax_i8", [node("Softmax", "both", "shares", axis=1), node("QuantizeLinear", "shares scale zero", "alpha")],
      [pair, ("scale", np.float32(1 / 256)), ("zero", np.int8(-128))], kind=I8, shape=PAIR, start=halves)
given("each", [node("Sigmoid", "both", "alpha")], [pair], shape=PAIR, start=halves)
given("log", [node("LogSoftmax", "both", "alpha", axis=1)], [pair], shape=PAIR, start=halves)
save("given_two", [*halves, node("Softmax", "both", "shares", axis=1),
                   node("ArgMax", "both", "label", axis=1)],
     [value("image", F32, IMAGE)], [value("label", I64, ONE), value("shares", F32, PAIR)], [const(*pair)])

# Two pictures at once; a fourth channel, which becomes the alpha, before and behind the others; rows and
# columns of one name; sides that must be multiples of 32, as the way down and up again wants it.
save("batch", [node("Conv", "image weights", "green"), node("Sigmoid", "green", "alpha")],
     [value("image", F32, [2, 3, 6, 8])], [value("alpha", F32, [2, 1, 6, 8])], [const("weights", each(0, 1, 0))])
rest, rest_consts = channel("image", 3, "rest")
save("fourth", rest + [node("Clip", "rest zero one", "alpha")], [value("image", F32, [1, 4, 6, 8])],
     [value("alpha", F32, ONE)], rest_consts + clip, metadata={"matte.input.order": "rgb"})
rest, rest_consts = channel("image", 3, "rest", axis=3)
greens, green_consts = channel("image", 1, "green", axis=3)
half = const("half", np.float32(0.5))
save("fourth_last", [*rest, *greens, node("Mul", "rest half", "before"), node("Mul", "green half", "now"),
                     node("Add", "before now", "sum"), node("Clip", "sum zero one", "alpha")],
     [value("image", F32, [1, 6, 8, 4])], [value("alpha", F32, [1, 6, 8, 1])],
     rest_consts + green_consts + clip + [half],
     metadata={"matte.input.order": "rgb", "matte.input.fourth": "matte"})
save("one_side", green[0] + [node("Clip", "green zero one", "alpha")], [value("image", F32, [1, 3, "side", "side"])],
     [value("alpha", F32, [1, 1, "side", "side"])], green[1] + clip)
down = [node("MaxPool", f"{'image' if i == 0 else f'down{i}'}", f"down{i + 1}", kernel_shape=[2, 2], strides=[2, 2])
        for i in range(5)]
save("halves", [*down, node("Resize", "down5 none scales", "up", mode="nearest"), node("Add", "image up", "sum"),
                node("Conv", "sum weights", "green"), node("Sigmoid", "green", "alpha")],
     [value("image", F32, OPEN)], [value("alpha", F32, [1, 1, "h", "w"])],
     [const("weights", each(0, 1, 0)), const("none", np.array([], np.float32)),
      const("scales", np.array([1, 1, 32, 32], np.float32))])

# Instances as YOLO gives them. The prototypes are red, green and blue of every fourth pixel, and nothing.
# Detections: one of class 0 with green as its mask in the left half, one of class 1, and weak ones. Then
# the same with the best chosen inside, and a large one of which every detection is the same, for benchmarks.
def instances(name, height, width, prototypes, columns, boxes, steps=(), constants=()):
    weights = np.zeros((prototypes, 3, 1, 1), np.float32)
    weights[:3, :, 0, 0] = np.eye(3)
    save(name, [node("Conv", "images weights", "output1", strides=[4, 4]), *steps,
                node("ReduceMean", "images", "mean", keepdims=0), node("Mul", "mean nothing", "zero"),
                node("Add", "boxes zero", "output0")],
         [value("images", F32, [1, 3, height, width])],
         [value("output0", F32, [1, *columns]), value("output1", F32, [1, prototypes, height // 4, width // 4])],
         [const("weights", weights), const("nothing", np.float32(0)), const(boxes[0], boxes[1]),
          *(const(n, v) for n, v in constants)],
         metadata={"task": "segment", "names": "{0: 'person', 1: 'dog'}"}, guessed=True)


green_mask = [0, 8, 0, 0, 0, 0, 0, 0]
rows = [[8, 12, 16, 24, 0.9, 0.0, *green_mask], [16, 12, 32, 24, 0.1, 0.8, *green_mask]]
rows += [[16, 12, 32, 24, 0.2, 0.0, *green_mask]] * 8
instances("instances", 24, 32, 8, (14, 10), ("boxes", np.array([rows], np.float32).transpose(0, 2, 1)))
best = [[0, 0, 16, 24, 0.9, 0, *green_mask], [0, 0, 32, 24, 0.8, 1, *green_mask], [0] * 14]
instances("instances_best", 24, 32, 8, (3, 14), ("boxes", np.array([best], np.float32)))
one = np.array([320, 320, 640, 640, 0.9, 0.1] + [0.1] * 32, np.float32).reshape(1, 38, 1)
instances("instances_large", 640, 640, 32, (38, 8400), ("one", one), [node("Expand", "one all", "boxes")],
          [("all", np.array([1, 38, 8400], np.int64))])

# What is left of the kinds that people have: other types, other ends of a graph, more inputs. Each gives
# the sigmoid of green, or labels and masks made of it, or is asked about.
BF16, I16, U16 = T.BFLOAT16, T.INT16, T.UINT16
nodes, consts = green
given("bf16", [node("Cast", "soft", "alpha", to=BF16)], kind=BF16, start=soft)
for name, kind in (("i16", I16), ("u16", U16)):
    given(f"labels_{name}", [node("ArgMax", "image", "label", axis=1), node("Cast", "label", "alpha", to=kind)],
          kind=kind, start=[])
for name, kind in (("i64", I64), ("u8", U8)):
    given(f"mask_{name}", [node("Greater", "green half", "over"), node("Cast", "over", "alpha", to=kind)],
          [("half", np.float32(0.5))], kind=kind, start=nodes)
given("bytes", [node("Mul", "soft most", "large"), node("Cast", "large", "alpha", to=U8)], [("most", np.float32(255))],
      kind=U8, start=soft)
given("hard", [node("HardSigmoid", "green", "alpha")], start=nodes)
given("gather", [node("Softmax", "both", "shares", axis=1), node("Gather", "shares second", "alpha", axis=1)],
      [("none", np.float32(0)), ("second", np.int64(1))], shape=[1, 6, 8], start=two)
given("stretched", [node("ReduceMin", "green", "low", keepdims=0), node("ReduceMax", "green", "high", keepdims=0),
                    node("Sub", "green low", "above"), node("Sub", "high low", "span"), node("Div", "above span", "alpha")],
      start=nodes)
given("relu", [node("Conv", "image weights", "score"), node("Relu", "score", "alpha")], [("weights", each(0, 6, 0))],
      start=[])
given("pixels", [node("Reshape", "green row", "flat"), node("Softmax", "flat", "shares", axis=2),
                 node("Reshape", "shares whole", "alpha")],
      [("row", np.array([1, 1, 48], np.int64)), ("whole", np.array(ONE, np.int64))], start=nodes)
given("deep", [node("Reshape", "soft whole", "alpha")], [("whole", np.array([1, *ONE], np.int64))], shape=[1, *ONE],
      start=soft)
given("crop", [node("Slice", "soft from to axis", "alpha")],
      [(n, np.array([v], np.int64)) for n, v in (("from", 0), ("to", 5), ("axis", 3))], shape=[1, 1, 6, 5], start=soft)
given("tall", [node("Sigmoid", "green", "alpha")], shape=[1, 1, 8, 6], image=[1, 3, 8, 6], start=nodes)
bytes_in, bytes_consts = channel("picture", 1, "green")
save("taken_u8", [node("DequantizeLinear", "image scale zero", "picture"), *bytes_in,
                  node("Clip", "green zero_f one", "alpha")],
     [value("image", U8, IMAGE)], [value("alpha", F32, ONE)],
     [*bytes_consts, const("scale", np.float32(1 / 255)), const("zero", np.uint8(0)), const("zero_f", np.float32(0)),
      const("one", np.float32(1))], guessed=True)


def beside(name, further, steps, outputs=(), picture="image"):
    """A model with one more input; `steps` make a score of green, whose sigmoid is the alpha."""
    channels, inner = channel(picture, 1, "green")
    save(f"beside_{name}", [*channels, *steps, node("Sigmoid", "score", "alpha")],
         [value(picture, F32, IMAGE), further], [value("alpha", F32, ONE), *outputs], inner)


beside("size", value("size", I64, [2]), [node("Identity", "green", "score"), node("Identity", "size", "same")],
       [value("same", I64, [2])])
beside("trimap", value("trimap", F32, ONE), [node("Mul", "green trimap", "score")])
beside("dotted", value("input.2", F32, [1]), [node("Mul", "green input.2", "score")], picture="input.1")
beside("open", value("ids", I64, ["n", "count"]),
       [node("Cast", "ids", "number", to=F32), node("ReduceMean", "number", "mean", keepdims=0),
        node("Mul", "green mean", "score")])
# A second picture: its sides are open under names of their own, and must be those of the first one.
channels, inner = channel("both", 1, "green")
save("beside_picture", [node("Concat", "image room", "both", axis=1), *channels, node("Sigmoid", "green", "alpha")],
     [value("image", F32, IMAGE), value("room", F32, [1, 3, "rows", "columns"])], [value("alpha", F32, ONE)], inner)
beside("text", value("prompt", T.STRING, [1]), [node("Identity", "green", "score"), node("Identity", "prompt", "same")],
       [value("same", T.STRING, [1])])

# A family by its names, in a file as older exporters write it: its weights stand among the inputs, and
# the graph works on them first. That is no work on the picture.
weights = value("weights", F32, [21, 3, 1, 1])
save("older", [node("Mul", "weights two", "doubled"), node("Transpose", "sub_7 ", "picture", perm=[0, 3, 1, 2]),
               node("Conv", "picture doubled", "scores"),
               node("Transpose", "scores", "ResizeBilinear_3", perm=[0, 2, 3, 1])],
     [value("sub_7", F32, [1, 6, 8, 3]), weights], [value("ResizeBilinear_3", F32, [1, 6, 8, 21])],
     [const("weights", np.arange(63, dtype=np.float32).reshape(21, 3, 1, 1)), const("two", np.float32(2))], guessed=True)

# Random numbers, 48 and 96 of one sequence in each run: they tell how many runs there were.
for name, count in (("runs", 1), ("runs_double", 2)):
    shape = [1, count, 6, 8]
    save(name, [node("RandomUniform", "", "random", shape=shape, seed=1.0), node("ReduceMax", "image", "most", keepdims=0),
                node("Mul", "most none", "nothing"), node("Add", "random nothing", "alpha")],
         [value("image", F32, IMAGE)], [value("alpha", F32, shape)], [const("none", np.float32(0))],
         metadata={"matte.output.kind": "alpha", **({"matte.output.subject": "[0]"} if count > 1 else {})})

# Two classes with a sigmoid each, described as if they were a softmax's: they do not add up to 1.
save("sigmoids", [node("Slice", "image start end axis", "both"), node("Sigmoid", "both", "shares")],
     [value("image", F32, IMAGE)], [value("shares", F32, [1, 2, 6, 8])],
     [const("start", np.array([0], np.int64)), const("end", np.array([2], np.int64)),
      const("axis", np.array([1], np.int64))],
     metadata={"matte.output.kind": "softmax"})

# Green as the index of a class: whole at 0 and 1 only.
save("float_labels", nodes + [node("Identity", "green", "label")], [value("image", F32, IMAGE)],
     [value("label", F32, [1, 1, 6, 8])], consts,
     metadata={"matte.output.kind": "labels", "matte.output.subject": "[1]"})

# Recurrent, and ten times too large: alpha and state are green and what was there before.
save("recurrent_wild", nodes + [node("Add", "green h_in", "h_out"), node("Mul", "h_out ten", "pha")],
     [value("image", F32, IMAGE), value("h_in", F32, [1, 1, 6, 8])],
     [value("pha", F32, [1, 1, 6, 8]), value("h_out", F32, [1, 1, 6, 8])],
     consts + [const("ten", np.float32(10))],
     metadata={"matte.output.kind": "alpha", "matte.input.name": "image"})

# A picture in, one number out: no matte.
save("classifier", [node("GlobalAveragePool", "image", "score")], [value("image", F32, IMAGE)],
     [value("score", F32, [1, 3, 1, 1])])

# No picture in.
save("sound", [node("Identity", "samples", "same")], [value("samples", F32, [1, 16000])],
     [value("same", F32, [1, 16000])])

# Two pictures in.
save("two", [node("Sub", "image background", "difference")],
     [value("image", F32, IMAGE), value("background", F32, IMAGE)],
     [value("difference", F32, IMAGE)])

# A picture that no memory holds.
save("huge", [node("Clip", "image zero one", "alpha")], [value("image", F32, [1, 3, 1 << 20, 1 << 20])],
     [value("alpha", F32, [1, 3, 1 << 20, 1 << 20])], clip)

# Says one size and gives another: the file declares its output open, so only a run shows it.
save("square", green[0] + [node("Transpose", "green", "turned", perm=[0, 1, 3, 2]),
                           node("Clip", "turned zero one", "alpha")],
     [value("image", F32, IMAGE)], [value("alpha", F32, ["a", "b", "c", "d"])], green[1] + clip)

# As RVM: works on a smaller picture, whose size an input tells, remembers it, and gives the alpha
# in the picture's own size. The state is open in every side.
src_red, src_consts = channel("src", 0, "red")
save("downsample", src_red + [
    node("Concat", "keep keep ratio ratio", "scales", axis=0),
    node("Resize", "red none scales", "small", mode="linear", coordinate_transformation_mode="half_pixel"),
    node("Mul", "small half", "now"), node("Mul", "r1i half", "before"), node("Add", "now before", "r1o"),
    node("Shape", "red", "size"),
    node("Resize", "r1o none none size", "large", mode="linear", coordinate_transformation_mode="half_pixel"),
    node("Clip", "large zero one", "pha")],
    [value("src", F32, ["n", 3, "h", "w"]), value("r1i", F32, ["n", "c", "hs", "ws"]),
     value("ratio", F32, [1])],
    [value("pha", F32, ["n", 1, "h", "w"]), value("r1o", F32, ["n", 1, "h2", "w2"])],
    src_consts + clip + [
        const("keep", np.array([1], np.float32)), const("none", np.array([], np.float32)),
        const("half", np.float32(0.5))])

# Any size, for benchmarks: the red channel as alpha and as logits, 21 classes, their labels.
weights = np.zeros((21, 3, 1, 1), np.float32)
weights[::2, 0], weights[1::2, 1] = 1, -1
save("open_alpha", red + [node("Clip", "red zero one", "alpha")], [value("image", F32, OPEN)],
     [value("alpha", F32, [1, 1, "h", "w"])], red_consts + clip)
save("open_logits", [node("Conv", "image weights", "score")], [value("image", F32, OPEN)],
     [value("score", F32, [1, 1, "h", "w"])], [const("weights", -4 * weights[:1])])
save("open_classes", [node("Conv", "image weights", "scores")], [value("image", F32, OPEN)],
     [value("scores", F32, [1, 21, "h", "w"])], [const("weights", weights)])
save("open_labels", [node("ArgMax", "image", "label", axis=1)], [value("image", F32, OPEN)],
     [value("label", I64, [1, 1, "h", "w"])], metadata={"matte.output.subject": "[1]"})
# And probabilities of two classes with the classes last and first, of 21 with them last, and bytes.
save("open_softmax", red + [node("Neg", "red", "minus"), node("Concat", "minus red", "both", axis=1),
                            node("Softmax", "both", "shares", axis=1)],
     [value("image", F32, OPEN)], [value("shares", F32, [1, 2, "h", "w"])], red_consts)
for name, count in (("open_softmax_last", 2), ("open_softmax_last_21", 21)):
    save(name, [node("Conv", "image weights", "scores"), node("Transpose", "scores", "last", perm=[0, 2, 3, 1]),
                node("Softmax", "last", "shares", axis=3)],
         [value("image", F32, OPEN)], [value("shares", F32, [1, "h", "w", count])],
         [const("weights", weights[:count])])
nodes, consts = channel("image", 2, "blue")
save("open_bytes", nodes + [node("Identity", "blue", "alpha")], [value("image", U8, OPEN)],
     [value("alpha", U8, [1, 1, "h", "w"])], consts, metadata={"matte.output.kind": "alpha"})

# Green as alpha, and a kernel that wants a GiB of memory where a pixel is fully red.
nodes, consts = green
save("hungry", [*nodes, *red[:1], node("ReduceMax", "red", "most", keepdims=0),
                node("Mul", "most gib", "wanted"), node("Cast", "wanted", "count", to=I64),
                node("Reshape", "count one_side", "shape"), node("ConstantOfShape", "shape", "memory"),
                node("ReduceSum", "memory", "nothing", keepdims=0),
                node("Add", "green nothing", "sum"), node("Clip", "sum zero one", "alpha")],
     [value("image", F32, IMAGE)], [value("alpha", F32, [1, 1, 6, 8])],
     consts + red_consts + clip + [const("gib", np.float32(1 << 28)), const("one_side", np.array([1], np.int64))])

# Green as alpha, after 1,000 products of matrices for each step of 1/255 of red: from nothing to
# minutes. A picture that is not flat, as that of the run before the first frame, has none.
body = helper.make_graph(
    [node("MatMul", "before eye", "after"), node("Identity", "go_on", "still_on")], "body",
    [value("turn", I64, []), value("go_on", T.BOOL, []), value("before", F32, [256, 256])],
    [value("still_on", T.BOOL, []), value("after", F32, [256, 256])])
save("slow", [*nodes, *red[:1], node("ReduceMax", "red", "most", keepdims=0),
              node("ReduceMin", "red", "least", keepdims=0), node("Sub", "least most", "uneven"),
              node("Add", "least uneven", "flat"), node("Relu", "flat", "level"),
              node("Mul", "level steps", "wanted"), node("Cast", "wanted", "count", to=I64),
              node("ConstantOfShape", "square", "empty"), node("EyeLike", "empty", "eye"),
              node("Loop", "count yes empty", "turned", body=body),
              node("ReduceMax", "turned", "nothing", keepdims=0), node("Add", "green nothing", "sum"),
              node("Clip", "sum zero one", "alpha")],
     [value("image", F32, IMAGE)], [value("alpha", F32, [1, 1, 6, 8])],
     consts + red_consts + clip + [const("steps", np.float32(255_000)), const("yes", np.bool_(True)),
                                   const("square", np.array([256, 256], np.int64))])

# Weights in a file outside of the model's folder.
outside = helper.make_tensor("weights", F32, [1, 3, 1, 1], b"\0" * 12, raw=True)
outside.ClearField("raw_data")
outside.data_location = T.EXTERNAL
outside.external_data.add(key="location", value="../outside.bin")
graph = helper.make_graph([node("Conv", "image weights", "score")], "g", [value("image", F32, IMAGE)],
                          [value("score", F32, [1, 1, 6, 8])], [outside])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
model.ir_version = 8
(FOLDER / "outside.onnx").write_bytes(model.SerializeToString())
