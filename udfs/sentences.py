"""One sentence in plain words for a feature: its value, and what is normal.

The normal is the card's own where its features tell of one (the rest of its 30 days); where a card
can have none of its own, such as the risk of a merchant, it is that of all payments in the
training data. A feature without a sentence here gets one from its declaration.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.definition import FEATURES, Feature
from features.windows import (
    CARD_WINDOWS_MS,
    DAY_MS,
    HOUR_MS,
    LABEL_DELAY_MS,
    MERCHANT_WINDOWS_MS,
    MINUTE_MS,
    window_name,
)
from udfs.manifest import InputFeature

USUAL_SPEED_KMH: Final = 100.0
"""A speed that needs no explanation: a car or a train."""

_NAMED: Final = {feature.name: feature for feature in FEATURES}
_LONGEST_MS: Final = CARD_WINDOWS_MS[-1]
_LONGEST: Final = window_name(_LONGEST_MS)
_WHOSE: Final = {"card": "this card's usual", "merchant": "the merchant's usual"}
_WINDOWS_MS: Final = {"card": CARD_WINDOWS_MS, "merchant": MERCHANT_WINDOWS_MS}


class Values:
    """One payment's values by name, None where one is missing or not known here."""

    def __init__(self, row: npt.NDArray[np.float32], places: Mapping[str, int]) -> None:
        self._row = row
        self._places = places

    def get(self, name: str) -> float | None:
        """Return a value by its feature's name."""
        place = self._places.get(name)
        value = math.nan if place is None else float(self._row[place])
        return None if math.isnan(value) else value


class Phrase(NamedTuple):
    """What is normal, None where nothing is, and the sentence."""

    normal: float | None
    sentence: str


class Told(NamedTuple):
    """A declared feature that is present, how it was in training, and the payment's values."""

    feature: Feature
    value: float
    training: InputFeature
    values: Values


Speaker = Callable[[Told], Phrase | None]


def phrase(column: InputFeature, values: Values) -> Phrase:
    """Return the sentence for one column of a model, whatever its value."""
    feature = _NAMED.get(column.name)
    value = values.get(column.name)
    if feature is None:
        name = column.name.rpartition(".")[2]
        if value is None:
            return Phrase(None, f"the payment has no {name}")
        return Phrase(column.median, f"{name} is {value:.4g}; the usual is {column.median:.4g}")
    told = Told(feature, math.nan if value is None else value, column, values)
    speaker = _BY_NAME.get(feature.name) or _BY_AGGREGATE.get((feature.entity, feature.aggregate))
    spoken = speaker(told) if speaker is not None and value is not None else None
    return spoken or _declared(told)


def _declared(told: Told) -> Phrase:
    """Return a sentence from the feature's declaration: true of every feature."""
    what = told.feature.description.rstrip(".")
    if told.feature.unit == "0/1":
        condition = what.removeprefix("1 where ")
        if math.isnan(told.value):
            return Phrase(None, f"not known whether {condition}")
        return Phrase(told.training.profile.mean, ("" if told.value else "not so: ") + condition)
    what = what[:1].lower() + what[1:]
    if math.isnan(told.value):
        return Phrase(None, f"not known: {what}")
    usual = told.training.median
    return Phrase(usual, f"{what}: {_number(told.value)}; the usual is {_number(usual)}")


def _amount(told: Told) -> Phrase | None:
    """The amount against the mean of the card's earlier payments, whichever form was used."""
    paid, ratio = told.values.get("amount"), told.values.get(f"card_amount_to_mean_{_LONGEST}")
    if paid is None:
        return None
    if ratio is None or ratio <= 0:
        usual = "this card has no earlier payment to compare it with"
        return Phrase(None, f"amount {paid:,.2f}; {usual}")
    mean = paid / ratio
    normals = {"ratio": 1.0, "z": 0.0, "outlier": 0.0, "record": 0.0}
    normal = normals.get(told.feature.aggregate, mean)
    if told.feature.name == "amount_log":
        normal = math.log1p(mean)
    if told.feature.aggregate == "record" and told.value:
        also = f"this card's largest in {_span(_LONGEST_MS)}; its mean is {mean:,.2f}"
    else:
        also = f"{ratio:.1f} times this card's mean of {mean:,.2f}"
    return Phrase(normal, f"amount {paid:,.2f} is {also}")


