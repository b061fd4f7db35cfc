"""The Shapley values of sums of trees, compiled.

A leaf with value v is worth, to a coalition S of the columns that its path tests,

    v * product over j in S of o_j * product over j not in S of z_j

where o_j is 1 if the row passes every test of column j on the path, else 0, and z_j is the share
of the training data that passes them (the products of the cover ratios). This is the value
function of path-dependent TreeSHAP (Lundberg, Erion, Lee 2018, algorithm 1). By Owen's multilinear
extension (Management Science 18, 1972) the Shapley value of column i is an integral,

    integral from 0 to 1 of v * (o_i - z_i) * product over j != i of (z_j (1 - t) + o_j t) dt

whose integrand is a polynomial in t of a degree one below the number k of columns on the path, so
that Gauss-Legendre quadrature with k / 2 points or more gives it exactly. All leaves are summed in
one pass down the tree, which keeps the product at each point, and one pass up, which takes the
factor of one column out again: the work is the number of nodes times the number of points, where
the algorithm of the paper takes the leaves times the square of the depth. Nothing cancels: at the
points, which lie inside (0, 1), every factor is positive.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.compiled import entry_point

Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]


class FlatTrees(NamedTuple):
    """Trees as n nodes, tree by tree, parents before their children.

    ``starts`` holds each tree's first node and n. What follows holds for each node and for the
    edge into it: ``parent`` and ``previous``, the nearest node above it behind a test of the same
    column (both counted from the tree's root, which stands for none), ``column`` that its parent
    tests, ``split``, whether it lies on the side where the test holds (``holds``) and on the side
    for missing values (``missing``), ``zero``, the share of training data that passes the tests of
    this column so far, and ``value``, that of a leaf, 0 elsewhere.
    """

    starts: npt.NDArray[np.int64]
    parent: Indices
    previous: Indices
    column: Indices
    split: npt.NDArray[np.float32]
    holds: Flags
    missing: Flags
    zero: Doubles
    value: Doubles


Kernel = Callable[[npt.NDArray[np.float32], FlatTrees, bool, Doubles], None]


@cache
def shapley_kernel(points: int) -> Kernel:
    """Return the kernel for paths of up to ``2 * points`` different columns.

    It takes a row float32[k], trees, whether their tests are strict (``<`` and not ``<=``), and
    float64[k] to which it adds the Shapley value of each column.
    """
    places, weights = np.polynomial.legendre.leggauss(points)
    on = tuple(((places + 1) / 2).tolist())
    off = tuple(((1 - places) / 2).tolist())
    shares = tuple((weights / 2).tolist())

    @entry_point
    def shapley(row: npt.NDArray[np.float32], trees: FlatTrees, strict: bool, out: Doubles) -> None:
        largest = 0
        for tree in range(len(trees.starts) - 1):
            largest = max(largest, trees.starts[tree + 1] - trees.starts[tree])
        product = np.empty((largest, points))
        inverse = np.empty((largest, points))
        below = np.empty((largest, points))
        passes = np.empty(largest)
        passes[0] = 1.0
        for q in range(points):
            product[0, q] = 1.0
            inverse[0, q] = 1.0
        for tree in range(len(trees.starts) - 1):
            first = trees.starts[tree]
            nodes = trees.starts[tree + 1] - first
            for i in range(1, nodes):
                at = first + i
                parent, previous = trees.parent[at], trees.previous[at]
                value = row[trees.column[at]]
                inside = value < trees.split[at] if strict else value <= trees.split[at]
                known = value == value  # not isnan: a branch here would be mispredicted
                passed = inside == trees.holds[at] if known else trees.missing[at]
                one = passes[previous] * passed
                passes[i] = one
                zero, leaf = trees.zero[at], trees.value[at]
                for q in range(points):
                    factor = zero * off[q] + one * on[q]
                    made = product[parent, q] * factor * inverse[previous, q]
                    inverse[i, q] = 1.0 / factor
                    product[i, q] = made
                    below[i, q] = leaf * made * shares[q]
            for i in range(nodes - 1, 0, -1):
                at = first + i
                parent, previous = trees.parent[at], trees.previous[at]
                gain = passes[i] - trees.zero[at]
                gained = 0.0
                if previous > 0:
                    gained = passes[previous] - trees.zero[first + previous]
                total = 0.0
                for q in range(points):
                    share = below[i, q]
                    total += share * (gain * inverse[i, q] - gained * inverse[previous, q])
                    below[parent, q] += share
                out[trees.column[at]] += total

    return shapley
