"""Read the trees of an exported graph back, with the covers of their leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnx

from udfs.graph_check import Attributes, TreesError, check_trees, tree_attributes
from udfs.tree_kernel import FlatTrees

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
    flat = _flatten(nodes, given, previous, zero, leaves)
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


def _flatten(
    nodes: _Nodes,
    given: Attributes,
    previous: Ints,
    zero: npt.NDArray[np.float64],
    leaves: npt.NDArray[np.float64],
) -> FlatTrees:
    """Order the nodes by tree, and count each tree's from its root."""
    order = np.argsort(nodes.tree, kind="stable")
    starts = np.searchsorted(nodes.tree[order], np.arange(nodes.tree.max() + 2))
    local = np.empty(len(order), np.int64)
    local[order] = np.arange(len(order)) - starts[nodes.tree[order]]
    test = nodes.number[nodes.parent[order]]
    holds = nodes.holds[order]
    missing = given["nodes_missing_value_tracks_true"].astype(bool)[test] == holds
    return FlatTrees(
        starts=starts.astype(np.int64),
        parent=local[nodes.parent[order]].astype(np.uint32),
        previous=local[previous[order]].astype(np.uint32),
        column=given["nodes_featureids"][test].astype(np.uint32),
        split=given["nodes_splits"][test].astype(np.float32),
        holds=holds,
        missing=missing,
        zero=zero[order],
        value=leaves[order],
    )
