"""Score rows with the steps of a graph, compiled: no session, no operator's own overhead.

Everything is float32 in the order of ONNX Runtime, so the bits are the same; `row_program` makes
the steps of a graph and holds them against ONNX Runtime before they are used. A row's numbers do
not depend on the rows beside it, so neither do its bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
from numba import types
from numba.extending import intrinsic

from features.kernels.compiled import entry_point, helper

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

ROWS: Final = 16
"""Rows that take each step together: a step's trees stay near the processor for all of them."""

TREES_AT_ONCE: Final = 32
"""Trees that are walked side by side: enough that no test waits for the one before it, and few
enough that their nodes stay in the nearest cache for the next row."""

TREES: Final = 0
ADD: Final = 1
SUBTRACT: Final = 2
MULTIPLY: Final = 3
SIGMOID: Final = 4

STEP: Final = np.dtype([(name, np.int32) for name in ("operator", "a", "b", "out", "depth")])
"""One step: `values[out]` becomes what the operator makes of `values[a]` and `values[b]`. For TREES
it is the sum of what the trees from a up to b give, none of them deeper than `depth`."""

NODE: Final = np.dtype([("split", np.float32), ("column", np.uint32), ("left", np.uint32)])
"""One node of a tree: left where `values[column]` is at most the split, else right, which is the
node behind the left one. A leaf is its own left node, and its split is infinite. Places have no
sign: of a signed one the compiler asks for each access whether it counts from the end."""

# The rational approximation of the logistic function in ONNX Runtime's MLAS (MlasComputeLogistic),
# from the highest power down.
_ABOVE: Final = (4.37031012579801e-11, 1.15627324459942e-07, 6.08574864600143e-05)
_ABOVE_LAST: Final = (8.51377133304701e-03, 2.48287947061529e-01)
_BELOW: Final = (6.10247389755681e-13, 5.76102136993427e-09, 6.29106785017040e-06)
_BELOW_LAST: Final = (1.70198817374094e-03, 1.16817656904453e-01, 9.93151921023180e-01)
_NUMERATOR: Final = tuple(map(np.float32, _ABOVE + _ABOVE_LAST))
_DENOMINATOR: Final = tuple(map(np.float32, _BELOW + _BELOW_LAST))
_FARTHEST: Final = np.float32(18.0)
_HALF: Final = np.float32(0.5)
_NONE: Final = np.float32(0.0)


def _fused(_: Any, a: Any, b: Any, c: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.fma(*given)

    return types.float32(a, b, c), generate


multiply_add = cast("Callable[[Any, Any, Any], np.float32]", intrinsic(_fused))
"""Return a * b + c of three float32, rounded once."""


@helper
def sigmoid(x: np.float32) -> np.float32:
    """Return 1 / (1 + exp(-x)) in the bits of ONNX Runtime on a processor that fuses."""
    x = min(max(x, -_FARTHEST), _FARTHEST)
    square = x * x
    above = multiply_add(square, _NUMERATOR[0], _NUMERATOR[1])
    above = multiply_add(above, square, _NUMERATOR[2])
    above = multiply_add(above, square, _NUMERATOR[3])
    above = multiply_add(above, square, _NUMERATOR[4]) * x
    below = multiply_add(square, _DENOMINATOR[0], _DENOMINATOR[1])
    below = multiply_add(below, square, _DENOMINATOR[2])
    below = multiply_add(below, square, _DENOMINATOR[3])
    below = multiply_add(below, square, _DENOMINATOR[4])
    below = multiply_add(below, square, _DENOMINATOR[5])
    return max(above / below + _HALF, _NONE)


@helper
def _take(features: Floats, columns: Ints, values: Floats) -> bool:
    """Write the graph's inputs twice: a missing one is below everything, then above.

    False if one is infinite, which could not be told from a missing one.
    """
    width = len(columns)
    finite = True
    for i in range(width):
        value = features[columns[i]]
        missing = value != value
        finite &= missing | (abs(value) < np.inf)
        values[i] = -np.inf if missing else value
        values[width + i] = np.inf if missing else value
    return finite


@helper
def _sum_trees(
    step: Any, nodes: npt.NDArray[np.void], leaves: Floats, values: Floats, rows: int
) -> None:
    """Write what the trees of a step add up to, for each of so many rows.

    Some trees at a time are walked side by side, level by level. Each row adds its leaves in the
    order of the trees.
    """
    at = np.empty(TREES_AT_ONCE, np.uint32)
    for row in range(rows):
        values[row, step.out] = _NONE
    for first in range(step.a, step.b, TREES_AT_ONCE):
        count = np.uint64(min(TREES_AT_ONCE, step.b - first))
        for row in range(rows):
            own = values[row]
            for tree in range(count):
                at[tree] = np.uint64(first) + tree
            for _ in range(step.depth):
                for tree in range(count):
                    node = nodes[at[tree]]
                    at[tree] = node.left + np.uint32(own[node.column] > node.split)
            total = own[step.out]
            for tree in range(count):
                total += leaves[at[tree]]
            own[step.out] = total


@helper
def _calculate(step: Any, own: Floats) -> None:
    """Take a step that is not one of trees for the values of a row."""
    a, b = own[step.a], own[step.b]
    if step.operator == ADD:
        own[step.out] = a + b
    elif step.operator == SUBTRACT:
        own[step.out] = a - b
    elif step.operator == MULTIPLY:
        own[step.out] = a * b
    else:
        own[step.out] = sigmoid(a)


@entry_point
def run_rows(
    features: Floats,
    columns: Ints,
    steps: npt.NDArray[np.void],
    nodes: npt.NDArray[np.void],
    leaves: Floats,
    values: Floats,
    results: Floats,
) -> int:
    """Take the steps for features float32[n, width]; return how many rows have an infinite input.

    ``columns`` int32[k] are the places of the graph's inputs; ``steps`` STEP[s]; ``nodes`` NODE[n],
    the roots first, and ``leaves`` float32[n] what each gives. Each of ROWS rows of ``values``
    float32[ROWS, 2 k + v] begins with the inputs, then holds numbers and what the steps write. The
    last of a row are the graph's outputs, which go to ``results`` float32[outputs, n]; those of a
    row with an infinite input mean nothing.
    """
    infinite = 0
    first_output = values.shape[1] - len(results)
    for first in range(0, len(features), ROWS):
        rows = min(ROWS, len(features) - first)
        for row in range(rows):
            infinite += not _take(features[first + row], columns, values[row])
        for i in range(len(steps)):
            step = steps[i]
            if step.operator == TREES:
                _sum_trees(step, nodes, leaves, values, rows)
            else:
                for row in range(rows):
                    _calculate(step, values[row])
        for output in range(len(results)):
            for row in range(rows):
                results[output, first + row] = values[row, first_output + output]
    return infinite
