"""The card's next state: the old columns without what is too old, and the payment in its place."""

from typing import Any

import numpy as np
import numpy.typing as npt

from features.card_measure import Arrival
from features.card_state import (
    HEAD_BASE_MS,
    HEAD_BUCKETS,
    HEAD_EVENTS,
    HEAD_IDS,
    HEAD_PLACE_LAT,
    HEAD_PLACE_LON,
    HEAD_PLACE_MS,
    HEAD_SEQUENCE,
    HEAD_VERSION,
    VERSION,
    CardView,
    state_size,
    view,
)
from features.columns import copy, insert
from features.compiled import helper
from features.windows import CARD_HISTORY_MS, DEDUPE_HORIZON_MS


@helper
def store(
    old: CardView, at: int, remembered: int, newest_ms: int, now: Arrival, out: npt.NDArray[Any]
) -> int:
    """Write the state after a payment that goes before row `at`; return its size in bytes.

    `remembered` is the first row whose id is still within the dedupe horizon.
    """
    oldest_ms = newest_ms - CARD_HISTORY_MS
    base = old.head[HEAD_BASE_MS]
    events, buckets = len(old.time), len(old.bucket_time)
    first, first_bucket = 0, 0
    while first < events and base + np.int64(old.time[first]) <= oldest_ms:
        first += 1
    while first_bucket < buckets and old.bucket_time[first_bucket] <= oldest_ms:
        first_bucket += 1
    stored = now.time_ms > oldest_ms
    has_id = now.time_ms > newest_ms - DEDUPE_HORIZON_MS
    kept = events - first + stored
    kept_ids = events - remembered + has_id
    new = view(out, kept, kept_ids, buckets - first_bucket)
    _store_head(old, new, now)
    _store_ids(old, new, at, remembered, has_id, now)
    _store_buckets(old, new, first_bucket)
    _store_events(old, new, at, first, stored, now)
    return state_size(kept, kept_ids, buckets - first_bucket)


@helper
def _store_head(old: CardView, new: CardView, now: Arrival) -> None:
    new.head[:] = old.head
    new.head[HEAD_VERSION] = VERSION
    new.head[HEAD_SEQUENCE] += 1
    new.head[HEAD_EVENTS] = len(new.time)
    new.head[HEAD_IDS] = len(new.ids)
    new.head[HEAD_BUCKETS] = len(new.bucket_time)
    if now.time_ms >= old.head[HEAD_PLACE_MS] and not np.isnan(now.lat + now.lon):
        new.head[HEAD_PLACE_MS] = now.time_ms
        new.place[HEAD_PLACE_LAT] = now.lat
        new.place[HEAD_PLACE_LON] = now.lon


@helper
def _store_ids(
    old: CardView, new: CardView, at: int, remembered: int, has_id: bool, now: Arrival
) -> None:
    """Keep the ids of the rows from `remembered` on: they belong to the newest rows, in order."""
    without_id = len(old.time) - len(old.ids)
    first = remembered - without_id
    if has_id:
        insert(old.ids, new.ids, first, at - without_id, now.id, 0)
    else:
        copy(old.ids, new.ids, first, 0)


@helper
def _store_buckets(old: CardView, new: CardView, first: int) -> None:
    for i in range(len(new.bucket_time)):
        new.bucket_time[i] = old.bucket_time[first + i]
        new.bucket_count[i] = old.bucket_count[first + i]
        new.bucket_sum[i] = old.bucket_sum[first + i]
        new.bucket_max[i] = old.bucket_max[first + i]
        new.bucket_spread[i] = old.bucket_spread[first + i]


@helper
def _store_events(
    old: CardView, new: CardView, at: int, first: int, stored: bool, now: Arrival
) -> None:
    """Copy the rows from `first` on, with the payment before row `at` where it is stored."""
    base = old.head[HEAD_BASE_MS]
    new_base = now.time_ms
    if first < len(old.time) and (not stored or first < at):
        new_base = base + np.int64(old.time[first])
    new.head[HEAD_BASE_MS] = new_base
    if not stored:
        copy_events(old, new, first, base - new_base)
        return
    insert(old.time, new.time, first, at, now.time_ms - new_base, base - new_base)
    insert(old.amount_low, new.amount_low, first, at, now.amount & 0xFFFFFFFF, 0)
    insert(old.amount_high, new.amount_high, first, at, now.amount >> 32, 0)
    insert(old.merchant, new.merchant, first, at, now.merchant, 0)
    insert(old.city, new.city, first, at, now.city, 0)
    insert(old.device, new.device, first, at, now.device, 0)
    insert(old.country, new.country, first, at, now.country, 0)


@helper
def copy_events(old: CardView, new: CardView, first: int, shift: int) -> None:
    """Copy the rows from `first` on, times raised by `shift`."""
    copy(old.time, new.time, first, shift)
    copy(old.amount_low, new.amount_low, first, 0)
    copy(old.amount_high, new.amount_high, first, 0)
    copy(old.merchant, new.merchant, first, 0)
    copy(old.city, new.city, first, 0)
    copy(old.device, new.device, first, 0)
    copy(old.country, new.country, first, 0)
