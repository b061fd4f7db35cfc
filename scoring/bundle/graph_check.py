"""Checks of a bundle's graph: operators, inputs and outputs that are allowed.

ONNX Runtime does not promise to check an index in a tree, nor how much memory an operator asks
for, so both are checked before it sees a graph.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from scoring.bundle.tensors import INPUT

Attributes = dict[str, npt.NDArray[Any]]

ML_DOMAIN: Final = "ai.onnx.ml"
TREES: Final = "TreeEnsemble"
OPERATORS: Final = frozenset(
    {
        *("Abs", "Add", "Clip", "Concat", "CumSum", "Div", "Exp", "Gather", "Gemm", "Identity"),
        *("IsNaN", "Log", "MatMul", "Max", "Min", "Mul", "Neg", "Reshape", "Sigmoid", "Slice"),
        *("Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Unsqueeze", "Where"),
    }
)
"""Operators that a graph may use beside trees: their output is no larger than their inputs."""

_OF_NODES: Final = (
    "nodes_featureids",
    "nodes_splits",
    "nodes_modes",
    "nodes_missing_value_tracks_true",
    "nodes_truenodeids",
    "nodes_trueleafs",
    "nodes_falsenodeids",
    "nodes_falseleafs",
)
_OF_LEAVES: Final = ("leaf_targetids", "leaf_weights")
_REALS: Final = ("nodes_splits", "leaf_weights")


class TreesError(ValueError):
    """Trees or covers of which no contributions can be computed, or that must not be run."""


def check_graph(graph: onnx.ModelProto, width: int) -> None:
    """Raise TreesError for a graph over ``width`` inputs that must not be run."""
    if graph.functions:
        raise TreesError("the graph has functions of its own")
    for tensor in graph.graph.initializer:
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise TreesError(f"the numbers of {tensor.name!r} are in another file")
    for node in graph.graph.node:
        if (node.domain, node.op_type) == (ML_DOMAIN, TREES):
            columns = width if INPUT in node.input else 1
            check_trees(tree_attributes(node), columns, node.name)
        elif node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
            known = ", ".join((TREES, *sorted(OPERATORS)))
            raise TreesError(f"operator {node.op_type!r} is none of {known}")


def tree_attributes(node: onnx.NodeProto) -> Attributes:
    """Return the attributes of a TreeEnsemble node as arrays; TreesError where one is missing."""
    try:
        given = {one.name: _plain(helper.get_attribute_value(one)) for one in node.attribute}
    except (ValueError, TypeError, OverflowError) as error:
        raise TreesError(f"{node.name} has an attribute that cannot be read: {error}") from None
    missing = [name for name in (*_OF_NODES, *_OF_LEAVES, "tree_roots") if name not in given]
    if missing:
        raise TreesError(f"{node.name} lacks {', '.join(missing)}")
    for name in (*_OF_NODES, *_OF_LEAVES, "tree_roots"):
        wanted = "f" if name in _REALS else "iu"
        if given[name].ndim != 1 or given[name].dtype.kind not in wanted:
            got = f"{given[name].dtype}{list(given[name].shape)}"
            raise TreesError(f"{node.name} has {name} of the form {got}")
    return given


def check_trees(given: Attributes, width: int, name: str) -> None:
    """Refuse numbers that are not those of trees over ``width`` columns.

    Every test and every leaf hangs in exactly one place, so that following them ends.
    """
    nodes, leaves = len(given["nodes_featureids"]), len(given["leaf_weights"])
    _check_lengths(given, nodes, leaves, name)
    _check_range(given, "nodes_featureids", width, name)
    _check_range(given, "leaf_targetids", _number(given, "n_targets", 1), name)
    _check_range(given, "tree_roots", nodes, name)
    _check_range(given, "nodes_modes", 2, name)
    for flag in ("nodes_trueleafs", "nodes_falseleafs", "nodes_missing_value_tracks_true"):
        _check_range(given, flag, 2, name)
    _check_places(given, nodes, leaves, name)
    if np.isnan(given["nodes_splits"]).any() or not np.isfinite(given["leaf_weights"]).all():
        raise TreesError(f"{name} has splits or leaves that are no finite numbers")


def _check_lengths(given: Attributes, nodes: int, leaves: int, name: str) -> None:
    if not nodes or not len(given["tree_roots"]):
        raise TreesError(f"{name} has no tree")
    for names, count in ((_OF_NODES, nodes), (_OF_LEAVES, leaves)):
        for one in names:
            if len(given[one]) != count:
                raise TreesError(f"{name} has {len(given[one])} {one}, and {count} were expected")


def _check_places(given: Attributes, nodes: int, leaves: int, name: str) -> None:
    """Refuse a test or a leaf that hangs nowhere or twice."""
    ids = np.concatenate([given["nodes_truenodeids"], given["nodes_falsenodeids"]])
    are_leaves = np.concatenate([given["nodes_trueleafs"], given["nodes_falseleafs"]]).astype(bool)
    tests = np.concatenate([ids[~are_leaves], given["tree_roots"]])
    for kind, found, count in (("tests", tests, nodes), ("leaves", ids[are_leaves], leaves)):
        if len(found) != count or not np.array_equal(np.sort(found), np.arange(count)):
            raise TreesError(f"{name} does not have each of its {count} {kind} in one place")


def _check_range(given: Attributes, attribute: str, end: int, name: str) -> None:
    values = given[attribute]
    if ((values < 0) | (values >= end)).any():
        raise TreesError(f"{name} has {attribute} outside 0 to {end - 1}")


def _number(given: Attributes, attribute: str, default: int) -> int:
    value = given.get(attribute)
    return default if value is None or value.ndim else int(value)


def _plain(value: Any) -> npt.NDArray[Any]:
    """Return a tensor, a list or a number as an array."""
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.array(value)
