"""How a hot merchant's memory is bounded: the oldest rows are merged into cells of time.

A cell is at most 1/16 as wide as it is old, and at most 8,192 s wide for payments (16,384 s for
known frauds), so that the delayed windows keep an edge of about two hours. Counts and sums of a
window that cuts no cell stay exact. The ids of merged frauds are forgotten: a correction that
comes for one of them has no effect. 68 days need 950 rows of payments and 600 of frauds at most.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.compiled import SOURCES, entry_point, helper
from features.merchant_state import (
    FRAUD_COUNT,
    FRAUD_ID,
    FRAUD_LABEL_TIME,
    FRAUD_TIME,
    FRAUD_WORDS,
    HEAD_BASE_MS,
    HEAD_WORDS,
    ROW_WORDS,
    MerchantView,
    count_of,
    fraud_word,
    is_whole,
    open_view,
    put_row,
    state_size,
    sum_of,
    time_of,
    view,
)
from features.merchant_store import store_head
from features.statistics import bucket_width_ms
from features.windows import (
    MAX_FRAUD_ROWS,
    MAX_MERCHANT_ROWS,
    MERCHANT_HISTORY_MS,
    SECOND_MS,
)

_WIDEST_MS: Final = 8_192 * SECOND_MS
_WIDEST_FRAUDS_MS: Final = 16_384 * SECOND_MS
_ALL_MS: Final = 2**62
"""Width of the one cell for frauds beyond the history, which the next payment drops."""

_KEPT: Final = 4
"""The newest rows, one in so many of the limit, stay as they are."""

_NO_ID: Final = -1


@helper
def _groups(
    times: npt.NDArray[np.int64], newest_ms: int, widest_ms: int, limit: int
) -> npt.NDArray[np.int64]:
    """Return for each row the row that it becomes, which is its own as long as there is room."""
    merged = len(times) - limit // _KEPT if len(times) >= limit else 0
    group = np.empty(len(times), np.int64)
    last, width, cell = -1, 0, 0
    for row in range(len(times)):
        age_ms = newest_ms - times[row]
        its_width = bucket_width_ms(age_ms, widest_ms) if age_ms < MERCHANT_HISTORY_MS else _ALL_MS
        if row >= merged or width != its_width or cell != times[row] // its_width:
            last, width, cell = last + 1, its_width, times[row] // its_width
        group[row] = last
    return group


@helper
def _last(times: npt.NDArray[np.int64]) -> int:
    """Return the newest of sorted times; a label may be ahead of every payment."""
    return int(times[len(times) - 1]) if len(times) > 0 else -_ALL_MS


@helper
def _size_of(group: npt.NDArray[np.int64]) -> int:
    """Return how many rows remain."""
    return int(group[len(group) - 1] + 1) if len(group) > 0 else 0


@helper
def _write_rows(old: MerchantView, group: npt.NDArray[np.int64], new: MerchantView) -> None:
    """Write each group of payments as a row, at the time of its newest."""
    total, count = 0, 0
    for row in range(old.rows):
        total += sum_of(old, row)
        count += count_of(old, row)
        if row + 1 == old.rows or group[row + 1] != group[row]:
            if group[row] == 0:
                new.words[HEAD_BASE_MS] = time_of(old, row)
            at = new.at_rows + ROW_WORDS * group[row]
            put_row(new.words, at, total, time_of(old, row) - new.words[HEAD_BASE_MS], count)
            total, count = 0, 0


@helper
def _write_frauds(old: MerchantView, group: npt.NDArray[np.int64], new: MerchantView) -> None:
    """Write each group of known frauds as a row, which is known when all of them are."""
    count, label_ms = 0, -_ALL_MS
    for fraud in range(old.frauds):
        label_ms = max(label_ms, fraud_word(old, fraud, FRAUD_LABEL_TIME))
        count += fraud_word(old, fraud, FRAUD_COUNT)
        if fraud + 1 == old.frauds or group[fraud + 1] != group[fraud]:
            at = HEAD_WORDS + FRAUD_WORDS * group[fraud]
            new.words[at + FRAUD_TIME] = fraud_word(old, fraud, FRAUD_TIME)
            new.words[at + FRAUD_LABEL_TIME] = label_ms
            new.words[at + FRAUD_ID] = fraud_word(old, fraud, FRAUD_ID) if count == 1 else _NO_ID
            new.words[at + FRAUD_COUNT] = count
            count, label_ms = 0, -_ALL_MS


def _build(sources: int) -> Callable[[npt.NDArray[Any], npt.NDArray[Any]], int]:
    """Return the compaction kernel; closing over `sources` makes them part of its cache key."""

    @entry_point
    def compact_merchant(state: npt.NDArray[np.uint8], out: npt.NDArray[Any]) -> int:
        """Write the compacted state; return its size, or -(1 + sources) where it is not full."""
        if not is_whole(state):
            return -1 - sources
        old = open_view(state)
        if old.rows < MAX_MERCHANT_ROWS and old.frauds < MAX_FRAUD_ROWS:
            return -1 - sources
        times = np.empty(old.rows, np.int64)
        for row in range(old.rows):
            times[row] = time_of(old, row)
        fraud_times = np.empty(old.frauds, np.int64)
        for fraud in range(old.frauds):
            fraud_times[fraud] = fraud_word(old, fraud, FRAUD_TIME)
        newest_ms = max(_last(times), _last(fraud_times))
        row_group = _groups(times, newest_ms, _WIDEST_MS, MAX_MERCHANT_ROWS)
        fraud_group = _groups(fraud_times, newest_ms, _WIDEST_FRAUDS_MS, MAX_FRAUD_ROWS)
        new = view(out, _size_of(row_group), _size_of(fraud_group))
        store_head(old, new, 0)
        _write_rows(old, row_group, new)
        _write_frauds(old, fraud_group, new)
        return state_size(new.rows, new.frauds)

    return compact_merchant


_compact_merchant: Final = _build(SOURCES)


def compacted_when_full(state: bytes) -> bytes:
    """Return the state with its oldest rows merged where it is full, else the state itself."""
    out = np.empty(len(state), np.uint8)
    size = _compact_merchant(np.frombuffer(state, np.uint8), out)
    return state if size < 0 else out[:size].tobytes()
