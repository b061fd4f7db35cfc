"""The merchant's next state after a payment or a label. Compiled."""

from typing import Any

import numpy.typing as npt

from features.columns import copy
from features.compiled import helper
from features.merchant_state import (
    FRAUD_COUNT,
    FRAUD_ID,
    FRAUD_LABEL_TIME,
    FRAUD_TIME,
    FRAUD_WORDS,
    HEAD_BASE_MS,
    HEAD_FRAUDS,
    HEAD_ROWS,
    HEAD_SEQUENCE,
    HEAD_VERSION,
    HEAD_WORDS,
    ROW_TIME_AND_COUNT,
    ROW_WORDS,
    VERSION,
    MerchantView,
    fraud_word,
    put_row,
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
    first, first_fraud = 0, 0
    while first < old.rows and time_of(old, first) <= oldest_ms:
        first += 1
    while first_fraud < old.frauds and fraud_word(old, first_fraud, FRAUD_TIME) <= oldest_ms:
        first_fraud += 1
    stored = 1 if time_ms > oldest_ms else 0
    new = view(out, old.rows - first + stored, old.frauds - first_fraud)
    store_head(old, new, 1)
    _store_frauds(old, first_fraud, old.frauds, new, 0)
    if stored:
        _insert_row(old, new, first, at, time_ms, amount)
    else:
        _store_rows(old, first, old.rows, new, 0, time_of(old, first))
    return state_size(new.rows, new.frauds)


@helper
def store_fraud(old: MerchantView, time_ms: int, label_ms: int, id_token: int, out: _Bytes) -> int:
    """Write the state with one more known fraud; return its size in bytes."""
    at = old.frauds
    while at > 0 and fraud_word(old, at - 1, FRAUD_TIME) > time_ms:
        at -= 1
    new = view(out, old.rows, old.frauds + 1)
    store_head(old, new, 1)
    _store_frauds(old, 0, at, new, 0)
    _store_frauds(old, at, old.frauds, new, at + 1)
    word = HEAD_WORDS + FRAUD_WORDS * at
    new.words[word + FRAUD_TIME] = time_ms
    new.words[word + FRAUD_LABEL_TIME] = label_ms
    new.words[word + FRAUD_ID] = id_token
    new.words[word + FRAUD_COUNT] = 1
    _copy_all_rows(old, new)
    return state_size(new.rows, new.frauds)


@helper
def store_correction(old: MerchantView, fraud: int, out: _Bytes) -> int:
    """Write the state without one known fraud; return its size in bytes."""
    new = view(out, old.rows, old.frauds - 1)
    store_head(old, new, 1)
    _store_frauds(old, 0, fraud, new, 0)
    _store_frauds(old, fraud + 1, old.frauds, new, fraud)
    _copy_all_rows(old, new)
    return state_size(new.rows, new.frauds)


@helper
def store_unchanged(old: MerchantView, out: _Bytes) -> int:
    """Write the state as it is but for the sequence number; return its size in bytes."""
    new = view(out, old.rows, old.frauds)
    store_head(old, new, 1)
    _store_frauds(old, 0, old.frauds, new, 0)
    _copy_all_rows(old, new)
    return state_size(new.rows, new.frauds)


@helper
def store_head(old: MerchantView, new: MerchantView, steps: int) -> None:
    """Write the header: the sequence `steps` further, the row counts of the new state."""
    new.words[HEAD_VERSION] = VERSION
    new.words[HEAD_BASE_MS] = old.words[HEAD_BASE_MS]
    new.words[HEAD_SEQUENCE] = old.words[HEAD_SEQUENCE] + steps
    new.words[HEAD_ROWS] = new.rows
    new.words[HEAD_FRAUDS] = new.frauds


@helper
def _store_frauds(old: MerchantView, first: int, end: int, new: MerchantView, to: int) -> None:
    """Write known frauds [first, end) from row `to` on."""
    from_word, to_word = HEAD_WORDS + FRAUD_WORDS * first, HEAD_WORDS + FRAUD_WORDS * to
    copy(old.words, from_word, new.words, to_word, FRAUD_WORDS * (end - first))


@helper
def _copy_all_rows(old: MerchantView, new: MerchantView) -> None:
    copy(old.words, old.at_rows, new.words, new.at_rows, ROW_WORDS * old.rows)


@helper
def _insert_row(
    old: MerchantView, new: MerchantView, first: int, at: int, time_ms: int, amount: int
) -> None:
    """Write the rows from `first` on, and the payment before row `at`."""
    base = time_of(old, first) if first < at else time_ms
    _store_rows(old, first, at, new, 0, base)
    _store_rows(old, at, old.rows, new, at - first + 1, base)
    put_row(new.words, new.at_rows + ROW_WORDS * (at - first), amount, time_ms - base, 1)


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