def _shop_amount(told: Told) -> Phrase | None:
    paid = told.values.get("amount")
    if paid is None or told.value <= 0:
        return None
    mean = paid / told.value
    sentence = f"amount {paid:,.2f} is {told.value:.1f} times this merchant's mean of {mean:,.2f}"
    return Phrase(1.0, sentence)


def _total(noun: Callable[[float], str]) -> Speaker:
    """Return what tells a count or a sum in a window against its own rate outside it."""

    def speak(told: Told) -> Phrase | None:
        entity, aggregate, window_ms = (
            told.feature.entity,
            told.feature.aggregate,
            told.feature.window_ms,
        )
        longest_ms = _WINDOWS_MS[entity][-1]
        whole = told.values.get(f"{entity}_{aggregate}_{window_name(longest_ms)}")
        if window_ms is None or whole is None:
            return None
        if window_ms == longest_ms:
            normal, whose = told.training.median, "the usual"
        else:
            normal = max(whole - told.value, 0.0) * window_ms / (longest_ms - window_ms)
            whose = _WHOSE[entity]
        where = " at this merchant" if entity == "merchant" else ""
        what = f"{noun(told.value)}{where} in {_span(window_ms)}"
        return Phrase(normal, f"{what}; {whose} is {_number(normal)}")

    return speak


def _level(what: str, against: str) -> Speaker:
    """Return what tells an amount in a window against that of 30 days."""

    def speak(told: Told) -> Phrase | None:
        entity, window_ms = told.feature.entity, told.feature.window_ms
        if window_ms is None:
            return None
        normal, whose = told.training.median, "the usual"
        own = told.values.get(f"{entity}_{against}_{_LONGEST}")
        if window_ms != _LONGEST_MS and own is not None:
            normal, whose = own, f"in {_span(_LONGEST_MS)} it is"
            if against != told.feature.aggregate:
                whose = f"this card's mean in {_span(_LONGEST_MS)} is"
            return Phrase(normal, f"{what} {_span(window_ms)}: {told.value:,.2f}; {whose} {own:,.2f}")
        return Phrase(normal, f"{what} {_span(window_ms)}: {told.value:,.2f}; {whose} is {normal:,.2f}")

    return speak


def _gap(told: Told) -> Phrase | None:
    """The time since the last payment against 30 days shared by the card's payments."""
    count = told.values.get(f"card_count_{_LONGEST}")
    if not count:
        return None
    usual = _LONGEST_MS / 1000 / count
    spoken = f"{_duration(told.value)} since this card's last payment"
    return Phrase(usual, f"{spoken}; its usual is {_duration(usual)}")


def _distinct(told: Told) -> Phrase | None:
    """Different merchants, cities or countries; no rate says how many a window should have."""
    window_ms, usual = told.feature.window_ms, told.training.median
    if window_ms is None:
        return None
    one, many = {
        "merchants": ("merchant", "merchants"),
        "cities": ("city", "cities"),
        "countries": ("country", "countries"),
    }[told.feature.unit]
    spoken = f"payments at {told.value:.0f} different {many}"
    if told.value == 1:
        spoken = f"payments at one {one}"
    return Phrase(usual, f"{spoken} in {_span(window_ms)}; the usual is {_number(usual)}")


def _new(told: Told) -> Phrase | None:
    thing = told.feature.name.split("_")[2]
    share = told.training.profile.mean
    if told.value:
        sentence = f"first payment of this card at this {thing} in {_span(_LONGEST_MS)}"
        return Phrase(share, sentence)
    return Phrase(share, f"this card has used this {thing} before")


def _city_share(told: Told) -> Phrase:
    usual = told.training.median
    sentence = f"{told.value:.0%} of this card's payments were in this city; the usual is {usual:.0%}"
    return Phrase(usual, sentence)


def _travel(told: Told) -> Phrase | None:
    """The speed from the card's last place."""
    speed, distance = told.values.get("card_speed_kmh"), told.values.get("card_distance_km")
    if speed is None or distance is None:
        return None
    normals = {"distance": told.training.median, "speed": USUAL_SPEED_KMH, "travel": 0.0}
    sentence = f"{distance:,.0f} km from the last payment, which takes {speed:,.0f} km/h"
    return Phrase(normals[told.feature.aggregate], sentence)


