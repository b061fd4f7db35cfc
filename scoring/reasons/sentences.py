"""One sentence in plain words for a feature: its value, and what is normal.

The normal is the card's own where its features tell of one (the rest of its 30 days); where a card
can have none of its own, such as the risk of a merchant, it is that of all payments in the
training data. A feature without a sentence here gets one from its declaration.
"""

from __future__ import annotations

import math
from typing import Final

from features.catalogue import FEATURES
from features.categories import CATEGORY_GROUPS
from features.windows import DAY_MS, LABEL_DELAY_MS
from scoring.bundle.manifest import InputFeature
from scoring.reasons.amounts import above_usual, amount, level, shop_amount, total, usual_amount
from scoring.reasons.telling import (
    LONGEST,
    LONGEST_MS,
    Phrase,
    Speaker,
    Told,
    Values,
    duration,
    number,
    span,
)

USUAL_SPEED_KMH: Final = 100.0
"""A speed that needs no explanation: a car or a train."""

_NAMED: Final = {feature.name: feature for feature in FEATURES}


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
    if value is None and feature.aggregate == "new":
        return Phrase(None, f"the payment names no {_thing(told)}")
    spoken = speaker(told) if speaker is not None and value is not None else None
    return spoken or _declared(told)


def _declared(told: Told) -> Phrase:
    """Return a sentence from the feature's declaration: true of every feature."""
    what = told.feature.description.rstrip(".").partition(";")[0]
    if told.feature.unit == "0/1":
        condition = what.removeprefix("1 if ").removesuffix(", else 0")
        if math.isnan(told.value):
            return Phrase(None, f"not known whether {condition}")
        return Phrase(told.training.profile.mean, ("" if told.value else "not so: ") + condition)
    what = what[:1].lower() + what[1:]
    if math.isnan(told.value):
        return Phrase(None, f"not known: {what}")
    usual = told.training.median
    return Phrase(usual, f"{what}: {number(told.value)}; the usual is {number(usual)}")


def _category(told: Told) -> Phrase:
    """What the merchant sells; groups have names and no normal."""
    if told.value == 0:
        return Phrase(None, "the merchant's category is none of the usual ones")
    return Phrase(None, f"the merchant's category is {CATEGORY_GROUPS[int(told.value)]}")


def _gap(told: Told) -> Phrase | None:
    """The time since the last payment against 30 days shared by the card's payments."""
    count = told.values.get(f"card_count_{LONGEST}")
    if not count:
        return None
    usual = LONGEST_MS / 1000 / count
    spoken = f"{duration(told.value)} since this card's last payment"
    return Phrase(usual, f"{spoken}; its usual is {duration(usual)}")


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
    if told.value == 0:
        return Phrase(usual, f"no {one} known of this card's payments in {span(window_ms)}")
    return Phrase(usual, f"{spoken} in {span(window_ms)}; the usual is {number(usual)}")


def _thing(told: Told) -> str:
    """What is new or not: the merchant, the device or the country."""
    return told.feature.name.split("_")[2]


def _new(told: Told) -> Phrase | None:
    thing, share = _thing(told), told.training.profile.mean
    where = {"merchant": "at", "device": "from", "country": "in"}[thing]
    if told.value:
        first = f"first payment of this card {where} this {thing} in {span(LONGEST_MS)}"
        return Phrase(share, first)
    return Phrase(share, f"this card has paid {where} this {thing} before")


def _city_share(told: Told) -> Phrase:
    usual = told.training.median
    sentence = (
        f"{told.value:.0%} of this card's payments were in this city; the usual is {usual:.0%}"
    )
    return Phrase(usual, sentence)


def _travel(told: Told) -> Phrase | None:
    """The speed from the card's last place."""
    speed, distance = told.values.get("card_speed_kmh"), told.values.get("card_distance_km")
    if speed is None or distance is None:
        return None
    normals = {"distance": told.training.median, "speed": USUAL_SPEED_KMH, "travel": 0.0}
    sentence = f"{distance:,.0f} km from the last payment, which takes {speed:,.0f} km/h"
    return Phrase(normals[told.feature.aggregate], sentence)


def _home(told: Told) -> Phrase:
    usual = told.training.median
    sentence = (
        f"{told.value:,.0f} km from where this card mostly pays; the usual is {number(usual)}"
    )
    return Phrase(usual, sentence)


def _run(told: Told) -> Phrase:
    until = f"up to {span(LABEL_DELAY_MS)} ago"
    if told.value == 0:
        return Phrase(0.0, f"the last payment here {until} is not known to be a fraud")
    if told.value == 1:
        return Phrase(0.0, f"the last payment here {until} was fraud")
    return Phrase(0.0, f"the last {told.value:.0f} payments here {until} were all fraud")


def _known_frauds(told: Told) -> Phrase | None:
    """Known frauds at the merchant, or their share, against those of all merchants."""
    window_ms, usual = told.feature.window_ms, told.training.profile.mean
    if window_ms is None:
        return None
    when = f"in the {span(window_ms)} up to {span(LABEL_DELAY_MS)} ago"
    if told.feature.unit == "share":
        what = f"{told.value:.0%} of the payments here {when} were fraud; usual is {usual:.1%}"
    else:
        what = f"{told.value:.0f} of the payments here {when} were fraud; usual is {usual:.2g}"
    return Phrase(usual, what)


def _days(which: str) -> Speaker:
    def speak(told: Told) -> Phrase:
        usual = told.training.median
        what = f"{duration(told.value * DAY_MS / 1000)} since {which}"
        return Phrase(usual, f"{what}; the usual, where there is one, is {number(usual)} days")

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
    "amount": amount,
    "amount_log": amount,
    "hour_of_day": _hour,
    "is_night": _hour,
    "is_weekend": _hour,
    "category_group": _category,
    **{f"card_amount_{form}_{LONGEST}": amount for form in ("to_mean", "z", "outlier", "record")},
    f"merchant_amount_to_mean_{LONGEST}": shop_amount,
    f"card_city_share_{LONGEST}": _city_share,
    "card_seconds_since_last": _gap,
    "card_distance_km": _travel,
    "card_speed_kmh": _travel,
    "card_impossible_travel": _travel,
    "merchant_days_since_fraud": _days("the newest known fraud here"),
    "merchant_days_since_good": _days("the last payment here that is not a known fraud"),
    "merchant_fraud_run": _run,
    "merchant_fraud_run_days": _days("the frauds in a row here began"),
    "card_from_home_km": _home,
    "card_above_usual_14d": above_usual,
    "card_above_usual_share_14d": above_usual,
    **{
        f"card_{form}_{LONGEST}": usual_amount
        for form in ("usual_amount", "amount_to_usual", "amount_in_quartiles", "amount_to_max")
    },
}

_payments: Final = total(lambda value: f"{value:.0f} payment{'s' * (value != 1)}")
_BY_AGGREGATE: Final[dict[tuple[str, str], Speaker]] = {
    ("card", "count"): _payments,
    ("merchant", "count"): _payments,
    ("card", "sum"): total(lambda value: f"{value:,.2f} paid"),
    ("card", "mean"): level("mean amount of this card in", "mean"),
    ("card", "max"): level("largest amount of this card in", "mean"),
    ("card", "std"): level("spread of this card's amounts in", "std"),
    ("merchant", "mean"): level("mean amount at this merchant in", "mean"),
    **{("card", things): _distinct for things in ("merchants", "cities", "countries")},
    ("card", "new"): _new,
    ("merchant", "delayed_frauds"): _known_frauds,
    ("merchant", "delayed_fraud_share"): _known_frauds,
}
