"""Input and output of the reader of plain payments, for a whole batch."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.card.rows import PAID_WORDS

Words = npt.NDArray[np.int64]

TRANSACTION: Final = 0
CARD: Final = 1
MERCHANT: Final = 2
CURRENCY: Final = 3
SPANS: Final = 4
"""The texts of a payment whose places are noted."""


class Records(NamedTuple):
    """Kafka records in one memory; each column is int64[n], contiguous and writable.

    The reader is compiled for such columns, and would be once more for any others.

    Attributes:
        memory: Bytes that the places count in.
        time_ms: Kafka times.
        key_at: Where the keys begin.
        key_size: Bytes of the keys, -1 for none.
        value_at: Where the values begin.
        value_size: Bytes of the values, -1 for none and for what is no payment.
    """

    memory: bytes
    time_ms: Words
    key_at: Words
    key_size: Words
    value_at: Words
    value_size: Words

    def at(self, places: Words) -> "Records":
        """Return the records at some places."""
        return Records(self.memory, *(column[places] for column in self[1:]))


class PlainPayments(NamedTuple):
    """The plain payments among n records; rows of other records have no meaning.

    Attributes:
        is_plain: bool[n], True where the payment was read.
        rows: int64[n, PAID_WORDS], as `features.card.rows.packed`, with 0 for the key's number.
        minor: int64[n], amounts in minor units of their currencies.
        who: int64[n], `features.tokens.payment_token` of each.
        spans: int64[n, SPANS, 2], place in the value and bytes of texts, see TRANSACTION and on.
    """

    is_plain: npt.NDArray[np.bool_]
    rows: Words
    minor: Words
    who: Words
    spans: Words

    def at(self, places: Words) -> "PlainPayments":
        """Return the payments at some places."""
        return PlainPayments(
            self.is_plain[places],
            self.rows[places],
            self.minor[places],
            self.who[places],
            self.spans[places],
        )


def none_plain(records: int) -> PlainPayments:
    """Return that none of some records is a plain payment."""
    return PlainPayments(
        np.zeros(records, np.bool_),
        np.empty((records, PAID_WORDS), np.int64),
        np.empty(records, np.int64),
        np.empty(records, np.int64),
        np.empty((records, SPANS, 2), np.int64),
    )


def texts_at(
    records: Records, payments: PlainPayments, text: int, places: Words
) -> Iterator[tuple[int, str]]:
    """Yield each of some places of plain payments, and a text of the payment there: CARD and on."""
    octets = octets_at(records, payments, text, places)
    for place, found in zip(places.tolist(), octets, strict=True):
        yield place, str(found, "ascii")


def octets_at(records: Records, payments: PlainPayments, text: int, places: Words) -> list[bytes]:
    """Return a text of plain payments, as `texts_at` does, in ASCII."""
    spans = payments.spans[places, text]
    starts = records.value_at[places] + spans[:, 0]
    stops = starts + spans[:, 1]
    memory = records.memory
    return [memory[a:b] for a, b in zip(starts.tolist(), stops.tolist(), strict=True)]
