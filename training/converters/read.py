"""Read a converter's trees into our own form, beside the fitted trees that they were made of.

A bundle holds trees as a TreeEnsemble node with the covers of its leaves. The converters write an
older node without covers, so the trees are written anew with their numbers, and with the covers
of the fitted model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from training.arrays import Floats, Ints
from training.errors import TrainingError
from training.onnx_graph.trees import Tree, Trees

TREE_NODE = "TreeEnsembleClassifier"
_OF_NODES = (
    *("treeids", "nodeids", "modes", "featureids", "values"),
    *("missing_value_tracks_true", "truenodeids", "falsenodeids"),
)
_LEAF, _LESS, _LESS_OR_EQUAL = "LEAF", "BRANCH_LT", "BRANCH_LEQ"


@dataclass(frozen=True)
class _Node:
    """One test or leaf of a converter's tree; children are None at a leaf."""

    feature: int
    threshold: np.float32
    missing_left: bool
    children: tuple[int, int] | None
    value: float


def read_trees(graph: onnx.ModelProto, fitted: Trees) -> Trees:
    """Return a converted graph's trees, their nodes numbered as those of the fitted trees.

    Thresholds, sides of missing values, leaves and base are the graph's, covers the fitted
    model's. Raises TrainingError where the graph holds trees of another shape.
    """
    given = _attributes(graph)
    tests = {mode for mode in given["nodes_modes"] if mode != _LEAF}
    if len(tests) > 1 or not tests <= {_LESS, _LESS_OR_EQUAL}:
        raise TrainingError(f"The converted graph tests by {', '.join(sorted(tests))}.")
    trees = _nodes(given)
    if len(trees) != len(fitted.trees):
        raise TrainingError(
            f"The converted graph has {len(trees)} trees, the fitted model {len(fitted.trees)}."
        )
    return Trees(
        tuple(_beside(tree, own) for tree, own in zip(trees, fitted.trees, strict=True)),
        strict=tests == {_LESS} if tests else fitted.strict,
        base=float(given.get("base_values", [0.0])[0]),
        logistic=given["post_transform"] == "LOGISTIC",
    )


def _attributes(graph: onnx.ModelProto) -> dict[str, Any]:
    """Return the attributes of the graph's one node of trees, texts decoded."""
    nodes = [node for node in graph.graph.node if node.op_type == TREE_NODE]
    if len(nodes) != 1:
        raise TrainingError(f"The converted graph has {len(nodes)} nodes of trees, not 1.")
    given = {one.name: helper.get_attribute_value(one) for one in nodes[0].attribute}
    given["nodes_modes"] = [mode.decode() for mode in given["nodes_modes"]]
    given["post_transform"] = given["post_transform"].decode()
    return given


def _nodes(given: dict[str, Any]) -> list[dict[int, _Node]]:
    """Return the nodes of each tree by their number, the root first."""
    leaves = (given[f"class_{part}"] for part in ("treeids", "nodeids", "weights"))
    values = {(tree, node): weight for tree, node, weight in zip(*leaves, strict=True)}
    tests = (given[f"nodes_{part}"] for part in _OF_NODES)
    trees: dict[int, dict[int, _Node]] = {}
    for tree, number, mode, column, split, missing, true, false in zip(*tests, strict=True):
        is_leaf = mode == _LEAF
        trees.setdefault(tree, {})[number] = _Node(
            feature=column,
            threshold=np.float32(split),
            missing_left=bool(missing),
            children=None if is_leaf else (true, false),
            value=values[tree, number] if is_leaf else 0.0,
        )
    return [trees[number] for number in sorted(trees)]


def _beside(tree: dict[int, _Node], own: Tree) -> Tree:
    """Return a converter's tree in the order of the fitted tree's nodes, with its covers."""
    count = len(own.left)
    threshold: Floats = np.zeros(count, np.float32)
    value: Floats = np.zeros(count, np.float32)
    feature: Ints = np.full(count, -2, np.int64)
    missing_left: npt.NDArray[np.bool_] = np.zeros(count, np.bool_)
    open_ends = [(next(iter(tree)), 0)]
    while open_ends:
        number, place = open_ends.pop()
        node = tree[number]
        if (node.children is None) != (own.left[place] < 0):
            raise TrainingError("The converted graph has trees of another shape than the model.")
        if node.children is None:
            value[place] = node.value
            continue
        feature[place], threshold[place] = node.feature, node.threshold
        missing_left[place] = node.missing_left
        sides = (int(own.left[place]), int(own.right[place]))
        open_ends += zip(node.children, sides, strict=True)
    return Tree(feature, threshold, own.left, own.right, missing_left, value, own.cover)
