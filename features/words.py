"""Words for the sentences of features: numbers, windows, durations, and totals and levels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from features.declaration import Phrase, Teller, Told
from features.windows import (
    CARD_WINDOWS_MS,
    DAY_MS,
    HOUR_MS,
    MERCHANT_WINDOWS_MS,
    MINUTE_MS,
    OWN_NORMAL_MS,
)

_WHOSE: Final = {"card": "this card's usual", "merchant": "the merchant's usual"}
_WINDOWS_MS: Final = {"card": CARD_WINDOWS_MS, "merchant": MERCHANT_WINDOWS_MS}


def number(value: float) -> str:
    """Return a number with as many digits as are of use.

    >>> number(0.01289), number(4.0), number(12345.6)
    ('0.013', '4', '12,346')
    """
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.2g}"


def span(window_ms: int) -> str:
    """Return a window in words.

    >>> span(600_000), span(86_400_000), span(14 * 86_400_000)
    ('10 minutes', '24 hours', '14 days')
    """
    if window_ms > DAY_MS:
        return f"{window_ms // DAY_MS} days"
    if window_ms >= HOUR_MS:
        return f"{window_ms // HOUR_MS} hour{'s' * (window_ms > HOUR_MS)}"
    return f"{window_ms // MINUTE_MS} minutes"


def duration(seconds: float) -> str:
    """Return a time in the largest unit that it fills.

    >>> duration(42.0), duration(5400.0), duration(200_000.0)
    ('42 s', '1.5 hours', '2.3 days')
    """
    for unit_ms, name in ((DAY_MS, "days"), (HOUR_MS, "hours"), (MINUTE_MS, "minutes")):
        if seconds * 1000 >= unit_ms:
            return f"{seconds * 1000 / unit_ms:.1f} {name}"
    return f"{seconds:.0f} s"


def total(noun: Callable[[float], str]) -> Teller:
    """Return what tells a count or a sum in a window against its own rate outside it."""

    def speak(told: Told) -> Phrase | None:
        entity, aggregate, window_ms = (
            told.feature.entity,
            told.feature.aggregate,
            told.feature.window_ms,
        )
        longest_ms = _WINDOWS_MS[entity][-1]
        whole = told.values.of(entity, aggregate, longest_ms)
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


payments: Final = total(lambda value: f"{value:.0f} payment{'s' * (value != 1)}")
"""Tells how many payments a card or merchant has in a window."""


def level(what: str, against: str) -> Teller:
    """Return what tells an amount in a window against the aggregate `against` of 30 days."""

    def speak(told: Told) -> Phrase | None:
        window_ms = told.feature.window_ms
        if window_ms is None:
            return None
        normal, whose = told.training.median, "the usual"
        own = told.values.of(told.feature.entity, against, OWN_NORMAL_MS)
        if window_ms != OWN_NORMAL_MS and own is not None:
            normal, whose = own, f"in {span(OWN_NORMAL_MS)} it is"
            if against != told.feature.aggregate:
                whose = f"this card's mean in {span(OWN_NORMAL_MS)} is"
            return Phrase(
                normal, f"{what} {span(window_ms)}: {told.value:,.2f}; {whose} {own:,.2f}"
            )
        return Phrase(
            normal, f"{what} {span(window_ms)}: {told.value:,.2f}; {whose} is {normal:,.2f}"
        )

    return speak
