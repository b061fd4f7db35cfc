"""Constants of the reader, which its machine code closes over and is cached by."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from events.timestamps import EARLIEST_MS, LATEST_MS, MAX_AHEAD_MS
from events.wire import MAX_EVENT_BYTES
from features.card.rows import PAID_CITY, PAID_COUNTRY, PAID_DEVICE, PAID_ID, PAID_MERCHANT
from features.kernels.compiled import SOURCES
from features.plain.fields import (
    CARD_ID,
    CITY,
    COUNTRY,
    CURRENCY,
    DEVICE_ID,
    MERCHANT_ID,
    TRANSACTION_ID,
    quoted_names,
)
from features.plain.numbers import MOST_DIGITS, inverse_powers
from features.plain.payments import CARD, MERCHANT, SPANS, TRANSACTION
from features.plain.payments import CURRENCY as CURRENCY_SPAN
from features.plain.texts import separators, text_marks

TOKEN_FIELD: Final = 0
TOKEN_WORD: Final = 1
TOKEN_DROPPED: Final = 2
TOKEN_LEAST: Final = 3

_TOKENS: Final = (
    (TRANSACTION_ID, PAID_ID, 1, 0),
    (MERCHANT_ID, PAID_MERCHANT, 32, 1),
    (CITY, PAID_CITY, 48, 1),
    (DEVICE_ID, PAID_DEVICE, 48, 1),
    (COUNTRY, PAID_COUNTRY, 48, 1),
)
"""Tokens of a row: the field, its word in the row, the low bits that its xxh3 drops, the least.

They are `id_token`, `wide_token` and `small_token` of `features.tokens`.
"""

_SPANS: Final = {
    TRANSACTION: TRANSACTION_ID,
    CARD: CARD_ID,
    MERCHANT: MERCHANT_ID,
    CURRENCY_SPAN: CURRENCY,
}


class PlainPlan(NamedTuple):
    """Constants of the reader; those from `events` are here so that a change compiles it anew.

    Attributes:
        names: uint8[bytes], see `quoted_names`.
        names_at: int64[fields + 1], see `quoted_names`.
        marks: int64[256], see `text_marks`.
        between: bool[256], see `separators`.
        powers: float64[MOST_DIGITS + 1], powers of ten, which a float64 holds exactly.
        inverses: uint64[MOST_DIGITS + 1], see `inverse_powers`.
        inverse_bits: int64[MOST_DIGITS + 1], see `inverse_powers`.
        tokens: int64[tokens, 4], see TOKEN_*.
        spans: int64[SPANS], the field of each span.
        earliest_ms: The earliest time of a payment.
        latest_ms: The latest one.
        ahead_ms: How far a payment may lead its record.
        largest_value: Bytes of the largest payment.
        sources: Digest of the package `features`.
    """

    names: npt.NDArray[np.uint8]
    names_at: npt.NDArray[np.int64]
    marks: npt.NDArray[np.int64]
    between: npt.NDArray[np.bool_]
    powers: npt.NDArray[np.float64]
    inverses: npt.NDArray[np.uint64]
    inverse_bits: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int64]
    spans: npt.NDArray[np.int64]
    earliest_ms: int
    latest_ms: int
    ahead_ms: int
    largest_value: int
    sources: int


PLAIN_PLAN: Final = PlainPlan(
    *quoted_names(),
    text_marks(),
    separators(),
    np.array([float(10**power) for power in range(MOST_DIGITS + 1)]),
    *inverse_powers(),
    np.array(_TOKENS, np.int64),
    np.array([_SPANS[span] for span in range(SPANS)], np.int64),
    EARLIEST_MS,
    LATEST_MS,
    MAX_AHEAD_MS,
    MAX_EVENT_BYTES,
    SOURCES,
)
