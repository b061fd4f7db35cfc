"""Usual amount of a card: the median of its earlier payments, and the payments far above it."""

import numpy as np
import numpy.typing as npt

from features.card.state import CardView, amount_of, time_of
from features.kernels.compiled import helper
from features.kernels.plan import Plan
from features.kernels.statistics import MAJOR_UNIT
from features.payment.arrival import Arrival
from features.windows import (
    ABOVE_NORMAL_FACTOR,
    ABOVE_NORMAL_MS,
    OWN_NORMAL_MS,
    USUAL_PAYMENTS,
)

_Values = npt.NDArray[np.float32]


@helper
def measure_usual(plan: Plan, old: CardView, at: int, now: Arrival, values: _Values) -> None:
    """Write the features against the median of the newest payments below row `at`.

    At most USUAL_PAYMENTS of them, kept one by one, which bounds the time for a hot card.
    """
    first = _first_usual(old, at, now.time_ms)
    count = at - first
    if count == 0:
        return
    amounts = np.empty(count, np.int64)
    for i in range(count):
        amounts[i] = amount_of(old, first + i)
    amounts.sort()
    # Doubled, so that the median of an even number stays an integer.
    doubled = amounts[(count - 1) // 2] + amounts[count // 2]
    values[plan.median] = doubled / 2 / MAJOR_UNIT
    if doubled > 0:
        values[plan.median_ratio] = 2 * now.amount / doubled
    between = amounts[3 * (count - 1) // 4] - amounts[(count - 1) // 4]
    if between > 0:
        values[plan.quartile_distance] = (2 * now.amount - doubled) / (2 * between)
    _count_above(plan, old, first, at, now.time_ms, doubled, values)


@helper
def _first_usual(old: CardView, at: int, time_ms: int) -> int:
    """Return the first of the rows below `at` that are measured."""
    first = at
    while (
        first > 0
        and at - first < USUAL_PAYMENTS
        and time_of(old, first - 1) > time_ms - OWN_NORMAL_MS
    ):
        first -= 1
    return first


@helper
def _count_above(
    plan: Plan, old: CardView, first: int, at: int, time_ms: int, doubled: int, values: _Values
) -> None:
    """Write how many recent ones among rows [first, at) lie far above half of `doubled`."""
    recent, above = 0, 0
    row = at - 1
    while row >= first and time_of(old, row) > time_ms - ABOVE_NORMAL_MS:
        recent += 1
        above += 2 * amount_of(old, row) > ABOVE_NORMAL_FACTOR * doubled
        row -= 1
    values[plan.above_usual] = above
    values[plan.above_usual_share] = above / recent if recent > 0 else 0.0
