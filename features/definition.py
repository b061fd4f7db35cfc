"""Every feature, declared once: the order here is the order of the vector.

Kernels take their output slots from these tuples (`slot`, `slots`), so a feature that is moved or
renamed here cannot be written to another's place. To add one: declare it, add its slot to the
entity's plan (card_plan.py, merchant_plan.py), write it in the kernel, extend the naive oracle in
tests/unit/features, and raise FEATURE_SET_VERSION.

A description is one sentence for a user. Behind its semicolon stands what a feature is where there
is nothing to measure: NaN is not known, 0 is none. A test computes both.

- **Units.** Amounts are in major units of the payment's currency, exact in its minor units and not
  converted. Amounts of several currencies of one card are added as they are. A sum ends at 922
  trillion major units; means and deviations beyond are not exact.
- **Last w.** The window (t - w, t], where t is the payment's timestamp. The payment itself counts.
- **Earlier.** Without the payment itself: what arrived before it and is not newer by its timestamp.
  A payment that arrives late is measured as of its own time, so what is newer does not count; a
  payment that is more than a day late may miss the oldest part of its windows (`late`).
- **Newest place.** The place of the newest payment with coordinates that arrived before, of any
  age. Where it is newer than the payment, nothing is known of the way there. Home is learnt in the
  order of arrival.
- **Known fraud.** A payment whose label says fraud, with a label time up to the payment's
  timestamp. The label has to have arrived. Of several labels of a payment the one with the newest
  label time counts, of equal ones the last to arrive. A label finds its payment by id, card and
  timestamp.
- **Ended 7 days before.** The window (t - 7 d - w, t - 7 d]: labels take that long. Days since
  the newest known fraud are not delayed.
- **In a row.** The merchant's payments up to 7 days ago, newest first, until one is not a known
  fraud. Payments of one millisecond have no order: one of them that is genuine ends the row.
- **Late at the merchant.** A payment more than a day behind its merchant's newest (`late_merchant`)
  may miss payments and frauds that are more than 68 days older than that newest payment.
- **Hashes.** Merchants are 32-bit hashes; cities, devices and countries are 16-bit hashes. With
  ten cities known, a new one is taken for a known one in 1 of 6,500 cases, and not counted.
- **Compacted.** Beyond 1,024 payments in 31 days the older ones are kept in buckets
  (`compacted_card`): card_compaction.py says how exact each feature then is. Beyond 2,048 payments
  in 68 days a merchant has buckets too (`compacted_merchant`, merchant_compaction.py).
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
    _payment("amount_log", "log major", "Natural logarithm of 1 plus the amount."),
    _payment("hour_of_day", "hour", "Hour of the payment's timestamp in UTC, from 0 to 23."),
    _payment("is_night", "0/1", "1 if the payment's hour is 0 to 6 in UTC, else 0."),
    _payment("is_weekend", "0/1", "1 if the payment is on a Saturday or Sunday in UTC, else 0."),
    _payment(
        "is_high_risk_category",
        "0/1",
        "1 if the merchant category is a risky one, else 0; 0 without a category.",
    ),
    _payment(
        "category_group",
        "group",
        "Group of the merchant category, as a number; 0 for no group, NaN without a category.",
    ),
)

_CARD_AMOUNTS: Final = (
    *_windows(
        "card",
        CARD_WINDOWS_MS,
        "count",
        "payments",
        "Payments of the card in the last {w}, the payment included.",
    ),
    *_windows(
        "card",
        CARD_WINDOWS_MS,
        "sum",
        "major",
        "Sum of the card's amounts in the last {w}, the payment included.",
    ),
    *_windows(
        "card",
        CARD_WINDOWS_MS,
        "mean",
        "major",
        "Mean of the card's amounts in the last {w}, the payment included.",
    ),
    *_windows(
        "card",
        CARD_WINDOWS_MS,
        "std",
        "major",
        "Population standard deviation of the card's amounts in the last {w}, the payment "
        "included; 0 for a single payment.",
    ),
    *_windows(
        "card",
        CARD_WINDOWS_MS,
        "max",
        "major",
        "Largest amount of the card in the last {w}, the payment included.",
    ),
)

_CARD_NORMAL: Final = (
    _own(
        "card_amount_to_mean_30d",
        "ratio",
        "ratio",
        "Amount divided by the mean of the card's earlier payments in 30 days; NaN without a mean "
        "above 0.",
    ),
    _own(
        "card_amount_z_30d",
        "z",
        "deviations",
        "Standard deviations from the mean of the card's earlier payments in 30 days to the "
        "amount; NaN without a deviation above 0.",
    ),
    _own(
        "card_amount_outlier_30d",
        "outlier",
        "0/1",
        "1 if the amount is more than 3 standard deviations above the card's earlier mean of 30 "
        "days, else 0; NaN without a deviation.",
    ),
    _own(
        "card_amount_record_30d",
        "record",
        "0/1",
        "1 if the amount is above every earlier amount of the card in 30 days, else 0; NaN "
        "without earlier payments.",
    ),
    _own(
        "card_amount_to_max_30d",
        "max_ratio",
        "ratio",
        "Amount divided by the card's largest earlier amount in 30 days; NaN without an earlier "
        "amount above 0.",
    ),
    _own(
        "card_usual_amount_30d",
        "median",
        "major",
        "Median of the card's newest 128 earlier amounts in 30 days; NaN without earlier payments.",
    ),
    _own(
        "card_amount_to_usual_30d",
        "median_ratio",
        "ratio",
        "Amount divided by the median of the card's newest 128 earlier amounts in 30 days; NaN "
        "without a median above 0.",
    ),
    _own(
        "card_amount_in_quartiles_30d",
        "quartile_distance",
        "quartile ranges",
        "Amount less the median, in distances between the quartiles, of the card's newest 128 "
        "earlier amounts in 30 days; NaN without a distance.",
    ),
    _own(
        "card_above_usual_14d",
        "above_usual",
        "payments",
        "Earlier payments of the card in 14 days above 2.5 times the card's median of 30 days; "
        "NaN without a median.",
        ABOVE_NORMAL_MS,
    ),
    _own(
        "card_above_usual_share_14d",
        "above_usual_share",
        "share",
        "Share of the card's earlier payments in 14 days above 2.5 times the median; 0 without "
        "payments in 14 days, NaN without a median.",
        ABOVE_NORMAL_MS,
    ),
    _own(
        "card_seconds_since_last",
        "gap",
        "s",
        "Seconds since the card's newest earlier payment in 30 days; NaN without earlier payments.",
    ),
)

_CARD_PLACES: Final = (
    *_windows(
        "card",
        DISTINCT_WINDOWS_MS,
        "merchants",
        "merchants",
        "Distinct merchants of the card in the last {w}, the payment included, by 32-bit hashes.",
    ),
    *_windows(
        "card",
        DISTINCT_WINDOWS_MS,
        "cities",
        "cities",
        "Distinct cities of the card in the last {w}, the payment included, by 16-bit hashes; 0 "
        "without a known city.",
    ),
    *_windows(
        "card",
        DISTINCT_WINDOWS_MS,
        "countries",
        "countries",
        "Distinct countries of the card in the last {w}, the payment included, by 16-bit hashes; "
        "0 without a known country.",
    ),
    _own(
        "card_new_merchant_30d",
        "new",
        "0/1",
        "1 if no earlier payment of the card in 30 days was at the merchant, else 0; 1 for a "
        "first payment.",
    ),
    _own(
        "card_new_device_30d",
        "new",
        "0/1",
        "1 if no earlier payment of the card in 30 days was from the device, else 0; NaN without "
        "a device.",
    ),
    _own(
        "card_new_country_30d",
        "new",
        "0/1",
        "1 if no earlier payment of the card in 30 days was in the country, else 0; NaN without a "
        "country.",
    ),
    _own(
        "card_city_share_30d",
        "share",
        "share",
        "Share of the city in the card's payments with a city in 30 days, the payment included; "
        "NaN without a city.",
    ),
    _own(
        "card_from_home_km",
        "home",
        "km",
        "Distance from the home learnt from the card's payments that arrived before; NaN without "
        "a home or a place.",
        None,
    ),
    _own(
        "card_distance_km",
        "distance",
        "km",
        "Distance from the card's newest place; NaN without both places, or if the newest place "
        "is newer than the payment.",
        None,
    ),
    _own(
        "card_speed_kmh",
        "speed",
        "km/h",
        "Distance from the card's newest place by the time since, 1 minute at least; NaN without "
        "both places, or if the newest is newer.",
        None,
    ),
    _own(
        "card_impossible_travel",
        "travel",
        "0/1",
        "1 if the speed from the card's newest place is above 1,000 km/h, else 0; NaN without a "
        "speed.",
        None,
    ),
)

_MERCHANT_NOW: Final = (
    *_windows(
        "merchant",
        MERCHANT_WINDOWS_MS,
        "count",
        "payments",
        "Payments at the merchant in the last {w}, the payment included.",
    ),
    *_windows(
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
    *_windows(
        "merchant",
        _COUNTED_WINDOWS_MS,
        "delayed_count",
        "payments",
        "Payments at the merchant in the {w} that ended 7 days before the payment; 0 without any.",
    ),
    *_windows(
        "merchant",
        DELAYED_WINDOWS_MS,
        "delayed_frauds",
        "payments",
        "Known frauds at the merchant in the {w} that ended 7 days before the payment; 0 without "
        "any.",
    ),
    *_windows(
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

CARD_FEATURES: Final = (*_PAYMENT, *_CARD_AMOUNTS, *_CARD_NORMAL, *_CARD_PLACES)
"""Computed in the card stage, those of the payment alone included."""

MERCHANT_FEATURES: Final = (*_MERCHANT_NOW, *_MERCHANT_RISK)
"""Computed in the merchant stage."""

TERMS: Final = (
    "The last 24h are the 24 hours that end with the payment's own timestamp.",
    "Earlier payments arrived before the payment and are not newer by their timestamp.",
    "The newest place is of the newest payment with coordinates that arrived before.",
    "NaN means not known.",
    "With ten cities known, a 16-bit hash takes a new city for a known one in 1 of 6,500 cases.",
)
"""What the words of descriptions mean, for a page that shows all of them."""

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
