"""The features of a payment's card; features/catalogue.py says what the words mean."""

from functools import partial
from typing import Final

from features.card import words
from features.declaration import above, below, each_window, either, one
from features.payment.catalogue import OWN_NORMAL
from features.payment.words import amount
from features.windows import (
    ABOVE_NORMAL_MS,
    CARD_WINDOWS_MS,
    DISTINCT_WINDOWS_MS,
    OWN_NORMAL_MS,
)
from features.words import counts, level, sums

VERSION: Final = 3
"""Raise by one when a feature of this catalogue comes, goes, or has other values."""

_VELOCITY: Final = "velocity"
_SPENDING: Final = "spending"
_LARGE: Final = "large_payments"
_PLACES: Final = "many_places"
_TRAVEL: Final = "travel"

_amounts: Final = partial(
    each_window,
    "card",
    windows_ms=CARD_WINDOWS_MS,
    steps_ms=CARD_WINDOWS_MS,
)
_distinct: Final = partial(
    each_window,
    "card",
    reason=_PLACES,
    windows_ms=DISTINCT_WINDOWS_MS,
    steps_ms=CARD_WINDOWS_MS,
)
_card: Final = partial(one, "card")
_normal: Final = partial(_card, window_ms=OWN_NORMAL_MS)

_AMOUNTS: Final = (
    _amounts(
        "count",
        "payments",
        "Payments of the card in the last {w}, the payment included.",
        label="the payments of this card in {w}",
        reason=_VELOCITY,
        tell=above(counts),
    ),
    _amounts(
        "sum",
        "major",
        "Sum of the card's amounts in the last {w}, the payment included.",
        label="the sum that this card paid in {w}",
        reason=_SPENDING,
        tell=above(sums),
    ),
    _amounts(
        "mean",
        "major",
        "Mean of the card's amounts in the last {w}, the payment included.",
        label="the mean amount of this card in {w}",
        reason=_SPENDING,
        tell=either(level("mean")),
    ),
    _amounts(
        "std",
        "major",
        "Population standard deviation of the card's amounts in the last {w}, the payment "
        "included; 0 for a single payment.",
        label="the spread of this card's amounts in {w}",
        reason=_SPENDING,
    ),
    _amounts(
        "max",
        "major",
        "Largest amount of the card in the last {w}, the payment included.",
        label="the largest amount of this card in {w}",
        reason=_SPENDING,
        tell=either(level("largest")),
    ),
)

_NORMAL: Final = (
    _normal(
        "ratio",
        "card_amount_to_mean_30d",
        "ratio",
        "Amount divided by the mean of the card's earlier payments in 30 days; NaN without a mean "
        "above 0.",
        label="the amount against this card's mean",
        reason=OWN_NORMAL,
        tell=either(amount),
    ),
    _normal(
        "z",
        "card_amount_z_30d",
        "deviations",
        "Standard deviations from the mean of the card's earlier payments in 30 days to the "
        "amount; NaN without a deviation above 0.",
        label="the amount against this card's mean, in deviations",
        reason=OWN_NORMAL,
        tell=above(amount),
    ),
    _normal(
        "outlier",
        "card_amount_outlier_30d",
        "0/1",
        "1 if the amount is more than 3 standard deviations above the card's earlier mean of 30 "
        "days, else 0; NaN without a deviation.",
        label="an amount far above this card's mean",
        reason=OWN_NORMAL,
        tell=above(amount),
    ),
    _normal(
        "record",
        "card_amount_record_30d",
        "0/1",
        "1 if the amount is above every earlier amount of the card in 30 days, else 0; NaN "
        "without earlier payments.",
        label="an amount above all earlier amounts of this card",
        reason=OWN_NORMAL,
        tell=above(amount),
    ),
    _normal(
        "max_ratio",
        "card_amount_to_max_30d",
        "ratio",
        "Amount divided by the card's largest earlier amount in 30 days; NaN without an earlier "
        "amount above 0.",
        label="the amount against this card's largest earlier amount",
        reason=OWN_NORMAL,
        tell=above(words.largest_amount),
    ),
    _normal(
        "median",
        "card_usual_amount_30d",
        "major",
        "Median of the card's newest 128 earlier amounts in 30 days; NaN without earlier payments.",
        label="this card's usual amount",
        reason=_SPENDING,
    ),
    _normal(
        "median_ratio",
        "card_amount_to_usual_30d",
        "ratio",
        "Amount divided by the median of the card's newest 128 earlier amounts in 30 days; NaN "
        "without a median above 0.",
        label="the amount against this card's usual amount",
        reason=OWN_NORMAL,
        tell=either(words.usual_amount),
    ),
    _normal(
        "quartile_distance",
        "card_amount_in_quartiles_30d",
        "quartile ranges",
        "Amount less the median, in distances between the quartiles, of the card's newest 128 "
        "earlier amounts in 30 days; NaN without a distance.",
        label="the amount against the spread of this card's usual amounts",
        reason=OWN_NORMAL,
        tell=above(words.usual_amount),
    ),
    _card(
        "above_usual",
        "card_above_usual_14d",
        "payments",
        "Earlier payments of the card in 14 days above 2.5 times the card's median of 30 days; "
        "NaN without a median.",
        label="this card's large payments in 14 days",
        reason=_LARGE,
        tell=above(words.above_usual),
        window_ms=ABOVE_NORMAL_MS,
    ),
    _card(
        "above_usual_share",
        "card_above_usual_share_14d",
        "share",
        "Share of the card's earlier payments in 14 days above 2.5 times the median; 0 without "
        "payments in 14 days, NaN without a median.",
        label="the share of this card's large payments in 14 days",
        reason=_LARGE,
        tell=above(words.above_usual),
        window_ms=ABOVE_NORMAL_MS,
    ),
    _normal(
        "gap",
        "card_seconds_since_last",
        "s",
        "Seconds since the card's newest earlier payment in 30 days; NaN without earlier payments.",
        label="the time since this card's previous payment",
        reason=_VELOCITY,
        tell=below(words.gap),
    ),
)

