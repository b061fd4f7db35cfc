"""Hand-overs of plain payments, written and read for a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

import msgspec
import numpy as np

from events.transaction import parse_transaction
from features.kernels.compiled import interpreted
from features.kernels.slices import Slices, joined
from features.merchant.rows import PAID_KEY
from features.money.rates import Rates
from features.plain.payments import PlainPayments, Records
from scoring.messages import LabelOnItsWay, Refused, ScoringRequest, unpack_hand_over
from scoring.plain.hand_over_kernels import (
    GIVEN_COLUMNS,
    GIVEN_FLAGS,
    GIVEN_OFFSET,
    GIVEN_PARTITION,
    GIVEN_RECEIVED,
    GIVEN_SEQUENCE,
    READ_FLAGS,
    READ_PLACE,
    READ_RECEIVED,
    READ_SEQUENCE,
    Values,
    read_hand_overs,
    take_features,
    write_hand_overs,
)
from scoring.plain.layout import (
    HAND_CARD,
    HAND_FLAGS,
    HAND_JSON,
    HAND_OFFSET,
    HAND_PARTITION,
    HAND_RECEIVED,
    HAND_SEQUENCE,
    HAND_WORDS,
    PLAN,
    flags_of,
    is_plain,
    place_of,
    size_of,
)
from scoring.plain.text import Words

_WORD: Final = 8
_FLOAT: Final = 4
_place_of: Final = interpreted(place_of)
_size_of: Final = interpreted(size_of)
_unpack: Final = Struct(f"<{HAND_WORDS}q").unpack_from


def packed(
    records: Records,
    payments: PlainPayments,
    values: Values,
    sequences: Words,
    flags: Words,
    received_ms: Words,
    partitions: Words,
    offsets: Words,
    chosen: Words,
) -> Slices:
    """Return the hand-over of each chosen payment.

    Args:
        records: n records.
        payments: The plain payments among the records.
        values: Features of the card, float32[n, len(CARD_FEATURES)].
        sequences: Number of the payment at its card, int64[n].
        flags: Masks of flags, see `scoring.plain.layout`, int64[n].
        received_ms: The record's time, or the payment's own where that can be none, int64[n].
        partitions: int64[n].
        offsets: int64[n].
        chosen: Places of the payments that are handed over, int64[m].
    """
    given = np.empty((GIVEN_COLUMNS, len(values)), np.int64)
    given[GIVEN_SEQUENCE] = sequences
    given[GIVEN_FLAGS] = flags
    given[GIVEN_RECEIVED] = received_ms
    given[GIVEN_PARTITION] = partitions
    given[GIVEN_OFFSET] = offsets
    words, stops = write_hand_overs(
        np.frombuffer(records.memory, np.uint8),
        records.value_at,
        records.value_size,
        payments.rows,
        payments.minor,
        payments.who,
        payments.spans,
        values,
        given,
        chosen,
    )
    return Slices(words.tobytes(), _WORD * stops)


def unpack_one(body: bytes, rates: Rates) -> ScoringRequest | LabelOnItsWay | Refused:
    """Return the message of any hand-over; `rates` are those of the card stage."""
    return Requests([body]).request(0, rates) if is_plain(body) else unpack_hand_over(body)


class Requests:
    """A batch of hand-overs, without an object for each payment.

    Attributes:
        memory: The hand-overs, one behind the other, int64[words].
        places: The word where each begins, int64[n].
        merchants: The merchant of each.
        cards: The card of each, as the key of its records.
        sequences: Number of the payment at its card, int64[n].
        flags: Masks of flags that the card stage raised, int64[n].
        received_ms: See `events.decision.Decision`, int64[n].
    """

    def __init__(self, bodies: Sequence[bytes]) -> None:
        """Take hand-overs that `packed` wrote; ValueError for anything else."""
        self._bodies = bodies
        memory = joined(bodies)
        self.memory = np.frombuffer(memory, np.int64, len(memory) // _WORD)
        taken, columns, rows, merchants, cards = read_hand_overs(self.memory, len(bodies))
        if taken < len(bodies) or len(memory) % _WORD:
            raise ValueError(
                f"Message {taken} of a batch is not a hand-over of a plain payment in this "
                "release's layout: read it with the release that wrote it."
            )
        self._rows = rows
        self.places = columns[READ_PLACE]
        self.sequences = columns[READ_SEQUENCE]
        self.flags = columns[READ_FLAGS]
        self.received_ms = columns[READ_RECEIVED]
        self.merchants = merchants.tobytes().decode().split("\n")[:-1]
        self.cards = cards.tobytes().split(b"\n")[:-1]

    def __len__(self) -> int:
        """Return how many payments there are."""
        return len(self._bodies)

    def merchant_rows(self, places: Sequence[int], numbers: Sequence[int]) -> Words:
        """Return the rows of `features.merchant.rows` of m payments, int64[m, PAID_WORDS].

        `numbers` are those of their merchants.
        """
        rows = self._rows[places]
        rows[:, PAID_KEY] = numbers
        return rows

    def values(self, width: int) -> Values:
        """Return float32[n, width], the card's features in the first columns, the others unset."""
        values = np.empty((len(self), width), np.float32)
        take_features(self.memory, self.places, values)
        return values

    def request(self, place: int, rates: Rates) -> ScoringRequest:
        """Return the request of one payment, as `scoring.steps.first_request` makes it.

        `rates` are those of the card stage.
        """
        body = self._bodies[place]
        words = _unpack(body)
        json_at, size = _span(words[HAND_JSON])
        original = body[json_at : json_at + size]
        card_at, size = _span(words[HAND_CARD])
        card = original[card_at : card_at + size]
        features_at = _WORD * HAND_WORDS
        return ScoringRequest(
            # Accepted once, so accepted again: with `record_time` this is the payment's own time.
            parse_transaction(original, card, words[HAND_RECEIVED]),
            original,
            body[features_at : features_at + _FLOAT * PLAN.features],
            {"card": words[HAND_SEQUENCE]},
            flags_of(words[HAND_FLAGS]),
            words[HAND_RECEIVED],
            rates.reference,
            rates.date,
            words[HAND_PARTITION],
            words[HAND_OFFSET],
        )

    def complete_request(
        self, place: int, rates: Rates, row: Values, merchant_sequence: int, flags: int
    ) -> ScoringRequest:
        """Return the request of one payment behind its merchant, as `scoring.steps.next_request`.

        `row` are all its features, float32[f]; `flags` is the mask of those of both stages.
        """
        first = self.request(place, rates)
        return msgspec.structs.replace(
            first,
            features=row.tobytes(),
            sequences={**first.sequences, "merchant": merchant_sequence},
            flags=flags_of(flags),
        )


def _span(word: int) -> tuple[int, int]:
    """Return place and bytes of a text."""
    return _place_of(word), _size_of(word)
