"""Sentences that set an amount or a count against the rest of the card's or merchant's 30 days."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from features.windows import ABOVE_NORMAL_FACTOR, CARD_WINDOWS_MS, MERCHANT_WINDOWS_MS, window_name
from scoring.reasons.telling import LONGEST, LONGEST_MS, Phrase, Speaker, Told, number, span

_WHOSE: Final = {"card": "this card's usual", "merchant": "the merchant's usual"}
_WINDOWS_MS: Final = {"card": CARD_WINDOWS_MS, "merchant": MERCHANT_WINDOWS_MS}


def amount(told: Told) -> Phrase | None:
    """The amount against the mean of the card's earlier payments, whichever form was used."""
    paid, ratio = told.values.get("amount"), told.values.get(f"card_amount_to_mean_{LONGEST}")
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
        also = f"this card's largest in {span(LONGEST_MS)}; its mean is {mean:,.2f}"
    else:
        also = f"{ratio:.1f} times this card's mean of {mean:,.2f}"
    return Phrase(normal, f"amount {paid:,.2f} is {also}")


def usual_amount(told: Told) -> Phrase | None:
    """The amount against the median or the largest of the card's earlier payments."""
    paid = told.values.get("amount")
    usual = told.values.get(f"card_usual_amount_{LONGEST}")
    if paid is None or usual is None:
        return None
    if told.feature.aggregate == "max_ratio":
        largest = paid / told.value if told.value else math.nan
        return Phrase(1.0, f"amount {paid:,.2f}; this card's largest before was {largest:,.2f}")
    normals = {"median_ratio": 1.0, "quartile_distance": 0.0}
    normal = normals.get(told.feature.aggregate, paid)
    return Phrase(normal, f"amount {paid:,.2f}; this card usually pays {usual:,.2f}")


def above_usual(told: Told) -> Phrase | None:
    """How many recent payments were far above the card's median."""
    usual = told.values.get(f"card_usual_amount_{LONGEST}")
    if usual is None or told.feature.window_ms is None:
        return None
    share = told.feature.unit == "share"
    many = f"{told.value:.0%}" if share else f"{told.value:.0f}"
    above = f"more than {ABOVE_NORMAL_FACTOR * usual:,.2f}, {ABOVE_NORMAL_FACTOR:g} times its usual"
    sentence = f"{many} of this card's payments in {span(told.feature.window_ms)} were {above}"
    return Phrase(told.training.median, sentence)


def shop_amount(told: Told) -> Phrase | None:
    """The amount against the mean of earlier payments at the merchant."""
    paid = told.values.get("amount")
    if paid is None or told.value <= 0:
        return None
    mean = paid / told.value
    sentence = f"amount {paid:,.2f} is {told.value:.1f} times this merchant's mean of {mean:,.2f}"
    return Phrase(1.0, sentence)


def total(noun: Callable[[float], str]) -> Speaker:
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
        what = f"{noun(told.value)}{where} in {span(window_ms)}"
        return Phrase(normal, f"{what}; {whose} is {number(normal)}")

    return speak


def level(what: str, against: str) -> Speaker:
    """Return what tells an amount in a window against that of 30 days."""

    def speak(told: Told) -> Phrase | None:
        entity, window_ms = told.feature.entity, told.feature.window_ms
        if window_ms is None:
            return None
        normal, whose = told.training.median, "the usual"
        own = told.values.get(f"{entity}_{against}_{LONGEST}")
        if window_ms != LONGEST_MS and own is not None:
            normal, whose = own, f"in {span(LONGEST_MS)} it is"
            if against != told.feature.aggregate:
                whose = f"this card's mean in {span(LONGEST_MS)} is"
            return Phrase(
                normal, f"{what} {span(window_ms)}: {told.value:,.2f}; {whose} {own:,.2f}"
            )
        return Phrase(
            normal, f"{what} {span(window_ms)}: {told.value:,.2f}; {whose} is {normal:,.2f}"
        )

    return speak
