"""The current run of known frauds at a merchant: how long, and since when."""

from typing import Final

import numpy as np
import numpy.typing as npt

from features.compiled import helper
from features.merchant_plan import MerchantPlan
from features.merchant_state import (
    FRAUD_COUNT,
    FRAUD_LABEL_TIME,
    FRAUD_TIME,
    MerchantView,
    count_of,
    fraud_word,
    sum_of,
    time_of,
)
from features.windows import DAY_MS, KNOWN_FRAUD_MS

_HUNDRED: Final = 100.0

_Values = npt.NDArray[np.float32]


@helper
def measure_run(
    plan: MerchantPlan, old: MerchantView, settled: int, time_ms: int, values: _Values
) -> None:
    """Go back from row `settled` while every payment is a known fraud, and write what was met.

    A moment's payments are frauds where at least as many frauds are known with a time after the
    moment before it and up to its own.
    """
    oldest_ms = time_ms - KNOWN_FRAUD_MS
    row, fraud = settled, old.frauds - 1
    run, began, least = 0, 0, np.inf
    while row >= 0 and time_of(old, row) > oldest_ms:
        moment, count, smallest = time_of(old, row), 0, np.inf
        while row >= 0 and time_of(old, row) == moment:
            smallest = min(smallest, sum_of(old, row) / count_of(old, row))
            count += count_of(old, row)
            row -= 1
        before_ms = max(oldest_ms, time_of(old, row)) if row >= 0 else oldest_ms
        while fraud >= 0 and fraud_word(old, fraud, FRAUD_TIME) > moment:
            fraud -= 1  # told of a payment that never came
        known = 0
        while fraud >= 0 and fraud_word(old, fraud, FRAUD_TIME) > before_ms:
            if fraud_word(old, fraud, FRAUD_LABEL_TIME) <= time_ms:
                known += fraud_word(old, fraud, FRAUD_COUNT)
            fraud -= 1
        if known < count:
            values[plan.newest_good] = (time_ms - moment) / DAY_MS
            break
        run, began, least = run + count, moment, min(least, smallest)
    values[plan.run] = run
    if run > 0:
        values[plan.run_age] = (time_ms - began) / DAY_MS
        values[plan.run_least] = least / _HUNDRED
