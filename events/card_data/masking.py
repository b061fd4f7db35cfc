"""Card data masked wherever it would be written: dead letters, sentences, logs, rejected rows."""

import re
import sys
from array import array
from collections.abc import Collection, Iterable
from typing import Final

from events.card_data.number import FILLER, card_number_in, spelling
from events.card_data.scan import find_card_data, unescaped
from events.card_data.search import card_data

MASK: Final = "*"

_EBCDIC: Final = "cp037"
_LONG_RUN: Final = re.compile(r"(?<![0-9]\.)(?<![0-9])[0-9](?:[ \-\x00]?[0-9]){12,}")
_TIME: Final = re.compile(r"1(?:[0-9]{12}|[0-9]{15}|[0-9]{18})")
"""A time until 2033 in milliseconds, microseconds or nanoseconds; no network's number."""


def masked_bytes(value: bytes, known: Collection[str] = ()) -> bytes:
    """Return bytes of any kind with card data masked; those without it come back as they are.

    Numbers in UTF-8, in escapes of JSON, in UTF-16 and in EBCDIC are found, and codes, PINs and
    tracks under their names in JSON. `known` are digits to be masked as well. What stands beside a
    number may only be found once that is masked, so the search goes on until it finds nothing.
    """
    hidden = _masked_once(value, known)
    while hidden != value:
        value, hidden = hidden, _masked_once(hidden, known)
    return hidden


def _masked_once(value: bytes, known: Collection[str]) -> bytes:
    text = value.decode("utf-8", "surrogateescape")
    hidden = _hidden_text(text, known)
    if hidden != text:
        value = hidden.encode("utf-8", "surrogateescape")
    if "\0" in text or (not value.isascii() and _is_not_utf8(value)):
        value = _masked_in_other_encodings(value, known)
    return value


def masked_key(key: bytes) -> bytes:
    """Return a record's key masked as a card's name is: any number with a valid check digit."""
    return masked_bytes(key, _numbers_of_cards(key, b""))


def masked_record(key: bytes | None, value: bytes | None) -> tuple[bytes | None, bytes | None]:
    """Return a record's key and value with card data masked.

    A number that names the card, as key or as `card_id`, is masked wherever it stands, whether a
    network issues it or not.
    """
    known = _numbers_of_cards(key or b"", value or b"")
    return (
        None if key is None else masked_bytes(key, known),
        None if value is None else masked_bytes(value, known),
    )


def _numbers_of_cards(key: bytes, value: bytes) -> set[str]:
    names = [key.decode("utf-8", "surrogateescape")]
    text = value.decode("utf-8", "surrogateescape")
    names += (
        unescaped(text[found.start : found.end])
        for found in find_card_data(text)
        if found.name == "card_id"
    )
    return {number for number in map(card_number_in, names) if number}


def masked_text(text: str) -> str:
    """Return a text, JSON or not, with every digit of its card data masked.

    >>> masked_text('{"pan":"4111 1111 1111 1111","cvv":"123"}')
    '{"pan":"**** **** **** ****","cvv":"***"}'
    """
    hidden = _hidden_text(text)
    while hidden != text:
        text, hidden = hidden, _hidden_text(hidden)
    return hidden


def masked_line(text: str) -> str:
    """Return a text as it may stand in a sentence: also without runs of digits that look like one.

    13 digits and more may be a card number with a wrong digit. A time as a number stays, and the
    fraction of a number.

    >>> masked_line("card_id 4111111111111112 at 1714564800000")
    'card_id [16 characters of digits] at 1714564800000'
    """
    plain = spelling(text)
    parts, done = [], 0
    for run in _LONG_RUN.finditer(plain):
        if not _TIME.fullmatch(run[0]):
            parts += [text[done : run.start()], f"[{len(run[0])} characters of digits]"]
            done = run.end()
    return masked_text("".join([*parts, text[done:]]))


def _hidden_text(text: str, known: Collection[str] = ()) -> str:
    numbers: list[tuple[int, int]] = []
    other: list[tuple[int, int]] = []
    spans = [span[:3] for span in card_data(unescaped(text), known, coarse=True)]
    for start, end, code in (*spans, *(found[:3] for found in find_card_data(text, known))):
        (numbers if code == "card_number" else other).append((start, end))
    return _hidden(text, numbers, other) if numbers or other else text


def _hidden(text: str, numbers: Iterable[tuple[int, int]], other: Iterable[tuple[int, int]]) -> str:
    """Return the text with the digits of numbers masked, and all letters and digits of the rest."""
    seen = spelling(unescaped(text))
    chars = list(text)
    for start, end in numbers:
        for place in range(start, end):
            if seen[place].isdigit() or (seen[place] == FILLER and text[place].isalnum()):
                chars[place] = MASK
    for start, end in other:
        chars[start:end] = (MASK if char.isalnum() else char for char in text[start:end])
    return "".join(chars)


def _is_not_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return True
    return False


def _masked_in_other_encodings(value: bytes, known: Collection[str]) -> bytes:
    """Mask what UTF-8 does not show: UTF-16 of either order at either offset, and EBCDIC."""
    found = bytearray(value)
    for swap in (False, True):
        for offset in (0, 1):
            units = array("H", value[offset : offset + (len(value) - offset) // 2 * 2])
            if swap != (sys.byteorder == "big"):
                units.byteswap()
            text = "".join(map(chr, units))
            for span in card_data(text, known, coarse=True):
                for place in range(span.start, span.end):
                    if spelling(text[place]).isdigit():
                        at = offset + 2 * place
                        found[at : at + 2] = b"\0*" if swap else b"*\0"
    text = value.decode(_EBCDIC)
    for span in card_data(text, known, coarse=True):
        for place in range(span.start, span.end):
            if text[place].isdigit():
                found[place] = ord(MASK)
    return bytes(found)
