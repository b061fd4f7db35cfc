"""A payment's JSON, scanned for the values of its fields; whatever is unusual in it ends the scan.

One object of known fields, each at most once, with texts, numbers and nulls as values.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from events.card_data.number import SHORTEST
from features.kernels.compiled import helper
from features.kernels.plan import Plan
from features.plain.bits import is_same, load_8
from features.plain.fields import (
    ABSENT,
    AMOUNT,
    FIELDS,
    FORM,
    LAT,
    LON,
    NULL,
    NUMBER,
    SIZE,
    TEXT,
    TIMESTAMP,
    VALUE,
)
from features.plain.numbers import MINUS, decimal_at
from features.plain.texts import NOT_PLAIN, text_end

Found = npt.NDArray[np.int64]
"""What is noted of each field, int64[FIELDS, COLUMNS], see fields.py."""

_END: Final = 0
"""What is read behind the last byte; no JSON has it outside of texts."""

_OPEN, _CLOSE, _COLON, _COMMA, _QUOTE = (ord(mark) for mark in '{}:,"')
_SPACE, _TAB, _NEWLINE, _RETURN = (ord(blank) for blank in " \t\n\r")
_N, _U, _L = (ord(letter) for letter in "nul")


@helper
def scan(plan: Plan, memory: bytes, at: int, end: int, found: Found) -> bool:
    """Note the value of every field, and say whether that was all."""
    found[:, FORM] = ABSENT
    place = _skip(memory, at, end)
    if _byte(memory, place, end) != _OPEN:
        return False
    expected, mark = 0, _COMMA
    while mark == _COMMA:
        field, place = _name(plan, memory, _skip(memory, place + 1, end), end, expected)
        place = _skip(memory, place, end)
        if field < 0 or found[field, FORM] != ABSENT or _byte(memory, place, end) != _COLON:
            return False
        place = _value(plan, memory, place, end, field, found)
        if place < 0:
            return False
        mark, expected = _byte(memory, place, end), field + 1
    return mark == _CLOSE and _skip(memory, place + 1, end) == end


@helper
def _byte(memory: bytes, at: int, end: int) -> int:
    return load_8(memory, at) if at < end else _END


@helper
def _skip(memory: bytes, at: int, end: int) -> int:
    """Return where the blanks from a place on end."""
    while at < end and (
        load_8(memory, at) == _SPACE
        or load_8(memory, at) == _NEWLINE
        or load_8(memory, at) == _RETURN
        or load_8(memory, at) == _TAB
    ):
        at += 1
    return at


@helper
def _name(plan: Plan, memory: bytes, at: int, end: int, expected: int) -> tuple[int, int]:
    """Return the field whose name stands at a place, and the place behind; NOT_PLAIN for none.

    Producers write fields in one order, so that the next one is nearly always the expected one.
    """
    for turn in range(FIELDS):
        field = (expected + turn) % FIELDS
        name_at = plan.names_at[field]
        size = plan.names_at[field + 1] - name_at
        if at + size <= end and is_same(memory, at, plan.names, name_at, size):
            return field, at + size
    return NOT_PLAIN, at


@helper
def _value(plan: Plan, memory: bytes, colon: int, end: int, field: int, found: Found) -> int:
    """Note the value of a field behind a colon, and return the place of the mark behind it.

    NOT_PLAIN where the value is not a plain one of the field.
    """
    at = _skip(memory, colon + 1, end)
    first = _byte(memory, at, end)
    number = field in (TIMESTAMP, AMOUNT, LAT, LON)
    if first == _QUOTE and (not number or field == TIMESTAMP):
        behind = _text(plan, memory, at + 1, end, field, found)
    elif first == _N:
        behind = _null(memory, at, end, field, found)
    elif number:
        behind = _number(memory, colon, at, end, field, found)
    else:
        return NOT_PLAIN
    return _skip(memory, behind, end) if behind >= 0 else NOT_PLAIN


@helper
def _text(plan: Plan, memory: bytes, at: int, end: int, field: int, found: Found) -> int:
    quote = text_end(plan.marks, plan.between, memory, at, end)
    if quote < 0:
        return NOT_PLAIN
    found[field, FORM] = TEXT
    found[field, VALUE] = at
    found[field, SIZE] = quote - at
    return quote + 1


@helper
def _null(memory: bytes, at: int, end: int, field: int, found: Found) -> int:
    found[field, FORM] = NULL
    whole = _byte(memory, at + 1, end) == _U
    whole = whole and _byte(memory, at + 2, end) == _L and _byte(memory, at + 3, end) == _L
    return at + 4 if whole else NOT_PLAIN


@helper
def _number(memory: bytes, colon: int, at: int, end: int, field: int, found: Found) -> int:
    """Note a number, below 0 for coordinates alone; an amount may stand in quotes."""
    quoted = field == AMOUNT and _byte(memory, at, end) == _QUOTE
    minus = field in (LAT, LON) and _byte(memory, at, end) == MINUS
    number, digits, decimals, behind = decimal_at(memory, at + (quoted or minus), end)
    if behind < 0 or (minus and number == 0):  # -0 and -0.0 may differ from 0 in their bits
        return NOT_PLAIN
    if quoted and _byte(memory, behind, end) != _QUOTE:
        return NOT_PLAIN
    is_left_out = decimals > 0 and at <= colon + 2 and _ends_field(memory, behind, end)
    if digits >= SHORTEST and field != TIMESTAMP and not is_left_out:
        return NOT_PLAIN
    found[field, FORM] = NUMBER
    found[field, VALUE] = -number if minus else number
    found[field, SIZE] = decimals
    return behind + quoted


@helper
def _ends_field(memory: bytes, at: int, end: int) -> bool:
    """Say whether a brace stands at a place, or a comma and one blank at most before the next name.

    So the search for card data knows the fractions of a number, which it leaves out.
    """
    mark = _byte(memory, at, end)
    return mark == _CLOSE or (mark == _COMMA and _skip(memory, at + 1, end) <= at + 2)
