#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Converts a small TensorFlow Lite segmentation network to ONNX, without TensorFlow.

usage: tflite_to_onnx.py IN.tflite OUT.onnx

TFLite keeps tensors as NHWC, ONNX as NCHW; every tensor here is the transposed one of the original,
so no Transpose is left in the graph. Weights may be f32 or f16 (behind DEQUANTIZE). MediaPipe's
custom operator `Convolution2DTransposeBias` is a transposed convolution with a bias, its options
being three 32-bit integers: padding (1 same, 2 valid), stride in x, stride in y. Operator options
are those of TFLite's schema, version 3.
"""

import pathlib
import struct
import sys

import numpy as np
import tflite

from graph import Graph, same_padding

TYPES = {0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64, 9: np.int8}
OPERATORS = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
SAME = 0
BIAS_OPERATOR = b"Convolution2DTransposeBias"


class Converter:
    def __init__(self, data):
        self.model = tflite.Model.GetRootAsModel(data, 0)
        self.source = self.model.Subgraphs(0)
        self.graph = Graph()
        self.tensors = {}  # TFLite's index -> name in the ONNX graph
        self.constants = {}  # TFLite's index -> array
        self.flat = set()  # TFLite's indices of tensors whose rows and columns are one side

    # What the file holds

    def shape(self, index):
        return [int(side) for side in self.source.Tensors(index).ShapeAsNumpy()]

    def array(self, index):
        """A constant tensor's values, or None for a tensor that is computed."""
        if index not in self.constants:
            tensor = self.source.Tensors(index)
            buffer = self.model.Buffers(tensor.Buffer())
            if buffer.DataLength() == 0:
                return None
            data = buffer.DataAsNumpy().tobytes()
            self.constants[index] = np.frombuffer(data, TYPES[tensor.Type()]).reshape(self.shape(index))
        return self.constants[index]

    def weights(self, index):
        return self.array(index).astype(np.float32)

    def options(self, operator, kind):
        options = kind()
        options.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
        return options

    # Names in the new graph

    def tensor(self, index):
        """The name of a tensor; a constant operand is brought to NCHW first."""
        if index not in self.tensors:
            array = self.weights(index)
            if array.ndim == 4:
                array = array.transpose(0, 3, 1, 2)
            elif array.ndim == 3:
                array = array.transpose(2, 0, 1)[None]
            elif array.ndim == 1:
                array = array.reshape(1, -1, 1, 1)
            self.tensors[index] = self.graph.constant(array)
        return self.tensors[index]

    def activate(self, name, code):
        """TFLite fuses activations into other operators."""
        activation = {
            tflite.ActivationFunctionType.NONE: lambda: name,
            tflite.ActivationFunctionType.RELU: lambda: self.graph.add("Relu", [name]),
            tflite.ActivationFunctionType.RELU6: lambda: self.relu6(name),
        }
        return activation[code]()

    def relu6(self, name):
        bounds = [self.graph.constant(np.float32(bound)) for bound in (0, 6)]
        return self.graph.add("Clip", [name, *bounds])

    def operands(self, inputs, weights, bias):
        """Names of input, weights and, where there is one, bias."""
        names = [self.tensor(inputs[0]), self.graph.constant(weights, "weights")]
        if bias is not None:
            names.append(self.graph.constant(bias, "bias"))
        return names

    # Operators

    def convolution(self, operator, inputs, _output, depthwise):
        kind = tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions
        options = self.options(operator, kind)
        weights = self.weights(inputs[1]).transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
        bias = self.weights(inputs[2]) if len(inputs) > 2 and inputs[2] >= 0 else None
        _, height, width, channels = self.shape(inputs[0])
        strides = [options.StrideH(), options.StrideW()]
        dilations = [options.DilationHFactor(), options.DilationWFactor()]
        pads = [(0, 0), (0, 0)]
        if options.Padding() == SAME:
            sides = zip((height, width), weights.shape[2:], strides, dilations)
            pads = [same_padding(*side) for side in sides]
        name = self.graph.add(
            "Conv",
            self.operands(inputs, weights, bias),
            kernel_shape=list(weights.shape[2:]),
            strides=strides,
            dilations=dilations,
            group=channels if depthwise else 1,
            pads=[pads[0][0], pads[1][0], pads[0][1], pads[1][1]],
        )
        return self.activate(name, options.FusedActivationFunction())

    def dense(self, operator, inputs, _output):
        options = self.options(operator, tflite.FullyConnectedOptions)
        weights = self.weights(inputs[1])[:, :, None, None]
        bias = self.weights(inputs[2]) if len(inputs) > 2 and inputs[2] >= 0 else None
        name = self.graph.add("Conv", self.operands(inputs, weights, bias), kernel_shape=[1, 1])
        return self.activate(name, options.FusedActivationFunction())

    def transposed(self, source, weights, bias, output, strides):
        """A transposed convolution; what sticks out of the output's size is cut off on both sides."""
        array = self.weights(weights).transpose(3, 0, 1, 2)
        cut = []
        for axis, stride in enumerate(strides):
            full = (self.shape(source)[1 + axis] - 1) * stride + array.shape[2 + axis]
            extra = max(full - self.shape(output)[1 + axis], 0)
            cut.append((extra // 2, extra - extra // 2))
        bias = self.weights(bias) if bias is not None else None
        return self.graph.add(
            "ConvTranspose",
            self.operands([source], array, bias),
            kernel_shape=list(array.shape[2:]),
            strides=list(strides),
            pads=[cut[0][0], cut[1][0], cut[0][1], cut[1][1]],
        )

    def custom(self, operator, inputs, output, code):
        if code.CustomCode() != BIAS_OPERATOR:
            raise SystemExit(f"custom operator {code.CustomCode()} is not supported")
        options = operator.CustomOptionsAsNumpy().tobytes()
        _padding, stride_x, stride_y = struct.unpack("<iii", options[:12])
        source, weights, bias = inputs
        return self.transposed(source, weights, bias, output, (stride_y, stride_x))

    def transpose_conv(self, operator, inputs, output):
        options = self.options(operator, tflite.TransposeConvOptions)
        _shape, weights, source, *bias = inputs
        strides = (options.StrideH(), options.StrideW())
        return self.transposed(source, weights, bias[0] if bias else None, output, strides)

    def arithmetic(self, operator, inputs, _output, name):
        kind = {"Add": tflite.AddOptions, "Mul": tflite.MulOptions, "Sub": tflite.SubOptions}[name]
        result = self.graph.add(name, [self.tensor(index) for index in inputs])
        return self.activate(result, self.options(operator, kind).FusedActivationFunction())

    def pool(self, operator, inputs, _output, name):
        options = self.options(operator, tflite.Pool2DOptions)
        kernel = (options.FilterHeight(), options.FilterWidth())
        strides = (options.StrideH(), options.StrideW())
        size = self.shape(inputs[0])[1:3]
        if name == "AveragePool" and list(kernel) == size:
            return self.graph.add("GlobalAveragePool", [self.tensor(inputs[0])])
        pads = [(0, 0), (0, 0)]
        if options.Padding() == SAME:
            pads = [same_padding(*side) for side in zip(size, kernel, strides)]
        return self.graph.add(
            name,
            [self.tensor(inputs[0])],
            kernel_shape=list(kernel),
            strides=list(strides),
            pads=[pads[0][0], pads[1][0], pads[0][1], pads[1][1]],
        )

    def resize(self, operator, inputs, output):
        options = self.options(operator, tflite.ResizeBilinearOptions)
        if options.AlignCorners():
            corners = "align_corners"
        else:
            corners = "half_pixel" if options.HalfPixelCenters() else "asymmetric"
        _, height, width, channels = self.shape(output)
        sizes = self.graph.integers(1, channels, height, width)
        return self.graph.add(
            "Resize",
            [self.tensor(inputs[0]), "", "", sizes],
            mode="linear",
            coordinate_transformation_mode=corners,
        )

    def concatenate(self, operator, inputs, _output):
        options = self.options(operator, tflite.ConcatenationOptions)
        axis = {0: 0, 1: 2, 2: 3, 3: 1, -1: 1}[options.Axis()]
        name = self.graph.add("Concat", [self.tensor(index) for index in inputs], axis=axis)
        return self.activate(name, options.FusedActivationFunction())

    def hard_swish(self, _operator, inputs, _output):
        source = self.tensor(inputs[0])
        gate = self.graph.add("HardSigmoid", [source], alpha=1 / 6, beta=0.5)
        return self.graph.add("Mul", [source, gate])

    def unary(self, _operator, inputs, _output, name, **attributes):
        return self.graph.add(name, [self.tensor(inputs[0])], **attributes)

    def pad(self, _operator, inputs, _output):
        rows = [[int(side) for side in row] for row in self.array(inputs[1])]
        batch, height, width, channels = rows
        before, after = zip(batch, channels, height, width)
        return self.graph.add("Pad", [self.tensor(inputs[0]), self.graph.integers(*before, *after)])

    def parametric_relu(self, _operator, inputs, _output):
        return self.graph.add("PRelu", [self.tensor(index) for index in inputs])

    def softmax(self, _operator, inputs, output):
        if inputs[0] in self.flat:
            self.flat.add(output)
            return self.graph.add("Softmax", [self.tensor(inputs[0])], axis=-1)
        return self.graph.add("Softmax", [self.tensor(inputs[0])], axis=1)

    def reshape(self, _operator, inputs, output):
        # Around global pools, 1xC to 1x1x1xC and back: the same tensor in NCHW.
        before, after = (np.trim_zeros(np.array(self.shape(i)) - 1) for i in (inputs[0], output))
        if list(before) == list(after):
            return self.tensor(inputs[0])
        if len(self.shape(inputs[0])) != 4 or len(self.shape(output)) == 4:
            raise SystemExit(f"RESHAPE of {self.shape(inputs[0])} to {self.shape(output)} is not supported")
        # Rows and columns become one side, in TFLite's own order.
        self.flat.add(output)
        last = self.graph.add("Transpose", [self.tensor(inputs[0])], perm=[0, 2, 3, 1])
        return self.graph.add("Reshape", [last, self.graph.integers(*self.shape(output))])

    def convert(self, path):
        source = int(self.source.InputsAsNumpy()[0])
        _, height, width, channels = self.shape(source)
        self.tensors[source] = "input"
        handlers = {
            "CONV_2D": lambda *a: self.convolution(*a, depthwise=False),
            "DEPTHWISE_CONV_2D": lambda *a: self.convolution(*a, depthwise=True),
            "FULLY_CONNECTED": self.dense,
            "TRANSPOSE_CONV": self.transpose_conv,
            "ADD": lambda *a: self.arithmetic(*a, name="Add"),
            "MUL": lambda *a: self.arithmetic(*a, name="Mul"),
            "SUB": lambda *a: self.arithmetic(*a, name="Sub"),
            "AVERAGE_POOL_2D": lambda *a: self.pool(*a, name="AveragePool"),
            "MAX_POOL_2D": lambda *a: self.pool(*a, name="MaxPool"),
            "MEAN": lambda *a: self.unary(*a, name="GlobalAveragePool"),
            "RESIZE_BILINEAR": self.resize,
            "CONCATENATION": self.concatenate,
            "HARD_SWISH": self.hard_swish,
            "RELU": lambda *a: self.unary(*a, name="Relu"),
            "RELU6": lambda _o, inputs, _out: self.relu6(self.tensor(inputs[0])),
            "LOGISTIC": lambda *a: self.unary(*a, name="Sigmoid"),
            "SOFTMAX": self.softmax,
            "PAD": self.pad,
            "PRELU": self.parametric_relu,
            "RESHAPE": self.reshape,
        }
        for position in range(self.source.OperatorsLength()):
            operator = self.source.Operators(position)
            code = self.model.OperatorCodes(operator.OpcodeIndex())
            name = OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            inputs = [int(index) for index in operator.InputsAsNumpy()]
            output = int(operator.OutputsAsNumpy()[0])
            if name == "DEQUANTIZE":
                self.constants[output] = self.array(inputs[0])
            elif name == "CUSTOM":
                self.tensors[output] = self.custom(operator, inputs, output, code)
            elif name in handlers:
                self.tensors[output] = handlers[name](operator, inputs, output)
            else:
                raise SystemExit(f"operator {name} is not supported")
        result = int(self.source.OutputsAsNumpy()[0])
        self.graph.rename(self.tensors[result], "output")
        sides = self.shape(result)
        if len(sides) == 4:
            sides = [sides[0], sides[3], *sides[1:3]]
        self.graph.save(
            path,
            [("input", [1, channels, height, width])],
            [("output", sides)],
            "tflite_to_onnx",
        )


def convert(source, target):
    """Converts the file `source` to the file `target`."""
    Converter(pathlib.Path(source).read_bytes()).convert(pathlib.Path(target))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    convert(*sys.argv[1:])
