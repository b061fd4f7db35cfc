"""The current run of known frauds at a merchant: how long, and since when."""

import numpy as np
import numpy.typing as npt

from features.kernels.compiled import helper
from features.kernels.plan import Plan
from features.merchant.state import (
    MerchantView,
    count_of,
    known_frauds_of,
    sum_of,
    time_of,
)
from features.windows import DAY_MS, KNOWN_FRAUD_MS

_Values = npt.NDArray[np.float32]


@helper
def measure_run(
    plan: Plan, old: MerchantView, settled: int, time_ms: int, major: float, values: _Values
) -> None:
    """Go back from row `settled` while every payment is a known fraud, and write what was met.

    Payments of one moment have no order: one that is not a known fraud ends the run before all.
    """
    oldest_ms = time_ms - KNOWN_FRAUD_MS
    row, run, began, least = settled, 0, 0, np.inf
    while row >= 0 and time_of(old, row) > oldest_ms:
        moment, count, known, smallest = time_of(old, row), 0, 0, np.inf
        while row >= 0 and time_of(old, row) == moment:
            total = sum_of(old, row)
            if total >= 0:
                smallest = min(smallest, total / count_of(old, row))
            count += count_of(old, row)
            known += known_frauds_of(old, row, time_ms)
            row -= 1
        if known < count:
            values[plan.newest_good] = (time_ms - moment) / DAY_MS
            break
        run, began, least = run + count, moment, min(least, smallest)
    values[plan.run] = run
    if run > 0:
        values[plan.run_age] = (time_ms - began) / DAY_MS
        if least < np.inf:
            values[plan.run_least] = least / major
