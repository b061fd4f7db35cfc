"""Score one row with the steps of a graph, compiled: no session, no operator's own overhead.

Everything is float32 in the order of ONNX Runtime, so the bits are the same; `row_program` makes
the steps of a graph and holds them against ONNX Runtime before they are used.
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

TREES: Final = 0
ADD: Final = 1
SUBTRACT: Final = 2
MULTIPLY: Final = 3
SIGMOID: Final = 4

STEP: Final = np.dtype([(name, np.int32) for name in ("operator", "a", "b", "out", "depth")])
"""One step: `values[out]` becomes what the operator makes of `values[a]` and `values[b]`. For TREES
it is the sum of what the trees from a up to b give, none of them deeper than `depth`."""

NODE: Final = np.dtype([("split", np.float32), ("column", np.int32), ("left", np.int32)])
"""One node of a tree: left where `values[column]` is at most the split, else right, which is the
node behind the left one. A leaf is its own left node, and its split is infinite."""

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
    step: Any, nodes: npt.NDArray[np.void], leaves: Floats, at: Ints, values: Floats
) -> np.float32:
    """Walk the trees side by side, level by level: no test waits for the one before it."""
    first, count = step.a, step.b - step.a
    for tree in range(count):
        at[tree] = first + tree
    for _ in range(step.depth):
        for tree in range(count):
            node = nodes[at[tree]]
            at[tree] = node.left + np.int32(values[node.column] > node.split)
    total = np.float32(0.0)
    for tree in range(count):
        total += leaves[at[tree]]
    return total


@entry_point
def run_row(
    features: Floats,
    columns: Ints,
    steps: npt.NDArray[np.void],
    nodes: npt.NDArray[np.void],
    leaves: Floats,
    at: Ints,
    values: Floats,
) -> bool:
    """Take the steps for features float32[width]; False, with nothing done, if one is infinite.

    ``columns`` int32[k] are the places of the graph's inputs; ``steps`` STEP[s]; ``nodes`` NODE[n],
    the roots first, and ``leaves`` float32[n] what each gives; ``at`` has room for as many as a
    step has trees; ``values`` float32[2 k + v] begins with the inputs, then holds numbers and what
    the steps write.
    """
    if not _take(features, columns, values):
        return False
    for i in range(len(steps)):
        step = steps[i]
        a, b = values[step.a], values[step.b]
        if step.operator == TREES:
            values[step.out] = _sum_trees(step, nodes, leaves, at, values)
        elif step.operator == ADD:
            values[step.out] = a + b
        elif step.operator == SUBTRACT:
            values[step.out] = a - b
        elif step.operator == MULTIPLY:
            values[step.out] = a * b
        else:
            values[step.out] = sigmoid(a)
    return True
