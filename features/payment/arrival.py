"""A payment as the kernels see it."""

from typing import NamedTuple, TypeAlias

Looked: TypeAlias = tuple[float, ...]
"""Numbers of the payment that `payment/measure.py` looks up and writes, in its order."""


class Arrival(NamedTuple):
    """Event time (ms), tokens (0: unknown), amount (ten-thousandths), place (degrees, or NaN).

    `id` is what is remembered of id and content, see card/ids.py; `looked` comes from
    payment/measure.py.
    """

    time_ms: int
    id: int
    amount: int
    merchant: int
    city: int
    device: int
    country: int
    looked: Looked
    lat: float
    lon: float
