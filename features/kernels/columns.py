"""Copying between packed states. Compiled; plain loops, which become memory moves.

Slice assignment would do the same, but numba takes seconds to compile each one.
"""

from typing import Any

import numpy.typing as npt

from features.kernels.compiled import helper


@helper
def copy(
    old: npt.NDArray[Any], old_at: int, new: npt.NDArray[Any], new_at: int, length: int
) -> None:
    """Copy `length` elements of old, from old_at on, to new, from new_at on."""
    source, target = old[old_at : old_at + length], new[new_at : new_at + length]
    for i in range(min(len(source), len(target))):
        target[i] = source[i]
