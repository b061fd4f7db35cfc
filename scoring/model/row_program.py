"""Turn a graph into steps, and prove them against ONNX Runtime.

The graphs that training writes are trees, products, sums and a logistic function, which the steps
of `row_kernel` are made for. For one row ONNX Runtime spends two thirds of its time on what
surrounds them: the call, the operators around the trees, and trees walked one after the other. A
graph of other operators, or one whose steps give other bits on this machine, stays with ONNX
Runtime.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from scoring.bundle.graph_check import ML_DOMAIN, Attributes, tree_attributes
from scoring.bundle.graph_check import TREES as TREE_ENSEMBLE
from scoring.bundle.tensors import INPUT
from scoring.model.row_kernel import (
    ADD,
    MULTIPLY,
    NODE,
    ROWS,
    SIGMOID,
    STEP,
    SUBTRACT,
    TREES,
    run_rows,
)
from scoring.model.scorer import Steps

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

PROBES: Final = 512
"""Rows on which the steps are compared with ONNX Runtime."""

_SUM: Final = 1
_STRICT: Final = 1
_OPERATORS: Final = {"Add": ADD, "Sum": ADD, "Sub": SUBTRACT, "Mul": MULTIPLY}
_BESIDE_SHARE: Final = 0.5
_MISSING_SHARE: Final = 0.1
_LARGEST: Final = np.finfo(np.float32).max


class NotStepsError(ValueError):
    """A graph, or a part of one, that there are no steps for; the message names it."""


@dataclass(frozen=True)
class RowProgram:
    """A graph as what `run_rows` takes; the last of ``values`` are the graph's outputs, in order.

    It works in its own memory, so it belongs to one thread.
    """

    columns: Ints
    steps: npt.NDArray[np.void]
    nodes: npt.NDArray[np.void]
    leaves: Floats
    values: Floats
    outputs: int

    def runner(self) -> Steps:
        """Return the steps as a function of features, see `scoring.model.scorer.Steps`."""
        columns, steps, nodes, leaves = self.columns, self.steps, self.nodes, self.leaves
        values, outputs = np.tile(self.values, (ROWS, 1)), self.outputs

        def run(features: Floats) -> tuple[Floats, int]:
            features = np.ascontiguousarray(features)
            if features.flags.writeable:  # those of a request are not: the kernel is compiled once
                features = features.view()
                features.flags.writeable = False
            results = np.empty((outputs, len(features)), np.float32)
            infinite = run_rows(features, columns, steps, nodes, leaves, values, results)
            return results, infinite

        return run


def read_program(graph: onnx.ModelProto, columns: Ints) -> RowProgram:
    """Return a checked graph (`bundle.graph_check`) over the features at ``columns`` as steps.

    Raises NotStepsError where it has something that there are no steps for.
    """
    reader = _Reader(len(columns))
    for tensor in graph.graph.initializer:
        reader.constant(tensor.name, numpy_helper.to_array(tensor))
    for node in graph.graph.node:
        reader.node(node)
    return reader.program(columns, [output.name for output in graph.graph.output])


def differing(program: RowProgram, score: Callable[[Floats], Floats], width: int) -> int:
    """Return how many of PROBES rows get other bits from the steps than from ``score``.

    ``score`` gives the outputs float32[outputs, n] of features float32[n, width]. The rows lie on
    the splits of the trees, just beside them, and are missing here and there.
    """
    rows = _probes(program, width, np.random.default_rng(0))
    got, infinite = program.runner()(rows)
    assert not infinite, "a probe is finite or missing"
    return int((got.view(np.int32) != score(rows).view(np.int32)).any(axis=0).sum())


def _probes(program: RowProgram, width: int, chance: np.random.Generator) -> Floats:
    """Return rows float32[PROBES, width] that a tree's test may treat in either way."""
    rows = np.zeros((PROBES, width), np.float32)
    inputs = len(program.columns)
    for place, column in enumerate(program.columns):
        tests = program.nodes["column"] % inputs == place
        tests &= (program.nodes["column"] < 2 * inputs) & np.isfinite(program.nodes["split"])
        splits = program.nodes["split"][tests]
        if len(splits):
            towards = chance.choice(np.array([-_LARGEST, _LARGEST]), PROBES)
            beside = np.nextafter(drawn := chance.choice(splits, PROBES), towards)
            rows[:, column] = np.where(chance.random(PROBES) < _BESIDE_SHARE, beside, drawn)
    rows[chance.random(rows.shape) < _MISSING_SHARE] = np.nan
    return rows


