"""Sentences on a merchant: its amounts, its known frauds, and its frauds in a row."""

from __future__ import annotations

from features.declaration import Phrase, Told
from features.windows import DAY_MS, LABEL_DELAY_MS, SECOND_MS, span
from features.words import FAR_ABOVE, amount_against, duration, number, quantity


def amount(told: Told) -> Phrase | None:
    """The amount against the mean of earlier payments at the merchant."""
    paid = told.values.of("payment", "amount")
    if paid is None or told.value < FAR_ABOVE:
        return None
    return amount_against(told, 1.0, told.value, paid / told.value)


def known_frauds(told: Told) -> Phrase | None:
    """Known frauds at the merchant, or their share, against those of all merchants."""
    window_ms, usual = told.feature.window_ms, told.training.mean
    if window_ms is None or not told.value:
        return None
    when = f"from {(LABEL_DELAY_MS + window_ms) // DAY_MS} to {LABEL_DELAY_MS // DAY_MS} days ago"
    if told.feature.unit == "share":
        said = _share(told, window_ms, f"at this merchant {when}")
        return Phrase(usual, f"{said} fraud; a typical share is {usual:.1%}.")
    said = f"This merchant had {quantity(told.value, 'known fraud')} {when}"
    return Phrase(usual, f"{said}; a typical merchant had {number(usual)}.")


def _share(told: Told, window_ms: int, where: str) -> str:
    """Return how many of how many payments were fraud, or the share where that is not known."""
    frauds = told.values.of("merchant", "delayed_frauds", window_ms)
    if not frauds:
        return f"{told.value:.0%} of the payments {where} were"
    of = round(frauds / told.value)
    if of == 1:
        return f"The only payment {where} was"
    many = f"All {of}" if frauds == of else f"{number(frauds)} of {of}"
    return f"{many} payments {where} {'was' if frauds == 1 else 'were'}"


def newest_fraud(told: Told) -> Phrase | None:
    """Speak of how recent the merchant's newest known fraud is."""
    ago, usual = told.value * DAY_MS / SECOND_MS, told.training.median * DAY_MS / SECOND_MS
    said = f"The newest known fraud at this merchant is {duration(ago)} old"
    return Phrase(told.training.median, f"{said}; a typical age is {duration(usual)}.")


def run(told: Told) -> Phrase | None:
    """Speak of the merchant's payments in a row that were fraud, whichever form was used."""
    many = told.values.of("merchant", "run")
    if not many:
        return None
    until = f"up to {span(LABEL_DELAY_MS)} ago"
    said = f"The last {number(many)} payments at this merchant {until} were all fraud"
    if many == 1:
        said = f"The last payment at this merchant {until} was fraud"
    normal = 0.0 if told.feature.aggregate == "run" else None
    return Phrase(normal, f"{said}; at a typical merchant, none was.")
