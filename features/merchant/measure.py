"""The merchant's features of one payment: a pass over its payments, then the run of frauds."""

import numpy as np
import numpy.typing as npt

from features.kernels.compiled import helper
from features.kernels.plan import Plan
from features.kernels.statistics import add_amounts
from features.merchant.plan import EDGES_MS
from features.merchant.run import measure_run
from features.merchant.state import (
    MerchantView,
    count_of,
    known_frauds_of,
    sum_of,
    time_of,
)
from features.windows import DAY_MS

_Values = npt.NDArray[np.float32]
_Totals = npt.NDArray[np.int64]


@helper
def measure(
    plan: Plan,
    old: MerchantView,
    at: int,
    time_ms: int,
    amount: int,
    major: float,
    values: _Values,
) -> None:
    """Write every merchant feature of a payment that comes after the rows below `at`.

    The amount is in units of the reference currency, NO_RATE (below 0) where it is not known;
    `major` is how many units the major unit has.
    """
    for i in range(len(values)):
        values[i] = np.nan
    edges = len(EDGES_MS)
    totals = np.empty(4 * edges, np.int64)  # one allocation, which takes as long as the arithmetic
    counts, priced = totals[:edges], totals[edges : 2 * edges]
    sums, frauds = totals[2 * edges : 3 * edges], totals[3 * edges :]
    settled, fraud = _total(plan, old, at, time_ms, counts, priced, sums, frauds)
    for k in range(len(plan.count)):
        values[plan.count[k]] = counts[plan.window_edge[k]] + 1
    if amount >= 0:
        _measure_amounts(plan, priced, sums, amount, major, values)
    _measure_risk(plan, counts, frauds, values)
    if fraud >= 0:
        values[plan.newest_fraud] = (time_ms - time_of(old, fraud)) / DAY_MS
    measure_run(plan, old, settled, time_ms, major, values)


@helper
def _total(
    plan: Plan,
    old: MerchantView,
    at: int,
    time_ms: int,
    counts: _Totals,
    priced: _Totals,
    sums: _Totals,
    frauds: _Totals,
) -> tuple[int, int]:
    """Note the totals from each edge up to now, without the payment at hand.

    They are the payments, those with a known amount, the sum of these, and the known frauds.

    Return the newest row that is older than labels take, and the newest with a known fraud, -1
    where there is none.
    """
    row, count, with_amount, total, known, settled, fraud = at - 1, 0, 0, 0, 0, -1, -1
    for k in range(len(EDGES_MS)):
        edge = time_ms - EDGES_MS[k]
        while row >= 0 and time_of(old, row) > edge:
            more, their_total = count_of(old, row), sum_of(old, row)
            count += more
            if their_total >= 0:
                with_amount += more
                total = add_amounts(total, their_total)
            told = known_frauds_of(old, row, time_ms)
            if told > 0:
                known += told
                fraud = max(fraud, row)
            row -= 1
        counts[k] = count
        priced[k] = with_amount
        sums[k] = total
        frauds[k] = known
        if k == plan.delay_edge:
            settled = row
    return settled, fraud


@helper
def _measure_amounts(
    plan: Plan, priced: _Totals, sums: _Totals, amount: int, major: float, values: _Values
) -> None:
    """Write the means of the windows and the amount against the mean of the earlier ones."""
    for k in range(len(plan.count)):
        edge = plan.window_edge[k]
        together = add_amounts(sums[edge], amount)
        values[plan.mean[k]] = together / (priced[edge] + 1) / major
    edge = plan.window_edge[len(plan.count) - 1]
    if sums[edge] > 0:
        values[plan.ratio] = amount / (sums[edge] / priced[edge])


@helper
def _measure_risk(plan: Plan, counts: _Totals, frauds: _Totals, values: _Values) -> None:
    """Write the delayed windows; a row has no more frauds than payments, so no share is above 1."""
    for k in range(len(plan.delayed_count)):
        edge = plan.delayed_edge[k]
        count = counts[edge] - counts[plan.delay_edge]
        known = frauds[edge] - frauds[plan.delay_edge]
        if plan.delayed_count[k] >= 0:
            values[plan.delayed_count[k]] = count
        values[plan.delayed_frauds[k]] = known
        values[plan.delayed_fraud_share[k]] = known / count if count > 0 else 0.0
