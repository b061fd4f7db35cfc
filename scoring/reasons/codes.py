"""Stable codes for reasons, and which code each column of a model falls under.

Columns of one code tell of one thing (the counts of 10 minutes and of 1 hour), so an alert names a
code once. The rules go by the words of a feature's name, so that a new window or a new ratio falls
where its like are. Codes are what a customer's systems match on: add to them, do not rename them.
"""

from typing import Final

from features.catalogue import FEATURES

AMOUNT: Final = "amount_vs_own_normal"
CARD: Final = "card_behaviour"
ATTRIBUTE: Final = "attribute"

_NAMED: Final = {feature.name: feature for feature in FEATURES}

_RULES: Final = (
    ("payment", {"amount"}, AMOUNT),
    ("payment", {"hour", "night", "weekend"}, "time_of_day"),
    ("payment", {"category"}, "merchant_category"),
    ("card", {"home"}, "far_from_home"),
    ("card", {"distance", "speed", "travel"}, "travel"),
    ("card", {"above"}, "large_payments"),
    ("card", {"count", "last"}, "velocity"),
    ("card", {"sum", "mean", "std", "max", "usual"}, "spending"),
    ("card", {"merchants", "cities", "countries", "devices", "city"}, "many_places"),
    ("merchant", {"fraud", "frauds", "good"}, "merchant_risk"),
    ("merchant", {"amount"}, "amount_vs_merchant_normal"),
)
"""Of which entity, any of which words, under which code; the first that fits."""

_OTHERWISE: Final = {"payment": "payment", "card": CARD, "merchant": "merchant_activity"}


def reason_code(column: str) -> str:
    """Return the code of a column: a declared feature's name, or an attribute's.

    >>> reason_code("card_count_10m"), reason_code("card_new_device_30d")
    ('velocity', 'new_device')
    """
    feature = _NAMED.get(column)
    if feature is None:
        return ATTRIBUTE
    words = column.split("_")
    if feature.aggregate == "new":
        return "_".join(words[1:3])
    if feature.entity == "card" and words[1] == "amount":
        return AMOUNT
    for entity, any_of, code in _RULES:
        if feature.entity == entity and any_of.intersection(words):
            return code
    return _OTHERWISE[feature.entity]
