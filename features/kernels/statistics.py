"""The arithmetic that kernels share: spread, distance, sets, buckets. Compiled, no state."""

from typing import Final

import numpy as np
import numpy.typing as npt

from features.kernels.compiled import helper
from features.windows import SECOND_MS

EARTH_RADIUS_KM: Final = 6_371.0088
"""Mean radius R1 of the Earth (IUGG)."""

LARGEST_SUM: Final = 2**63 - 1
"""Sums of amounts end here, at 92 billion major units of a currency with 8 decimals."""

_BLUR: Final = 16
_NARROWEST_MS: Final = SECOND_MS
_HASH_FACTOR: Final = 2_654_435_769  # 2**32 / golden ratio (Knuth, TAOCP 3, section 6.4)


@helper
def add_amounts(total: int, more: int) -> int:
    """Return the sum of two amounts or sums of amounts, which ends at LARGEST_SUM.

    Neither is negative, so a sum beyond int64 wraps round to a negative number once.
    """
    together = total + more
    return together if together >= 0 else LARGEST_SUM


@helper
def absorb(count: int, total: int, spread: float, value: int) -> float:
    """Return the sum of squared deviations after one more value.

    Welford's update in the form of Chan, Golub and LeVeque (1983): `spread` belongs to `count`
    values that add up to `total`. Equal values give exactly 0.
    """
    if count == 0:
        return 0.0
    delta = value - total / count
    return spread + delta * delta * count / (count + 1)


@helper
def merge(
    count: int, total: int, spread: float, other_count: int, other_total: int, other_spread: float
) -> float:
    """Return the sum of squared deviations of two groups together (Chan, Golub, LeVeque 1983)."""
    if count == 0:
        return other_spread
    delta = other_total / other_count - total / count
    return spread + other_spread + delta * delta * count * other_count / (count + other_count)


@helper
def haversine_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the great-circle distance of two places in degrees.

    R. W. Sinnott, Virtues of the Haversine, Sky and Telescope 68 (1984), on a sphere.
    """
    half_lat = np.radians(other_lat - lat) / 2.0
    half_lon = np.radians(other_lon - lon) / 2.0
    across = np.cos(np.radians(lat)) * np.cos(np.radians(other_lat)) * np.sin(half_lon) ** 2
    half_chord = np.sqrt(min(1.0, np.sin(half_lat) ** 2 + across))
    return float(2.0 * EARTH_RADIUS_KM * np.arcsin(half_chord))


@helper
def turn_degrees(angle: float) -> float:
    """Return an angle below 540 degrees either way as one from -180 up to 180."""
    if angle >= 180.0:
        return angle - 360.0
    return angle + 360.0 if angle < -180.0 else angle


@helper
def add_token(tokens: npt.NDArray[np.uint32], start: int, size: int, token: int) -> int:
    """Put a token into an open-addressing set; return 1 where it was new, 0 for UNKNOWN or known.

    The set is tokens[start : start + size], zeros at first; `size` is a power of two, and the set
    never full.
    """
    if token == 0:
        return 0
    slot = (token * _HASH_FACTOR >> 7) & (size - 1)
    while tokens[start + slot] != 0:
        if tokens[start + slot] == token:
            return 0
        slot = (slot + 1) & (size - 1)
    tokens[start + slot] = token
    return 1


@helper
def bucket_width_ms(age_ms: int, widest_ms: int) -> int:
    """Return how wide a bucket of this age may be: at most 1/16 of its age, and `widest_ms`.

    Widths are powers of two of a second, from one second up, so that each divides the next and
    buckets only ever merge whole.
    """
    width = _NARROWEST_MS
    while width * 2 * _BLUR <= age_ms and width * 2 <= widest_ms:
        width *= 2
    return width
