"""The JSON of decisions put together, compiled."""

from collections.abc import Callable
from typing import Final

import numpy as np

from features.kernels.compiled import entry_point, helper
from scoring.plain.layout import (
    HAND_CURRENCY,
    HAND_JSON,
    HAND_MERCHANT,
    HAND_MINOR,
    HAND_RECEIVED,
    HAND_SEQUENCE,
    HAND_TIME,
    HAND_TRANSACTION,
    PLAN,
    Plan,
    place_of,
    size_of,
)
from scoring.plain.text import (
    DIGITS,
    Bytes,
    Pieces,
    Place,
    Words,
    behind_numbers,
    put,
    put_integer,
    put_piece,
)

GIVEN_SEQUENCE: Final = 0  # of the merchant
GIVEN_FLAGS: Final = 1  # of both stages
GIVEN_COLUMNS: Final = 2

SLOTS_BESIDE_SCORES: Final = 13
"""Slots of a decision that are not scores.

Those before the scores are the transaction, the card, the merchant, the time, the amount and the
currency. Behind them come the two sequences, the flags, the two times, the features, the payment.
"""

_INTEGERS: Final = 6
_LAST_INTEGERS: Final = 4  # those behind the scores
_BEFORE_FLAGS: Final = 2  # the two sequences
_ONE: Final = np.uint64(1)


@helper
def _put_from_json(text: Bytes, json: int, word: int, out: Bytes, to: Place) -> Place:
    """Copy a text of the JSON, which begins at a place; return the place behind it."""
    return put(text, json + place_of(word), size_of(word), out, to)


@helper
def _first_piece(plan: Plan, template: int, slots: int) -> Place:
    """Return the number of a template's first piece: the texts of flags come before all."""
    return np.uint64(plan.masks + (slots + 1) * template)


@helper
def _room(
    plan: Plan,
    memory: Words,
    places: Words,
    given: Words,
    numbers: Words,
    pieces: Pieces,
    slots: int,
) -> int:
    """Return the bytes that decisions take at most, without their scores and features."""
    room = _INTEGERS * DIGITS * len(places)
    for i in range(len(places)):
        for word in range(HAND_TRANSACTION, HAND_JSON + 1):
            room += size_of(memory[places[i] + word])
        first, mask = _first_piece(plan, numbers[i], slots), given[GIVEN_FLAGS, i]
        assert 0 <= mask < plan.masks
        room += pieces.stops[mask + 1] - pieces.stops[mask]
        room += pieces.stops[first + np.uint64(slots + 1)] - pieces.stops[first]
    return room


def _build(plan: Plan) -> Callable[..., tuple[Bytes, Words]]:
    """Return the writer of decisions for a plan, which it closes over."""

    @entry_point
    def write_decisions(
        memory: Words,
        places: Words,
        given: Words,
        decided_ms: int,
        numbers: Words,
        text: Bytes,
        stops: Words,
        slots: int,
        scores: Bytes,
        features: Bytes,
        width: int,
    ) -> tuple[Bytes, Words]:
        """Return the decisions of n hand-overs, and where they begin and end, int64[n + 1].

        Args:
            memory: The hand-overs.
            places: The word where each begins, int64[n].
            given: GIVEN_*, int64[columns, n].
            decided_ms: The wall clock.
            numbers: The template of each, int64[n].
            text: The JSON of each mask of flags, then the pieces of each template: what stands
                before, between and behind its slots.
            stops: Where these texts begin, and where the last ends.
            slots: How many a template has, see SLOTS_BESIDE_SCORES.
            scores: JSON array of the scores of all.
            features: JSON array of the features of all.
            width: How many features each has.
        """
        pieces = Pieces(text, stops)
        room = _room(plan, memory, places, given, numbers, pieces, slots)
        out = np.empty(room + len(scores) + len(features), np.uint8)
        ends, digits = np.empty(len(places) + 1, np.int64), np.empty(DIGITS, np.uint8)
        ends[0] = 0
        hand_overs = memory.view(np.uint8)
        integers = np.empty(_LAST_INTEGERS, np.int64)
        integers[3] = decided_ms
        to, score, feature = np.uint64(0), _ONE, _ONE  # behind the brackets
        for i in range(len(places)):
            at, piece = places[i], _first_piece(plan, numbers[i], slots)
            json = 8 * at + place_of(memory[at + HAND_JSON])
            for word in range(HAND_TRANSACTION, HAND_MERCHANT + 1):
                to = put_piece(pieces, piece, out, to)
                to = _put_from_json(hand_overs, json, memory[at + word], out, to)
                piece += _ONE
            for word in range(HAND_TIME, HAND_MINOR + 1):
                to = put_piece(pieces, piece, out, to)
                to = put_integer(memory[at + word], digits, out, to)
                piece += _ONE
            to = put_piece(pieces, piece, out, to)
            to = _put_from_json(hand_overs, json, memory[at + HAND_CURRENCY], out, to)
            piece += _ONE
            for _ in range(slots - SLOTS_BESIDE_SCORES):
                to = put_piece(pieces, piece, out, to)
                behind = behind_numbers(scores, score, 1)
                to = put(scores, score, behind - score - _ONE, out, to)
                score = behind
                piece += _ONE
            integers[0], integers[1] = memory[at + HAND_SEQUENCE], given[GIVEN_SEQUENCE, i]
            integers[2] = memory[at + HAND_RECEIVED]
            for j in range(_LAST_INTEGERS):
                if j == _BEFORE_FLAGS:
                    to = put_piece(pieces, piece, out, to)
                    to = put_piece(pieces, np.uint64(given[GIVEN_FLAGS, i]), out, to)
                    piece += _ONE
                to = put_piece(pieces, piece, out, to)
                to = put_integer(integers[j], digits, out, to)
                piece += _ONE
            to = put_piece(pieces, piece, out, to)
            behind = behind_numbers(features, feature, width)
            to = put(features, feature, behind - feature - _ONE, out, to)
            feature = behind
            to = put_piece(pieces, piece + _ONE, out, to)
            to = _put_from_json(hand_overs, 8 * at, memory[at + HAND_JSON], out, to)
            to = put_piece(pieces, piece + np.uint64(2), out, to)
            ends[i + 1] = to
        return out, ends

    return write_decisions


write_decisions: Final = _build(PLAN)
