"""Bounds a hot card's memory: the older half of its payments goes into buckets.

A bucket holds count, sum, maximum and spread of the payments in one cell of time, and counts at
the time of its newest payment. Payments without a known amount are in its count alone, and it
knows how many they are. A cell is 1 s wide, or at most 1/16 of its age behind the card's
newest payment. So for a payment that comes L behind the card's newest one, a window (t - w, t]
holds at most the payments of (t - w - a, t] and at least those of (t - w, t - b], where
a = max(1 s, (L + w) / 16), b = 0 at L = 0, else max(1 s, L / 16).

In order of time that is a left edge that is off by a sixteenth of the window. Out of order both
edges are off by the age: ten minutes late a window of ten minutes may lack its newest 37 s and
have 75 s too much at the other end; a day late it may miss all that it should hold. A window that
cuts no bucket is exact. `compacted_card` marks every decision of a card that has buckets.

Merchants, places and devices of compacted payments are forgotten, so distinct counts may be too
low, and what is new may be known. The median is of the payments that are still kept, and NaN where
none of them is old enough. Ids are kept: see card/ids.py. 31 days need 340 buckets at most.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.card.ids import first_loose, first_remembered
from features.card.state import (
    BUCKET_BYTES,
    BUCKET_COUNT,
    BUCKET_MAX,
    BUCKET_SPREAD,
    BUCKET_SUM,
    BUCKET_TIME,
    BUCKET_WORDS,
    COUNT_BITS,
    HEAD_COUNTS,
    HEAD_FORGOTTEN_MS,
    HEAD_LOOSE_BASE_MS,
    HEAD_WORDS,
    CardView,
    amount_of,
    bucket_spread,
    bucket_word,
    is_whole,
    loose_time_of,
    open_view,
    packed_bucket_count,
    priced_in,
    state_size,
    time_of,
    view,
)
from features.card.store import store_events, store_head
from features.kernels.columns import copy
from features.kernels.compiled import SOURCES, entry_point, helper
from features.kernels.statistics import add_amounts, bucket_width_ms, merge
from features.windows import CARD_HISTORY_MS, MAX_CARD_EVENTS, MAX_LOOSE_IDS

_KEPT_EVENTS: Final = MAX_CARD_EVENTS // 2
_EVENTS_BYTES: Final = slice(8 * HEAD_COUNTS, 8 * HEAD_COUNTS + COUNT_BITS // 8)


@helper
def _add(
    words: npt.NDArray[np.int64],
    at: int,
    time_ms: int,
    counts: int,
    total: int,
    largest: int,
    spread: float,
) -> None:
    """Merge a group of payments, newer than those before, into the bucket at word `at`.

    `counts` is the group's word of `packed_bucket_count`; such words add up.
    """
    priced = priced_in(counts)
    if priced > 0:
        reals = words.view(np.float64)
        reals[at + BUCKET_SPREAD] = merge(
            priced_in(words[at + BUCKET_COUNT]),
            words[at + BUCKET_SUM],
            reals[at + BUCKET_SPREAD],
            priced,
            total,
            spread,
        )
        words[at + BUCKET_SUM] = add_amounts(words[at + BUCKET_SUM], total)
        words[at + BUCKET_MAX] = max(words[at + BUCKET_MAX], largest)
    words[at + BUCKET_TIME] = time_ms
    words[at + BUCKET_COUNT] += counts


@helper
def _merged(old: CardView, compacted: int, newest_ms: int, words: npt.NDArray[np.int64]) -> int:
    """Merge the old buckets and the first `compacted` payments; return how many buckets it took."""
    row, bucket, last, width, cell = 0, 0, -1, 0, 0
    while row < compacted or bucket < old.buckets:
        time_ms = time_of(old, row)
        from_bucket = bucket < old.buckets and (
            row >= compacted or bucket_word(old, bucket, BUCKET_TIME) <= time_ms
        )
        if from_bucket:
            time_ms = bucket_word(old, bucket, BUCKET_TIME)
        its_width = bucket_width_ms(newest_ms - time_ms, CARD_HISTORY_MS)
        if last < 0 or its_width != width or time_ms // its_width != cell:
            last, width, cell = last + 1, its_width, time_ms // its_width
        if from_bucket:
            counts = bucket_word(old, bucket, BUCKET_COUNT)
            total = bucket_word(old, bucket, BUCKET_SUM)
            largest, spread = bucket_word(old, bucket, BUCKET_MAX), bucket_spread(old, bucket)
            bucket += 1
        else:
            total = amount_of(old, row)
            counts = packed_bucket_count(1, total >= 0)
            largest, spread = total, 0.0
            row += 1
        _add(words, BUCKET_WORDS * last, time_ms, counts, total, largest, spread)
    return last + 1


@helper
def _keep_ids(
    old: CardView, compacted: int, loose: int, row: int, dropped: int, new: CardView
) -> None:
    """Merge loose ids from `loose` on with those of rows [row, compacted), by event time.

    The first `dropped` go, and the newest of their times is noted.
    """
    forgotten_ms = old.words[HEAD_FORGOTTEN_MS]
    at_row_ids = old.at_ids - (old.events - old.ids)
    place = -dropped
    while loose < old.loose or row < compacted:
        is_loose = loose < old.loose and (
            row >= compacted or loose_time_of(old, loose) <= time_of(old, row)
        )
        if is_loose:
            time_ms, word = loose_time_of(old, loose), old.words[HEAD_WORDS + loose]
            loose += 1
        else:
            time_ms, word = time_of(old, row), old.words[at_row_ids + row]
            row += 1
        if place < 0:
            forgotten_ms = max(forgotten_ms, time_ms)
        else:
            if place == 0:
                new.words[HEAD_LOOSE_BASE_MS] = time_ms
            new.words[HEAD_WORDS + place] = word
            new.cells[new.at_loose_times + place] = time_ms - new.words[HEAD_LOOSE_BASE_MS]
        place += 1
    new.words[HEAD_FORGOTTEN_MS] = forgotten_ms


def _build(sources: int) -> Callable[[npt.NDArray[Any], npt.NDArray[Any]], int]:
    """Return the compaction kernel; closing over `sources` makes them part of its cache key."""

    @entry_point
    def compact_card(state: npt.NDArray[np.uint8], out: npt.NDArray[Any]) -> int:
        """Write the compacted state; return its size, or -(1 + sources) where it is not full."""
        if not is_whole(state) or open_view(state).events < MAX_CARD_EVENTS:
            return -1 - sources
        old = open_view(state)
        newest_ms = time_of(old, old.events - 1)
        compacted = old.events - _KEPT_EVENTS
        words = np.zeros(BUCKET_WORDS * (compacted + old.buckets), np.int64)
        buckets = _merged(old, compacted, newest_ms, words)
        loose, row = first_loose(old, newest_ms), first_remembered(old, newest_ms)
        known = old.loose - loose + max(0, compacted - row)
        ids = min(old.ids, _KEPT_EVENTS)
        new = view(out, _KEPT_EVENTS, ids, buckets, min(known, MAX_LOOSE_IDS))
        store_head(old, new)
        _keep_ids(old, compacted, loose, row, known - new.loose, new)
        copy(old.words, old.at_buckets - ids, new.words, new.at_ids, ids)
        copy(words, 0, new.words, new.at_buckets, BUCKET_WORDS * buckets)
        store_events(old, new, compacted)
        return state_size(new.events, ids, buckets, new.loose)

    return compact_card


compact_card: Final = _build(SOURCES)


def compacted_when_full(state: bytes) -> bytes:
    """Return the state with its older half in buckets where it is full, else the state itself."""
    if int.from_bytes(state[_EVENTS_BYTES], "little") < MAX_CARD_EVENTS:
        return state
    out = np.empty(len(state) + BUCKET_BYTES * _KEPT_EVENTS, np.uint8)
    size = compact_card(np.frombuffer(state, np.uint8), out)
    return state if size < 0 else out[:size].tobytes()
