"""The compiled transitions of a merchant: a payment, and a label."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.compiled import SOURCES, entry_point, helper
from features.merchant_measure import measure
from features.merchant_plan import MERCHANT_PLAN, MerchantPlan
from features.merchant_state import (
    HEAD_FRAUDS,
    HEAD_ROWS,
    HEAD_SEQUENCE,
    MerchantView,
    head_of,
    is_whole,
    place_of,
    time_of,
    view,
)
from features.merchant_store import (
    store_correction,
    store_fraud,
    store_payment,
    store_sequence,
)
from features.windows import ALLOWED_LATENESS_MS, MERCHANT_HISTORY_MS

DAMAGED: Final = -1
"""Size that the kernels return for a state whose length does not fit its header."""

LATE: Final = 1
COMPACTED: Final = 2


@helper
def _compacted(columns: MerchantView) -> int:
    """Return COMPACTED where any row or known fraud is a bucket, else 0."""
    for row in range(len(columns.counts)):
        if columns.counts[row] > 1:
            return COMPACTED
    for row in range(len(columns.fraud_count)):
        if columns.fraud_count[row] > 1:
            return COMPACTED
    return 0


@helper
def _row_of_fraud(columns: MerchantView, id_token: int) -> int:
    for row in range(len(columns.fraud_id)):
        if columns.fraud_id[row] == id_token:
            return row
    return -1


def _build_payment(plan: MerchantPlan) -> Callable[..., tuple[int, int, int]]:
    """Return the kernel for a plan, which closes over it as compile-time constants."""

    @entry_point
    def merchant_payment(
        state: npt.NDArray[np.uint8],
        time_ms: int,
        amount: int,
        out: npt.NDArray[Any],
        values: npt.NDArray[np.float32],
    ) -> tuple[int, int, int]:
        """Write the next state and the features; return size of the state, sequence, flags."""
        if not is_whole(state):
            return DAMAGED, 0, 0
        head = head_of(state)
        old = view(state, head[HEAD_ROWS], head[HEAD_FRAUDS])
        newest_ms, late = time_ms, 0
        if len(old.times) > 0:
            last_ms = time_of(old, len(old.times) - 1)
            newest_ms = max(newest_ms, last_ms)
            late = LATE * (time_ms < last_ms - ALLOWED_LATENESS_MS)
        at = place_of(old, time_ms)
        measure(plan, old, at, time_ms, amount, values)
        size = store_payment(old, at, newest_ms, time_ms, amount, out)
        return size, head[HEAD_SEQUENCE] + 1, late | _compacted(old)

    return merchant_payment


def _build_label(sources: int) -> Callable[..., tuple[int, int, int]]:
    """Return the kernel; closing over `sources` makes them part of its cache key."""

    @entry_point
    def merchant_label(
        state: npt.NDArray[np.uint8],
        time_ms: int,
        label_ms: int,
        id_token: int,
        is_fraud: bool,
        out: npt.NDArray[Any],
    ) -> tuple[int, int, int]:
        """Write the next state; return its size, the sequence, flags (`sources` if damaged)."""
        if not is_whole(state):
            return DAMAGED, 0, sources
        head = head_of(state)
        old = view(state, head[HEAD_ROWS], head[HEAD_FRAUDS])
        row = _row_of_fraud(old, id_token)
        in_history = True
        if len(old.times) > 0:
            in_history = time_ms > time_of(old, len(old.times) - 1) - MERCHANT_HISTORY_MS
        if is_fraud and row < 0 and in_history:
            size = store_fraud(old, time_ms, label_ms, id_token, out)
        elif row >= 0 and not is_fraud:
            size = store_correction(old, row, out)
        else:
            size = store_sequence(old, len(state), state, out)
        return size, head[HEAD_SEQUENCE] + 1, _compacted(old)

    return merchant_label


merchant_payment: Final = _build_payment(MERCHANT_PLAN)
merchant_label: Final = _build_label(SOURCES)
