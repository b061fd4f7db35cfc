"""How a hot merchant's memory is bounded: the oldest rows are merged into cells of time.

A cell is at most 1/16 as wide as it is old, and at most 4,096 s wide for payments (16,384 s for
known frauds), so that the delayed windows keep an edge of about an hour. Counts and sums of a
window that cuts no cell stay exact. The ids of merged frauds are forgotten: a correction that
comes for one of them has no effect. 38 days need 1,010 rows of payments and 440 of frauds at most.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.compiled import SOURCES, entry_point, helper
from features.merchant_state import (
    HEAD_BASE_MS,
    HEAD_FRAUDS,
    HEAD_ROWS,
    MerchantView,
    head_of,
    is_whole,
    state_size,
    time_of,
    view,
)
from features.statistics import bucket_width_ms
from features.windows import MAX_FRAUD_ROWS, MAX_MERCHANT_ROWS, SECOND_MS

_WIDEST_MS: Final = 4_096 * SECOND_MS
_WIDEST_FRAUDS_MS: Final = 16_384 * SECOND_MS
_KEPT: Final = 4
"""One row in so many, the newest ones, stays as it is."""


@helper
def _groups(
    times: npt.NDArray[np.int64], newest_ms: int, widest_ms: int, limit: int
) -> npt.NDArray[np.int64]:
    """Return for each row the row that it becomes; only those beyond the limit's quarter merge."""
    merged = len(times) - limit // _KEPT if len(times) >= limit else 0
    group = np.empty(len(times), np.int64)
    last, width, cell = -1, 0, 0
    for row in range(len(times)):
        its_width = bucket_width_ms(newest_ms - times[row], widest_ms)
        if row >= merged or width != its_width or cell != times[row] // its_width:
            last, width, cell = last + 1, its_width, times[row] // its_width
        group[row] = last
    return group


@helper
def _write_rows(old: MerchantView, group: npt.NDArray[np.int64], new: MerchantView) -> None:
    """Write the payments, each into the row of its group; the newest gives the time."""
    new.sums[:] = 0
    new.counts[:] = 0
    base = time_of(old, 0)
    for row in range(len(group)):
        if group[row] == 0:
            base = time_of(old, row)
    new.head[HEAD_BASE_MS] = base
    for row in range(len(group)):
        to = group[row]
        new.sums[to] += old.sums[row]
        new.counts[to] += old.counts[row]
        new.times[to] = max(0, time_of(old, row) - base)


@helper
def _write_frauds(old: MerchantView, group: npt.NDArray[np.int64], new: MerchantView) -> None:
    """Write the known frauds, each into the row of its group, which is known when all are."""
    new.fraud_count[:] = 0
    for row in range(len(group)):
        to = group[row]
        merged = new.fraud_count[to] > 0
        new.fraud_time[to] = old.fraud_time[row]
        new.fraud_label[to] = (
            max(new.fraud_label[to], old.fraud_label[row]) if merged else old.fraud_label[row]
        )
        new.fraud_id[to] = -1 if merged else old.fraud_id[row]
        new.fraud_count[to] += old.fraud_count[row]


def _build(sources: int) -> Callable[[npt.NDArray[Any], npt.NDArray[Any]], int]:
    """Return the compaction kernel; closing over `sources` makes them part of its cache key."""

    @entry_point
    def compact_merchant(state: npt.NDArray[np.uint8], out: npt.NDArray[Any]) -> int:
        """Write the compacted state; return its size, or -(1 + sources) where it is not full."""
        head = head_of(state)
        rows, frauds = head[HEAD_ROWS], head[HEAD_FRAUDS]
        if not is_whole(state) or (rows < MAX_MERCHANT_ROWS and frauds < MAX_FRAUD_ROWS):
            return -1 - sources
        old = view(state, rows, frauds)
        times = np.empty(rows, np.int64)
        for row in range(rows):
            times[row] = time_of(old, row)
        newest_ms = times[rows - 1] if rows > 0 else old.fraud_time[frauds - 1]
        row_group = _groups(times, newest_ms, _WIDEST_MS, MAX_MERCHANT_ROWS)
        fraud_group = _groups(old.fraud_time, newest_ms, _WIDEST_FRAUDS_MS, MAX_FRAUD_ROWS)
        new_rows = row_group[rows - 1] + 1 if rows > 0 else 0
        new_frauds = fraud_group[frauds - 1] + 1 if frauds > 0 else 0
        new = view(out, new_rows, new_frauds)
        new.head[:] = old.head
        new.head[HEAD_ROWS] = new_rows
        new.head[HEAD_FRAUDS] = new_frauds
        if rows > 0:
            _write_rows(old, row_group, new)
        _write_frauds(old, fraud_group, new)
        return state_size(new_rows, new_frauds)

    return compact_merchant


_compact_merchant: Final = _build(SOURCES)


def compacted_when_full(state: bytes) -> bytes:
    """Return the state with its oldest rows merged where it is full, else the state itself."""
    out = np.empty(len(state), np.uint8)
    size = _compact_merchant(np.frombuffer(state, np.uint8), out)
    return state if size < 0 else out[:size].tobytes()
