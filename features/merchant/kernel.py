"""The compiled transitions of a merchant: a payment, and a label."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.kernels.batch import (
    STOPPED,
    Kernel,
    Memory,
    Values,
    Words,
    lay_out,
    note_payment,
    note_state,
    room_of,
    rows_at,
    state_of,
    words_of,
)
from features.kernels.compiled import SOURCES, entry_point, helper
from features.kernels.plan import Plan
from features.kernels.unit import is_of_unit, units_per_major
from features.merchant.labels import (
    add_to_bucket,
    find_bucket,
    find_label,
    find_row,
    forgotten_for,
    has_room,
    is_counted,
    tell_row,
)
from features.merchant.measure import measure
from features.merchant.plan import MERCHANT_PLAN
from features.merchant.rows import PAID_AMOUNT, PAID_KEY, PAID_TIME, PAID_WHO, PAID_WORDS
from features.merchant.state import (
    FRAUD,
    GENUINE,
    HEAD_SEQUENCE,
    HEAD_VERSION,
    KIND_COUNTED,
    KIND_FRAUD,
    LABEL_GIVEN,
    LABEL_TIME,
    NEVER_MS,
    ROW_BYTES,
    VERSION,
    MerchantView,
    has_buckets,
    is_whole,
    label_kind,
    label_word,
    last_moment,
    open_view,
    place_of,
    state_size,
    time_of,
)
from features.merchant.store import store_label, store_payment, store_unchanged
from features.windows import ALLOWED_LATENESS_MS, MAX_MERCHANT_ROWS, MERCHANT_HISTORY_MS

GROWTH: Final = ROW_BYTES
"""Bytes that a payment adds to a state at most."""

LATE: Final = 1
COMPACTED: Final = 2

PAYMENT_KNOWN: Final = 0
PAYMENT_COMPACTED: Final = 1
PAYMENT_UNKNOWN: Final = 2

_Bytes = npt.NDArray[Any]


@helper
def _pay(
    plan: Plan, state: Memory, unit: int, row: Words, out: Memory, values: Values
) -> tuple[int, int, int]:
    """Write the next state and the features; return size of the state, sequence, flags."""
    if not is_whole(state):
        return STOPPED, 0, 0
    old, major = open_view(state), units_per_major(unit)
    if not is_of_unit(old.words[HEAD_VERSION], VERSION, unit) or old.rows >= MAX_MERCHANT_ROWS:
        return STOPPED, 0, 0
    time_ms, amount, who = row[PAID_TIME], row[PAID_AMOUNT], row[PAID_WHO]
    newest_ms, late = time_ms, 0
    if old.rows > 0:
        last_ms = time_of(old, old.rows - 1)
        newest_ms = max(newest_ms, last_ms)
        late = LATE * (time_ms < last_ms - ALLOWED_LATENESS_MS)
    at = place_of(old, time_ms)
    label = find_label(old, time_ms, time_ms, who)
    measure(plan, old, at, time_ms, amount, major, values)
    size = store_payment(old, at, newest_ms, time_ms, amount, who, label, out)
    return size, old.words[HEAD_SEQUENCE] + 1, late | COMPACTED * has_buckets(old)


def _build_payments(plan: Plan) -> Kernel:
    """Return the kernel for a plan, which closes over it as compile-time constants."""

    @entry_point
    def merchant_payments(unit: int, keys: int, memory: Memory, values: Values) -> int:
        """Take payments until one's state is not taken; see kernels/batch.py, and rows.py here."""
        payments = len(values)
        lay_out(keys, payments, PAID_WORDS, GROWTH, memory)
        words, rows = words_of(memory), rows_at(keys, payments)
        for payment in range(payments):
            at = rows + PAID_WORDS * payment
            key = words[at + PAID_KEY]
            size, sequence, flags = _pay(
                plan,
                state_of(words, memory, keys, key),
                unit,
                words[at : at + PAID_WORDS],
                room_of(words, memory, keys, key),
                values[payment],
            )
            if size == STOPPED:
                return payment
            note_state(words, keys, key, size)
            note_payment(words, keys, payments, payment, sequence, flags)
        return payments

    return merchant_payments


