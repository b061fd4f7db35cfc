"""Every feature, declared once: the order here is the order of the vector.

Kernels take their output slots from these tuples (`slot`, `slots`), so a feature that is moved or
renamed here cannot be written to another's place. To add one: declare it, add its slot to the
entity's plan (card_plan.py, merchant_plan.py), write it in the kernel, extend the naive oracle in
tests/unit/features, and raise FEATURE_SET_VERSION.

Conventions: amounts are in major units of the payment's currency, not converted between
currencies; windows are (t - w, t] with the payment itself included, unless the description says
"earlier"; NaN stands for what is not known.
"""

from dataclasses import dataclass
from typing import Final, Literal

from features.windows import (
    ABOVE_NORMAL_MS,
    CARD_WINDOWS_MS,
    DAY_MS,
    DELAYED_WINDOWS_MS,
    DISTINCT_WINDOWS_MS,
    KNOWN_FRAUD_MS,
    MERCHANT_WINDOWS_MS,
    OWN_NORMAL_MS,
    window_name,
)

FEATURE_SET_VERSION: Final = 3

Entity = Literal["payment", "card", "merchant"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of the vector: of what, over which window (ms, None: none), in which unit."""

    name: str
    entity: Entity
    window_ms: int | None
    aggregate: str
    unit: str
    description: str


def _payment(name: str, unit: str, description: str) -> Feature:
    return Feature(name, "payment", None, "value", unit, description)


def _windows(
    entity: Entity, windows_ms: tuple[int, ...], aggregate: str, unit: str, description: str
) -> tuple[Feature, ...]:
    """Declare one aggregate over several windows; `{w}` in the description is the window."""
    return tuple(
        Feature(
            name=f"{entity}_{aggregate}_{window_name(window_ms)}",
            entity=entity,
            window_ms=window_ms,
            aggregate=aggregate,
            unit=unit,
            description=description.format(w=window_name(window_ms)),
        )
        for window_ms in windows_ms
    )


def _own(
    name: str, aggregate: str, unit: str, description: str, window_ms: int | None = OWN_NORMAL_MS
) -> Feature:
    return Feature(name, "card", window_ms, aggregate, unit, description)


def _shop(name: str, aggregate: str, unit: str, description: str, window_ms: int) -> Feature:
    return Feature(name, "merchant", window_ms, aggregate, unit, description)


_PAYMENT: Final = (
    _payment("amount", "major", "Amount of the payment."),
    _payment("amount_log", "log major", "Natural logarithm of 1 + amount."),
    _payment("hour_of_day", "hour", "Hour of the day in UTC, 0 to 23."),
    _payment("is_night", "0/1", "1 where the hour of the day is 6 or less (UTC)."),
    _payment("is_weekend", "0/1", "1 on Saturday and Sunday (UTC)."),
    _payment("is_high_risk_category", "0/1", "1 where the merchant category is a risky one."),
    _payment("category_group", "group", "Group of the merchant category, as a number."),
)

_CARD_AMOUNTS: Final = (
    *_windows("card", CARD_WINDOWS_MS, "count", "payments", "Payments of the card in {w}."),
    *_windows("card", CARD_WINDOWS_MS, "sum", "major", "Sum of the card's amounts in {w}."),
    *_windows("card", CARD_WINDOWS_MS, "mean", "major", "Mean of the card's amounts in {w}."),
    *_windows("card", CARD_WINDOWS_MS, "std", "major", "Population deviation of them in {w}."),
    *_windows("card", CARD_WINDOWS_MS, "max", "major", "Largest amount of the card in {w}."),
)

_CARD_NORMAL: Final = (
    _own("card_amount_to_mean_30d", "ratio", "ratio", "Amount to the mean of earlier payments."),
    _own("card_amount_z_30d", "z", "deviations", "Deviations above the mean of earlier payments."),
    _own("card_amount_outlier_30d", "outlier", "0/1", "1 where that is more than 3 deviations."),
    _own("card_amount_record_30d", "record", "0/1", "1 where above every earlier amount."),
    _own("card_amount_to_max_30d", "max_ratio", "ratio", "Amount to the largest earlier one."),
    _own("card_usual_amount_30d", "median", "major", "Median of the newest 128 earlier payments."),
    _own("card_amount_to_usual_30d", "median_ratio", "ratio", "Amount to that median."),
    _own(
        "card_amount_in_quartiles_30d",
        "quartile_distance",
        "quartile ranges",
        "Amount less that median, by the distance between the quartiles of the same payments.",
    ),
    _own(
        "card_above_usual_14d",
        "above_usual",
        "payments",
        "Payments among them of the last 14 days above 2.5 times the median.",
        ABOVE_NORMAL_MS,
    ),
    _own(
        "card_above_usual_share_14d",
        "above_usual_share",
        "share",
        "Share of those in the payments among them of the last 14 days; 0 where there are none.",
        ABOVE_NORMAL_MS,
    ),
    _own("card_seconds_since_last", "gap", "s", "Seconds since the card's last earlier payment."),
)

_CARD_PLACES: Final = (
    *_windows("card", DISTINCT_WINDOWS_MS, "merchants", "merchants", "Distinct merchants in {w}."),
    *_windows("card", DISTINCT_WINDOWS_MS, "cities", "cities", "Distinct cities in {w}."),
    *_windows("card", DISTINCT_WINDOWS_MS, "countries", "countries", "Distinct countries in {w}."),
    _own("card_new_merchant_30d", "new", "0/1", "1 where no earlier payment was at the merchant."),
    _own("card_new_device_30d", "new", "0/1", "1 where no earlier payment was from the device."),
    _own("card_new_country_30d", "new", "0/1", "1 where no earlier payment was in the country."),
    _own(
        "card_city_share_30d",
        "share",
        "share",
        "Share of payments in this city, of those with a city.",
    ),
    _own(
        "card_from_home_km", "home", "km", "Distance from home, as earlier payments tell it.", None
    ),
    _own("card_distance_km", "distance", "km", "From the last payment with a place.", None),
    _own("card_speed_kmh", "speed", "km/h", "Distance by the time since, 1 minute or more.", None),
    _own("card_impossible_travel", "travel", "0/1", "1 where faster than 1,000 km/h.", None),
)

_MERCHANT_NOW: Final = (
    *_windows("merchant", MERCHANT_WINDOWS_MS, "count", "payments", "Payments at it in {w}."),
    *_windows("merchant", MERCHANT_WINDOWS_MS, "mean", "major", "Mean amount at it in {w}."),
    _shop(
        "merchant_amount_to_mean_30d",
        "ratio",
        "ratio",
        "Amount to the mean of earlier payments at the merchant.",
        OWN_NORMAL_MS,
    ),
)

_COUNTED_WINDOWS_MS: Final = tuple(DAY_MS * days for days in (1, 7, 30))
"""The delayed windows whose payments are a feature too, as in the Handbook."""

_MERCHANT_RISK: Final = (
    *_windows(
        "merchant",
        _COUNTED_WINDOWS_MS,
        "delayed_count",
        "payments",
        "Payments at it in {w}, up to 7 days ago.",
    ),
    *_windows(
        "merchant",
        DELAYED_WINDOWS_MS,
        "delayed_frauds",
        "payments",
        "Frauds among those that were known by now, {w}.",
    ),
    *_windows(
        "merchant",
        DELAYED_WINDOWS_MS,
        "delayed_fraud_share",
        "share",
        "Share of known frauds among those, {w}; 0 where there are none.",
    ),
    _shop(
        "merchant_days_since_fraud",
        "newest_fraud",
        "days",
        "Days since the newest fraud at it that was known by now.",
        KNOWN_FRAUD_MS,
    ),
    _shop(
        "merchant_days_since_good",
        "newest_good",
        "days",
        "Days since its newest payment, up to 7 days ago, that was not known to be a fraud.",
        KNOWN_FRAUD_MS,
    ),
    _shop(
        "merchant_fraud_run",
        "run",
        "payments",
        "Known frauds in a row up to 7 days ago: its payments since the newest good one.",
        KNOWN_FRAUD_MS,
    ),
    _shop(
        "merchant_fraud_run_days",
        "run_age",
        "days",
        "Days since the first payment of that run.",
        KNOWN_FRAUD_MS,
    ),
    _shop(
        "merchant_fraud_run_least_amount",
        "run_least",
        "major",
        "Smallest amount in that run.",
        KNOWN_FRAUD_MS,
    ),
)

CARD_FEATURES: Final = (*_PAYMENT, *_CARD_AMOUNTS, *_CARD_NORMAL, *_CARD_PLACES)
"""Computed in the card stage, those of the payment alone included."""

MERCHANT_FEATURES: Final = (*_MERCHANT_NOW, *_MERCHANT_RISK)
"""Computed in the merchant stage."""

FEATURES: Final = (*CARD_FEATURES, *MERCHANT_FEATURES)
FEATURE_NAMES: Final = tuple(feature.name for feature in FEATURES)

HANDBOOK_FEATURES: Final = (
    "amount",
    "is_weekend",
    "is_night",
    "card_count_24h",
    "card_mean_24h",
    "card_count_7d",
    "card_mean_7d",
    "card_count_30d",
    "card_mean_30d",
    "merchant_delayed_count_24h",
    "merchant_delayed_fraud_share_24h",
    "merchant_delayed_count_7d",
    "merchant_delayed_fraud_share_7d",
    "merchant_delayed_count_30d",
    "merchant_delayed_fraud_share_30d",
)
"""The fifteen columns of the Fraud Detection Handbook's baseline, by our names."""


def slot(features: tuple[Feature, ...], name: str) -> int:
    """Return where the named feature lies in a stage's output; ValueError where undeclared."""
    return [feature.name for feature in features].index(name)


def slots(
    features: tuple[Feature, ...], aggregate: str, windows_ms: tuple[int, ...]
) -> tuple[int, ...]:
    """Return the slot of an aggregate for each window, -1 where it is not declared for one."""
    places = {(f.aggregate, f.window_ms): i for i, f in enumerate(features)}
    return tuple(places.get((aggregate, window_ms), -1) for window_ms in windows_ms)
