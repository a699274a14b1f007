# SPDX-License-Identifier: MPL-2.0
"""`mattenet tflite`: an int8 .tflite of an exported network, for GStreamer's `tfliteinference` and for NPUs.

The file has one size, 256x144, and takes and gives bytes: RGB [1, 144, 256, 3], alpha [1, 144, 256, 1], 0 to 255. All
between is int8 with one scale a tensor, kernels too, as many NPUs want; --per-channel gives kernels a scale a channel.

The graph of `mattenet export` has eleven kinds of nodes, so they are written one by one, with the schema that LiteRT's
package brings (`pip install 'mattenet[tflite]'`). The common converters start from PyTorch or ONNX, too, but need
TensorFlow, or JAX, transformers and an older PyTorch.

One scale a kernel is coarse. So channels are brought to like sizes before (see equalise.py), and what rounded kernels
change on average, on the pictures of the calibration, is taken off the bias.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from onnxruntime.quantization.shape_inference import quant_pre_process

from mattenet import config as config_module
from mattenet import export, quantize
from mattenet.equalise import equalise, level
from mattenet.errors import UserError

WIDTH, HEIGHT = 256, 144
BYTES = (1 / 255, -128)  # scale and zero point of the picture in int8
SHARES = (1 / 256, -128)  # what LOGISTIC must give
# Logits beyond are 0 or 255 in bytes; the fewer there are to tell apart, the finer are those of the edges.
LOGITS = 6.5
# Of a picture's values, the share at each end that does not set a tensor's range.
LEFT_OUT = 1e-4


def add_parser(sub) -> None:
    parser = sub.add_parser("tflite", description=__doc__)
    config_module.add_arguments(parser)
    parser.add_argument("model", help="an .onnx of `mattenet export`")
    parser.add_argument("output", help="the .tflite to write; its description gets .modelinfo added")
    parser.add_argument("--pictures", type=int, default=128, help="pictures to calibrate on")
    parser.add_argument("--per-channel", action="store_true", help="a scale for each channel of a kernel")


def litert(name: str):
    """A module of LiteRT's package. Raises UserError where it is not installed."""
    import importlib
    try:
        return importlib.import_module(f"ai_edge_litert.{name}")
    except ImportError as error:
        raise UserError("LiteRT is missing: pip install 'mattenet[tflite]'") from error


def prepare(path: Path) -> onnx.ModelProto:
    """The network at one size, with plain f32 kernels and no computed shapes."""
    model = onnx.load(path)
    sides = model.graph.input[0].type.tensor_type.shape.dim
    if len(sides) != 4:
        raise UserError(f"{path} has an input of {len(sides)} sides; expected a file of `mattenet export`")
    sides[2].dim_value, sides[3].dim_value = HEIGHT, WIDTH
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    with tempfile.TemporaryDirectory() as folder:
        fixed, plain = Path(folder) / "fixed.onnx", Path(folder) / "plain.onnx"
        onnx.save(model, fixed)
        quant_pre_process(str(fixed), str(plain), skip_symbolic_shape=True)
        return onnx.load(plain)


