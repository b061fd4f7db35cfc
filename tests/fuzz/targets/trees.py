"""Trees whose numbers are drawn: contributions that add up, or a sentence; never a hang."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np
import onnx
from onnx import numpy_helper

from scoring.bundle.graph_check import TreesError, check_graph
from scoring.reasons.contributions import read_contributions
from scoring.reasons.tree_kernel import FlatTrees
from tests.fuzz.draws import Draws
from tests.fuzz.oracle import check_refusal
from tests.fuzz.targets.small_bundle import COVERS, MEMBER, WIDTH, graph_bytes, trees_node

_LISTS: Final = (
    "tree_roots",
    "nodes_featureids",
    "nodes_missing_value_tracks_true",
    "nodes_truenodeids",
    "nodes_trueleafs",
    "nodes_falsenodeids",
    "nodes_falseleafs",
    "leaf_targetids",
)
_TENSORS: Final = ("nodes_splits", "nodes_modes", "leaf_weights")
_ODD: Final = (0.0, -1.0, 0.5, float("nan"), float("inf"), 1e38, 1e-45)

# Compiling is not part of any input's time.
read_contributions(
    onnx.load_from_string(graph_bytes(trees_node())), {MEMBER: COVERS}, {MEMBER: 1.0}, WIDTH
)


def run(data: bytes) -> None:
    """Change some attributes of two trees, then read and explain with them."""
    draws = Draws(data)
    changed: dict[str, Any] = {}
    for _ in range(draws.number(1) % 6):
        changed |= _change(draws)
    covers = COVERS.copy()
    if draws.number(1) & 1:
        count = draws.number(1) % 9
        covers = np.array([draws.choice(_ODD) for _ in range(count)], np.float32)
    graph = onnx.load_from_string(graph_bytes(trees_node(**changed)))
    try:
        check_graph(graph, WIDTH)
        explained = read_contributions(graph, {MEMBER: covers}, {MEMBER: 1.0}, WIDTH)
    except TreesError as error:
        check_refusal(error)
        return
    for member in explained.members:
        _check_places(member.flat)
    for value in (0.0, 1.0, 9.0, float("nan")):
        row = np.full(WIDTH, value, np.float32)
        found = explained(row)
        assert found.shape == (WIDTH,)
        again = explained(row)
        assert np.array_equal(found, again, equal_nan=True), "not the same twice"


def _check_places(trees: FlatTrees) -> None:
    """Hold what the kernel follows to where it may lead; compiled code reads anything."""
    for (test, twig, leaf, _), end in pairwise(trees.starts.tolist()):
        tests, leaves = end[0] - test, end[2] - leaf
        assert leaves == tests + 1 <= trees.rows - tests
        rows = np.arange(tests)
        for name in ("left", "right"):
            side = trees.tests[name][test : end[0]]
            assert (side > rows).all() and (side < tests + leaves).all()
            assert (side[twig - test :] >= tests).all()
        assert (trees.tests["previous"][test : end[0]] < 2 + 2 * rows).all()
    assert (trees.tests["column"] < WIDTH).all()


def _change(draws: Draws) -> dict[str, Any]:
    """Return one attribute with other numbers, another type, or absent."""
    kind = draws.number(1) % 8
    count = 3 + draws.number(1) % 4 if draws.number(1) & 1 else 3
    if kind == 0:
        return {draws.choice((*_LISTS, *_TENSORS)): None}
    if kind < 6:
        return {draws.choice(_LISTS): [draws.number(1, signed=True) % 9 - 1 for _ in range(count)]}
    if kind == 6:
        return {draws.choice(_LISTS): [draws.number(8, signed=True) for _ in range(count)]}
    values = [draws.choice(_ODD) for _ in range(count)]
    dtype = draws.choice((np.float32, np.float64, np.uint8))
    with np.errstate(all="ignore"):
        return {draws.choice(_TENSORS): numpy_helper.from_array(np.array(values).astype(dtype))}


def seeds() -> Iterator[bytes]:
    """The trees as they are, and with each attribute changed."""
    yield b"\0"
    for name in range(len(_LISTS)):
        for value in (0, 1, 2, 8, 255):
            yield bytes([1, 1, 0, 0, name, value, 1, 1])
    for name in range(11):
        yield bytes([1, 0, 0, 0, name])
    yield b"\0\1\5\0\0\0\0\0"
