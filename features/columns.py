"""Copying packed columns: what every next state is made of. Compiled."""

from typing import Any

import numpy as np
import numpy.typing as npt

from features.compiled import helper


@helper
def copy(old: npt.NDArray[Any], new: npt.NDArray[Any], first: int, shift: int) -> None:
    """Copy old[first:] to the start of new, each value raised by `shift`."""
    for i in range(len(old) - first):
        new[i] = np.int64(old[first + i]) + shift


@helper
def insert(
    old: npt.NDArray[Any], new: npt.NDArray[Any], first: int, at: int, value: int, shift: int
) -> None:
    """Copy old[first:] to new like `copy`, with `value` put before old[at]."""
    for i in range(first, at):
        new[i - first] = np.int64(old[i]) + shift
    new[at - first] = value
    for i in range(at, len(old)):
        new[i - first + 1] = np.int64(old[i]) + shift


@helper
def remove(old: npt.NDArray[Any], new: npt.NDArray[Any], at: int) -> None:
    """Copy all of old but old[at] to new."""
    for i in range(at):
        new[i] = old[i]
    for i in range(at + 1, len(old)):
        new[i - 1] = old[i]
