"""The merchant's features of one payment: a pass each over payments, known frauds, and the run."""

from typing import Final

import numpy as np
import numpy.typing as npt

from features.compiled import helper
from features.merchant_plan import EDGES_MS, MerchantPlan
from features.merchant_run import measure_run
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
_Totals = npt.NDArray[np.int64]


@helper
def measure(
    plan: MerchantPlan, old: MerchantView, at: int, time_ms: int, amount: int, values: _Values
) -> None:
    """Write every merchant feature of a payment that comes after the rows below `at`."""
    for i in range(len(values)):
        values[i] = np.nan
    counts = np.empty(len(EDGES_MS), np.int64)
    sums = np.empty(len(EDGES_MS), np.int64)
    frauds = np.empty(len(EDGES_MS), np.int64)
    settled = _total_payments(plan, old, at, time_ms, counts, sums)
    _total_frauds(old, time_ms, frauds)
    _measure_windows(plan, counts, sums, amount, values)
    _measure_risk(plan, counts, frauds, values)
    _measure_newest_fraud(plan, old, time_ms, values)
    measure_run(plan, old, settled, time_ms, values)


@helper
def _total_payments(
    plan: MerchantPlan, old: MerchantView, at: int, time_ms: int, counts: _Totals, sums: _Totals
) -> int:
    """Note count and sum of the payments from each edge up to now, the payment at hand left out.

    Return the newest row that is older than labels take, -1 where there is none.
    """
    row, count, total, settled = at - 1, 0, 0, -1
    for k in range(len(EDGES_MS)):
        edge = time_ms - EDGES_MS[k]
        while row >= 0 and time_of(old, row) > edge:
            count += count_of(old, row)
            total += sum_of(old, row)
            row -= 1
        counts[k] = count
        sums[k] = total
        if k == plan.delay_edge:
            settled = row
    return settled


@helper
def _total_frauds(old: MerchantView, time_ms: int, frauds: _Totals) -> None:
    """Note the frauds from each edge up to now, as far as they were known by now."""
    fraud, count = old.frauds - 1, 0
    while fraud >= 0 and fraud_word(old, fraud, FRAUD_TIME) > time_ms:
        fraud -= 1
    for k in range(len(EDGES_MS)):
        edge = time_ms - EDGES_MS[k]
        while fraud >= 0 and fraud_word(old, fraud, FRAUD_TIME) > edge:
            if fraud_word(old, fraud, FRAUD_LABEL_TIME) <= time_ms:
                count += fraud_word(old, fraud, FRAUD_COUNT)
            fraud -= 1
        frauds[k] = count


@helper
def _measure_windows(
    plan: MerchantPlan, counts: _Totals, sums: _Totals, amount: int, values: _Values
) -> None:
    for k in range(len(plan.counts)):
        edge = plan.window_edge[k]
        values[plan.counts[k]] = counts[edge] + 1
        values[plan.means[k]] = (sums[edge] + amount) / (counts[edge] + 1) / _HUNDRED
    edge = plan.window_edge[len(plan.counts) - 1]
    if sums[edge] > 0:
        values[plan.ratio] = amount / (sums[edge] / counts[edge])


@helper
def _measure_risk(plan: MerchantPlan, counts: _Totals, frauds: _Totals, values: _Values) -> None:
    """Write the delayed windows; a label whose payment never came does not push a share above 1."""
    for k in range(len(plan.delayed_counts)):
        edge = plan.delayed_edge[k]
        count = counts[edge] - counts[plan.delay_edge]
        known = frauds[edge] - frauds[plan.delay_edge]
        if plan.delayed_counts[k] >= 0:
            values[plan.delayed_counts[k]] = count
        values[plan.delayed_frauds[k]] = known
        values[plan.delayed_shares[k]] = min(1.0, known / count) if count > 0 else 0.0


@helper
def _measure_newest_fraud(
    plan: MerchantPlan, old: MerchantView, time_ms: int, values: _Values
) -> None:
    for fraud in range(old.frauds - 1, -1, -1):
        age = time_ms - fraud_word(old, fraud, FRAUD_TIME)
        known = fraud_word(old, fraud, FRAUD_LABEL_TIME) <= time_ms
        if known and 0 <= age < KNOWN_FRAUD_MS:
            values[plan.newest_fraud] = age / DAY_MS
            return
