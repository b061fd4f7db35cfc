"""Write fitted models as ONNX graphs: one fused graph for scoring, one graph for each model.

Missing values need no node of their own: each split says where they go. To put the median in
first is the same as to send them to the side on which it lies, and that costs nothing, while
a Where node costs 1.3 us of 16 for one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from training.trees import Floats, Tree, Trees
from udfs.score import INPUT, PROBABILITY

OPSET = 21
ML_OPSET = 5
IR_VERSION = 10
PRODUCER = "cardwatch"
_LESS_OR_EQUAL, _LESS = 0, 1
_SUM = 1
_NO_TRANSFORM = 0


@dataclass(frozen=True)
class ExportedMember:
    """One model on its way into a graph: the name of its output, its trees and its weight."""

    name: str
    trees: Trees
    weight: float


@dataclass(frozen=True)
class Scaling:
    """Platt scaling as it is fitted and exported: sigmoid(slope * score + intercept)."""

    slope: float
    intercept: float


def fused_graph(
    members: Sequence[ExportedMember], width: int, scaling: Scaling | None
) -> onnx.ModelProto:
    """Return the graph float32[n, width] -> probability and each member's score, float32[n, 1].

    Weights are used as given and should sum to 1.
    """
    graph = _Graph()
    for member in members:
        _add_member(graph, member)
    terms = [
        graph.node("Mul", [member.name, graph.constant(f"{member.name}_weight", member.weight)])
        for member in members
    ]
    average = graph.node("Sum", terms, PROBABILITY if scaling is None else None)
    if scaling is not None:
        _add_scaling(graph, average, scaling)
    return graph.model([PROBABILITY, *(member.name for member in members)], width)


def member_graph(member: ExportedMember, width: int) -> onnx.ModelProto:
    """Return one model's own graph float32[n, width] -> its score, float32[n, 1]."""
    graph = _Graph()
    _add_member(graph, member)
    return graph.model([member.name], width)


def _add_member(graph: _Graph, member: ExportedMember) -> None:
    """Add a model's trees and, for log-odds, its base and the sigmoid."""
    name = member.name
    output = f"{name}_sum" if member.trees.logistic else name
    graph.nodes.append(tree_node(member.trees, f"{name}_trees", output))
    if member.trees.logistic:
        margin = graph.node("Add", [output, graph.constant(f"{name}_base", member.trees.base)])
        graph.node("Sigmoid", [margin], name)


def _add_scaling(graph: _Graph, average: str, scaling: Scaling) -> None:
    """Add Platt scaling behind the weighted average."""
    steep = graph.node("Mul", [average, graph.constant("calibration_slope", scaling.slope)])
    shift = graph.constant("calibration_intercept", scaling.intercept)
    graph.node("Sigmoid", [graph.node("Add", [steep, shift])], PROBABILITY)


def leaf_covers(trees: Trees) -> Floats:
    """Return the cover of each leaf as `tree_node` numbers them, float32[leaves]."""
    return np.asarray(_rows(trees).covers, dtype=np.float32)


def tree_node(trees: Trees, name: str, output: str) -> onnx.NodeProto:
    """Return a TreeEnsemble node (ai.onnx.ml 5) that sums the trees' leaves, float32[n, 1]."""
    rows = _rows(trees)
    mode = _LESS if trees.strict else _LESS_OR_EQUAL
    return helper.make_node(
        "TreeEnsemble",
        [INPUT],
        [output],
        name=name,
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function=_SUM,
        post_transform=_NO_TRANSFORM,
        tree_roots=rows.roots,
        nodes_featureids=rows.features,
        nodes_splits=_tensor(rows.splits, np.float32),
        nodes_modes=_tensor([mode] * len(rows.splits), np.uint8),
        nodes_missing_value_tracks_true=rows.missing_left,
        nodes_truenodeids=rows.left,
        nodes_trueleafs=rows.left_is_leaf,
        nodes_falsenodeids=rows.right,
        nodes_falseleafs=rows.right_is_leaf,
        leaf_targetids=[0] * len(rows.leaves),
        leaf_weights=_tensor(rows.leaves, np.float32),
    )


def _rows(trees: Trees) -> _TreeRows:
    rows = _TreeRows()
    for tree in trees.trees:
        rows.append(tree)
    return rows


class _TreeRows:
    """The attributes of a TreeEnsemble node: inner nodes and leaves are numbered apart."""

    def __init__(self) -> None:
        self.roots: list[int] = []
        self.features: list[int] = []
        self.splits: list[float] = []
        self.missing_left: list[int] = []
        self.left: list[int] = []
        self.left_is_leaf: list[int] = []
        self.right: list[int] = []
        self.right_is_leaf: list[int] = []
        self.leaves: list[float] = []
        self.covers: list[float] = []

    def append(self, tree: Tree) -> None:
        """Add one tree; a tree of one leaf becomes a split with that leaf on both sides."""
        self.roots.append(len(self.features))
        inner = np.flatnonzero(tree.left >= 0)
        if not len(inner):
            self._append_stump(float(tree.value[0]), float(tree.cover[0]))
            return
        numbers = {int(node): len(self.features) + i for i, node in enumerate(inner)}
        for node in inner:
            self.features.append(int(tree.feature[node]))
            self.splits.append(float(tree.threshold[node]))
            self.missing_left.append(int(tree.missing_left[node]))
            self._append_child(tree, int(tree.left[node]), numbers, self.left, self.left_is_leaf)
            self._append_child(tree, int(tree.right[node]), numbers, self.right, self.right_is_leaf)

    def _append_child(
        self,
        tree: Tree,
        child: int,
        numbers: dict[int, int],
        targets: list[int],
        are_leaves: list[int],
    ) -> None:
        """Point at an inner node by its number, or add a leaf and point at that."""
        is_leaf = child not in numbers
        if is_leaf:
            self.leaves.append(float(tree.value[child]))
            self.covers.append(float(tree.cover[child]))
        targets.append(len(self.leaves) - 1 if is_leaf else numbers[child])
        are_leaves.append(int(is_leaf))

    def _append_stump(self, value: float, cover: float) -> None:
        self.features.append(0)
        self.splits.append(0.0)
        self.missing_left.append(1)
        for targets, are_leaves in (
            (self.left, self.left_is_leaf),
            (self.right, self.right_is_leaf),
        ):
            self.leaves.append(value)
            self.covers.append(cover / 2)
            targets.append(len(self.leaves) - 1)
            are_leaves.append(1)


class _Graph:
    """Collects nodes and constants; names what the caller does not."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def node(self, operator: str, inputs: Sequence[str], output: str | None = None) -> str:
        """Add a node with one output and return the output's name."""
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=f"{name}_node"))
        return name

    def constant(self, name: str, value: float) -> str:
        """Add a float32 scalar and return its name."""
        self._constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
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


def _tensor(values: Sequence[float], dtype: npt.DTypeLike) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values, dtype=dtype))
