"""A payment as the kernels see it."""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Looked: TypeAlias = npt.NDArray[np.float64]
"""Numbers of the payment that `payment/measure.py` looks up and writes, in its order."""


class Arrival(NamedTuple):
    """Event time (ms), tokens (0: unknown), amount (units), place (degrees, or NaN).

    `id` is what is remembered of id and content, see card/ids.py; `looked` comes from
    payment/measure.py. Amounts are in units of the reference currency, NO_RATE (below 0) where
    the payment's currency has no rate; `major` is how many units the major unit has.
    """

    time_ms: int
    id: int
    amount: int
    major: float
    merchant: int
    city: int
    device: int
    country: int
    looked: Looked
    lat: float
    lon: float
