"""Bounds a hot merchant's memory: the oldest rows are merged into buckets of time.

A bucket is a cell of time, at most 1/16 as wide as it is old and at most 8,192 s wide, and counts
at the time of its newest payment. An edge of a window is therefore off by less than 1/16 of its age
behind the merchant's newest payment, and by less than 8,192 s. A window that cuts no bucket is
exact. 68 days need 950 buckets at most.

A payment without a known amount counts in a bucket with the mean of the bucket's known amounts. A
bucket in which none is known has no sum.

A bucket counts its frauds, which are known when the last of them is. Labels of payments that go
into a bucket are kept apart with their ids, the newest of each kind, so that a repeat counts once
and a correction finds what it takes back.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.kernels.columns import copy
from features.kernels.compiled import SOURCES, entry_point, helper
from features.kernels.statistics import LARGEST_SUM, add_amounts, bucket_width_ms
from features.merchant.state import (
    FRAUD,
    HEAD_BASE_MS,
    HEAD_BUCKETS_UNTIL_MS,
    HEAD_OLDER_CHANGES,
    HEAD_WORDS,
    KIND_COUNTED,
    KIND_FRAUD,
    LABEL_BYTES,
    LABEL_WORDS,
    NOT_TOLD,
    ROW_WORDS,
    MerchantView,
    count_of,
    delay_in,
    frauds_of,
    is_whole,
    label_kind,
    open_view,
    pack_told,
    put_label,
    put_row,
    state_size,
    sum_of,
    time_of,
    told_of,
    verdict_in,
    view,
    who_in,
)
from features.merchant.store import store_head
from features.money.units import NO_RATE
from features.tokens import UNKNOWN
from features.windows import (
    MAX_LABELS,
    MAX_LABELS_OF_A_KIND,
    MAX_MERCHANT_ROWS,
    WIDEST_MERCHANT_BUCKET_MS,
)

_KEPT: Final = 4
"""The newest rows, one in so many of the limit, stay as they are."""


@helper
def _groups(old: MerchantView) -> npt.NDArray[np.int64]:
    """Return for each row the row that it becomes, which is its own as long as there is room."""
    newest_ms = time_of(old, old.rows - 1)
    group = np.empty(old.rows, np.int64)
    last, width, cell = -1, 0, 0
    for row in range(old.rows):
        time_ms = time_of(old, row)
        its_width = bucket_width_ms(newest_ms - time_ms, WIDEST_MERCHANT_BUCKET_MS)
        whole = row >= old.rows - MAX_MERCHANT_ROWS // _KEPT
        if whole or width != its_width or cell != time_ms // its_width:
            last, width, cell = last + 1, its_width, time_ms // its_width
        group[row] = last
    return group


@helper
def _is_alone(group: npt.NDArray[np.int64], row: int) -> bool:
    """Return whether a row stays as it is."""
    before = row > 0 and group[row - 1] == group[row]
    return not before and (row + 1 == len(group) or group[row + 1] != group[row])


@helper
def _write_rows(old: MerchantView, group: npt.NDArray[np.int64], new: MerchantView) -> None:
    """Write each group of rows as one, at the time of its newest."""
    first, total, count, priced, frauds, given_ms = 0, 0, 0, 0, 0, 0
    for row in range(old.rows):
        time_ms, told = time_of(old, row), told_of(old, row)
        count += count_of(old, row)
        if sum_of(old, row) >= 0:
            priced += count_of(old, row)
            total = add_amounts(total, sum_of(old, row))
        if verdict_in(told) == FRAUD:
            frauds += frauds_of(old, row)
            given_ms = max(given_ms, time_ms + delay_in(told))
        if row + 1 == old.rows or group[row + 1] != group[row]:
            if row > first:
                verdict = FRAUD if frauds > 0 else NOT_TOLD
                told = pack_told(verdict, given_ms - time_ms if frauds > 0 else 0, frauds)
                new.words[HEAD_BUCKETS_UNTIL_MS] = max(new.words[HEAD_BUCKETS_UNTIL_MS], time_ms)
            at = new.at_rows + ROW_WORDS * group[row]
            whole = _whole_sum(total, priced, count)
            put_row(new.words, at, whole, time_ms - new.words[HEAD_BASE_MS], count, told)
            first, total, count, priced, frauds, given_ms = row + 1, 0, 0, 0, 0, 0


@helper
def _whole_sum(total: int, priced: int, count: int) -> int:
    """Return a bucket's sum with its mean for each payment without a known amount, or NO_RATE."""
    if priced == count:
        return total
    if priced == 0:
        return NO_RATE
    more = total / priced * (count - priced)
    return add_amounts(total, int(more)) if more < LARGEST_SUM else LARGEST_SUM