@helper
def _tell_again(
    old: MerchantView, label: int, time_ms: int, given_ms: int, who: int, verdict: int, out: _Bytes
) -> MerchantView:
    """Write the state after one more label of a payment that has one apart.

    One that is counted in a bucket stays at the time that it is counted at.
    """
    if given_ms < label_word(old, label, LABEL_GIVEN):
        return store_unchanged(old, out)
    before = label_kind(old, label)
    if is_counted(before):
        time_ms = label_word(old, label, LABEL_TIME)
    kind = (before & KIND_COUNTED) | (KIND_FRAUD if verdict == FRAUD else 0)
    forgotten = forgotten_for(old, kind, label)
    new = store_label(old, label, forgotten, time_ms, given_ms, who, kind, out)
    if is_counted(kind) and kind != before:
        more = 1 if verdict == FRAUD else -1
        add_to_bucket(new, find_bucket(new, time_ms), more, given_ms)
    return new


@helper
def _tell_first(
    old: MerchantView,
    bucket: int,
    time_ms: int,
    given_ms: int,
    who: int,
    verdict: int,
    out: _Bytes,
) -> MerchantView:
    """Write the state after the first label of a payment in a bucket, or of an unknown one (-1)."""
    kind = (KIND_FRAUD if verdict == FRAUD else 0) | (KIND_COUNTED if bucket >= 0 else 0)
    forgotten = forgotten_for(old, kind, -1)
    new = store_label(old, -1, forgotten, time_ms, given_ms, who, kind, out)
    if bucket >= 0 and verdict == FRAUD:
        add_to_bucket(new, bucket, 1, given_ms)
    return new


def _build_label(sources: int) -> Callable[..., tuple[int, int, int]]:
    """Return the kernel; closing over `sources` makes them part of its cache key."""

    @entry_point
    def merchant_label(
        state: npt.NDArray[np.uint8],
        time_ms: int,
        given_ms: int,
        who: int,
        is_fraud: bool,
        unit: int,
        out: _Bytes,
    ) -> tuple[int, int, int]:
        """Write the next state; return its size, the sequence, PAYMENT_* (`sources` if stopped)."""
        if not is_whole(state):
            return STOPPED, 0, sources
        old = open_view(state)
        if not is_of_unit(old.words[HEAD_VERSION], VERSION, unit):
            return STOPPED, 0, sources
        verdict = FRAUD if is_fraud else GENUINE
        row = find_row(old, time_ms, who, verdict)
        last_ms = last_moment(time_ms)
        label = find_label(old, time_ms, last_ms, who) if row < 0 else -1
        oldest_ms = NEVER_MS
        if old.rows > 0:
            oldest_ms = time_of(old, old.rows - 1) - MERCHANT_HISTORY_MS
        if row >= 0:
            new, payment = store_unchanged(old, out), PAYMENT_KNOWN
            tell_row(new, row, verdict, given_ms, who)
        elif label >= 0:
            counted = is_counted(label_kind(old, label))
            payment = PAYMENT_COMPACTED if counted else PAYMENT_UNKNOWN
            new = _tell_again(old, label, time_ms, given_ms, who, verdict, out)
        elif last_ms <= oldest_ms:
            new, payment = store_unchanged(old, out), PAYMENT_UNKNOWN
        else:
            bucket = find_bucket(old, time_ms) if time_ms > oldest_ms else -1
            if bucket >= 0 and not has_room(old, bucket, verdict):
                bucket = -1
            payment = PAYMENT_COMPACTED if bucket >= 0 else PAYMENT_UNKNOWN
            new = _tell_first(old, bucket, time_ms, given_ms, who, verdict, out)
        return state_size(new.rows, new.labels), old.words[HEAD_SEQUENCE] + 1, payment

    return merchant_label


merchant_payments: Final = _build_payments(MERCHANT_PLAN)
merchant_label: Final = _build_label(SOURCES)
