"""Sentences on a card: its amounts and payments, its places, what is new to it."""

from __future__ import annotations

import math
from typing import Final

from features.declaration import Phrase, Teller, Told
from features.windows import ABOVE_NORMAL_FACTOR, OWN_NORMAL_MS
from features.words import duration, number, span, total

USUAL_SPEED_KMH: Final = 100.0
"""A speed that needs no explanation: a car or a train."""

paid: Final = total(lambda value: f"{value:,.2f} paid")
"""Tells what a card paid in a window."""


def usual_amount(told: Told) -> Phrase | None:
    """The amount against the median or the largest of the card's earlier payments."""
    amount, usual = told.values.of("payment", "amount"), told.values.of("card", "median")
    if amount is None or usual is None:
        return None
    if told.feature.aggregate == "max_ratio":
        largest = amount / told.value if told.value else math.nan
        return Phrase(1.0, f"amount {amount:,.2f}; this card's largest before was {largest:,.2f}")
    normals = {"median_ratio": 1.0, "quartile_distance": 0.0}
    normal = normals.get(told.feature.aggregate, amount)
    return Phrase(normal, f"amount {amount:,.2f}; this card usually pays {usual:,.2f}")


def above_usual(told: Told) -> Phrase | None:
    """How many recent payments were far above the card's median."""
    usual = told.values.of("card", "median")
    if usual is None or told.feature.window_ms is None:
        return None
    share = told.feature.unit == "share"
    many = f"{told.value:.0%}" if share else f"{told.value:.0f}"
    above = f"more than {ABOVE_NORMAL_FACTOR * usual:,.2f}, {ABOVE_NORMAL_FACTOR:g} times its usual"
    sentence = f"{many} of this card's payments in {span(told.feature.window_ms)} were {above}"
    return Phrase(told.training.median, sentence)


def gap(told: Told) -> Phrase | None:
    """The time since the last payment against 30 days shared by the card's payments."""
    count = told.values.of("card", "count", OWN_NORMAL_MS)
    if not count:
        return None
    usual = OWN_NORMAL_MS / 1000 / count
    spoken = f"{duration(told.value)} since this card's last payment"
    return Phrase(usual, f"{spoken}; its usual is {duration(usual)}")


def distinct(one: str, many: str) -> Teller:
    """Return what tells different merchants, cities or countries in a window.

    No rate says how many a window should have.
    """

    def speak(told: Told) -> Phrase | None:
        window_ms, usual = told.feature.window_ms, told.training.median
        if window_ms is None:
            return None
        spoken = f"payments at {told.value:.0f} different {many}"
        if told.value == 1:
            spoken = f"payments at one {one}"
        if told.value == 0:
            return Phrase(usual, f"no {one} known of this card's payments in {span(window_ms)}")
        return Phrase(usual, f"{spoken} in {span(window_ms)}; the usual is {number(usual)}")

    return speak


def new(where: str) -> Teller:
    """Return what tells whether the card has paid before at `where`: "at this merchant"."""

    def speak(told: Told) -> Phrase:
        share = told.training.mean
        if told.value:
            return Phrase(share, f"first payment of this card {where} in {span(OWN_NORMAL_MS)}")
        return Phrase(share, f"this card has paid {where} before")

    return speak


def city_share(told: Told) -> Phrase:
    """How many of the card's payments were in the payment's city."""
    usual = told.training.median
    sentence = (
        f"{told.value:.0%} of this card's payments were in this city; the usual is {usual:.0%}"
    )
    return Phrase(usual, sentence)


def travel(told: Told) -> Phrase | None:
    """The speed from the card's last place."""
    speed, distance = told.values.of("card", "speed"), told.values.of("card", "distance")
    if speed is None or distance is None:
        return None
    normals = {"distance": told.training.median, "speed": USUAL_SPEED_KMH, "travel": 0.0}
    sentence = f"{distance:,.0f} km from the last payment, which takes {speed:,.0f} km/h"
    return Phrase(normals[told.feature.aggregate], sentence)


def home(told: Told) -> Phrase:
    """The distance from where the card mostly pays."""
    usual = told.training.median
    sentence = (
        f"{told.value:,.0f} km from where this card mostly pays; the usual is {number(usual)}"
    )
    return Phrase(usual, sentence)
