"""How a hot card's memory is bounded: the older half of its payments goes into buckets.

A bucket holds count, sum, maximum and spread of the payments in one cell of time, and counts at
the time of its newest payment. A cell is at most 1/16 as wide as it is old, so a window's edge is
blurred by 1/16 of its length at most, and a window that cuts no bucket is exact. Where the
payments went, their devices and their ids are forgotten. 31 days need 340 buckets at most.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.card_state import (
    HEAD_BASE_MS,
    HEAD_BUCKETS,
    HEAD_EVENTS,
    HEAD_IDS,
    CardView,
    head_of,
    is_whole,
    state_size,
    view,
)
from features.card_store import copy_events
from features.compiled import SOURCES, entry_point, helper
from features.statistics import bucket_width_ms, merge
from features.windows import CARD_HISTORY_MS, MAX_CARD_EVENTS

_KEPT_EVENTS: Final = MAX_CARD_EVENTS // 2


class _Buckets(NamedTuple):
    """Columns of buckets under construction, oldest first."""

    times: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    sums: npt.NDArray[np.int64]
    maxima: npt.NDArray[np.int64]
    spreads: npt.NDArray[np.float64]


@helper
def _add(
    to: _Buckets, i: int, time_ms: int, count: int, total: int, largest: int, spread: float
) -> None:
    """Merge a group of payments into bucket `i`."""
    to.spreads[i] = merge(to.counts[i], to.sums[i], to.spreads[i], count, total, spread)
    to.times[i] = max(to.times[i], time_ms)
    to.counts[i] += count
    to.sums[i] += total
    to.maxima[i] = max(to.maxima[i], largest)


@helper
def _fill(old: CardView, compacted: int, newest_ms: int, to: _Buckets) -> int:
    """Merge the old buckets and the first `compacted` payments; return how many buckets it took."""
    base = old.head[HEAD_BASE_MS]
    old_buckets = len(old.bucket_time)
    row, bucket, last, width, cell = 0, 0, -1, 0, 0
    while row < compacted or bucket < old_buckets:
        time_ms = base + np.int64(old.time[row])
        from_bucket = bucket < old_buckets and (
            row >= compacted or old.bucket_time[bucket] <= time_ms
        )
        if from_bucket:
            time_ms = old.bucket_time[bucket]
        its_width = bucket_width_ms(newest_ms - time_ms, CARD_HISTORY_MS)
        if last < 0 or its_width != width or time_ms // its_width != cell:
            last, width, cell = last + 1, its_width, time_ms // its_width
            to.times[last] = time_ms
        if from_bucket:
            count, total = old.bucket_count[bucket], old.bucket_sum[bucket]
            largest, spread = old.bucket_max[bucket], old.bucket_spread[bucket]
            _add(to, last, time_ms, count, total, largest, spread)
            bucket += 1
        else:
            amount = np.int64(old.amount_low[row]) | np.int64(old.amount_high[row]) << 32
            _add(to, last, time_ms, 1, amount, amount, 0.0)
            row += 1
    return last + 1


@helper
def _write(old: CardView, compacted: int, made: _Buckets, out: npt.NDArray[Any]) -> int:
    """Write the state with the buckets made and the rows from `compacted` on; return its size."""
    events, buckets = len(old.time) - compacted, len(made.times)
    ids = min(len(old.ids), events)
    new = view(out, events, ids, buckets)
    new.head[:] = old.head
    new.head[HEAD_EVENTS] = events
    new.head[HEAD_IDS] = ids
    new.head[HEAD_BUCKETS] = buckets
    new.head[HEAD_BASE_MS] += np.int64(old.time[compacted])
    new.ids[:] = old.ids[len(old.ids) - ids :]
    new.bucket_time[:] = made.times
    new.bucket_count[:] = made.counts
    new.bucket_sum[:] = made.sums
    new.bucket_max[:] = made.maxima
    new.bucket_spread[:] = made.spreads
    copy_events(old, new, compacted, -np.int64(old.time[compacted]))
    return state_size(events, ids, buckets)


def _build(sources: int) -> Callable[[npt.NDArray[Any], npt.NDArray[Any]], int]:
    """Return the compaction kernel; closing over `sources` makes them part of its cache key."""

    @entry_point
    def compact_card(state: npt.NDArray[np.uint8], out: npt.NDArray[Any]) -> int:
        """Write the compacted state; return its size, or -(1 + sources) where it is not full."""
        head = head_of(state)
        if not is_whole(state) or head[HEAD_EVENTS] < MAX_CARD_EVENTS:
            return -1 - sources
        old = view(state, head[HEAD_EVENTS], head[HEAD_IDS], head[HEAD_BUCKETS])
        events = len(old.time)
        newest_ms = head[HEAD_BASE_MS] + np.int64(old.time[events - 1])
        compacted = events - _KEPT_EVENTS
        room = compacted + len(old.bucket_time)
        work = np.zeros((4, room), np.int64)
        spread = np.zeros(room, np.float64)
        n = _fill(old, compacted, newest_ms, _Buckets(work[0], work[1], work[2], work[3], spread))
        made = _Buckets(work[0, :n], work[1, :n], work[2, :n], work[3, :n], spread[:n])
        return _write(old, compacted, made, out)

    return compact_card


_compact_card: Final = _build(SOURCES)


def compacted_when_full(state: bytes) -> bytes:
    """Return the state with its older half in buckets where it is full, else the state itself."""
    out = np.empty(len(state) + MAX_CARD_EVENTS * 40, np.uint8)
    size = _compact_card(np.frombuffer(state, np.uint8), out)
    return state if size < 0 else out[:size].tobytes()
