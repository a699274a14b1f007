#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Makes the tiny quantised TensorFlow Lite models of the tests, about a kilobyte each.

usage: make_tflite.py [FOLDER]        needs the PyPI packages flatbuffers and numpy

Each takes a picture of 16x12 pixels, 0 to 1 and channels last, quantises it, and runs one 1x1
convolution on int8: 8 * green - 4. What follows differs; a test can work all out by hand. Fields,
types and operators are numbered as in TensorFlow Lite's schema, version 3. Run it after a change and
commit the result.
"""
import pathlib
import sys

import flatbuffers
import numpy as np

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
WIDTH, HEIGHT = 16, 12
F32, I32, I8 = 0, 2, 9
TYPES = {F32: np.float32, I32: np.int32, I8: np.int8}
CONV, DEQUANTIZE, LOGISTIC, SOFTMAX, NEG, QUANTIZE = 3, 6, 14, 25, 59, 114
PICTURE = (1 / 255, -128)  # scale and zero point
SCORES = (0.05, 10)
SHARES = (1 / 256, -128)  # as the operators demand


class File:
    """Tables are made from the inside out."""

    def __init__(self):
        self.builder = flatbuffers.Builder(1024)
        self.buffers, self.tensors, self.nodes, self.codes = [self.table({})], [], [], []

    def table(self, fields):
        """Fields by number: an offset, or a pair of a method of the builder and a value."""
        self.builder.StartObject(max(fields, default=-1) + 1)
        for slot, value in fields.items():
            if isinstance(value, tuple):
                method, number = value
                getattr(self.builder, f"Prepend{method}Slot")(slot, number, None)
            else:
                self.builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        return self.builder.EndObject()

    def tables(self, offsets):
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return self.builder.EndVector()

    def numbers(self, values, kind):
        return self.builder.CreateNumpyVector(np.asarray(values, kind))

    def tensor(self, name, kind, shape, quantised=None, data=None):
        buffer = 0
        if data is not None:
            raw = np.frombuffer(np.asarray(data, TYPES[kind]).tobytes(), np.uint8)
            self.buffers.append(self.table({0: self.numbers(raw, np.uint8)}))
            buffer = len(self.buffers) - 1
        fields = {0: self.numbers(shape, np.int32), 1: ("Int8", kind), 2: ("Uint32", buffer),
                  3: self.builder.CreateString(name)}
        if quantised:
            scale, zero = quantised
            fields[4] = self.table({2: self.numbers([scale], np.float32), 3: self.numbers([zero], np.int64)})
        self.tensors.append(self.table(fields))
        return len(self.tensors) - 1

    def node(self, operator, inputs, output, options=(0, {})):
        if operator not in self.codes:
            self.codes.append(operator)
        kind, fields = options
        self.nodes.append(self.table({
            0: ("Uint32", self.codes.index(operator)), 1: self.numbers(inputs, np.int32),
            2: self.numbers([output], np.int32), 3: ("Uint8", kind), 4: self.table(fields)}))

    def save(self, name, inputs, outputs):
        graph = self.table({0: self.tables(self.tensors), 1: self.numbers(inputs, np.int32),
                            2: self.numbers(outputs, np.int32), 3: self.tables(self.nodes)})
        codes = [self.table({0: ("Int8", min(code, 127)), 2: ("Int32", 1), 3: ("Int32", code)})
                 for code in self.codes]
        model = self.table({0: ("Uint32", 3), 1: self.tables(codes), 2: self.tables([graph]),
                            4: self.tables(self.buffers)})
        self.builder.Finish(model, file_identifier=b"TFL3")
        (FOLDER / f"{name}.tflite").write_bytes(self.builder.Output())


def network(classes=1, kind=I8, scores=SCORES):
    """A file with the convolution, its picture and its scores."""
    file = File()
    picture = file.tensor("picture", F32, [1, HEIGHT, WIDTH, 3])
    bytes_ = file.tensor("bytes", I8, [1, HEIGHT, WIDTH, 3], PICTURE)
    file.node(QUANTIZE, [picture], bytes_)
    # The first of two classes is the background: its scores are 0.
    step = 8 / 127
    weights = np.zeros((classes, 1, 1, 3), np.int8)
    weights[-1, 0, 0, 1] = 127
    bias = np.zeros(classes, np.int32)
    bias[-1] = round(-4 / (PICTURE[0] * step))
    sides = [1, HEIGHT, WIDTH, classes]
    found = file.tensor("scores", I8, sides, scores)
    file.node(CONV, [bytes_, file.tensor("weights", I8, weights.shape, (step, 0), weights),
                     file.tensor("bias", I32, bias.shape, (PICTURE[0] * step, 0), bias)],
              found, (1, {1: ("Int32", 1), 2: ("Int32", 1)}))
    return file, picture, found, sides


file, picture, scores, sides = network()
alpha = file.tensor("alpha", I8, sides, SHARES)
file.node(LOGISTIC, [scores], alpha)
file.save("sigmoid_i8", [picture], [alpha])

file, picture, scores, sides = network()
file.save("logits_i8", [picture], [scores])

file, picture, scores, sides = network(classes=2)
shares = file.tensor("shares", I8, sides, SHARES)
file.node(SOFTMAX, [scores], shares, (9, {0: ("Float32", 1.0)}))
file.save("softmax_i8", [picture], [shares])

file, picture, scores, sides = network()
real = file.tensor("real", F32, sides)
alpha = file.tensor("alpha", F32, sides)
file.node(DEQUANTIZE, [scores], real)
negative = file.tensor("negative", F32, sides)
file.node(NEG, [real], negative)
file.node(LOGISTIC, [negative], alpha)
file.save("turned", [picture], [alpha])
