"""The features of a payment and of its card; definition.py says what the words mean."""

from typing import Final

from features.declaration import Feature, windows
from features.windows import (
    ABOVE_NORMAL_MS,
    CARD_WINDOWS_MS,
    DISTINCT_WINDOWS_MS,
    OWN_NORMAL_MS,
)


def _payment(name: str, unit: str, description: str) -> Feature:
    return Feature(name, "payment", None, "value", unit, description)


def _own(
    name: str, aggregate: str, unit: str, description: str, window_ms: int | None = OWN_NORMAL_MS
) -> Feature:
    return Feature(name, "card", window_ms, aggregate, unit, description)


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
    *windows(
        "card",
        CARD_WINDOWS_MS,
        "count",
        "payments",
        "Payments of the card in the last {w}, the payment included.",
    ),
    *windows(
        "card",
        CARD_WINDOWS_MS,
        "sum",
        "major",
        "Sum of the card's amounts in the last {w}, the payment included.",
    ),
    *windows(
        "card",
        CARD_WINDOWS_MS,
        "mean",
        "major",
        "Mean of the card's amounts in the last {w}, the payment included.",
    ),
    *windows(
        "card",
        CARD_WINDOWS_MS,
        "std",
        "major",
        "Population standard deviation of the card's amounts in the last {w}, the payment "
        "included; 0 for a single payment.",
    ),
    *windows(
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
    *windows(
        "card",
        DISTINCT_WINDOWS_MS,
        "merchants",
        "merchants",
        "Distinct merchants of the card in the last {w}, the payment included, by 32-bit hashes.",
    ),
    *windows(
        "card",
        DISTINCT_WINDOWS_MS,
        "cities",
        "cities",
        "Distinct cities of the card in the last {w}, the payment included, by 16-bit hashes; 0 "
        "without a known city.",
    ),
    *windows(
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

DECLARED: Final = (*_PAYMENT, *_CARD_AMOUNTS, *_CARD_NORMAL, *_CARD_PLACES)
"""The card stage's features in the order of the vector."""
