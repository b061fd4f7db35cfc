"""The Shapley values of sums of trees, compiled.

A leaf with value v is worth, to a coalition S of the columns that its path tests,

    v * product over j in S of o_j * product over j not in S of z_j

where o_j is 1 if the row passes every test of column j on the path, else 0, and z_j is the share
of the training data that passes them (the products of the cover ratios). This is the value
function of path-dependent TreeSHAP (Lundberg, Erion, Lee 2018, algorithm 1). Owen's multilinear
extension (Management Science 18, 1972) puts a number x_j in [0, 1] in the place of membership: a
path has the factor z_j + x_j (o_j - z_j) for each of its columns, f(x) is the sum over all leaves,
and the Shapley value of column i is

    integral from 0 to 1 of df/dx_i at x = (t, ..., t) dt

whose integrand is a polynomial in t of a degree one below the number k of columns on the longest
path, so that Gauss-Legendre quadrature with k / 2 points or more gives it exactly.

At one point, f is what comes out of the root if at each test a share a goes left and the rest
right. For the first test of a column on a path, left holding the share r of the training data and
o being 1 where the row goes left,

    a = r (1 - t) + o t                          da/dx = o - r

and for a test behind others of its column, of whose data Z is the share that comes through them
and which the row passes (where it does not, a is r and da/dx is 0),

    a = (Z r (1 - t) + o t) / F                  da/dx = Z (o - r) / F^2        F = Z (1 - t) + t

Nothing cancels: at the points, which lie inside (0, 1), F is positive. With P what reaches a test
(the product of the shares above it) and L and R what comes out of its sides, the chain rule adds
P (L - R) da/dx to the test's column. One pass down makes P, one pass up L and R: the work is the
tests times the points, where the algorithm of the paper takes the leaves times the square of the
depth. Four points go through the trees together, as the lanes of one vector.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, overload, register_model

from features.kernels.compiled import entry_point, helper

Doubles = npt.NDArray[np.float64]

LANES: Final = 4
"""Points in one vector: as many float64 as AVX2 adds at once, and four of a depth of 8."""

TEST: Final = np.dtype(
    [
        *((name, np.uint32) for name in ("left", "right", "column", "previous")),
        *(("split", np.float32), ("missing", np.bool_), ("share", np.float64)),
    ],
    align=True,
)
"""One test: the rows of its sides in its tree, which are the tests and behind them the leaves; the
column; the place of the nearest side above behind a test of the same column (2 + 2 * test for the
left, one more for the right, 0 for none); the split; whether missing values go left; and the share
of the training data there that goes left, which is where the test holds."""


class FlatTrees(NamedTuple):
    """Trees as tests and leaves, tree by tree.

    ``tests`` is TEST[n], in each tree the parents before their children and last the twigs, the
    tests with two leaves; ``whole`` float64[n], the Z of each test, 1 where none of its column is
    above; ``leaves`` float64[m] the values, in each tree those of the twigs last; ``starts``
    int64[trees + 1, 4] each tree's first test, twig, leaf and leaf of a twig, and the ends;
    ``rows`` the most tests and leaves that a tree has.
    """

    tests: npt.NDArray[np.void]
    whole: Doubles
    leaves: Doubles
    starts: npt.NDArray[np.int64]
    rows: int


class _Lanes(types.Type):
    """A vector of LANES float64 in compiled code; on every machine with the same bits."""


_LANES: Final = _Lanes("Lanes")
_VECTOR: Final = ir.VectorType(ir.DoubleType(), LANES)


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Any) -> None:
        super().__init__(manager, lanes, _VECTOR)  # type: ignore[no-untyped-call]


def _pointer(context: Any, builder: Any, kind: Any, array: Any, row: Any) -> Any:
    """Return where a row of LANES numbers begins in a contiguous array of float64."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(builder.bitcast(data, _VECTOR.as_pointer()), [row])


