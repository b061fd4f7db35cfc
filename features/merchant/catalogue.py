"""The features of a payment's merchant; definition.py says what the words mean."""

from typing import Final

from features.declaration import Feature, windows
from features.windows import (
    DAY_MS,
    DELAYED_WINDOWS_MS,
    KNOWN_FRAUD_MS,
    MERCHANT_WINDOWS_MS,
    OWN_NORMAL_MS,
)


def _shop(name: str, aggregate: str, unit: str, description: str, window_ms: int) -> Feature:
    return Feature(name, "merchant", window_ms, aggregate, unit, description)


_MERCHANT_NOW: Final = (
    *windows(
        "merchant",
        MERCHANT_WINDOWS_MS,
        "count",
        "payments",
        "Payments at the merchant in the last {w}, the payment included.",
    ),
    *windows(
        "merchant",
        MERCHANT_WINDOWS_MS,
        "mean",
        "major",
        "Mean of the merchant's amounts in the last {w}, the payment included.",
    ),
    _shop(
        "merchant_amount_to_mean_30d",
        "ratio",
        "ratio",
        "Amount divided by the mean of the merchant's earlier payments in 30 days; NaN without a "
        "mean above 0.",
        OWN_NORMAL_MS,
    ),
)

_COUNTED_WINDOWS_MS: Final = tuple(DAY_MS * days for days in (1, 7, 30))
"""The delayed windows whose payments are a feature too, as in the Handbook."""

_MERCHANT_RISK: Final = (
    *windows(
        "merchant",
        _COUNTED_WINDOWS_MS,
        "delayed_count",
        "payments",
        "Payments at the merchant in the {w} that ended 7 days before the payment; 0 without any.",
    ),
    *windows(
        "merchant",
        DELAYED_WINDOWS_MS,
        "delayed_frauds",
        "payments",
        "Known frauds at the merchant in the {w} that ended 7 days before the payment; 0 without "
        "any.",
    ),
    *windows(
        "merchant",
        DELAYED_WINDOWS_MS,
        "delayed_fraud_share",
        "share",
        "Share of known frauds in the merchant's payments of the {w} that ended 7 days before the "
        "payment; 0 without payments.",
    ),
    _shop(
        "merchant_days_since_fraud",
        "newest_fraud",
        "days",
        "Days since the merchant's newest known fraud in 67 days, with no delay; NaN without a "
        "known fraud.",
        KNOWN_FRAUD_MS,
    ),
    _shop(
        "merchant_days_since_good",
        "newest_good",
        "days",
        "Days since the merchant's newest payment, 7 to 67 days old, that is not a known fraud; "
        "NaN without one.",
        KNOWN_FRAUD_MS,
    ),
    _shop(
        "merchant_fraud_run",
        "run",
        "payments",
        "Known frauds in a row that are the merchant's newest payments of 7 to 67 days ago; 0 "
        "without any.",
        KNOWN_FRAUD_MS,
    ),
    _shop(
        "merchant_fraud_run_days",
        "run_age",
        "days",
        "Days since the first of the known frauds in a row at the merchant, 7 to 67 days ago; NaN "
        "without any.",
        KNOWN_FRAUD_MS,
    ),
    _shop(
        "merchant_fraud_run_least_amount",
        "run_least",
        "major",
        "Smallest amount of the known frauds in a row at the merchant, 7 to 67 days ago; NaN "
        "without any.",
        KNOWN_FRAUD_MS,
    ),
)

DECLARED: Final = (*_MERCHANT_NOW, *_MERCHANT_RISK)
"""The merchant stage's features in the order of the vector."""
