# SPDX-License-Identifier: MPL-2.0
"""A small writer for ONNX graphs, shared by the converters."""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, shape_inference

OPSET = 13
IR_VERSION = 8


class Graph:
    """Collects nodes and constants; every tensor gets a name of its own."""

    def __init__(self):
        self.nodes = []
        self.constants = []
        self._count = 0

    def name(self, stem):
        self._count += 1
        return f"{stem}_{self._count}"

    def constant(self, array, stem="constant"):
        """Adds a constant tensor and gives its name."""
        name = self.name(stem)
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def integers(self, *values):
        """Adds a constant list of 64-bit integers and gives its name."""
        return self.constant(np.array(values, np.int64), "integers")

    def add(self, operator, inputs, **attributes):
        """Adds a node with one output and gives the output's name."""
        output = self.name(operator.lower())
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def rename(self, tensor, name):
        """Gives a tensor a second, public name."""
        self.nodes.append(helper.make_node("Identity", [tensor], [name]))

    def save(self, path, inputs, outputs, producer):
        """Checks and writes the model; inputs and outputs are lists of (name, shape), all float."""
        info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(
            self.nodes,
            producer,
            [info(*pair) for pair in inputs],
            [info(*pair) for pair in outputs],
            self.constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name=producer
        )
        model.ir_version = IR_VERSION
        # Fills in what shapes were left open, and fails where they contradict each other.
        model = shape_inference.infer_shapes(model, strict_mode=True)
        del model.graph.value_info[:]
        checker.check_model(model)
        path.write_bytes(model.SerializeToString(deterministic=True))


def same_padding(size, kernel, stride, dilation=1):
    """TensorFlow's SAME: padding before and after, so that the output has size / stride samples."""
    reach = (kernel - 1) * dilation + 1
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2
