"""The card's features of one payment: passes for amounts, its usual and places, newest to oldest.

All passes run over the payments before the one at hand (`old`, rows below `at`) with running
totals, and note them at each window's edge; the payment at hand is added when a total is noted.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from features.card.state import (
    BUCKET_MAX,
    BUCKET_SUM,
    BUCKET_TIME,
    HEAD_HOME_COUNT,
    HEAD_HOME_LAT,
    HEAD_HOME_LON,
    HEAD_PLACE_LAT,
    HEAD_PLACE_LON,
    HEAD_PLACE_MS,
    NEVER_MS,
    ROW_CITY_AND_DEVICE,
    ROW_COUNTRY_AND_AMOUNT_HIGH,
    ROW_MERCHANT,
    CardView,
    amount_of,
    bucket_count,
    bucket_priced,
    bucket_spread,
    bucket_word,
    cell_of,
    time_of,
)
from features.card.usual import measure_usual
from features.kernels.compiled import helper
from features.kernels.plan import Plan
from features.kernels.statistics import (
    absorb,
    add_amounts,
    add_token,
    haversine_km,
    merge,
)
from features.payment.arrival import Arrival
from features.payment.measure import measure_payment
from features.windows import CARD_WINDOWS_MS, HOUR_MS, MINUTE_MS, SECOND_MS

_OUTLIER_DEVIATIONS: Final = 3.0
_IMPOSSIBLE_KMH: Final = 1_000.0
_NOISE: Final = 2.0**-48
"""A deviation below this share of the mean is what float64 leaves of equal amounts."""

_Values = npt.NDArray[np.float32]


@helper
def measure(plan: Plan, old: CardView, at: int, now: Arrival, values: _Values) -> None:
    """Write every card feature of a payment that comes after the rows below `at`."""
    for i in range(len(values)):
        values[i] = np.nan
    measure_payment(plan, now, values)
    _measure_amounts(plan, old, at, now, values)
    measure_usual(plan, old, at, now, values)
    _measure_places(plan, old, at, now, values)
    _measure_travel(plan, old, now, values)


@helper
def _put(values: _Values, slot: int, value: float) -> None:
    if slot >= 0:
        values[slot] = value


@helper
def _measure_amounts(plan: Plan, old: CardView, at: int, now: Arrival, values: _Values) -> None:
    """Write count, sum, mean, deviation and maximum for each window, and the card's normal."""
    row, bucket = at - 1, old.buckets - 1
    while bucket >= 0 and bucket_word(old, bucket, BUCKET_TIME) > now.time_ms:
        bucket -= 1
    latest = NEVER_MS
    count, priced, total, largest, spread = 0, 0, 0, -1, 0.0
    for k in range(len(CARD_WINDOWS_MS)):
        edge = now.time_ms - CARD_WINDOWS_MS[k]
        while row >= 0 and time_of(old, row) > edge:
            amount = amount_of(old, row)
            if amount >= 0:
                spread = absorb(priced, total, spread, amount)
                priced += 1
                total = add_amounts(total, amount)
                largest = max(largest, amount)
            count += 1
            latest = max(latest, time_of(old, row))
            row -= 1
        while bucket >= 0 and bucket_word(old, bucket, BUCKET_TIME) > edge:
            more = bucket_priced(old, bucket)
            if more > 0:
                their_total = bucket_word(old, bucket, BUCKET_SUM)
                spread = merge(priced, total, spread, more, their_total, bucket_spread(old, bucket))
                priced += more
                total = add_amounts(total, their_total)
                largest = max(largest, bucket_word(old, bucket, BUCKET_MAX))
            count += bucket_count(old, bucket)
            latest = max(latest, bucket_word(old, bucket, BUCKET_TIME))
            bucket -= 1
        values[plan.count[k]] = count + 1
        if now.amount >= 0:
            _note_window(plan, k, priced, total, largest, spread, now, values)
    if count > 0:
        values[plan.gap] = (now.time_ms - latest) / SECOND_MS
    if priced > 0 and now.amount >= 0:
        values[plan.record] = now.amount > largest
        if largest > 0:
            values[plan.max_ratio] = now.amount / largest
        _measure_normal(plan, priced, total, spread, now.amount, values)


