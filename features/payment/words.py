"""Sentences on the payment itself: its amount, its hour and what its merchant sells."""

from __future__ import annotations

import math
from typing import Final

from features.categories import CATEGORY_GROUPS
from features.declaration import Phrase, Told
from features.words import MORE, amount_against, is_far

_UNUSUAL_DEVIATIONS: Final = 3.0
"""How many standard deviations from the mean are unusual, as `card_amount_outlier_30d` counts."""


def amount(told: Told) -> Phrase | None:
    """The amount against the mean of the card's earlier payments, whichever form was used."""
    paid, ratio = told.values.of("payment", "amount"), told.values.of("card", "ratio")
    if not paid or not ratio or min(paid, ratio) < 0:
        return None
    mean = paid / ratio
    far, normal = {
        "amount": (is_far(ratio), mean),
        "amount_log": (is_far(ratio), math.log1p(mean)),
        "ratio": (is_far(ratio), 1.0),
        "z": (told.value >= _UNUSUAL_DEVIATIONS, 0.0),
        "outlier": (told.value > 0, 0.0),
        "record": (told.value > 0 and ratio >= MORE, 0.0),
    }[told.feature.aggregate]
    return amount_against(told, normal, ratio, mean, "card") if far else None


def hour(told: Told) -> Phrase | None:
    """The hour of a payment at night; no other hour is unusual."""
    at = told.values.of("payment", "hour")
    if at is None or not told.values.of("payment", "night"):
        return None
    normal = told.training.mean if told.feature.aggregate == "night" else None
    when = f"between {at:02.0f}:00 and {at + 1:02.0f}:00 {told.values.clock()}"
    return Phrase(normal, f"The payment was made at night, {when}; most payments are made by day.")


def category(told: Told) -> Phrase | None:
    """Speak of what the merchant sells, where that has a high risk of fraud."""
    group = told.values.of("payment", "category")
    if group is None or not told.values.of("payment", "high_risk"):
        return None
    normal = told.training.mean if told.feature.aggregate == "high_risk" else None
    what = CATEGORY_GROUPS[int(group)]
    risk = "has a high risk of fraud; most payments go to other categories"
    return Phrase(normal, f"The merchant's category, {what}, {risk}.")