def _load(_: Any, array: Any, _row: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = _pointer(context, builder, signature.args[0], *given)
        return builder.load(place, align=8)

    return _LANES(array, types.uint64), generate


def _store(_: Any, array: Any, _row: Any, lanes: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = _pointer(context, builder, signature.args[0], *given[:2])
        builder.store(given[2], place, align=8)
        return context.get_dummy_value()

    return types.void(array, types.uint64, lanes), generate


def _spread(_: Any, _number: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        lanes = ir.Constant(_VECTOR, ir.Undefined)
        for lane in range(LANES):
            lanes = builder.insert_element(lanes, given[0], ir.Constant(ir.IntType(32), lane))
        return lanes

    return _LANES(types.float64), generate


load = cast("Callable[[Doubles, Any], Any]", intrinsic(_load))
"""Return a row of an array float64[..., LANES], counted over all dimensions but the last."""

store = cast("Callable[[Doubles, Any, Any], None]", intrinsic(_store))
"""Write such a row."""

spread = cast("Callable[[float | np.float64], Any]", intrinsic(_spread))
"""Return lanes that all hold one number."""


def _lane_by_lane(symbol: Callable[[Any, Any], Any], instruction: str) -> None:
    """Give lanes an operator: one instruction for each lane, rounded as a single float64 is."""

    def apply(_: Any, left: Any, right: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
            return getattr(builder, instruction)(*given)

        return _LANES(left, right), generate

    compiled = cast("Callable[[Any, Any], Any]", intrinsic(apply))

    def on_both(left: Any, right: Any) -> Any:
        return compiled(left, right)

    @overload(symbol, inline="always")
    def choose(left: Any, right: Any) -> Any:
        return on_both if isinstance(left, _Lanes) and isinstance(right, _Lanes) else None


for _symbol, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _lane_by_lane(_symbol, _instruction)


@helper
def _goes_left(value: np.float32, test: Any, strict: bool) -> np.float64:
    """Return 1 or 0, without a branch: it would be mispredicted, as the rows differ."""
    inside = value < test.split if strict else value <= test.split
    return np.float64(inside | ((value != value) & test.missing))


@helper
def _share(test: Any, whole: float, passed: float, left: np.float64, on: Any, off: Any) -> Any:
    """Return the a and the da/dx of a test at each point."""
    if test.previous == 0:
        share = spread(test.share) * off + spread(left) * on
        return share, spread(left - test.share)
    if passed == 0.0:
        return spread(test.share), spread(0.0)
    factor = spread(whole) * off + on
    share = (spread(whole * test.share) * off + spread(left) * on) / factor
    return share, spread(whole * (left - test.share)) / (factor * factor)


@entry_point
def add_shapley_values(
    row: npt.NDArray[np.float32], trees: FlatTrees, strict: bool, points: Doubles, out: Doubles
) -> None:
    """Add the Shapley value of each column to ``out``, float64[k], for a row float32[k].

    ``strict`` says whether a test is ``<`` and not ``<=``; ``points`` are those of `quadrature`
    for the longest path.
    """
    reaching = np.empty((trees.rows, LANES))
    coming = np.empty((trees.rows, LANES))
    shares = np.empty((trees.rows, LANES))
    moving = np.empty((trees.rows, LANES))
    passes = np.ones(2 * trees.rows + 2)
    found = np.zeros((len(row), LANES))
    for vector in range(len(points)):
        on, off = load(points, 3 * vector), load(points, 3 * vector + 1)
        for tree in range(len(trees.starts) - 1):
            first = np.uint64(trees.starts[tree, 0])
            tests = np.uint64(trees.starts[tree + 1, 0]) - first
            twig = np.uint64(trees.starts[tree, 1]) - first
            leaf = np.uint64(trees.starts[tree, 2])
            store(reaching, 0, load(points, 3 * vector + 2))
            for i in range(np.uint64(trees.starts[tree, 3]) - leaf):
                store(coming, tests + i, spread(trees.leaves[leaf + i]))
            for i in range(twig):
                test = trees.tests[first + i]
                left = _goes_left(row[test.column], test, strict)
                passed = passes[test.previous]
                passes[2 * i + 2], passes[2 * i + 3] = passed * left, passed - passed * left
                share, moved = _share(test, trees.whole[first + i], passed, left, on, off)
                reached = load(reaching, i)
                to_left = reached * share
                store(reaching, test.left, to_left)
                store(reaching, test.right, reached - to_left)
                store(shares, i, share)
                store(moving, i, reached * moved)
            for i in range(twig, tests):
                test = trees.tests[first + i]
                left = _goes_left(row[test.column], test, strict)
                passed = passes[test.previous]
                share, moved = _share(test, trees.whole[first + i], passed, left, on, off)
                right = trees.leaves[leaf + (test.right - tests)]
                rise = spread(trees.leaves[leaf + (test.left - tests)] - right)
                store(coming, i, spread(right) + rise * share)
                moved = load(reaching, i) * moved * rise
                store(found, test.column, load(found, test.column) + moved)
            for up in range(twig):
                i = twig - np.uint64(1) - up
                test = trees.tests[first + i]
                right = load(coming, test.right)
                rise = load(coming, test.left) - right
                store(coming, i, right + rise * load(shares, i))
                moved = load(moving, i) * rise
                store(found, test.column, load(found, test.column) + moved)
    for column in range(len(row)):
        for lane in range(LANES):
            out[column] += found[column, lane]
