"""The features of a payment alone: what Python looks up, and what the card's kernel writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from events.zones import utc_offset_ms
from features.categories import GROUP_NUMBERS, HIGH_RISK_CATEGORIES
from features.kernels.compiled import helper
from features.kernels.plan import Plan
from features.payment.arrival import Arrival
from features.payment.home import home_zone
from features.windows import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from events.transaction import Transaction

_NIGHT_UNTIL_HOUR: Final = 6
_FIRST_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday, and Monday is 0
_SATURDAY: Final = 5


def _numbers(category: str | None) -> tuple[float, ...]:
    """Return the numbers of a category, in the order of `Arrival.looked` behind the offset."""
    return (
        1.0 if category in HIGH_RISK_CATEGORIES else 0.0,
        GROUP_NUMBERS.get(category, 0.0),
    )


def _packed(category: str | None) -> bytes:
    return np.array(_numbers(category), "<f8").tobytes()


NUMBERS: Final = {each: _packed(each) for each in {*GROUP_NUMBERS, *HIGH_RISK_CATEGORIES}}
"""The packed numbers of each known category, and under None of a payment without one."""

NUMBERS_OF_OTHERS: Final = _packed("")
"""The packed numbers of every other category."""

LOOKED_UP: Final = 1 + len(_numbers(""))
"""How many numbers of a payment are looked up: `offset_ms_of`, then those of `numbers_of`."""


def offset_ms_of(payment: Transaction) -> float:
    """Return how far the clocks at the cardholder's home are ahead of UTC (ms), 0 if unknown."""
    zone = home_zone(payment)
    return 0.0 if zone is None else utc_offset_ms(zone, payment.timestamp_ms)


def numbers_of(payment: Transaction) -> bytes:
    """Return the packed numbers of the category, which compiled code cannot look up: float64[n]."""
    return NUMBERS.get(payment.merchant_category, NUMBERS_OF_OTHERS)


@helper
def measure_payment(plan: Plan, now: Arrival, values: npt.NDArray[np.float32]) -> None:
    """Write every feature of the payment alone."""
    offset_ms, high_risk, category = now.looked[0], now.looked[1], now.looked[2]
    local_ms = now.time_ms + int(offset_ms)
    hour = local_ms // HOUR_MS % 24
    weekday = (local_ms // DAY_MS + _FIRST_WEEKDAY) % 7
    if now.amount >= 0:
        values[plan.amount] = now.amount / now.major
        values[plan.amount_log] = np.log1p(now.amount / now.major)
    values[plan.hour] = hour
    values[plan.night] = hour <= _NIGHT_UNTIL_HOUR
    values[plan.weekend] = weekday >= _SATURDAY
    values[plan.high_risk] = high_risk
    values[plan.category] = category