def _known_frauds(told: Told) -> Phrase | None:
    """Known frauds at the merchant, or their share, against those of all merchants."""
    window_ms, usual = told.feature.window_ms, told.training.profile.mean
    if window_ms is None:
        return None
    when = f"in the {_span(window_ms)} up to {_span(LABEL_DELAY_MS)} ago"
    if told.feature.unit == "share":
        what = f"{told.value:.0%} of the payments here {when} were fraud; usual is {usual:.1%}"
    else:
        what = f"{told.value:.0f} of the payments here {when} were fraud; usual is {usual:.2g}"
    return Phrase(usual, what)


def _days(which: str) -> Speaker:
    def speak(told: Told) -> Phrase:
        usual = told.training.median
        what = f"{_duration(told.value * DAY_MS / 1000)} since {which}"
        return Phrase(usual, f"{what}; the usual, where there is one, is {_number(usual)} days")

    return speak


def _hour(told: Told) -> Phrase | None:
    hour = told.values.get("hour_of_day")
    if hour is None:
        return None
    part = {"is_weekend": "on a weekend", "is_night": "at night"}.get(told.feature.name, "")
    if part and not told.value:
        part = {"is_weekend": "on a weekday", "is_night": "by day"}[told.feature.name]
    normal = told.training.median if not part else told.training.profile.mean
    when = f"in the hour from {hour:02.0f}:00 UTC"
    return Phrase(normal, f"payment {part} {when}" if part else f"payment {when}")


_BY_NAME: Final[dict[str, Speaker]] = {
    "amount": _amount,
    "amount_log": _amount,
    "hour_of_day": _hour,
    "is_night": _hour,
    "is_weekend": _hour,
    **{
        f"card_amount_{form}_{_LONGEST}": _amount for form in ("to_mean", "z", "outlier", "record")
    },
    f"merchant_amount_to_mean_{_LONGEST}": _shop_amount,
    f"card_city_share_{_LONGEST}": _city_share,
    "card_seconds_since_last": _gap,
    "card_distance_km": _travel,
    "card_speed_kmh": _travel,
    "card_impossible_travel": _travel,
    "merchant_days_since_fraud": _days("the newest known fraud here"),
    "merchant_days_since_first_fraud": _days("the oldest known fraud here"),
}

_payments: Final = _total(lambda value: f"{value:.0f} payment{'s' * (value != 1)}")
_BY_AGGREGATE: Final[dict[tuple[str, str], Speaker]] = {
    ("card", "count"): _payments,
    ("merchant", "count"): _payments,
    ("card", "sum"): _total(lambda value: f"{value:,.2f} paid"),
    ("card", "mean"): _level("mean amount of this card in", "mean"),
    ("card", "max"): _level("largest amount of this card in", "mean"),
    ("card", "std"): _level("spread of this card's amounts in", "std"),
    ("merchant", "mean"): _level("mean amount at this merchant in", "mean"),
    **{("card", things): _distinct for things in ("merchants", "cities", "countries")},
    ("card", "new"): _new,
    ("merchant", "delayed_frauds"): _known_frauds,
    ("merchant", "delayed_fraud_share"): _known_frauds,
}


def _number(value: float) -> str:
    """Return a number with as many digits as are of use.

    >>> _number(0.01289), _number(4.0), _number(12345.6)
    ('0.013', '4', '12,346')
    """
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.2g}"


def _span(window_ms: int) -> str:
    """Return a window in words.

    >>> _span(600_000), _span(86_400_000), _span(14 * 86_400_000)
    ('10 minutes', '24 hours', '14 days')
    """
    if window_ms > DAY_MS:
        return f"{window_ms // DAY_MS} days"
    if window_ms >= HOUR_MS:
        return f"{window_ms // HOUR_MS} hour{'s' * (window_ms > HOUR_MS)}"
    return f"{window_ms // MINUTE_MS} minutes"


def _duration(seconds: float) -> str:
    """Return a time in the largest unit that it fills.

    >>> _duration(42.0), _duration(5400.0), _duration(200_000.0)
    ('42 s', '1.5 hours', '2.3 days')
    """
    for unit_ms, name in ((DAY_MS, "days"), (HOUR_MS, "hours"), (MINUTE_MS, "minutes")):
        if seconds * 1000 >= unit_ms:
            return f"{seconds * 1000 / unit_ms:.1f} {name}"
    return f"{seconds:.0f} s"
