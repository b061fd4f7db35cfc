"""Distribution of a column: the reference for drift and for what is usual."""

from __future__ import annotations

import numpy as np

from scoring.bundle.manifest import Profile
from training.arrays import Floats

BINS = 10
LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def column_profile(values: Floats) -> Profile:
    """Profile one column float32[n] with NaN for missing; at least one value is present.

    The histogram has at most ten bins of about equal counts; a value that many rows share makes
    fewer. Bin i holds ``(edges[i], edges[i + 1]]`` and the outer bins reach to infinity.
    """
    present = values[~np.isnan(values)].astype(np.float64)
    inner = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
    counts = np.bincount(np.searchsorted(inner, present, side="left"), minlength=len(inner) + 1)
    levels = np.quantile(present, LEVELS)
    low, high = float(present.min()), float(present.max())
    return Profile(
        missing_share=1.0 - len(present) / len(values),
        mean=float(present.mean()),
        standard_deviation=float(present.std()),
        minimum=low,
        maximum=high,
        quantiles={str(level): float(value) for level, value in zip(LEVELS, levels, strict=True)},
        edges=[low, *inner.tolist(), high],
        counts=counts.tolist(),
    )