@dataclass
class _Reader:
    """Collects steps and values while it goes through a graph's nodes."""

    inputs: int
    steps: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    trees: list[_Trees] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    groups: dict[str, list[int]] = field(default_factory=dict)

    def constant(self, name: str, value: npt.NDArray[Any]) -> None:
        """Take a number; whoever reads a constant of several is refused."""
        if value.size == 1 and value.dtype == np.float32:
            self.places[name] = self._new(float(value.reshape(())))

    def node(self, node: onnx.NodeProto) -> None:
        """Add the steps of a node."""
        if (node.domain, node.op_type) == (ML_DOMAIN, TREE_ENSEMBLE):
            self._add_trees(node)
        elif node.op_type == "Split":
            self._split(node)
        elif node.op_type == "Sigmoid":
            self._step(SIGMOID, self._place(node.input[0]), 0, node.output[0])
        elif node.op_type in _OPERATORS and len(node.input) > 1:
            self._chain(node)
        else:
            raise NotStepsError(f"operator {node.op_type} of {len(node.input)} inputs")

    def program(self, columns: Ints, outputs: list[str]) -> RowProgram:
        """Return what was collected, with the outputs once more at the end."""
        one = self._new(1.0)
        for name, place in [(name, self._place(name)) for name in outputs]:
            self._step(MULTIPLY, place, one, f"output {name}")
        return RowProgram(
            columns=np.ascontiguousarray(columns, np.int32),
            steps=np.array(self.steps, STEP),
            nodes=np.concatenate([np.zeros(0, NODE), *(each.nodes for each in self.trees)]),
            leaves=np.concatenate([np.zeros(0, np.float32), *(e.leaves for e in self.trees)]),
            values=np.array([0.0] * 2 * self.inputs + self.numbers, np.float32),
            outputs=len(outputs),
        )

    def _chain(self, node: onnx.NodeProto) -> None:
        """Add an operator of two inputs or more, from the left."""
        name, operator = node.output[0], _OPERATORS[node.op_type]
        places = [self._place(each) for each in node.input]
        for number, place in enumerate(places[1:], start=1):
            places[0] = self._step(operator, places[0], place, f"{name} up to {number}")
        self.places[name] = places[0]

    def _add_trees(self, node: onnx.NodeProto) -> None:
        """Add a step for each target of a tree node, whose trees have to lie side by side."""
        settings = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if settings.get("aggregate_function", _SUM) != _SUM or settings.get("post_transform", 0):
            raise NotStepsError(f"{node.name} does more than to add up leaves")
        first, name, outs = sum(len(each.nodes) for each in self.trees), node.output[0], []
        trees = _lay_out(tree_attributes(node), first, node.name)
        for target in range(int(settings.get("n_targets", 1))):
            own = np.flatnonzero(trees.targets == target)
            if not len(own) or own[-1] - own[0] + 1 != len(own):
                raise NotStepsError(f"the trees of {node.name} lie apart from their like")
            ends = (first + int(own[0]), first + int(own[-1]) + 1)
            outs.append(self._step(TREES, *ends, f"{name} of {target}", trees.depth))
        if node.input[0] == INPUT:
            trees.let_missing_pass(self.inputs)
        else:
            trees.nodes["column"] = self._place(node.input[0])
        self.trees.append(trees)
        self.groups[name] = outs
        if len(outs) == 1:
            self.places[name] = outs[0]

    def _split(self, node: onnx.NodeProto) -> None:
        """Name what several targets gave one by one."""
        found = self.groups.get(node.input[0], [])
        if len(found) != len(node.output):
            raise NotStepsError(f"{node.name} splits {len(found)} into {len(node.output)}")
        self.places |= dict(zip(node.output, found, strict=True))

    def _place(self, name: str) -> int:
        if name not in self.places:
            raise NotStepsError(f"{name!r} is more than one number a row")
        return self.places[name]

    def _step(self, operator: int, a: int, b: int, name: str, depth: int = 0) -> int:
        out = self._new(0.0)
        self.steps.append((operator, a, b, out, depth))
        self.places[name] = out
        return out

    def _new(self, number: float) -> int:
        self.numbers.append(number)
        return 2 * self.inputs + len(self.numbers) - 1


