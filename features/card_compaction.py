"""How a hot card's memory is bounded: the older half of its payments goes into buckets.

A bucket holds count, sum, maximum and spread of the payments in one cell of time, and counts at
the time of its newest payment. A cell is at most 1/16 as wide as it is old, so a window's edge is
blurred by 1/16 of its length at most, and a window that cuts no bucket is exact. Where the
payments went, their devices and their ids are forgotten. 31 days need 340 buckets at most.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.card_state import (
    BUCKET_BYTES,
    BUCKET_COUNT,
    BUCKET_MAX,
    BUCKET_SPREAD,
    BUCKET_SUM,
    BUCKET_TIME,
    BUCKET_WORDS,
    HEAD_WORDS,
    CardView,
    amount_of,
    bucket_spread,
    bucket_word,
    is_whole,
    open_view,
    state_size,
    time_of,
    view,
)
from features.card_store import store_events, store_head
from features.columns import copy
from features.compiled import SOURCES, entry_point, helper
from features.statistics import bucket_width_ms, merge
from features.windows import CARD_HISTORY_MS, MAX_CARD_EVENTS

_KEPT_EVENTS: Final = MAX_CARD_EVENTS // 2


@helper
def _add(
    words: npt.NDArray[np.int64],
    at: int,
    time_ms: int,
    count: int,
    total: int,
    largest: int,
    spread: float,
) -> None:
    """Merge a group of payments, newer than those before, into the bucket at word `at`."""
    reals = words.view(np.float64)
    reals[at + BUCKET_SPREAD] = merge(
        words[at + BUCKET_COUNT],
        words[at + BUCKET_SUM],
        reals[at + BUCKET_SPREAD],
        count,
        total,
        spread,
    )
    words[at + BUCKET_TIME] = time_ms
    words[at + BUCKET_COUNT] += count
    words[at + BUCKET_SUM] += total
    words[at + BUCKET_MAX] = max(words[at + BUCKET_MAX], largest)


@helper
def _merged(old: CardView, compacted: int, words: npt.NDArray[np.int64]) -> int:
    """Merge the old buckets and the first `compacted` payments; return how many buckets it took."""
    newest_ms = time_of(old, old.events - 1)
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
            count = bucket_word(old, bucket, BUCKET_COUNT)
            total = bucket_word(old, bucket, BUCKET_SUM)
            largest, spread = bucket_word(old, bucket, BUCKET_MAX), bucket_spread(old, bucket)
            bucket += 1
        else:
            count, total = 1, amount_of(old, row)
            largest, spread = total, 0.0
            row += 1
        _add(words, BUCKET_WORDS * last, time_ms, count, total, largest, spread)
    return last + 1


def _build(sources: int) -> Callable[[npt.NDArray[Any], npt.NDArray[Any]], int]:
    """Return the compaction kernel; closing over `sources` makes them part of its cache key."""

    @entry_point
    def compact_card(state: npt.NDArray[np.uint8], out: npt.NDArray[Any]) -> int:
        """Write the compacted state; return its size, or -(1 + sources) where it is not full."""
        if not is_whole(state) or open_view(state).events < MAX_CARD_EVENTS:
            return -1 - sources
        old = open_view(state)
        compacted = old.events - _KEPT_EVENTS
        words = np.zeros(BUCKET_WORDS * (compacted + old.buckets), np.int64)
        buckets = _merged(old, compacted, words)
        ids = min(old.ids, _KEPT_EVENTS)
        new = view(out, _KEPT_EVENTS, ids, buckets)
        store_head(old, new)
        copy(old.words, HEAD_WORDS + old.ids - ids, new.words, HEAD_WORDS, ids)
        copy(words, 0, new.words, new.at_buckets, BUCKET_WORDS * buckets)
        store_events(old, new, compacted)
        return state_size(new.events, ids, buckets)

    return compact_card


_compact_card: Final = _build(SOURCES)


def compacted_when_full(state: bytes) -> bytes:
    """Return the state with its older half in buckets where it is full, else the state itself."""
    out = np.empty(len(state) + BUCKET_BYTES * _KEPT_EVENTS, np.uint8)
    size = _compact_card(np.frombuffer(state, np.uint8), out)
    return state if size < 0 else out[:size].tobytes()
