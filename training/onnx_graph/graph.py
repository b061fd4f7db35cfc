"""Collect the nodes and constants of one ONNX graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from scoring.bundle.tensors import INPUT

OPSET = 21
ML_OPSET = 5
IR_VERSION = 10
PRODUCER = "cardwatch"


class Graph:
    """A graph under construction, from float32[n, k] features; names what the caller does not.

    A payment's bits must not depend on the batch that it comes in. So no ReduceSum and no Log are
    used: by where a row lies in memory, or at the end of a batch, they compute in another order.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def node(self, operator: str, inputs: Sequence[str], output: str | None = None) -> str:
        """Add a node with one output and return the output's name."""
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=f"{name}_node"))
        return name

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        """Add a float32 constant of any shape and return its name."""
        self._constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def split(self, values: str, count: int) -> list[str]:
        """Split float32[n, count] into its columns and return their names, float32[n, 1] each."""
        names = [f"{values}_{i}" for i in range(count)]
        node = helper.make_node(
            "Split", [values], names, name=f"{values}_split", axis=1, num_outputs=count
        )
        self.nodes.append(node)
        return names

    def row_sum(self, values: str, width: int, name: str) -> str:
        """Sum float32[n, width] over its columns, from the left, and return float32[n, 1]."""
        axis, last = f"{name}_axis", f"{name}_last"
        self._constants.append(numpy_helper.from_array(np.array(1, np.int64), axis))
        self._constants.append(numpy_helper.from_array(np.array([width - 1], np.int64), last))
        running = self.node("CumSum", [values, axis])
        self.nodes.append(
            helper.make_node("Gather", [running, last], [name], name=f"{name}_node", axis=1)
        )
        return name

    def model(self, outputs: Sequence[str], width: int) -> onnx.ModelProto:
        """Return the checked model with input float32[n, width] and outputs float32[n, 1]."""
        floats = onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            PRODUCER,
            [helper.make_tensor_value_info(INPUT, floats, ["n", width])],
            [helper.make_tensor_value_info(name, floats, ["n", 1]) for name in outputs],
            self._constants,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name=PRODUCER
        )
        onnx.checker.check_model(model, full_check=True)
        return model