@helper
def _labels_after(
    old: MerchantView, group: npt.NDArray[np.int64], words: npt.NDArray[np.int64]
) -> int:
    """Write the labels apart and those of rows that go into a bucket; return how many they are."""
    copy(old.words, HEAD_WORDS, words, HEAD_WORDS, LABEL_WORDS * old.labels)
    labels = old.labels
    for row in range(old.rows):
        told = told_of(old, row)
        single = count_of(old, row) == 1 and who_in(told) != UNKNOWN
        if single and verdict_in(told) != NOT_TOLD and not _is_alone(group, row):
            kind = KIND_COUNTED | (KIND_FRAUD if verdict_in(told) == FRAUD else 0)
            time_ms = time_of(old, row)
            put_label(words, labels, time_ms, time_ms + delay_in(told), who_in(told), kind)
            labels += 1
    return labels


@helper
def _newest_of_each_kind(all_labels: MerchantView, kept: npt.NDArray[np.bool_]) -> int:
    """Mark the newest labels of each kind; return how many they are."""
    of_kind = np.zeros(KIND_FRAUD + KIND_COUNTED + 1, np.int64)
    labels = 0
    for label in range(all_labels.labels - 1, -1, -1):
        kind = label_kind(all_labels, label) & (KIND_FRAUD | KIND_COUNTED)
        kept[label] = of_kind[kind] < MAX_LABELS_OF_A_KIND
        of_kind[kind] += 1
        labels += kept[label]
    return labels


def _build(sources: int) -> Callable[[npt.NDArray[Any], npt.NDArray[Any]], int]:
    """Return the compaction kernel; closing over `sources` makes them part of its cache key."""

    @entry_point
    def compact_merchant(state: npt.NDArray[np.uint8], out: npt.NDArray[Any]) -> int:
        """Write the compacted state; return its size, or -(1 + sources).

        That is where the state is not full, or where its rows are so that none can be merged.
        """
        if not is_whole(state):
            return -1 - sources
        old = open_view(state)
        if old.rows < MAX_MERCHANT_ROWS:
            return -1 - sources
        group = _groups(old)
        if group[old.rows - 1] + 1 == old.rows:
            return -1 - sources
        words = np.empty(HEAD_WORDS + LABEL_WORDS * (old.labels + old.rows), np.int64)
        together = _labels_after(old, group, words)
        kept = np.empty(together, np.bool_)
        labels = _newest_of_each_kind(MerchantView(words, 0, together, 0), kept)
        new = view(out, group[old.rows - 1] + 1, labels)
        store_head(old, new, 0)
        to = HEAD_WORDS
        for label in range(together):
            if kept[label]:
                copy(words, HEAD_WORDS + LABEL_WORDS * label, new.words, to, LABEL_WORDS)
                to += LABEL_WORDS
        _write_rows(old, group, new)
        new.words[HEAD_OLDER_CHANGES] += 1
        return state_size(new.rows, new.labels)

    return compact_merchant


_compact_merchant: Final = _build(SOURCES)


def compacted_when_full(state: bytes) -> bytes:
    """Return the state with its oldest rows merged where it is full, else the state itself."""
    out = np.empty(len(state) + LABEL_BYTES * MAX_LABELS, np.uint8)
    size = _compact_merchant(np.frombuffer(state, np.uint8), out)
    return state if size < 0 else out[:size].tobytes()