@dataclass(frozen=True)
class _Trees:
    """The trees of one graph node: their roots, then the two sides of each test, left first.

    ``targets`` has a number for each tree; ``missing_right`` says where a missing value goes right.
    """

    nodes: npt.NDArray[np.void]
    leaves: Floats
    targets: npt.NDArray[np.int64]
    missing_right: npt.NDArray[np.bool_]
    depth: int

    def let_missing_pass(self, inputs: int) -> None:
        """Let tests read the copy of their input in which a missing one goes where it should.

        Nothing is above an infinite split; no input is above the largest number.
        """
        self.nodes["column"] += np.where(self.missing_right, inputs, 0).astype(np.uint32)
        endless = self.missing_right & (self.nodes["split"] == np.inf)
        self.nodes["split"][endless] = _LARGEST


def _lay_out(given: Attributes, first: int, name: str) -> _Trees:
    """Return a graph node's trees, their places counted from ``first``."""
    roots, tests = len(given["tree_roots"]), len(given["nodes_featureids"])
    number = np.zeros(roots + 2 * tests, np.int64)
    is_leaf = np.zeros(len(number), np.bool_)
    number[:roots] = given["tree_roots"]
    for side, way in enumerate(("true", "false")):
        number[roots + side :: 2] = given[f"nodes_{way}nodeids"]
        is_leaf[roots + side :: 2] = given[f"nodes_{way}leafs"]
    test, leaf = np.where(is_leaf, 0, number), np.where(is_leaf, number, 0)
    left = np.where(is_leaf, np.arange(len(number)), roots + 2 * test)
    splits = given["nodes_splits"].astype(np.float32)
    below = np.nextafter(splits, np.float32(-np.inf))
    splits = np.where(given["nodes_modes"] == _STRICT, below, splits)
    nodes = np.zeros(len(number), NODE)
    nodes["split"] = np.where(is_leaf, np.inf, splits[test])
    nodes["column"] = np.where(is_leaf, 0, given["nodes_featureids"][test])
    nodes["left"] = first + left
    missing_left = given["nodes_missing_value_tracks_true"].astype(np.bool_)
    tree, depth = _follow(left, is_leaf, roots)
    targets = given["leaf_targetids"][leaf[is_leaf]]
    of_tree = np.zeros(roots, np.int64)
    of_tree[tree[is_leaf]] = targets
    if (of_tree[tree[is_leaf]] != targets).any():
        raise NotStepsError(f"trees of {name} mix their targets")
    return _Trees(
        nodes=nodes,
        leaves=np.where(is_leaf, given["leaf_weights"][leaf], 0.0).astype(np.float32),
        targets=of_tree,
        missing_right=~is_leaf & ~missing_left[test],
        depth=depth,
    )


def _follow(
    left: npt.NDArray[np.int64], is_leaf: npt.NDArray[np.bool_], roots: int
) -> tuple[npt.NDArray[np.int64], int]:
    """Return the tree of each node, and the most tests between a root and a leaf."""
    tree = np.arange(len(left))
    level, depth = np.arange(roots), 0
    while len(tests := level[~is_leaf[level]]):
        level = np.concatenate([left[tests], left[tests] + 1])
        tree[level] = np.tile(tree[tests], 2)
        depth += 1
    return tree, depth
