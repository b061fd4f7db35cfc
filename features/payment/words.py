"""Sentences on the payment itself: its amount, its hour and what its merchant sells."""

from __future__ import annotations

import math

from features.categories import CATEGORY_GROUPS
from features.declaration import Phrase, Told
from features.windows import OWN_NORMAL_MS
from features.words import span


def amount(told: Told) -> Phrase | None:
    """The amount against the mean of the card's earlier payments, whichever form was used."""
    paid, ratio = told.values.of("payment", "amount"), told.values.of("card", "ratio")
    if paid is None:
        return None
    if ratio is None or ratio <= 0:
        usual = "this card has no earlier payment to compare it with"
        return Phrase(None, f"amount {paid:,.2f}; {usual}")
    mean = paid / ratio
    normals = {"ratio": 1.0, "z": 0.0, "outlier": 0.0, "record": 0.0}
    normal = normals.get(told.feature.aggregate, mean)
    if told.feature.aggregate == "amount_log":
        normal = math.log1p(mean)
    if told.feature.aggregate == "record" and told.value:
        also = f"this card's largest in {span(OWN_NORMAL_MS)}; its mean is {mean:,.2f}"
    else:
        also = f"{ratio:.1f} times this card's mean of {mean:,.2f}"
    return Phrase(normal, f"amount {paid:,.2f} is {also}")


def hour(told: Told) -> Phrase | None:
    """The hour of the payment, with night or weekend where that is the feature."""
    at = told.values.of("payment", "hour")
    if at is None:
        return None
    aggregate = told.feature.aggregate
    part = {"weekend": "on a weekend", "night": "at night"}.get(aggregate, "")
    if part and not told.value:
        part = {"weekend": "on a weekday", "night": "by day"}[aggregate]
    normal = told.training.median if not part else told.training.mean
    when = f"in the hour from {at:02.0f}:00 UTC"
    return Phrase(normal, f"payment {part} {when}" if part else f"payment {when}")


def category(told: Told) -> Phrase | None:
    """What the merchant sells; groups have names and no normal."""
    if told.value == 0:
        return Phrase(None, "the merchant's category is none of the usual ones")
    return Phrase(None, f"the merchant's category is {CATEGORY_GROUPS[int(told.value)]}")
