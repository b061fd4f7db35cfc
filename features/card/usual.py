"""Usual amount of a card: the median of its earlier payments, and the payments far above it."""

import numpy as np
import numpy.typing as npt

from features.card.state import CardView, amount_of, time_of
from features.kernels.compiled import helper
from features.kernels.plan import Plan
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
    """Write the features against the median of the newest known amounts below row `at`.

    At most USUAL_PAYMENTS of them, kept one by one, which bounds the time for a hot card.
    """
    amounts = np.empty(min(at, USUAL_PAYMENTS), np.int64)
    first, count = _usual_amounts(old, at, now.time_ms, amounts)
    if count == 0:
        return
    amounts = amounts[:count]
    amounts.sort()
    # Doubled, so that the median of an even number is exact; real, since two may exceed int64.
    doubled = 1.0 * amounts[(count - 1) // 2] + amounts[count // 2]
    values[plan.median] = doubled / 2 / now.major
    between = amounts[3 * (count - 1) // 4] - amounts[(count - 1) // 4]
    if now.amount >= 0 and doubled > 0:
        values[plan.median_ratio] = 2.0 * now.amount / doubled
    if now.amount >= 0 and between > 0:
        values[plan.quartile_distance] = (2.0 * now.amount - doubled) / (2.0 * between)
    _count_above(plan, old, first, at, now.time_ms, doubled, values)


@helper
def _usual_amounts(
    old: CardView, at: int, time_ms: int, amounts: npt.NDArray[np.int64]
) -> tuple[int, int]:
    """Fill in the newest known amounts below row `at`; return the first row and their number."""
    first, count = at, 0
    while first > 0 and count < len(amounts) and time_of(old, first - 1) > time_ms - OWN_NORMAL_MS:
        first -= 1
        amount = amount_of(old, first)
        if amount >= 0:
            amounts[count] = amount
            count += 1
    return first, count


@helper
def _count_above(
    plan: Plan, old: CardView, first: int, at: int, time_ms: int, doubled: float, values: _Values
) -> None:
    """Write how many recent ones among rows [first, at) lie far above half of `doubled`."""
    recent, above = 0, 0
    row = at - 1
    while row >= first and time_of(old, row) > time_ms - ABOVE_NORMAL_MS:
        amount = amount_of(old, row)
        recent += amount >= 0
        above += 2.0 * amount > ABOVE_NORMAL_FACTOR * doubled
        row -= 1
    values[plan.above_usual] = above
    values[plan.above_usual_share] = above / recent if recent > 0 else 0.0
