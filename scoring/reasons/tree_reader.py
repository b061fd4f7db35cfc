"""Read the trees of an exported graph back, with the covers of their leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnx

from scoring.bundle.graph_check import Attributes, TreesError, check_trees, tree_attributes
from scoring.reasons.tree_kernel import TEST, FlatTrees

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_LESS_OR_EQUAL, _LESS = 0, 1


@dataclass(frozen=True)
class ReadTrees:
    """The trees of one TreeEnsemble node (ai.onnx.ml 5) that sums the leaves of one target.

    ``flat`` is what the kernel takes, ``strict`` whether a test holds below its split only,
    ``expected`` the mean of the sum over the training data, ``columns_on_path`` the largest number
    of different columns between a root and a leaf.
    """

    flat: FlatTrees
    strict: bool
    expected: float
    columns_on_path: int


def read_trees(node: onnx.NodeProto, covers: Floats, width: int) -> ReadTrees:
    """Read a TreeEnsemble node over ``width`` columns; ``covers`` is float32[leaves].

    Covers are numbered as the node's leaves. Raises TreesError where they are not those of these
    leaves, where the tests are mixed, or where the node does not hold trees.
    """
    given = tree_attributes(node)
    check_trees(given, width, node.name)
    modes = set(given["nodes_modes"].tolist())
    if len(modes) != 1 or not modes <= {_LESS, _LESS_OR_EQUAL}:
        raise TreesError(f"{node.name} has tests of modes {sorted(modes)}, not all 0 or all 1")
    weights = given["leaf_weights"].astype(np.float64)
    if covers.shape != weights.shape or not ((covers > 0) & np.isfinite(covers)).all():
        raise TreesError(
            f"{node.name} has {len(weights)} leaves, and its covers are {list(covers.shape)} "
            "numbers, which must be one for each leaf, positive and finite"
        )
    nodes = _walk(given)
    cover = _covers(nodes, covers)
    previous, zero, columns = _paths(nodes, given, cover)
    leaves = np.where(nodes.is_leaf, weights[np.where(nodes.is_leaf, nodes.number, 0)], 0.0)
    roots = cover[: len(given["tree_roots"])]
    expected = float((leaves * cover / roots[nodes.tree]).sum())
    flat = _flatten(nodes, given, previous, zero, cover, leaves)
    return ReadTrees(flat, modes == {_LESS}, expected, columns)


class _Nodes(NamedTuple):
    """All nodes of all trees, the roots first, then level by level; ``levels`` begins each.

    ``number`` counts tests and leaves apart, as the graph does; ``parent`` is a place in this
    table, a root's its own; ``holds`` says on which side of its parent's test a node lies.
    """

    number: Ints
    is_leaf: npt.NDArray[np.bool_]
    tree: Ints
    parent: Ints
    holds: npt.NDArray[np.bool_]
    levels: list[int]


def _walk(given: Attributes) -> _Nodes:
    """Visit the trees level by level, all at once."""
    roots = given["tree_roots"]
    trees = np.arange(len(roots))
    level = (roots, np.zeros(len(roots), bool), trees, trees, np.ones(len(roots), bool))
    found, levels = [], [0]
    while len(level[0]):
        found.append(level)
        tests = level[0][~level[1]]
        places = levels[-1] + np.flatnonzero(~level[1])
        levels.append(levels[-1] + len(level[0]))
        level = (
            np.concatenate([given["nodes_truenodeids"][tests], given["nodes_falsenodeids"][tests]]),
            np.concatenate(
                [given["nodes_trueleafs"][tests], given["nodes_falseleafs"][tests]]
            ).astype(bool),
            np.tile(level[2][~level[1]], 2),
            np.tile(places, 2),
            np.repeat([True, False], len(tests)),
        )
    number, is_leaf, tree, parent, holds = map(np.concatenate, zip(*found, strict=True))
    return _Nodes(number, is_leaf, tree, parent, holds, levels)


def _covers(nodes: _Nodes, leaves: Floats) -> npt.NDArray[np.float64]:
    """Return the cover of every node: an inner one's is the sum of its children's."""
    cover = np.zeros(len(nodes.number))
    cover[nodes.is_leaf] = leaves[nodes.number[nodes.is_leaf]]
    for first, end in reversed(list(zip(nodes.levels[1:-1], nodes.levels[2:], strict=True))):
        np.add.at(cover, nodes.parent[first:end], cover[first:end])
    return cover


def _paths(
    nodes: _Nodes, given: Attributes, cover: npt.NDArray[np.float64]
) -> tuple[Ints, npt.NDArray[np.float64], int]:
    """Return each node's nearest one above it behind a test of its column, and ``zero``.

    A root stands for none. Last comes the largest number of different columns on a path.
    """
    column = given["nodes_featureids"][nodes.number[nodes.parent] * ~nodes.is_leaf[nodes.parent]]
    previous = nodes.tree.copy()
    zero = np.ones(len(cover))
    different = np.zeros(len(cover), np.int64)
    for first, end in zip(nodes.levels[1:-1], nodes.levels[2:], strict=True):
        places = np.arange(first, end)
        above = nodes.parent[places]
        while (searching := (column[above] != column[places]) & (above >= nodes.levels[1])).any():
            above = np.where(searching, nodes.parent[above], above)
        previous[places] = above
        zero[places] = zero[above] * cover[places] / cover[nodes.parent[places]]
        different[places] = different[nodes.parent[places]] + (above < nodes.levels[1])
    return previous, zero, int(different.max())


class _Order(NamedTuple):
    """Which nodes are tests and leaves, in the kernel's order, and each node's row in its tree.

    ``starts`` is that of FlatTrees; ``left`` and ``right`` are the places of each test's sides.
    """

    tests: Ints
    leaves: Ints
    row: Ints
    starts: Ints
    left: Ints
    right: Ints


def _order(nodes: _Nodes) -> _Order:
    """Order tests and leaves by tree, those of twigs last, else as the levels are."""
    first = nodes.levels[1]
    places = np.arange(len(nodes.number))
    sides = np.zeros((2, len(places)), np.int64)
    sides[np.where(nodes.holds[first:], 0, 1), nodes.parent[first:]] = places[first:]
    twig = ~nodes.is_leaf & nodes.is_leaf[sides].all(axis=0)
    last = np.where(nodes.is_leaf, twig[nodes.parent], twig)
    ordered = np.lexsort((last, nodes.is_leaf, nodes.tree))
    ends = np.arange(first + 1)
    row = np.empty(len(places), np.int64)
    row[ordered] = places - np.searchsorted(nodes.tree[ordered], ends)[nodes.tree[ordered]]
    is_leaf = nodes.is_leaf[ordered]
    tests, leaves = ordered[~is_leaf], ordered[is_leaf]
    starts = [
        np.searchsorted(2 * nodes.tree[found] + last[found], 2 * ends + of_twigs)
        for found, of_twigs in ((tests, 0), (tests, 1), (leaves, 0), (leaves, 1))
    ]
    return _Order(tests, leaves, row, np.stack(starts, axis=1), sides[0][tests], sides[1][tests])


def _flatten(
    nodes: _Nodes,
    given: Attributes,
    previous: Ints,
    zero: npt.NDArray[np.float64],
    cover: npt.NDArray[np.float64],
    leaves: npt.NDArray[np.float64],
) -> FlatTrees:
    """Write the tests down as the kernel takes them."""
    order = _order(nodes)
    number, above = nodes.number[order.tests], previous[order.left]
    slot = 2 + 2 * order.row[nodes.parent[above]] + ~nodes.holds[above]
    tests = np.zeros(len(order.tests), TEST)
    tests["left"] = order.row[order.left]
    tests["right"] = order.row[order.right]
    tests["column"] = given["nodes_featureids"][number]
    tests["previous"] = np.where(above < nodes.levels[1], 0, slot)
    tests["split"] = given["nodes_splits"][number]
    tests["missing"] = given["nodes_missing_value_tracks_true"][number]
    tests["share"] = cover[order.left] / cover[order.tests]
    return FlatTrees(
        tests=tests,
        whole=zero[above],
        leaves=leaves[order.leaves],
        starts=order.starts,
        rows=int(np.bincount(nodes.tree).max()),
    )
