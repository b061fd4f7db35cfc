"""The merchant's next state after a payment or a label. Compiled."""

from typing import Any

import numpy as np
import numpy.typing as npt

from features.columns import copy, insert, remove
from features.compiled import helper
from features.merchant_state import (
    HEAD_BASE_MS,
    HEAD_FRAUDS,
    HEAD_ROWS,
    HEAD_SEQUENCE,
    HEAD_VERSION,
    VERSION,
    MerchantView,
    state_size,
    time_of,
    view,
)
from features.windows import MERCHANT_HISTORY_MS

_Bytes = npt.NDArray[Any]


@helper
def store_payment(
    old: MerchantView, at: int, newest_ms: int, time_ms: int, amount: int, out: _Bytes
) -> int:
    """Write the state after a payment that goes before row `at`; return its size in bytes."""
    oldest_ms = newest_ms - MERCHANT_HISTORY_MS
    rows, frauds = len(old.times), len(old.fraud_time)
    first, first_fraud = 0, 0
    while first < rows and time_of(old, first) <= oldest_ms:
        first += 1
    while first_fraud < frauds and old.fraud_time[first_fraud] <= oldest_ms:
        first_fraud += 1
    stored = time_ms > oldest_ms
    new = view(out, rows - first + stored, frauds - first_fraud)
    _store_head(old, new)
    copy(old.fraud_time, new.fraud_time, first_fraud, 0)
    copy(old.fraud_label, new.fraud_label, first_fraud, 0)
    copy(old.fraud_id, new.fraud_id, first_fraud, 0)
    copy(old.fraud_count, new.fraud_count, first_fraud, 0)
    if stored:
        _insert_row(old, new, first, at, time_ms, amount)
    else:
        copy_rows(old, new, first)
    return state_size(len(new.times), len(new.fraud_time))


@helper
def store_fraud(old: MerchantView, time_ms: int, label_ms: int, id_token: int, out: _Bytes) -> int:
    """Write the state with one more known fraud; return its size in bytes."""
    at = len(old.fraud_time)
    while at > 0 and old.fraud_time[at - 1] > time_ms:
        at -= 1
    new = view(out, len(old.times), len(old.fraud_time) + 1)
    _store_head(old, new)
    insert(old.fraud_time, new.fraud_time, 0, at, time_ms, 0)
    insert(old.fraud_label, new.fraud_label, 0, at, label_ms, 0)
    insert(old.fraud_id, new.fraud_id, 0, at, id_token, 0)
    insert(old.fraud_count, new.fraud_count, 0, at, 1, 0)
    copy_rows(old, new, 0)
    return state_size(len(new.times), len(new.fraud_time))


@helper
def store_correction(old: MerchantView, at: int, out: _Bytes) -> int:
    """Write the state without the known fraud at row `at`; return its size in bytes."""
    new = view(out, len(old.times), len(old.fraud_time) - 1)
    _store_head(old, new)
    remove(old.fraud_time, new.fraud_time, at)
    remove(old.fraud_label, new.fraud_label, at)
    remove(old.fraud_id, new.fraud_id, at)
    remove(old.fraud_count, new.fraud_count, at)
    copy_rows(old, new, 0)
    return state_size(len(new.times), len(new.fraud_time))


@helper
def store_sequence(old: MerchantView, size: int, state: _Bytes, out: _Bytes) -> int:
    """Write the state as it is, but for the sequence number; return its size in bytes."""
    out[:size] = state
    out[: len(old.head) * 8].view(np.int64)[HEAD_SEQUENCE] += 1
    return size


@helper
def copy_rows(old: MerchantView, new: MerchantView, first: int) -> None:
    """Copy the payments from row `first` on, and move the base to the first of them."""
    shift = np.int64(0)
    if first < len(old.times):
        shift = np.int64(old.times[first])
    new.head[HEAD_BASE_MS] = old.head[HEAD_BASE_MS] + shift
    copy(old.sums, new.sums, first, 0)
    copy(old.times, new.times, first, -shift)
    copy(old.counts, new.counts, first, 0)


@helper
def _insert_row(
    old: MerchantView, new: MerchantView, first: int, at: int, time_ms: int, amount: int
) -> None:
    base = old.head[HEAD_BASE_MS]
    new_base = time_of(old, first) if first < at else time_ms
    new.head[HEAD_BASE_MS] = new_base
    insert(old.sums, new.sums, first, at, amount, 0)
    insert(old.times, new.times, first, at, time_ms - new_base, base - new_base)
    insert(old.counts, new.counts, first, at, 1, 0)


@helper
def _store_head(old: MerchantView, new: MerchantView) -> None:
    new.head[HEAD_VERSION] = VERSION
    new.head[HEAD_SEQUENCE] = old.head[HEAD_SEQUENCE] + 1
    new.head[HEAD_ROWS] = len(new.times)
    new.head[HEAD_FRAUDS] = len(new.fraud_time)
