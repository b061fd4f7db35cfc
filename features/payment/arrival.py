"""A payment as the kernels see it."""

from typing import NamedTuple


class Arrival(NamedTuple):
    """Event time (ms), tokens (0: unknown), amount (ten-thousandths), place (degrees, or NaN).

    `id` is what is remembered of id and content, see card/ids.py.
    """

    time_ms: int
    id: int
    amount: int
    merchant: int
    city: int
    device: int
    country: int
    high_risk: bool
    category: float
    lat: float
    lon: float
