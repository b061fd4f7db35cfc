"""Words for the sentences of features: numbers, times, and counts, sums and levels in windows.

A sentence names the value and the usual one, the subject first, so that an analyst can read it to
a customer. A value is told where it is far from its usual: the factors stand here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from features.categories import CATEGORY_GROUPS
from features.declaration import Entity, Feature, Phrase, Teller, Told, Values
from features.windows import (
    CARD_WINDOWS_MS,
    DAY_MS,
    HOUR_MS,
    MERCHANT_WINDOWS_MS,
    MINUTE_MS,
    OWN_NORMAL_MS,
    SECOND_MS,
    span,
)

MORE: Final = 2.0
"""How many times its usual rate a count or a sum has to be."""

FAR_ABOVE: Final = 3.0
"""How many times its usual amount an amount has to be; one payment in ten is."""

FAR_BELOW: Final = 1 / 8
"""Which part of its usual amount an amount has to be at most; one in twenty is."""

_LONGEST_MS: Final = {"card": CARD_WINDOWS_MS[-1], "merchant": MERCHANT_WINDOWS_MS[-1]}
_SUBJECTS: Final = {"card": "This card made", "merchant": "This merchant took"}
_LEAST: Final = {"card": 2, "merchant": 5}
"""How many payments are a number worth naming, in an hour at most; over longer times one more."""


def number(value: float) -> str:
    """Return a number with as many digits as are of use.

    >>> number(0.01289), number(4.0), number(12345.6)
    ('0.013', '4', '12,346')
    """
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.2g}"


def quantity(value: float, one: str, many: str | None = None) -> str:
    """Return a number with its noun, in the plural where it is not 1.

    >>> quantity(1.0, "payment"), quantity(2.0, "payment"), quantity(0.5, "city", "cities")
    ('1 payment', '2 payments', '0.5 cities')
    """
    said = number(value)
    return f"{said} {one if said == '1' else many or one + 's'}"


def duration(seconds: float) -> str:
    """Return a time in the largest unit that it fills twice, in words.

    >>> duration(1.0), duration(86.4), duration(5_400.0), duration(200_000.0)
    ('1 second', '86 seconds', '90 minutes', '2.3 days')
    """
    for unit_ms, name in ((DAY_MS, "day"), (HOUR_MS, "hour"), (MINUTE_MS, "minute")):
        if seconds * SECOND_MS >= 2 * unit_ms:
            return quantity(_rounded(seconds * SECOND_MS / unit_ms), name)
    return quantity(round(seconds), "second")


def pace(amount: float, over_ms: float) -> str:
    """Return how often payments come, by so many over a time.

    >>> pace(5.0, 30 * DAY_MS), pace(30.0, 30 * DAY_MS), pace(120.0, 30 * DAY_MS)
    ('1 payment in 6 days', '1 payment in 24 hours', '4 payments in 24 hours')
    """
    a_day = amount * DAY_MS / over_ms
    if a_day >= 1:
        return f"{quantity(_rounded(a_day), 'payment')} in 24 hours"
    days = _rounded(1 / a_day)
    return f"1 payment in {quantity(days, 'day') if days > 1 else '24 hours'}"


def ratio(value: float) -> str:
    """Return how many times something is something else.

    >>> ratio(4.04), ratio(12.6)
    ('4 times', '13 times')
    """
    return f"{number(_rounded(value))} times"


def counts(told: Told) -> Phrase | None:
    """Speak of the payments in a window, against the card's or merchant's own rate outside it."""
    entity, window_ms = told.feature.entity, told.feature.window_ms
    if window_ms is None or told.value < _LEAST[entity] + (window_ms > HOUR_MS):
        return None
    said = f"{_SUBJECTS[entity]} {quantity(told.value, 'payment')} in {span(window_ms)}"
    outside, outside_ms = _outside(told, window_ms)
    if not outside:
        return _typical(told, said)
    normal = outside * window_ms / outside_ms
    if told.value < MORE * normal:
        return None
    return Phrase(normal, f"{said}; its usual pace is {pace(outside, outside_ms)}.")


def sums(told: Told) -> Phrase | None:
    """Speak of what a card paid in a window, against its own rate outside it.

    Any payment exceeds the rate of its window, so the sum has to exceed the rate and a payment.
    """
    window_ms = told.feature.window_ms
    if window_ms is None:
        return None
    outside, outside_ms = _outside(told, window_ms)
    own = told.values.of("card", "mean", OWN_NORMAL_MS)
    if not outside or own is None:
        return None
    normal = outside * window_ms / outside_ms
    if told.value < MORE * (normal + own):
        return None
    said = f"This card paid {told.values.money(told.value)} in {span(window_ms)}"
    usual = told.values.money(outside * DAY_MS / outside_ms)
    return Phrase(normal, f"{said}; its usual sum is {usual} in 24 hours.")


def level(which: str) -> Teller:
    """Return what tells an amount of a window, "mean" or "largest", against the mean of 30 days.

    Where the window holds a single payment, its amount is spoken of.
    """

    def speak(told: Told) -> Phrase | None:
        entity, window_ms = told.feature.entity, told.feature.window_ms
        usual = told.values.of(entity, "mean", OWN_NORMAL_MS)
        if window_ms is None or window_ms == OWN_NORMAL_MS or not usual:
            return None
        if not is_far(told.value / usual):
            return None
        if told.value == told.values.of("payment", "amount"):
            return amount_against(told, usual, told.value / usual, usual)
        money = told.values.money
        said = f"The {which} amount of this {entity} in {span(window_ms)} is {money(told.value)}"
        return Phrase(usual, f"{said}; its usual amount is {money(usual)}.")

    return speak


def amount_against(
    told: Told, normal: float, times: float, usual: float, entity: Entity | None = None
) -> Phrase:
    """Return the phrase for an amount of so many times the usual one of the card or merchant."""
    whose = f"this {entity or told.feature.entity}'s usual amount"
    how = "far below" if times <= FAR_BELOW else ratio(times)
    said = f"The amount of {told.values.paid()} is {how} {whose} of {told.values.money(usual)}."
    return Phrase(normal, said, whose)


def is_far(times_usual: float) -> bool:
    """Say whether an amount of so many times the usual one is unusual.

    >>> is_far(3.5), is_far(0.5), is_far(0.05)
    (True, False, True)
    """
    return times_usual >= FAR_ABOVE or times_usual <= FAR_BELOW


def _outside(told: Told, window_ms: int) -> tuple[float, int]:
    """Return the same aggregate of 30 days outside a window, and that time; 0 for none."""
    longest_ms = _LONGEST_MS[told.feature.entity]
    whole = told.values.of(told.feature.entity, told.feature.aggregate, longest_ms)
    if whole is None or window_ms == longest_ms:
        return 0.0, longest_ms
    return max(whole - told.value, 0.0), longest_ms - window_ms


def _typical(told: Told, said: str) -> Phrase | None:
    """Speak of a count that has no own rate against the counts of all payments in training."""
    if told.feature.entity != "card" or told.value <= told.training.high:
        return None
    usual = number(told.training.median)
    return Phrase(told.training.median, f"{said}; a typical card makes {usual}.")


def _rounded(value: float) -> float:
    """Round to two digits, or to a whole number from 10 on."""
    return round(value) if value >= 10 else round(value, 1)


def shown(feature: Feature, value: float, values: Values) -> str | None:
    """Return a value as a sentence shows it, in its unit; None where it says that none is known."""
    show = _UNITS.get(feature.unit)
    return f"{number(value)} {feature.unit}" if show is None else show(value, values)


_UNITS: Final[dict[str, Callable[[float, Values], str | None]]] = {
    "major": lambda value, values: values.money(value),
    "log major": lambda value, values: values.money(math.expm1(value)),
    "hour": lambda value, values: f"{value:02.0f}:00 {values.clock()}",
    "group": lambda value, _: CATEGORY_GROUPS[int(value)],
    "0/1": lambda value, _: "yes" if value else "no",
    "share": lambda value, _: f"{value:.0%}",
    "ratio": lambda value, _: ratio(value),
    "s": lambda value, _: duration(value),
    "days": lambda value, _: duration(value * DAY_MS / SECOND_MS),
    "km": lambda value, _: f"{value:,.0f} km",
    "km/h": lambda value, _: f"{value:,.0f} km/h",
    **dict.fromkeys(
        ("payments", "merchants", "deviations", "quartile ranges"), lambda value, _: number(value)
    ),
    **dict.fromkeys(("cities", "countries"), lambda value, _: number(value) if value else None),
}
"""How the value of each unit is written; the label says what is counted."""
