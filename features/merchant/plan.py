"""Where the merchant kernel writes: every slot of MERCHANT_FEATURES, and the edges it stops at."""

from typing import Final, NamedTuple

from features.catalogue import MERCHANT_FEATURES, slot, slots
from features.kernels.compiled import SOURCES
from features.windows import (
    DELAYED_WINDOWS_MS,
    LABEL_DELAY_MS,
    MERCHANT_WINDOWS_MS,
)

_Numbers = tuple[int, ...]

_DELAYED_EDGES_MS: Final = tuple(LABEL_DELAY_MS + window for window in DELAYED_WINDOWS_MS)

EDGES_MS: Final = tuple(sorted({*MERCHANT_WINDOWS_MS, LABEL_DELAY_MS, *_DELAYED_EDGES_MS}))
"""Ages at which running totals are noted, youngest first: a delayed window is two of them."""


class MerchantPlan(NamedTuple):
    """Output slots for each of MERCHANT_WINDOWS_MS (count, mean) and DELAYED_WINDOWS_MS, -1: none.

    `window_edge` and `delayed_edge` say where in EDGES_MS those windows begin, `delay_edge` where
    the delayed ones end. `sources` is the digest of this package: the plan is part of the key of
    the cached machine code.
    """

    sources: int
    window_edge: _Numbers
    delayed_edge: _Numbers
    delay_edge: int
    counts: _Numbers
    means: _Numbers
    ratio: int
    delayed_counts: _Numbers
    delayed_frauds: _Numbers
    delayed_shares: _Numbers
    newest_fraud: int
    newest_good: int
    run: int
    run_age: int
    run_least: int


MERCHANT_PLAN: Final = MerchantPlan(
    sources=SOURCES,
    window_edge=tuple(EDGES_MS.index(w) for w in MERCHANT_WINDOWS_MS),
    delayed_edge=tuple(EDGES_MS.index(w) for w in _DELAYED_EDGES_MS),
    delay_edge=EDGES_MS.index(LABEL_DELAY_MS),
    counts=slots(MERCHANT_FEATURES, "count", MERCHANT_WINDOWS_MS),
    means=slots(MERCHANT_FEATURES, "mean", MERCHANT_WINDOWS_MS),
    ratio=slot(MERCHANT_FEATURES, "merchant_amount_to_mean_30d"),
    delayed_counts=slots(MERCHANT_FEATURES, "delayed_count", DELAYED_WINDOWS_MS),
    delayed_frauds=slots(MERCHANT_FEATURES, "delayed_frauds", DELAYED_WINDOWS_MS),
    delayed_shares=slots(MERCHANT_FEATURES, "delayed_fraud_share", DELAYED_WINDOWS_MS),
    newest_fraud=slot(MERCHANT_FEATURES, "merchant_days_since_fraud"),
    newest_good=slot(MERCHANT_FEATURES, "merchant_days_since_good"),
    run=slot(MERCHANT_FEATURES, "merchant_fraud_run"),
    run_age=slot(MERCHANT_FEATURES, "merchant_fraud_run_days"),
    run_least=slot(MERCHANT_FEATURES, "merchant_fraud_run_least_amount"),
)