def attribute(node: onnx.NodeProto, name: str, default=None):
    return next((onnx.helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)


class Measured:
    """What the tensors of a network are on pictures: the range of each, the mean of each channel, the shape."""

    def __init__(self, model: onnx.ModelProto, pictures: list[np.ndarray]):
        names = [name for node in model.graph.node for name in node.output]
        probe = onnx.ModelProto.FromString(model.SerializeToString())
        del probe.graph.output[:]
        probe.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
        session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
        feed = session.get_inputs()[0].name
        self.range = {name: (np.inf, -np.inf) for name in names} | {feed: (0.0, 1.0)}
        self.shape: dict[str, tuple[int, ...]] = {feed: pictures[0].shape}
        means: dict[str, list[np.ndarray]] = {name: [] for name in (feed, *names)}
        for picture in pictures:
            for name, value in zip((feed, *names), (picture, *session.run(names, {feed: picture}))):
                means[name].append(value.mean((2, 3))[0])
                self.shape[name] = value.shape
                if name != feed:
                    count = round(value.size * LEFT_OUT)
                    ordered = np.partition(value.ravel(), (count, value.size - 1 - count))
                    low, high = self.range[name]
                    self.range[name] = (min(low, float(ordered[count])), max(high, float(ordered[-1 - count])))
        self.mean = {name: np.mean(some, 0) for name, some in means.items()}


def scale_of(low: float, high: float) -> tuple[float, int]:
    """Scale and zero point of int8 for a range, which is widened to hold 0."""
    low, high = min(low, 0.0), max(high, 0.0, min(low, 0.0) + 1e-6)
    scale = (high - low) / 255
    return scale, int(np.clip(round(-128 - low / scale), -128, 127))


class Writer:
    """Writes the nodes of a network into a .tflite; `save` gives its bytes."""

    def __init__(self, model: onnx.ModelProto, measured: Measured, per_channel: bool = False):
        self.schema = litert("schema_py_generated")
        self.graph, self.measured, self.per_channel = model.graph, measured, per_channel
        self.arrays = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        self.readers: dict[str, list[onnx.NodeProto]] = {}
        for node in self.graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.tensors, self.buffers, self.operators, self.codes = [], [self.schema.BufferT()], [], {}
        self.index: dict[str, int] = {}  # ONNX's name -> tensor
        self.scales: dict[str, tuple[float, int]] = {}  # of each tensor that is computed, by ONNX's name

    # Tensors and nodes of the file

    def add(self, name: str, shape, kind: str, scale=None, data: np.ndarray | None = None, axis: int = 0) -> int:
        """A tensor; `scale` is scale and zero point, or scales of channels along `axis`."""
        schema, tensor = self.schema, self.schema.TensorT()
        tensor.name, tensor.shape, tensor.type = name, [int(n) for n in shape], getattr(schema.TensorType, kind)
        tensor.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.buffers.append(buffer)
            tensor.buffer = len(self.buffers) - 1
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            values = np.atleast_1d(np.asarray(scale[0], np.float32))
            tensor.quantization.scale = values
            tensor.quantization.zeroPoint = np.full(values.shape, scale[1], np.int64)
            tensor.quantization.quantizedDimension = axis if values.size > 1 else 0
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def value(self, name: str, scale: tuple[float, int]) -> int:
        """The tensor of one of ONNX's, channels last."""
        n, c, h, w = self.measured.shape[name]
        self.scales[name], self.index[name] = scale, self.add(name, (n, h, w, c), "INT8", scale)
        return self.index[name]

    def node(self, operator: str, version: int, inputs: list[int], output: int, options: str = "", **fields) -> None:
        schema, made = self.schema, self.schema.OperatorT()
        code = self.codes.setdefault(operator, (len(self.codes), version))
        made.opcodeIndex, made.inputs, made.outputs = code[0], inputs, [output]
        if options:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            made.builtinOptions = getattr(schema, f"{options}T")()
            for name, value in fields.items():
                setattr(made.builtinOptions, name, value)
        self.operators.append(made)

    def activated(self, node: onnx.NodeProto) -> tuple[str, int]:
        """Where a node's result goes, and the activation that TFLite applies to it first."""
        readers = self.readers.get(node.output[0], [])
        kinds = self.schema.ActivationFunctionType
        if len(readers) == 1 and readers[0].op_type == "Relu":
            return readers[0].output[0], kinds.RELU
        return node.output[0], kinds.NONE

    # ONNX's nodes

    def conv(self, node: onnx.NodeProto) -> None:
        kernel, bias = self.arrays[node.input[1]], self.arrays[node.input[2]].astype(np.float64)
        stride, dilation = attribute(node, "strides", [1, 1]), attribute(node, "dilations", [1, 1])
        pads, groups = attribute(node, "pads", [0, 0, 0, 0]), attribute(node, "group", 1)
        depthwise = groups > 1
        if depthwise and (kernel.shape[1] != 1 or kernel.shape[0] != groups):
            raise UserError(f"{node.name}: {groups} groups for kernels {kernel.shape}; expected one channel in each")
        source = self.padded(node.input[0], kernel.shape[2:], stride, dilation, pads)
        scale = np.abs(kernel).max((1, 2, 3)) if self.per_channel else np.abs(kernel).max()
        scale = np.maximum(scale, 1e-12) / 127
        broad = np.reshape(scale, (-1, 1, 1, 1))
        whole = np.clip(np.round(kernel / broad), -127, 127)
        # What rounding adds to each output channel on average.
        error, mean = (whole * broad - kernel).sum((2, 3)), self.measured.mean[node.input[0]]
        bias -= error[:, 0] * mean if depthwise else error @ mean
        step = self.scales[node.input[0]][0] * np.asarray(scale, np.float64)
        order = (1, 2, 3, 0) if depthwise else (0, 2, 3, 1)
        kernel = self.add(f"{node.output[0]}/kernel", [kernel.shape[i] for i in order], "INT8", (scale, 0),
                          whole.astype(np.int8).transpose(order), 3 if depthwise else 0)
        limit = 2**31 - 1
        bias = self.add(f"{node.output[0]}/bias", bias.shape, "INT32", (step, 0),
                        np.clip(np.round(bias / step), -limit, limit).astype(np.int32))
        target, activation = self.activated(node)
        low, high = self.measured.range[target]
        if self.is_logits(target):
            low, high = -LOGITS, LOGITS
        same = self.schema.Padding.SAME if source == self.index[node.input[0]] else self.schema.Padding.VALID
        fields = dict(padding=same, strideH=stride[0], strideW=stride[1], dilationHFactor=dilation[0],
                      dilationWFactor=dilation[1], fusedActivationFunction=activation)
        result = self.value(target, scale_of(low, high))
        if depthwise:
            self.node("DEPTHWISE_CONV_2D", 3, [source, kernel, bias], result, "DepthwiseConv2DOptions", depthMultiplier=1, **fields)
        else:
            self.node("CONV_2D", 3, [source, kernel, bias], result, "Conv2DOptions", **fields)

    def is_logits(self, name: str) -> bool:
        """Whether only the last sigmoid sees a tensor, behind nodes that move values alone."""
        while len(readers := self.readers.get(name, [])) == 1 and readers[0].op_type == "DepthToSpace":
            name = readers[0].output[0]
        return [node.op_type for node in readers] == ["Sigmoid"] and readers[0].output[0] == self.graph.output[0].name

    def padded(self, name: str, size, stride, dilation, pads) -> int:
        """The tensor that a convolution reads: padded before where TFLite's own padding differs from ONNX's."""
        height, width = self.measured.shape[name][2:]
        expected = []
        for side, kernel, step, apart in zip((height, width), size, stride, dilation):
            total = max((-(-side // step) - 1) * step + (kernel - 1) * apart + 1 - side, 0)
            expected.append((total // 2, total - total // 2))
        if [(pads[0], pads[2]), (pads[1], pads[3])] == expected:
            return self.index[name]
        # VALID leaves out rows at the end that no whole step reaches, as ONNX does.
        n, c = self.measured.shape[name][:2]
        shape = (n, height + pads[0] + pads[2], width + pads[1] + pads[3], c)
        amounts = np.int32([[0, 0], [pads[0], pads[2]], [pads[1], pads[3]], [0, 0]])
        result = self.add(f"{name}/padded", shape, "INT8", self.scales[name])
        self.node("PAD", 2, [self.index[name], self.add(f"{name}/pads", amounts.shape, "INT32", data=amounts)], result, "PadOptions")
        return result

    def pair(self, node: onnx.NodeProto) -> None:
        """Add and Mul; TFLite spreads 1x1 maps, too."""
        target, activation = self.activated(node)
        name = {"Add": "ADD", "Mul": "MUL"}[node.op_type]
        inputs = [self.index[i] for i in node.input]
        self.node(name, 2, inputs, self.value(target, scale_of(*self.measured.range[target])), f"{node.op_type}Options",
                  fusedActivationFunction=activation)

    def resize(self, node: onnx.NodeProto) -> None:
        if attribute(node, "mode") != b"linear" or attribute(node, "coordinate_transformation_mode") != b"half_pixel":
            raise UserError(f"{node.name}: only linear resizing by half_pixel is written")
        target = node.output[0]
        sides = np.int32(self.measured.shape[target][2:])
        size = self.add(f"{target}/size", sides.shape, "INT32", data=sides)
        self.node("RESIZE_BILINEAR", 3, [self.index[node.input[0]], size], self.value(target, self.scales[node.input[0]]),
                  "ResizeBilinearOptions", halfPixelCenters=True)

    def average(self, node: onnx.NodeProto) -> None:
        kernel, pads = attribute(node, "kernel_shape"), attribute(node, "pads")
        if attribute(node, "count_include_pad") or attribute(node, "strides") != [1, 1] or list(pads) != [n // 2 for n in kernel] * 2:
            raise UserError(f"{node.name}: only averages around each pixel, without the padding, are written")
        result = self.value(node.output[0], self.scales[node.input[0]])
        self.node("AVERAGE_POOL_2D", 2, [self.index[node.input[0]]], result, "Pool2DOptions", padding=self.schema.Padding.SAME,
                  strideH=1, strideW=1, filterHeight=kernel[0], filterWidth=kernel[1])

    def mean(self, node: onnx.NodeProto) -> None:
        axes = self.add(f"{node.output[0]}/axes", (2,), "INT32", data=np.int32([1, 2]))
        result = self.value(node.output[0], scale_of(*self.measured.range[node.output[0]]))
        self.node("MEAN", 2, [self.index[node.input[0]], axes], result, "ReducerOptions", keepDims=True)

    def concat(self, node: onnx.NodeProto) -> None:
        scales = {self.scales[i] for i in node.input}
        if attribute(node, "axis") != 1 or len(scales) != 1:
            raise UserError(f"{node.name}: only channels of one scale are joined")
        self.node("CONCATENATION", 2, [self.index[i] for i in node.input], self.value(node.output[0], scales.pop()),
                  "ConcatenationOptions", axis=3)

    def sigmoid(self, node: onnx.NodeProto) -> None:
        self.node("LOGISTIC", 2, [self.index[node.input[0]]], self.value(node.output[0], SHARES))

    def depth_to_space(self, node: onnx.NodeProto) -> None:
        # With one channel left, ONNX's two orders and TFLite's are the same.
        if self.measured.shape[node.output[0]][1] != 1:
            raise UserError(f"{node.name}: only sub-pixels of one channel are written")
        self.node("DEPTH_TO_SPACE", 1, [self.index[node.input[0]]], self.value(node.output[0], self.scales[node.input[0]]),
                  "DepthToSpaceOptions", blockSize=attribute(node, "blocksize"))

    def relu(self, node: onnx.NodeProto) -> None:
        # Already part of the node before it.
        if node.output[0] not in self.index:
            raise UserError(f"{node.name}: a ReLU alone is not written")

    def save(self, about: str) -> bytes:
        """All nodes, and what takes and gives bytes around them."""
        schema, feed = self.schema, self.graph.input[0].name
        picture = self.add("image", (1, HEIGHT, WIDTH, 3), "UINT8", (1 / 255, 0))
        self.node("QUANTIZE", 2, [picture], self.value(feed, BYTES), "QuantizeOptions")
        self.tensors[self.index[feed]].name = "picture"
        write = {"Conv": self.conv, "Add": self.pair, "Mul": self.pair, "Resize": self.resize, "AveragePool": self.average,
                 "GlobalAveragePool": self.mean, "Concat": self.concat, "Sigmoid": self.sigmoid,
                 "DepthToSpace": self.depth_to_space, "Relu": self.relu}
        for node in self.graph.node:
            if node.op_type not in write:
                raise UserError(f"{node.name} is a {node.op_type}; only {', '.join(write)} are written")
            write[node.op_type](node)
        last = self.index[self.graph.output[0].name]
        self.tensors[last].name = "shares"
        alpha = self.add("alpha", (1, HEIGHT, WIDTH, 1), "UINT8", (1 / 256, 0))
        self.node("QUANTIZE", 2, [last], alpha, "QuantizeOptions")
        graph, model = schema.SubGraphT(), schema.ModelT()
        graph.tensors, graph.operators, graph.inputs, graph.outputs, graph.name = self.tensors, self.operators, [picture], [alpha], "main"
        model.version, model.subgraphs, model.buffers, model.description = 3, [graph], self.buffers, about
        model.operatorCodes = []
        for name, (_, version) in self.codes.items():
            code = schema.OperatorCodeT()
            code.builtinCode = getattr(schema.BuiltinOperator, name)
            # Old readers only know this byte; 127 sends them to the other field.
            code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), version
            model.operatorCodes.append(code)
        import flatbuffers
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def convert(path: Path, pictures: list[np.ndarray], per_channel: bool = False) -> bytes:
    """The .tflite of an exported network, calibrated on pictures f32 [1, 3, 144, 256] in 0..1."""
    model = (equalise if per_channel else level)(prepare(path), pictures)
    about = {entry.key: entry.value for entry in model.metadata_props} or {e.key: e.value for e in onnx.load(path).metadata_props}
    words = f"{path.stem} {about.get('mattenet.version', '')}, {about.get('licence', export.LICENCE)}, int8 by mattenet tflite"
    return Writer(model, Measured(model, pictures), per_channel).save(words)


def modelinfo() -> str:
    """The description for `tfliteinference`: bytes as they are in the frame, and what the matte is called."""
    return export.modelinfo("uint8", (f"1,{HEIGHT},{WIDTH},3", f"1,{HEIGHT},{WIDTH},1"), "255.0")


class Session:
    """A .tflite of ours that is asked as ONNX Runtime's sessions are: f32, channels first, 0..1."""

    def __init__(self, path: Path, threads: int = 1):
        self.interpreter = litert("interpreter").Interpreter(model_path=str(path), num_threads=threads)
        self.interpreter.allocate_tensors()
        (self.input,), (self.output,) = self.interpreter.get_input_details(), self.interpreter.get_output_details()
        if self.input["dtype"] != np.uint8 or self.output["dtype"] != np.uint8:
            raise UserError(f"{path} does not take and give bytes; expected a file of `mattenet tflite`")

    @staticmethod
    def _about(detail: dict) -> SimpleNamespace:
        n, h, w, c = (int(side) for side in detail["shape"])
        return SimpleNamespace(name=detail["name"], shape=[n, c, h, w])

    def get_inputs(self) -> list[SimpleNamespace]:
        return [self._about(self.input)]

    def get_outputs(self) -> list[SimpleNamespace]:
        return [self._about(self.output)]

    def run(self, _outputs, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        (picture,) = feeds.values()
        self.interpreter.set_tensor(self.input["index"], np.round(picture.transpose(0, 2, 3, 1) * 255).astype(np.uint8))
        self.interpreter.invoke()
        alpha = self.interpreter.get_tensor(self.output["index"])
        return [alpha.transpose(0, 3, 1, 2).astype(np.float32) / 255]


def run(args) -> None:
    """The command."""
    cfg = config_module.from_args(args)
    if not Path(args.model).exists():
        raise UserError(f"no model at {args.model}")
    output = Path(args.output)
    output.write_bytes(convert(Path(args.model), quantize.calibration(cfg, args.pictures), args.per_channel))
    Path(f"{output}.modelinfo").write_text(modelinfo())
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB")
