"""The card's next state: the old rows without what is too old, and the payment in its place."""

from typing import Any

import numpy as np
import numpy.typing as npt

from features.card.state import (
    BUCKET_TIME,
    BUCKET_WORDS,
    HEAD_BASE_MS,
    HEAD_COUNTS,
    HEAD_HOME_COUNT,
    HEAD_HOME_LAT,
    HEAD_HOME_LON,
    HEAD_PLACE_LAT,
    HEAD_PLACE_LON,
    HEAD_PLACE_MS,
    HEAD_SEQUENCE,
    HEAD_WORDS,
    ROW_AMOUNT_LOW,
    ROW_CELLS,
    ROW_CITY_AND_DEVICE,
    ROW_COUNTRY_AND_AMOUNT_HIGH,
    ROW_MERCHANT,
    ROW_TIME,
    CardView,
    bucket_word,
    packed_amount,
    packed_counts,
    state_size,
    time_of,
    view,
)
from features.kernels.columns import copy
from features.kernels.compiled import helper
from features.kernels.statistics import haversine_km, turn_degrees
from features.payment.arrival import Arrival
from features.windows import CARD_HISTORY_MS, DEDUPE_HORIZON_MS, HOME_PAYMENTS, HOME_STEP_KM


@helper
def store(
    old: CardView,
    at: int,
    loose: int,
    remembered: int,
    newest_ms: int,
    now: Arrival,
    out: npt.NDArray[Any],
) -> int:
    """Write the state after a payment that goes before row `at`; return its size in bytes.

    `loose` and `remembered` are the first loose id and the first row whose id is still within the
    dedupe horizon.
    """
    oldest_ms = newest_ms - CARD_HISTORY_MS
    first, first_bucket = 0, 0
    while first < old.events and time_of(old, first) <= oldest_ms:
        first += 1
    while first_bucket < old.buckets and bucket_word(old, first_bucket, BUCKET_TIME) <= oldest_ms:
        first_bucket += 1
    stored = 1 if now.time_ms > oldest_ms else 0
    has_id = 1 if now.time_ms > newest_ms - DEDUPE_HORIZON_MS else 0
    events = old.events - first + stored
    ids = old.events - remembered + has_id
    new = view(out, events, ids, old.buckets - first_bucket, old.loose - loose)
    store_head(old, new)
    new.words[HEAD_SEQUENCE] += 1
    _store_place(new, now)
    _store_home(new, now)
    _store_ids(old, new, at, remembered, has_id, now)
    copy(old.words, HEAD_WORDS + loose, new.words, HEAD_WORDS, new.loose)
    copy(old.cells, old.at_loose_times + loose, new.cells, new.at_loose_times, new.loose)
    from_bucket = old.at_buckets + BUCKET_WORDS * first_bucket
    copy(old.words, from_bucket, new.words, new.at_buckets, BUCKET_WORDS * new.buckets)
    if stored:
        _insert_event(old, new, first, at, now)
    else:
        store_events(old, new, first)
    return state_size(events, ids, new.buckets, new.loose)


@helper
def store_head(old: CardView, new: CardView) -> None:
    """Write the header of the old state with the row counts of the new one."""
    copy(old.words, 0, new.words, 0, HEAD_WORDS)
    new.words[HEAD_COUNTS] = packed_counts(new.events, new.ids, new.buckets, new.loose)


@helper
def store_events(old: CardView, new: CardView, first: int) -> None:
    """Write the payments from row `first` on, and move the base to the first of them."""
    base = time_of(old, first)
    _store_rows(old, first, old.events, new, 0, base)
    new.words[HEAD_BASE_MS] = base


@helper
def _store_place(new: CardView, now: Arrival) -> None:
    """Remember where the newest payment with a place was; of equally old ones the last to come."""
    if now.time_ms >= new.words[HEAD_PLACE_MS] and not np.isnan(now.lat + now.lon):
        new.words[HEAD_PLACE_MS] = now.time_ms
        new.reals[HEAD_PLACE_LAT] = now.lat
        new.reals[HEAD_PLACE_LON] = now.lon


@helper
def _store_home(new: CardView, now: Arrival) -> None:
    """Move the home towards the payment: a running mean of places, its steps cut short.

    The first place is the home. A mean with bounded steps is Huber's location estimate in its
    recursive form (Robbins and Monro 1951): what is far away counts by its direction only.
    """
    if np.isnan(now.lat + now.lon):
        return
    known = new.words[HEAD_HOME_COUNT]
    new.words[HEAD_HOME_COUNT] = min(known + 1, HOME_PAYMENTS)
    if known == 0:
        new.reals[HEAD_HOME_LAT] = now.lat
        new.reals[HEAD_HOME_LON] = now.lon
        return
    lat, lon = new.reals[HEAD_HOME_LAT], new.reals[HEAD_HOME_LON]
    share = 1.0 / min(known + 1, HOME_PAYMENTS)
    distance = haversine_km(lat, lon, now.lat, now.lon)
    if share * distance > HOME_STEP_KM:
        share = HOME_STEP_KM / distance
    new.reals[HEAD_HOME_LAT] = lat + share * (now.lat - lat)
    new.reals[HEAD_HOME_LON] = turn_degrees(lon + share * turn_degrees(now.lon - lon))


@helper
def _store_ids(
    old: CardView, new: CardView, at: int, remembered: int, has_id: int, now: Arrival
) -> None:
    """Keep the ids of the rows from `remembered` on: ids belong to the newest rows, in order."""
    without_id = old.events - old.ids
    before = at - remembered if has_id else old.events - remembered
    from_id = old.at_ids + remembered - without_id
    copy(old.words, from_id, new.words, new.at_ids, before)
    if has_id:
        new.words[new.at_ids + before] = now.id
        after = new.at_ids + before + 1
        copy(old.words, from_id + before, new.words, after, old.events - at)


@helper
def _insert_event(old: CardView, new: CardView, first: int, at: int, now: Arrival) -> None:
    """Write the payments from row `first` on, and the new one before row `at`."""
    base = time_of(old, first) if first < at else now.time_ms
    _store_rows(old, first, at, new, 0, base)
    _store_rows(old, at, old.events, new, at - first + 1, base)
    cell = new.at_events + ROW_CELLS * (at - first)
    new.cells[cell + ROW_TIME] = now.time_ms - base
    amount = packed_amount(now.amount)
    new.cells[cell + ROW_AMOUNT_LOW] = amount & 0xFFFFFFFF
    new.cells[cell + ROW_MERCHANT] = now.merchant
    new.cells[cell + ROW_CITY_AND_DEVICE] = now.city | now.device << 16
    new.cells[cell + ROW_COUNTRY_AND_AMOUNT_HIGH] = now.country | amount >> 32 << 16
    new.words[HEAD_BASE_MS] = base


@helper
def _store_rows(old: CardView, first: int, end: int, new: CardView, to: int, base: int) -> None:
    """Write rows [first, end) from row `to` on, with their times counted from another base."""
    cell = new.at_events + ROW_CELLS * to
    length = ROW_CELLS * (end - first)
    copy(old.cells, old.at_events + ROW_CELLS * first, new.cells, cell, length)
    shift = old.words[HEAD_BASE_MS] - base
    if shift != 0:
        for i in range(cell + ROW_TIME, cell + length, ROW_CELLS):
            new.cells[i] = np.int64(new.cells[i]) + shift
