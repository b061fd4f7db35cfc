"""Hand-overs written and read, compiled. Arrays are allocated here, where their size is known."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from features.card.rows import PAID_AMOUNT as CARD_AMOUNT
from features.card.rows import PAID_TIME as CARD_TIME
from features.kernels.columns import copy
from features.kernels.compiled import entry_point, helper
from features.merchant.rows import PAID_AMOUNT, PAID_TIME, PAID_WHO, PAID_WORDS
from scoring.plain.layout import (
    HAND_AMOUNT,
    HAND_CARD,
    HAND_FLAGS,
    HAND_JSON,
    HAND_KIND,
    HAND_MERCHANT,
    HAND_MINOR,
    HAND_RECEIVED,
    HAND_SEQUENCE,
    HAND_TIME,
    HAND_TRANSACTION,
    HAND_WHO,
    HAND_WORDS,
    PLAN,
    Plan,
    place_of,
    size_of,
    span_of,
)
from scoring.plain.text import Bytes, Place, Words, put

Values = npt.NDArray[np.float32]

GIVEN_SEQUENCE: Final = 0
GIVEN_FLAGS: Final = 1
GIVEN_RECEIVED: Final = 2
GIVEN_PARTITION: Final = 3
GIVEN_OFFSET: Final = 4
GIVEN_COLUMNS: Final = 5
"""Columns of numbers that become words of a hand-over, from HAND_SEQUENCE on, in its order."""

READ_PLACE: Final = 0  # the word where the hand-over begins
READ_SEQUENCE: Final = 1
READ_FLAGS: Final = 2
READ_RECEIVED: Final = 3
READ_COLUMNS: Final = 4

_TEXTS: Final = 4
_LINE_FEED: Final = ord("\n")


@helper
def _words(size: int) -> int:
    """Return how many words hold so many bytes."""
    return (size + 7) // 8


@helper
def _words_of(plan: Plan, json_size: int) -> int:
    """Return the words of a hand-over whose JSON has so many bytes."""
    return HAND_WORDS + _words(4 * plan.features) + _words(json_size)


def _build_write(plan: Plan) -> Callable[..., tuple[Words, Words]]:
    """Return the writer of hand-overs for a plan, which it closes over."""

    @entry_point
    def write_hand_overs(
        memory: Bytes,
        value_at: Words,
        value_size: Words,
        rows: Words,
        minor: Words,
        who: Words,
        spans: npt.NDArray[np.int64],
        values: Values,
        given: Words,
        chosen: Words,
    ) -> tuple[Words, Words]:
        """Return hand-overs of m chosen payments, and the words where they begin and end.

        See `features.plain.payments` for what is given, and GIVEN_* for int64[columns, n]. The
        places are int64[m + 1].
        """
        stops = np.empty(len(chosen) + 1, np.int64)
        stops[0] = total = 0
        for i in range(len(chosen)):
            total += _words_of(plan, value_size[chosen[i]])
            stops[i + 1] = total
        out = np.zeros(total, np.int64)
        out_bytes, out_values = out.view(np.uint8), out.view(np.float32)
        at = 0
        for i in range(len(chosen)):
            n = chosen[i]
            json = at + HAND_WORDS + _words(4 * plan.features)
            out[at + HAND_KIND] = plan.kind
            out[at + HAND_TIME] = rows[n, CARD_TIME]
            out[at + HAND_MINOR] = minor[n]
            out[at + HAND_AMOUNT] = rows[n, CARD_AMOUNT]
            out[at + HAND_WHO] = who[n]
            for j in range(GIVEN_COLUMNS):
                out[at + HAND_SEQUENCE + j] = given[j, n]
            for j in range(_TEXTS):
                out[at + HAND_TRANSACTION + j] = span_of(spans[n, j, 0], spans[n, j, 1])
            out[at + HAND_JSON] = span_of(8 * (json - at), value_size[n])
            for j in range(plan.features):
                out_values[2 * (at + HAND_WORDS) + j] = values[n, j]
            put(memory, value_at[n], value_size[n], out_bytes, np.uint64(8 * json))
            at = stops[i + 1]
        return out, stops

    return write_hand_overs


def _build_read(plan: Plan) -> Callable[..., tuple[int, Words, Words, Bytes, Bytes]]:
    """Return the reader of hand-overs for a plan, which it closes over."""

    @entry_point
    def read_hand_overs(memory: Words, n: int) -> tuple[int, Words, Words, Bytes, Bytes]:
        """Return how many of n hand-overs could be read, and what they say.

        That is READ_* as int64[columns, n], rows as `features.merchant.rows` whose key is unset,
        and the merchants and the cards, with a line feed behind each.
        """
        columns = np.empty((READ_COLUMNS, n), np.int64)
        rows = np.empty((n, PAID_WORDS), np.int64)
        at, merchants, cards = 0, n, n
        for i in range(n):
            if at + HAND_WORDS > len(memory) or memory[at + HAND_KIND] != plan.kind:
                return i, columns, rows, np.empty(0, np.uint8), np.empty(0, np.uint8)
            columns[READ_PLACE, i] = at
            columns[READ_SEQUENCE, i] = memory[at + HAND_SEQUENCE]
            columns[READ_FLAGS, i] = memory[at + HAND_FLAGS]
            columns[READ_RECEIVED, i] = memory[at + HAND_RECEIVED]
            rows[i, PAID_TIME] = memory[at + HAND_TIME]
            rows[i, PAID_AMOUNT] = memory[at + HAND_AMOUNT]
            rows[i, PAID_WHO] = memory[at + HAND_WHO]
            merchants += size_of(memory[at + HAND_MERCHANT])
            cards += size_of(memory[at + HAND_CARD])
            at += _words_of(plan, size_of(memory[at + HAND_JSON]))
        if at != len(memory):
            return 0, columns, rows, np.empty(0, np.uint8), np.empty(0, np.uint8)
        merchant_lines, card_lines = np.empty(merchants, np.uint8), np.empty(cards, np.uint8)
        text = memory.view(np.uint8)
        to, to_card = np.uint64(0), np.uint64(0)
        for i in range(n):
            at = columns[READ_PLACE, i]
            json = 8 * at + place_of(memory[at + HAND_JSON])
            to = _put_line(text, json, memory[at + HAND_MERCHANT], merchant_lines, to)
            to_card = _put_line(text, json, memory[at + HAND_CARD], card_lines, to_card)
        return n, columns, rows, merchant_lines, card_lines

    return read_hand_overs


@helper
def _put_line(memory: Bytes, json: int, text: int, out: Bytes, to: Place) -> Place:
    """Write a text of the JSON at a place, and a line feed; return the place behind."""
    to = put(memory, json + place_of(text), size_of(text), out, to)
    out[to] = _LINE_FEED
    return to + np.uint64(1)


def _build_take_features(plan: Plan) -> Callable[[Words, Words, Values], None]:
    """Return the reader of features for a plan, which it closes over."""

    @entry_point
    def take_features(memory: Words, places: Words, values: Values) -> None:
        """Write the features of the card into the first columns of values, float32[n, f]."""
        reals = memory.view(np.float32)
        for i in range(len(places)):
            copy(reals, 2 * (places[i] + HAND_WORDS), values[i], 0, plan.features)

    return take_features


write_hand_overs: Final = _build_write(PLAN)
read_hand_overs: Final = _build_read(PLAN)
take_features: Final = _build_take_features(PLAN)
