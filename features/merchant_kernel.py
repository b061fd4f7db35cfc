"""The compiled transitions of a merchant: a payment, and a label."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.compiled import SOURCES, entry_point, helper
from features.merchant_measure import measure
from features.merchant_plan import MERCHANT_PLAN, MerchantPlan
from features.merchant_state import (
    FRAUD_COUNT,
    FRAUD_ID,
    HEAD_SEQUENCE,
    MerchantView,
    count_of,
    fraud_word,
    is_whole,
    open_view,
    place_of,
    time_of,
)
from features.merchant_store import (
    store_correction,
    store_fraud,
    store_payment,
    store_unchanged,
)
from features.windows import ALLOWED_LATENESS_MS, MERCHANT_HISTORY_MS

DAMAGED: Final = -1
"""Size that the kernels return for a state whose header cannot be true."""

LATE: Final = 1
COMPACTED: Final = 2


@helper
def _compacted(merchant: MerchantView) -> int:
    """Return COMPACTED where any row or known fraud is a bucket, else 0."""
    for row in range(merchant.rows):
        if count_of(merchant, row) > 1:
            return COMPACTED
    for fraud in range(merchant.frauds):
        if fraud_word(merchant, fraud, FRAUD_COUNT) > 1:
            return COMPACTED
    return 0


@helper
def _find_fraud(merchant: MerchantView, id_token: int) -> int:
    """Return the known fraud of a transaction, -1 where there is none."""
    for fraud in range(merchant.frauds):
        if fraud_word(merchant, fraud, FRAUD_ID) == id_token:
            return fraud
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
        old = open_view(state)
        newest_ms, late = time_ms, 0
        if old.rows > 0:
            last_ms = time_of(old, old.rows - 1)
            newest_ms = max(newest_ms, last_ms)
            late = LATE * (time_ms < last_ms - ALLOWED_LATENESS_MS)
        at = place_of(old, time_ms)
        measure(plan, old, at, time_ms, amount, values)
        size = store_payment(old, at, newest_ms, time_ms, amount, out)
        return size, old.words[HEAD_SEQUENCE] + 1, late | _compacted(old)

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
        old = open_view(state)
        fraud = _find_fraud(old, id_token)
        in_history = True
        if old.rows > 0:
            in_history = time_ms > time_of(old, old.rows - 1) - MERCHANT_HISTORY_MS
        if is_fraud and fraud < 0 and in_history:
            size = store_fraud(old, time_ms, label_ms, id_token, out)
        elif fraud >= 0 and not is_fraud:
            size = store_correction(old, fraud, out)
        else:
            size = store_unchanged(old, out)
        return size, old.words[HEAD_SEQUENCE] + 1, _compacted(old)

    return merchant_label


merchant_payment: Final = _build_payment(MERCHANT_PLAN)
merchant_label: Final = _build_label(SOURCES)
