"""Sentences on a merchant: its amounts, its known frauds, and its frauds in a row."""

from __future__ import annotations

from features.declaration import Phrase, Teller, Told
from features.windows import DAY_MS, LABEL_DELAY_MS
from features.words import duration, number, span


def amount(told: Told) -> Phrase | None:
    """The amount against the mean of earlier payments at the merchant."""
    paid = told.values.of("payment", "amount")
    if paid is None or told.value <= 0:
        return None
    mean = paid / told.value
    sentence = f"amount {paid:,.2f} is {told.value:.1f} times this merchant's mean of {mean:,.2f}"
    return Phrase(1.0, sentence)


def known_frauds(told: Told) -> Phrase | None:
    """Known frauds at the merchant, or their share, against those of all merchants."""
    window_ms, usual = told.feature.window_ms, told.training.mean
    if window_ms is None:
        return None
    when = f"in the {span(window_ms)} up to {span(LABEL_DELAY_MS)} ago"
    if told.feature.unit == "share":
        what = f"{told.value:.0%} of the payments here {when} were fraud; usual is {usual:.1%}"
    else:
        what = f"{told.value:.0f} of the payments here {when} were fraud; usual is {usual:.2g}"
    return Phrase(usual, what)


def run(told: Told) -> Phrase:
    """How many payments in a row were fraud."""
    until = f"up to {span(LABEL_DELAY_MS)} ago"
    if told.value == 0:
        return Phrase(0.0, f"the last payment here {until} is not known to be a fraud")
    if told.value == 1:
        return Phrase(0.0, f"the last payment here {until} was fraud")
    return Phrase(0.0, f"the last {told.value:.0f} payments here {until} were all fraud")


def days(which: str) -> Teller:
    """Return what tells the days since something at the merchant."""

    def speak(told: Told) -> Phrase:
        usual = told.training.median
        what = f"{duration(told.value * DAY_MS / 1000)} since {which}"
        return Phrase(usual, f"{what}; the usual, where there is one, is {number(usual)} days")

    return speak
