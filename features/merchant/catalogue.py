"""The features of a payment's merchant; features/catalogue.py says what the words mean."""

from functools import partial
from typing import Final

from features.declaration import above, below, each_window, either, one, present
from features.merchant import words
from features.windows import (
    DAY_MS,
    DELAYED_WINDOWS_MS,
    KNOWN_FRAUD_MS,
    MERCHANT_WINDOWS_MS,
    OWN_NORMAL_MS,
)
from features.words import counts, level

VERSION: Final = 2
"""Raise by one when a feature of this catalogue comes, goes, or has other values."""

_ACTIVITY: Final = "merchant_activity"
_RISK: Final = "merchant_risk"

_COUNTED_WINDOWS_MS: Final = tuple(DAY_MS * days for days in (1, 7, 30))
"""The delayed windows whose payments are a feature too, as in the Handbook."""

_now: Final = partial(
    each_window,
    "merchant",
    reason=_ACTIVITY,
    windows_ms=MERCHANT_WINDOWS_MS,
    steps_ms=MERCHANT_WINDOWS_MS,
)
_delayed: Final = partial(each_window, "merchant", steps_ms=DELAYED_WINDOWS_MS)
_known: Final = partial(one, "merchant", reason=_RISK, window_ms=KNOWN_FRAUD_MS)

_NOW: Final = (
    _now(
        "count",
        "payments",
        "Payments at the merchant in the last {w}, the payment included.",
        label="the payments at this merchant in {w}",
        tell=above(counts),
    ),
    _now(
        "mean",
        "major",
        "Mean of the merchant's amounts in the last {w}, the payment included.",
        label="the mean amount at this merchant in {w}",
        tell=either(level("mean")),
    ),
    one(
        "merchant",
        "ratio",
        "merchant_amount_to_mean_30d",
        "ratio",
        "Amount divided by the mean of the merchant's earlier payments in 30 days; NaN without a "
        "mean above 0.",
        label="the amount against this merchant's mean",
        reason="amount_vs_merchant_normal",
        tell=above(words.amount),
        window_ms=OWN_NORMAL_MS,
    ),
)

_RISKS: Final = (
    _delayed(
        "delayed_count",
        "payments",
        "Payments at the merchant in the {w} that ended 7 days before the payment; 0 without any.",
        label="the payments at this merchant in {w} up to 7 days ago",
        reason=_ACTIVITY,
        windows_ms=_COUNTED_WINDOWS_MS,
    ),
    _delayed(
        "delayed_frauds",
        "payments",
        "Known frauds at the merchant in the {w} that ended 7 days before the payment; 0 without "
        "any.",
        label="the known frauds at this merchant in {w} up to 7 days ago",
        reason=_RISK,
        tell=above(words.known_frauds),
        windows_ms=DELAYED_WINDOWS_MS,
    ),
    _delayed(
        "delayed_fraud_share",
        "share",
        "Share of known frauds in the merchant's payments of the {w} that ended 7 days before the "
        "payment; 0 without payments.",
        label="the share of known frauds at this merchant in {w} up to 7 days ago",
        reason=_RISK,
        tell=above(words.known_frauds),
        windows_ms=DELAYED_WINDOWS_MS,
    ),
    _known(
        "newest_fraud",
        "merchant_days_since_fraud",
        "days",
        "Days since the merchant's newest known fraud in 67 days, with no delay; NaN without a "
        "known fraud.",
        label="the time since this merchant's newest known fraud",
        tell=below(words.newest_fraud),
    ),
    _known(
        "newest_good",
        "merchant_days_since_good",
        "days",
        "Days since the merchant's newest payment, 7 to 67 days old, that is not a known fraud; "
        "NaN without one.",
        label="the time since this merchant's newest good payment",
        tell=present(words.run),
    ),
    _known(
        "run",
        "merchant_fraud_run",
        "payments",
        "Known frauds in a row that are the merchant's newest payments of 7 to 67 days ago; 0 "
        "without any.",
        label="the known frauds in a row at this merchant",
        tell=above(words.run),
    ),
    _known(
        "run_age",
        "merchant_fraud_run_days",
        "days",
        "Days since the first of the known frauds in a row at the merchant, 7 to 67 days ago; NaN "
        "without any.",
        label="the time since the frauds in a row at this merchant began",
        tell=present(words.run),
    ),
    _known(
        "run_least",
        "merchant_fraud_run_least_amount",
        "major",
        "Smallest amount of the known frauds in a row at the merchant, 7 to 67 days ago; NaN "
        "without any.",
        label="the smallest of the frauds in a row at this merchant",
        tell=present(words.run),
    ),
)

DECLARED: Final = (*_NOW, *_RISKS)
"""The merchant stage's features in the order of the vector."""
