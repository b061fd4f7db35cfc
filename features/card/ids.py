"""Repeats: which ids a card remembers, and when a known id comes with another payment.

A payment's content is its event time, amount, currency and merchant: the amount as it was paid, so
that new rates make no other payment of a repeat. The same id with the same
content is a repeat; the same id with another content is another payment, which is refused. Other
fields (city, place, device, attributes, unknown ones) do not make another payment.

An id is remembered while its payment's event time is in (newest - DEDUPE_HORIZON_MS, newest]. A
word of 8 bytes holds 39 bits of the id's hash and 24 bits of the content's. With n ids
remembered, a new payment is taken for one with a known id in n of 2**39 cases (4e-12 at two ids,
3e-8 at MAX_LOOSE_IDS), and refused, which shows. It is taken for a repeat, which does not show, in
n of 2**63 cases (2e-19, 2e-15). Another payment under a known id is taken for a repeat in one of
2**24 cases, in fewer where the payment is kept in a row.
"""

from typing import Final, NamedTuple

import numpy as np

from features.card.state import (
    HEAD_WORDS,
    ROW_MERCHANT,
    CardView,
    amount_of,
    cell_of,
    loose_time_of,
    time_of,
)
from features.kernels.compiled import helper
from features.money.units import LARGEST_AMOUNT
from features.windows import DEDUPE_HORIZON_MS

CONTENT_BITS: Final = 24
_CONTENT_MASK: Final = 2**CONTENT_BITS - 1
_NOT_KNOWN: Final = 0
"""Content of an id that a state of version 2 has left."""

_OLDER_MAJOR: Final = 10_000
"""Units in the major unit before version 4."""

_FACTOR: Final = -7_046_029_254_386_353_131
"""2**64 / golden ratio as int64 (Knuth, TAOCP 3, section 6.4); products wrap round."""

REPEATED: Final = 1
REUSED: Final = 2
OTHER_TIME: Final = 256
OTHER_PAID: Final = 512
OTHER_MERCHANT: Final = 1_024

OTHER_FIELDS: Final = (
    (OTHER_TIME, "timestamp"),
    (OTHER_PAID, "amount with currency"),
    (OTHER_MERCHANT, "merchant_id"),
)
"""Flag of a reused id and the field of the other payment that differs."""


@helper
def _mixed(hashed: int, value: int) -> int:
    product = (hashed ^ value) * _FACTOR
    return product ^ product >> 32


class Content(NamedTuple):
    """Content of a payment, another one of which makes another payment of one id.

    Event time is in ms. The amount is in ten-thousandths of the major unit of its own currency.
    """

    time_ms: int
    paid: int
    currency: int
    merchant: int


@helper
def id_word(id_token: int, content: Content) -> int:
    """Return what is remembered of a payment: 39 bits of its id, 24 of its content, never 0."""
    mixed = _mixed(_mixed(0, content.time_ms), content.paid)
    mixed = _mixed(_mixed(mixed, content.currency), content.merchant)
    return id_token & ~_CONTENT_MASK | max(mixed * _FACTOR >> 40 & _CONTENT_MASK, 1)


@helper
def first_loose(old: CardView, newest_ms: int) -> int:
    """Return the first loose id that is within the dedupe horizon."""
    loose = 0
    while loose < old.loose and loose_time_of(old, loose) <= newest_ms - DEDUPE_HORIZON_MS:
        loose += 1
    return loose


@helper
def first_remembered(old: CardView, newest_ms: int) -> int:
    """Return the first row that holds an id within the dedupe horizon."""
    row = old.events - old.ids
    while row < old.events and time_of(old, row) <= newest_ms - DEDUPE_HORIZON_MS:
        row += 1
    return row


@helper
def find_id(
    old: CardView, loose: int, remembered: int, word: int, content: Content, major: float
) -> int:
    """Return 0 for a new id, REPEATED, or REUSED with the flags of the fields that differ.

    Looks at loose ids from `loose` on and at rows from `remembered` on; `word` is that of the id
    and its content, `major` the units in the major unit of the reference currency.
    """
    at_rows = old.at_ids + remembered - (old.events - old.ids)
    known = _count(old, HEAD_WORDS + loose, old.at_ids, word)
    known += _count(old, at_rows, old.at_buckets, word)
    if known == 0:
        return 0
    found = 0
    for i in range(loose, old.loose):
        if _same_id(old.words[HEAD_WORDS + i], word):
            found = _judged_loose(old, i, word, content.time_ms)
            if found == REPEATED:
                return found
    for i in range(at_rows, old.at_buckets):
        if _same_id(old.words[i], word):
            row = remembered + i - at_rows
            found = _judged_row(old, row, old.words[i], word, content, major)
            if found == REPEATED:
                return found
    return found


@helper
def _same_id(one: int, other: int) -> bool:
    return (one ^ other) & ~_CONTENT_MASK == 0


@helper
def _count(old: CardView, first: int, end: int, word: int) -> int:
    """Count the id among words; without a branch, so that several are compared at once."""
    found = 0
    for i in range(first, end):
        found += _same_id(old.words[i], word)
    return found


@helper
def _same_content(one: int, other: int) -> bool:
    return (one ^ other) & _CONTENT_MASK == 0 or one & _CONTENT_MASK == _NOT_KNOWN


@helper
def _judged_loose(old: CardView, loose: int, word: int, time_ms: int) -> int:
    if loose_time_of(old, loose) != time_ms:
        return REUSED | OTHER_TIME
    return REPEATED if _same_content(old.words[HEAD_WORDS + loose], word) else REUSED


@helper
def _judged_row(
    old: CardView, row: int, known: int, word: int, content: Content, major: float
) -> int:
    """Judge a payment by the row that has its id: by the row's time and merchant, then by content.

    A row holds a converted amount. So whether the paid amount differs is found by the content that
    the payment would have at the row's time and merchant.
    """
    time_ms, merchant = time_of(old, row), cell_of(old, row, ROW_MERCHANT)
    other = OTHER_TIME * (time_ms != content.time_ms)
    other |= OTHER_MERCHANT * (merchant != content.merchant)
    if known & _CONTENT_MASK == _NOT_KNOWN:
        # Of version 2: its amounts were taken over as if paid in the reference currency.
        scale = int(np.int64(major)) // _OLDER_MAJOR
        taken = min(content.paid, LARGEST_AMOUNT // scale) * scale
        same_paid = amount_of(old, row) == taken
    else:
        there = Content(time_ms, content.paid, content.currency, merchant)
        same_paid = _same_content(known, id_word(word, there))
    other |= OTHER_PAID * (not same_paid)
    return REPEATED if other == 0 else REUSED | other