_PLACES_AND_DEVICES: Final = (
    _distinct(
        "merchants",
        "merchants",
        "Distinct merchants of the card in the last {w}, the payment included, by 32-bit hashes.",
        label="the merchants of this card in {w}",
        tell=above(words.distinct("at", "merchant", "merchants")),
    ),
    _distinct(
        "cities",
        "cities",
        "Distinct cities of the card in the last {w}, the payment included, by 16-bit hashes; 0 "
        "without a known city.",
        label="the cities of this card in {w}",
        tell=above(words.distinct("in", "city", "cities")),
    ),
    _distinct(
        "countries",
        "countries",
        "Distinct countries of the card in the last {w}, the payment included, by 16-bit hashes; "
        "0 without a known country.",
        label="the countries of this card in {w}",
        tell=above(words.distinct("in", "country", "countries")),
    ),
    _normal(
        "new_merchant",
        "card_new_merchant_30d",
        "0/1",
        "1 if no earlier payment of the card in 30 days was at the merchant, else 0; 1 for a "
        "first payment.",
        label="a first payment at this merchant in 30 days",
        reason="new_merchant",
        tell=above(words.new("at this merchant")),
    ),
    _normal(
        "new_device",
        "card_new_device_30d",
        "0/1",
        "1 if no earlier payment of the card in 30 days was from the device, else 0; NaN without "
        "a device.",
        label="a first payment from this device in 30 days",
        reason="new_device",
        tell=above(words.new("from this device")),
    ),
    _normal(
        "new_country",
        "card_new_country_30d",
        "0/1",
        "1 if no earlier payment of the card in 30 days was in the country, else 0; NaN without a "
        "country.",
        label="a first payment in this country in 30 days",
        reason="new_country",
        tell=above(words.new("in this country")),
    ),
    _normal(
        "city_share",
        "card_city_share_30d",
        "share",
        "Share of the city in the card's payments with a city in 30 days, the payment included; "
        "NaN without a city.",
        label="the share of this city in this card's payments",
        reason=_PLACES,
        tell=below(words.city_share),
    ),
    _card(
        "home",
        "card_from_home_km",
        "km",
        "Distance from the home learnt from the card's payments that arrived before; NaN without "
        "a home or a place.",
        label="the distance from where this card usually pays",
        reason="far_from_home",
        tell=above(words.home),
    ),
    _card(
        "distance",
        "card_distance_km",
        "km",
        "Distance from the card's newest place; NaN without both places, or if the newest place "
        "is newer than the payment.",
        label="the distance from this card's previous payment",
        reason=_TRAVEL,
        tell=above(words.travel),
    ),
    _card(
        "speed",
        "card_speed_kmh",
        "km/h",
        "Distance from the card's newest place by the time since, 1 minute at least; NaN without "
        "both places, or if the newest is newer.",
        label="the speed of a journey from this card's previous payment",
        reason=_TRAVEL,
        tell=above(words.travel),
    ),
    _card(
        "travel",
        "card_impossible_travel",
        "0/1",
        "1 if the speed from the card's newest place is above 1,000 km/h, else 0; NaN without a "
        "speed.",
        label="an impossible journey from this card's previous payment",
        reason=_TRAVEL,
        tell=above(words.travel),
    ),
)

DECLARED: Final = (*_AMOUNTS, *_NORMAL, *_PLACES_AND_DEVICES)
"""The card's features in the order of the vector, behind those of the payment."""
