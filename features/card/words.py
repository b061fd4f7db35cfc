"""Sentences on a card: its amounts and payments, its places, what is new to it."""

from __future__ import annotations

from typing import Final

from features.declaration import Phrase, Teller, Told
from features.windows import ABOVE_NORMAL_FACTOR, OWN_NORMAL_MS, SECOND_MS, span
from features.words import amount_against, duration, is_far, number, quantity

USUAL_SPEED_KMH: Final = 100.0
"""A speed that needs no explanation: a car or a train."""

FAR_KM: Final = 100.0
"""How far from its home or its last place a payment has to be."""

SOON: Final = 1 / 20
"""Which part of the usual time between payments a time has to be at most."""

_DEVIATIONS: Final = 3.0
_LARGER: Final = 1.5
"""How many times the largest earlier amount an amount has to be."""


def usual_amount(told: Told) -> Phrase | None:
    """The amount against the median of the card's earlier payments."""
    paid, usual = told.values.of("payment", "amount"), told.values.of("card", "median")
    if paid is None or not usual:
        return None
    times = paid / usual
    if told.feature.aggregate == "quartile_distance":
        normal, far = 0.0, told.value >= _DEVIATIONS
    else:
        normal, far = 1.0, is_far(times)
    return amount_against(told, normal, times, usual) if far else None


def largest_amount(told: Told) -> Phrase | None:
    """The amount against the largest of the card's earlier payments."""
    paid = told.values.of("payment", "amount")
    if paid is None or told.value < _LARGER:
        return None
    largest = f"this card's largest earlier amount of {told.values.money(paid / told.value)}"
    said = f"The amount of {told.values.paid()} is above {largest} in {span(OWN_NORMAL_MS)}."
    return Phrase(1.0, said)


def above_usual(told: Told) -> Phrase | None:
    """Speak of recent payments far above the card's median, against other cards."""
    usual, window_ms = told.values.of("card", "median"), told.feature.window_ms
    if not usual or window_ms is None or told.value <= told.training.high:
        return None
    normal, money = told.training.median, told.values.money
    above = f"{money(ABOVE_NORMAL_FACTOR * usual)}; its usual amount is {money(usual)}"
    said = f"This card made {quantity(told.value, 'payment')} in {span(window_ms)} above"
    if told.feature.unit == "share":
        said = f"{told.value:.0%} of this card's payments in {span(window_ms)} were above"
    return Phrase(normal, f"{said} {above}.")


def gap(told: Told) -> Phrase | None:
    """The time since the last payment against 30 days shared by the card's payments.

    A card with one earlier payment has no usual time, so that of all payments stands in.
    """
    said = f"The payment follows this card's previous payment after {duration(told.value)}"
    count = told.values.of("card", "count", OWN_NORMAL_MS)
    if not count or count <= 2:
        usual = told.training.median
        if told.value >= told.training.low:
            return None
        return Phrase(usual, f"{said}; a typical time is {duration(usual)}.")
    usual = OWN_NORMAL_MS / SECOND_MS / count
    if told.value > SOON * usual:
        return None
    return Phrase(usual, f"{said}; the usual time between its payments is {duration(usual)}.")


def distinct(where: str, one: str, many: str) -> Teller:
    """Return what tells different merchants, cities or countries in a window.

    No rate of a card says how many a window should have, so the usual is that of all payments.
    """

    def speak(told: Told) -> Phrase | None:
        window_ms, usual = told.feature.window_ms, told.training.median
        if window_ms is None or told.value < 2 or told.value <= told.training.high:
            return None
        said = f"This card paid {where} {quantity(told.value, one, many)} in {span(window_ms)}"
        return Phrase(usual, f"{said}; a typical card pays {where} {number(usual)}.")

    return speak


def new(where: str) -> Teller:
    """Return what tells the first payment of the card `where`: "at this merchant".

    To a card without an earlier payment everything is new, which is said once.
    """

    def speak(told: Told) -> Phrase | None:
        if not told.value:
            return None
        first = told.values.of("card", "count", OWN_NORMAL_MS) == 1
        of = "this card" if first else f"this card {where}"
        said = f"This is the first payment of {of} in {span(OWN_NORMAL_MS)}."
        return Phrase(told.training.mean, said, "first payment" if first else None)

    return speak


def city_share(told: Told) -> Phrase | None:
    """Speak of how few of the card's payments were in the payment's city."""
    if told.value >= told.training.low:
        return None
    usual = told.training.median
    said = f"{told.value:.0%} of this card's payments in {span(OWN_NORMAL_MS)} were in this city"
    return Phrase(usual, f"{said}; a typical share is {usual:.0%}.")


def travel(told: Told) -> Phrase | None:
    """The way from the card's last place: how far, and how fast it would have to be."""
    speed, km = told.values.of("card", "speed"), told.values.of("card", "distance")
    if not speed or km is None or km < FAR_KM:
        return None
    said = f"The payment is {km:,.0f} km from this card's previous payment"
    if speed > USUAL_SPEED_KMH:
        took = duration(km / speed * 3600)
        normals = {"distance": told.training.median, "speed": USUAL_SPEED_KMH}
        normal = normals.get(told.feature.aggregate, told.training.mean)
        fast = f"a journey at {speed:,.0f} km/h; {USUAL_SPEED_KMH:.0f} km/h is usual"
        return Phrase(normal, f"{said} and {took} later, {fast}.")
    if told.feature.aggregate != "distance":
        return None
    usual = told.training.median
    return Phrase(usual, f"{said}; a typical distance is {number(usual)} km.")


def home(told: Told) -> Phrase | None:
    """The distance from where the card mostly pays."""
    if told.value < FAR_KM:
        return None
    usual = told.training.median
    said = f"The payment is {told.value:,.0f} km from where this card usually pays"
    return Phrase(usual, f"{said}; a typical distance is {number(usual)} km.")
