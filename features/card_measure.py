"""The card's features of one payment: one pass each for amounts and places, newest to oldest.

Both passes run over the payments before the one at hand (`old`, rows below `at`) with running
totals, and note them at each window's edge; the payment at hand is added when a total is noted.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.card_plan import CardPlan
from features.card_state import (
    HEAD_BASE_MS,
    HEAD_PLACE_LAT,
    HEAD_PLACE_LON,
    HEAD_PLACE_MS,
    NO_PLACE_MS,
    CardView,
)
from features.compiled import helper
from features.statistics import absorb, add_token, haversine_km, merge
from features.windows import CARD_WINDOWS_MS, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

_OUTLIER_DEVIATIONS: Final = 3.0
_IMPOSSIBLE_KMH: Final = 1_000.0
_NIGHT_UNTIL_HOUR: Final = 6
_FIRST_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday, and Monday is 0
_SATURDAY: Final = 5
_HUNDRED: Final = 100.0

_Values = npt.NDArray[np.float32]


class Arrival(NamedTuple):
    """A payment as the kernels see it: event time, tokens, hundredths, degrees (NaN: none)."""

    time_ms: int
    id: int
    amount: int
    merchant: int
    city: int
    device: int
    country: int
    high_risk: bool
    lat: float
    lon: float


@helper
def measure(plan: CardPlan, old: CardView, at: int, now: Arrival, values: _Values) -> None:
    """Write every card feature of a payment that comes after the rows below `at`."""
    values[:] = np.nan
    _measure_payment(plan, now, values)
    _measure_amounts(plan, old, at, now, values)
    _measure_places(plan, old, at, now, values)
    _measure_travel(plan, old, now, values)


@helper
def _put(values: _Values, slot: int, value: float) -> None:
    if slot >= 0:
        values[slot] = value


@helper
def _measure_payment(plan: CardPlan, now: Arrival, values: _Values) -> None:
    hour = now.time_ms // HOUR_MS % 24
    weekday = (now.time_ms // DAY_MS + _FIRST_WEEKDAY) % 7
    values[plan.amount] = now.amount / _HUNDRED
    values[plan.amount_log] = np.log1p(now.amount / _HUNDRED)
    values[plan.hour] = hour
    values[plan.night] = hour <= _NIGHT_UNTIL_HOUR
    values[plan.weekend] = weekday >= _SATURDAY
    values[plan.high_risk] = now.high_risk


@helper
def _measure_amounts(plan: CardPlan, old: CardView, at: int, now: Arrival, values: _Values) -> None:
    """Write count, sum, mean, deviation and maximum for each window, and the card's normal."""
    base = old.head[HEAD_BASE_MS]
    row = at - 1
    bucket = len(old.bucket_time) - 1
    while bucket >= 0 and old.bucket_time[bucket] > now.time_ms:
        bucket -= 1
    latest = NO_PLACE_MS
    count, total, largest, spread = 0, 0, -1, 0.0
    for k in range(len(CARD_WINDOWS_MS)):
        edge = now.time_ms - CARD_WINDOWS_MS[k]
        while row >= 0 and base + np.int64(old.time[row]) > edge:
            amount = np.int64(old.amount_low[row]) | np.int64(old.amount_high[row]) << 32
            spread = absorb(count, total, spread, amount)
            count += 1
            total += amount
            largest = max(largest, amount)
            latest = max(latest, base + np.int64(old.time[row]))
            row -= 1
        while bucket >= 0 and old.bucket_time[bucket] > edge:
            more, their_sum = old.bucket_count[bucket], old.bucket_sum[bucket]
            spread = merge(count, total, spread, more, their_sum, old.bucket_spread[bucket])
            count += more
            total += their_sum
            largest = max(largest, old.bucket_max[bucket])
            latest = max(latest, old.bucket_time[bucket])
            bucket -= 1
        all_spread = absorb(count, total, spread, now.amount)
        all_total = total + now.amount
        _put(values, plan.counts[k], count + 1)
        _put(values, plan.sums[k], all_total / _HUNDRED)
        _put(values, plan.means[k], all_total / (count + 1) / _HUNDRED)
        _put(values, plan.stds[k], np.sqrt(all_spread / (count + 1)) / _HUNDRED)
        _put(values, plan.maxima[k], max(largest, now.amount) / _HUNDRED)
    if count > 0:
        values[plan.gap] = (now.time_ms - latest) / SECOND_MS
        values[plan.record] = now.amount > largest
        _measure_normal(plan, count, total, spread, now.amount, values)


@helper
def _measure_normal(
    plan: CardPlan, count: int, total: int, spread: float, amount: int, values: _Values
) -> None:
    """Set the amount against the earlier ones, which it does not blunt by being among them."""
    mean = total / count
    deviation = np.sqrt(spread / count)
    if mean > 0:
        values[plan.ratio] = amount / mean
    if deviation > 0:
        z = (amount - mean) / deviation
        values[plan.z] = z
        values[plan.outlier] = z > _OUTLIER_DEVIATIONS


@helper
def _measure_places(plan: CardPlan, old: CardView, at: int, now: Arrival, values: _Values) -> None:
    """Write the distinct merchants, cities and countries, and what is new among the earlier."""
    base = old.head[HEAD_BASE_MS]
    size = 8
    while size < 2 * (at + 1):
        size *= 2
    tables = np.zeros((3, size), np.uint32)
    seen_merchants, seen_cities, seen_countries = tables[0], tables[1], tables[2]
    merchants = add_token(seen_merchants, now.merchant)
    cities = add_token(seen_cities, now.city)
    countries = add_token(seen_countries, now.country)
    same_merchant, same_device, same_country = 0, 0, 0
    same_city, with_city = 1, 1
    row = at - 1
    for k in range(len(CARD_WINDOWS_MS)):
        edge = now.time_ms - CARD_WINDOWS_MS[k]
        while row >= 0 and base + np.int64(old.time[row]) > edge:
            merchants += add_token(seen_merchants, old.merchant[row])
            cities += add_token(seen_cities, old.city[row])
            countries += add_token(seen_countries, old.country[row])
            same_merchant += old.merchant[row] == now.merchant
            same_device += old.device[row] == now.device
            same_country += old.country[row] == now.country
            same_city += old.city[row] == now.city
            with_city += old.city[row] != 0
            row -= 1
        _put(values, plan.merchants[k], merchants)
        _put(values, plan.cities[k], cities)
        _put(values, plan.countries[k], countries)
    values[plan.new_merchant] = same_merchant == 0
    if now.device != 0:
        values[plan.new_device] = same_device == 0
    if now.country != 0:
        values[plan.new_country] = same_country == 0
    if now.city != 0:
        values[plan.city_share] = same_city / with_city


@helper
def _measure_travel(plan: CardPlan, old: CardView, now: Arrival, values: _Values) -> None:
    """Write distance and speed from the newest earlier payment with a place."""
    then_ms = old.head[HEAD_PLACE_MS]
    if then_ms == NO_PLACE_MS or then_ms > now.time_ms or np.isnan(now.lat + now.lon):
        return
    distance = haversine_km(old.place[HEAD_PLACE_LAT], old.place[HEAD_PLACE_LON], now.lat, now.lon)
    hours = max(now.time_ms - then_ms, MINUTE_MS) / HOUR_MS
    values[plan.distance] = distance
    values[plan.speed] = distance / hours
    values[plan.travel] = distance / hours > _IMPOSSIBLE_KMH
