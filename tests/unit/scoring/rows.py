"""Vectors of an ordinary payment, for tests to bend."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from features.catalogue import FEATURE_NAMES
from scoring.bundle.manifest import InputFeature
from tests.unit.scoring.scene import shipped

PLACES: Final = {name: place for place, name in enumerate(FEATURE_NAMES)}

ORDINARY: Final = {
    "amount": 50.0,
    "card_amount_to_mean_30d": 1.0,
    "card_amount_z_30d": 0.0,
    "card_count_10m": 1.0,
    "card_count_1h": 1.0,
    "card_count_24h": 2.0,
    "card_count_7d": 14.0,
    "card_count_30d": 60.0,
    "card_sum_24h": 100.0,
    "card_sum_30d": 3_000.0,
    "card_mean_30d": 50.0,
    "hour_of_day": 3.0,
    "is_night": 1.0,
}


def values_of(**changes: float) -> npt.NDArray[np.float32]:
    """Return the ordinary vector with other values; every value that is not named is missing."""
    found = {**ORDINARY, **changes}
    return np.array([found.get(name, np.nan) for name in FEATURE_NAMES], dtype=np.float32)


def column(name: str) -> InputFeature:
    """Return a column as the shipped bundle has it, or one with the profile of its first."""
    known = {feature.name: feature for feature in shipped().manifest.features}
    return known.get(name) or InputFeature(
        name=name,
        dtype="float32",
        unit="",
        median=2.0,
        importance=0.0,
        profile=shipped().manifest.features[0].profile,
    )
