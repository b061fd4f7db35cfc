"""Texts in JSON: where each ends, and whether it is surely without card data.

`events.card_data.scan.may_hold_card_data` looks at a payment as a whole. It deletes separators, and
then wants 12 digits or the letters of a code in a row. Quotes, colons and braces stay, so digits
and letters of one text never join those of another one: each text can be judged alone.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from events.card_data.number import SHORTEST
from events.card_data.scan import BETWEEN_DIGITS
from events.wire import MAX_TEXT
from features.kernels.compiled import helper
from features.plain.bits import load_8

NOT_PLAIN: Final = -1

_DIGIT: Final = 1
_V: Final = 1 << 8
_ODD: Final = 1 << 16
"""What a byte adds to the sum of its text: a text of MAX_TEXT bytes adds less than the next."""

_QUOTE: Final = ord('"')
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_SMALL: Final = 0x20  # what makes a capital of ASCII a small letter
_C_LETTER: Final = ord("c")
_V_LETTER: Final = ord("v")


def text_marks() -> npt.NDArray[np.int64]:
    """Return what each byte adds to the sum of its text, int64[256].

    Odd bytes are those of other scripts, control characters, escapes, and brackets and braces,
    which the ordinary reader counts.
    """
    marks = np.zeros(256, np.int64)
    marks[list(b"0123456789")] = _DIGIT
    marks[list(b"vV")] = _V
    marks[[*range(0x20), *range(0x80, 0x100), *b"\\{}[]"]] = _ODD
    return marks


def separators() -> npt.NDArray[np.bool_]:
    """Return which bytes the search for card data takes for separators of digits, bool[256]."""
    found = np.zeros(256, np.bool_)
    found[list(BETWEEN_DIGITS)] = True
    return found


@helper
def text_end(
    marks: npt.NDArray[np.int64],
    between: npt.NDArray[np.bool_],
    memory: bytes,
    at: int,
    end: int,
) -> int:
    """Return where the quote behind a plain text is that begins at a place, else NOT_PLAIN."""
    last = min(end, at + MAX_TEXT + 1)
    place, total = at, 0
    while place < last and load_8(memory, place) != _QUOTE:
        total += marks[load_8(memory, place)]
        place += 1
    if place in (last, at) or total >= _ODD:
        return NOT_PLAIN
    if total >= SHORTEST and may_hold_card_data(between, memory, at, place):
        return NOT_PLAIN
    return place


@helper
def may_hold_card_data(between: npt.NDArray[np.bool_], memory: bytes, at: int, end: int) -> bool:
    """Say whether a text has, but for separators, 12 digits or the letters of a code in a row."""
    digits, letters = 0, 0
    for place in range(at, end):
        byte = load_8(memory, place)
        if between[byte]:
            continue
        letter = byte | _SMALL
        digits = digits + 1 if _ZERO <= byte <= _NINE else 0
        if digits == SHORTEST or (letters == 2 and letter in (_C_LETTER, _V_LETTER)):
            return True
        letters = 1 if letter == _C_LETTER else 2 * (letters == 1 and letter == _V_LETTER)
    return False