@helper
def _note_window(
    plan: Plan,
    k: int,
    priced: int,
    total: int,
    largest: int,
    spread: float,
    now: Arrival,
    values: _Values,
) -> None:
    """Write the amounts of window `k`: the totals of the earlier payments and the one at hand."""
    all_spread = absorb(priced, total, spread, now.amount)
    whole = add_amounts(total, now.amount)
    values[plan.sum[k]] = whole / now.major
    values[plan.mean[k]] = whole / (priced + 1) / now.major
    values[plan.std[k]] = np.sqrt(all_spread / (priced + 1)) / now.major
    values[plan.max[k]] = max(largest, now.amount) / now.major


@helper
def _measure_normal(
    plan: Plan, priced: int, total: int, spread: float, amount: int, values: _Values
) -> None:
    """Set the amount against the earlier ones, which it does not blunt by being among them."""
    mean = total / priced
    deviation = np.sqrt(spread / priced)
    if mean > 0:
        values[plan.ratio] = amount / mean
    if deviation > mean * _NOISE:
        z = (amount - mean) / deviation
        values[plan.z] = z
        values[plan.outlier] = z > _OUTLIER_DEVIATIONS


@helper
def _measure_places(plan: Plan, old: CardView, at: int, now: Arrival, values: _Values) -> None:
    """Write the distinct merchants, cities and countries, and what is new among the earlier."""
    size = 8
    while size < 2 * (at + 1):
        size *= 2
    tokens = np.zeros(3 * size, np.uint32)
    merchants = add_token(tokens, 0, size, now.merchant)
    cities = add_token(tokens, size, size, now.city)
    countries = add_token(tokens, 2 * size, size, now.country)
    same_merchant, same_device, same_country = 0, 0, 0
    same_city, with_city = 1, 1
    row = at - 1
    for k in range(len(CARD_WINDOWS_MS)):
        edge = now.time_ms - CARD_WINDOWS_MS[k]
        while row >= 0 and time_of(old, row) > edge:
            merchant = cell_of(old, row, ROW_MERCHANT)
            city_and_device = cell_of(old, row, ROW_CITY_AND_DEVICE)
            city, device = city_and_device & 0xFFFF, city_and_device >> 16
            country = cell_of(old, row, ROW_COUNTRY_AND_AMOUNT_HIGH) & 0xFFFF
            merchants += add_token(tokens, 0, size, merchant)
            cities += add_token(tokens, size, size, city)
            countries += add_token(tokens, 2 * size, size, country)
            same_merchant += merchant == now.merchant
            same_device += device == now.device
            same_country += country == now.country
            same_city += city == now.city
            with_city += city != 0
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
def _measure_travel(plan: Plan, old: CardView, now: Arrival, values: _Values) -> None:
    """Write the distance from home, and distance and speed from the newest earlier payment."""
    if old.words[HEAD_HOME_COUNT] > 0 and not np.isnan(now.lat + now.lon):
        lat, lon = old.reals[HEAD_HOME_LAT], old.reals[HEAD_HOME_LON]
        values[plan.home] = haversine_km(lat, lon, now.lat, now.lon)
    then_ms = old.words[HEAD_PLACE_MS]
    if then_ms == NEVER_MS or then_ms > now.time_ms or np.isnan(now.lat + now.lon):
        return
    distance = haversine_km(old.reals[HEAD_PLACE_LAT], old.reals[HEAD_PLACE_LON], now.lat, now.lon)
    hours = max(now.time_ms - then_ms, MINUTE_MS) / HOUR_MS
    values[plan.distance] = distance
    values[plan.speed] = distance / hours
    values[plan.travel] = distance / hours > _IMPOSSIBLE_KMH
