"""Differences in bits between two float32 matrices, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Difference:
    """One column: values compared, and those of which any bit differs.

    ``largest`` is the largest absolute difference where both are numbers; ``one_missing`` counts
    the values that are missing on one side alone.
    """

    compared: int
    differing: int
    largest: float
    one_missing: int


def differences(streamed: Matrix, replayed: Matrix, names: Sequence[str]) -> dict[str, Difference]:
    """Compare float32[n, k] with float32[n, k], whose columns have k names."""
    differing = _differing(streamed, replayed)
    one_missing = np.isnan(streamed) != np.isnan(replayed)
    apart = np.abs(streamed.astype(np.float64) - replayed.astype(np.float64))
    largest = np.where(np.isnan(apart), 0.0, apart).max(axis=0, initial=0.0)
    return {
        name: Difference(
            compared=len(streamed),
            differing=int(differing[:, place].sum()),
            largest=float(largest[place]),
            one_missing=int(one_missing[:, place].sum()),
        )
        for place, name in enumerate(names)
    }


def differing_rows(streamed: Matrix, replayed: Matrix) -> npt.NDArray[np.bool_]:
    """Tell which rows of float32[n, k] differ in a bit, bool[n]."""
    return np.asarray(_differing(streamed, replayed).any(axis=1))


def _differing(streamed: Matrix, replayed: Matrix) -> npt.NDArray[np.bool_]:
    """Compare bits; all NaN are one, as JSON has but one null for them."""
    same_bits = _bits(streamed) == _bits(replayed)
    both_missing = np.isnan(streamed) & np.isnan(replayed)
    return np.asarray(~(same_bits | both_missing))


def _bits(matrix: Matrix) -> npt.NDArray[np.int32]:
    return np.ascontiguousarray(matrix, dtype=np.float32).view(np.int32)
