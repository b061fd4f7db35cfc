"""The merchant's next state after a payment or a label. Compiled."""

from typing import Any

import numpy.typing as npt

from features.kernels.columns import copy
from features.kernels.compiled import helper
from features.merchant.labels import add_to_bucket, find_bucket, note_change
from features.merchant.state import (
    FRAUD,
    GENUINE,
    HEAD_BASE_MS,
    HEAD_BUCKETS_UNTIL_MS,
    HEAD_GONE,
    HEAD_LABELS,
    HEAD_OLDER_CHANGES,
    HEAD_ROWS,
    HEAD_SEQUENCE,
    HEAD_VERSION,
    HEAD_WORDS,
    KIND_COUNTED,
    KIND_FRAUD,
    LABEL_GIVEN,
    LABEL_TIME,
    LABEL_WORDS,
    NOT_TOLD,
    ROW_TIME_AND_COUNT,
    ROW_WORDS,
    MerchantView,
    label_kind,
    label_word,
    outlives,
    pack_told,
    put_label,
    put_row,
    state_size,
    steady_base,
    time_of,
    view,
)
from features.windows import MERCHANT_HISTORY_MS

_Bytes = npt.NDArray[Any]


@helper
def store_payment(
    old: MerchantView,
    at: int,
    newest_ms: int,
    time_ms: int,
    amount: int,
    who: int,
    label: int,
    out: _Bytes,
) -> int:
    """Write the state after a payment that goes before row `at`; return its size in bytes.

    `label` is the label apart that the payment was waited for by, or -1: it moves into the row.
    """
    oldest_ms = newest_ms - MERCHANT_HISTORY_MS
    first = 0
    while first < old.rows and time_of(old, first) <= oldest_ms:
        first += 1
    stored = 1 if time_ms > oldest_ms else 0
    labels = 0
    for each in range(old.labels):
        labels += each != label and outlives(old, each, oldest_ms)
    new = view(out, old.rows - first + stored, labels)
    store_head(old, new, 1)
    new.words[HEAD_GONE] += first
    _store_labels(old, new, label, -1, oldest_ms)
    if stored == 0:
        _store_rows(old, first, old.rows, new, 0, old.words[HEAD_BASE_MS])
    else:
        told = _told_by(old, label, time_ms, who)
        _insert_row(old, new, first, at, newest_ms, time_ms, amount, told)
        note_change(new, at - first)
        if label >= 0 and label_kind(old, label) == KIND_FRAUD | KIND_COUNTED:
            add_to_bucket(new, find_bucket(new, label_word(old, label, LABEL_TIME)), -1, time_ms)
    return state_size(new.rows, new.labels)


@helper
def _told_by(old: MerchantView, label: int, time_ms: int, who: int) -> int:
    """Return the third word of a payment's row, after the label that had waited for it."""
    if label < 0:
        return pack_told(NOT_TOLD, 0, who)
    verdict = FRAUD if label_kind(old, label) & KIND_FRAUD else GENUINE
    return pack_told(verdict, label_word(old, label, LABEL_GIVEN) - time_ms, who)


@helper
def store_label(
    old: MerchantView,
    moved: int,
    forgotten: int,
    time_ms: int,
    given_ms: int,
    who: int,
    kind: int,
    out: _Bytes,
) -> MerchantView:
    """Write the state without the labels `moved` and `forgotten` (-1: none) and with a new one."""
    kept = old.labels - (moved >= 0) - (forgotten >= 0)
    new = view(out, old.rows, kept + 1)
    store_head(old, new, 1)
    _store_labels(old, new, moved, forgotten, -(2**62))
    put_label(new.words, kept, time_ms, given_ms, who, kind)
    _copy_all_rows(old, new)
    return new


@helper
def store_unchanged(old: MerchantView, out: _Bytes) -> MerchantView:
    """Write the state as it is but for the sequence number."""
    new = view(out, old.rows, old.labels)
    store_head(old, new, 1)
    copy(old.words, HEAD_WORDS, new.words, HEAD_WORDS, LABEL_WORDS * old.labels)
    _copy_all_rows(old, new)
    return new


@helper
def store_head(old: MerchantView, new: MerchantView, steps: int) -> None:
    """Write the header: the sequence `steps` further, the counts of the new state."""
    new.words[HEAD_VERSION] = old.words[HEAD_VERSION]
    new.words[HEAD_BASE_MS] = old.words[HEAD_BASE_MS]
    new.words[HEAD_SEQUENCE] = old.words[HEAD_SEQUENCE] + steps
    new.words[HEAD_ROWS] = new.rows
    new.words[HEAD_LABELS] = new.labels
    new.words[HEAD_BUCKETS_UNTIL_MS] = old.words[HEAD_BUCKETS_UNTIL_MS]
    new.words[HEAD_GONE] = old.words[HEAD_GONE]
    new.words[HEAD_OLDER_CHANGES] = old.words[HEAD_OLDER_CHANGES]


@helper
def _store_labels(
    old: MerchantView, new: MerchantView, moved: int, forgotten: int, oldest_ms: int
) -> None:
    """Write the labels apart but two (-1: none) and those that do not outlive `oldest_ms`."""
    if moved < 0 and forgotten < 0 and new.labels >= old.labels:
        copy(old.words, HEAD_WORDS, new.words, HEAD_WORDS, LABEL_WORDS * old.labels)
        return
    to = HEAD_WORDS
    for label in range(old.labels):
        if label != moved and label != forgotten and outlives(old, label, oldest_ms):
            copy(old.words, HEAD_WORDS + LABEL_WORDS * label, new.words, to, LABEL_WORDS)
            to += LABEL_WORDS


@helper
def _copy_all_rows(old: MerchantView, new: MerchantView) -> None:
    copy(old.words, old.at_rows, new.words, new.at_rows, ROW_WORDS * old.rows)


@helper
def _insert_row(
    old: MerchantView,
    new: MerchantView,
    first: int,
    at: int,
    newest_ms: int,
    time_ms: int,
    amount: int,
    told: int,
) -> None:
    """Write the rows from `first` on, and the payment before row `at`."""
    oldest_ms = time_of(old, first) if first < at else time_ms
    base = steady_base(old.words[HEAD_BASE_MS], oldest_ms, newest_ms)
    new.words[HEAD_OLDER_CHANGES] += base != old.words[HEAD_BASE_MS]
    _store_rows(old, first, at, new, 0, base)
    _store_rows(old, at, old.rows, new, at - first + 1, base)
    put_row(new.words, new.at_rows + ROW_WORDS * (at - first), amount, time_ms - base, 1, told)


@helper
def _store_rows(
    old: MerchantView, first: int, end: int, new: MerchantView, to: int, base: int
) -> None:
    """Write rows [first, end) from row `to` on, with their times counted from another base."""
    word = new.at_rows + ROW_WORDS * to
    length = ROW_WORDS * (end - first)
    copy(old.words, old.at_rows + ROW_WORDS * first, new.words, word, length)
    shift = old.words[HEAD_BASE_MS] - base
    if shift != 0:
        for i in range(word + ROW_TIME_AND_COUNT, word + length, ROW_WORDS):
            new.words[i] += shift
    new.words[HEAD_BASE_MS] = base
