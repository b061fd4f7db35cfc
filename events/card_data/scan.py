"""Card data in JSON as it stands on the wire: a fast test, and a close look at every token.

The bytes are read, not what a decoder makes of them: a field given twice, names of fields, escapes
and whatever the event does not use are looked at like everything else.
"""

import re
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from events.card_data.names import Named, card_data_named, holds_named
from events.card_data.number import FILLER, SHORTEST, card_number_in, is_card_number
from events.card_data.search import Code, card_data

_DIGIT: Final = b"0"
_SHORTEST_RUN: Final = _DIGIT * 12
_LONGER_THAN_A_TIME: Final = _DIGIT * 14
"""Times in milliseconds have 12 or 13 digits until 2286; later ones lead to a close look."""
_WORD: Final = re.compile(b"cv[vc]")

_LETTERS_ONLY: Final = (*range(0xC3, 0xCC), 0xCE, 0xCF, 0xD0, 0xD1, *range(0xE4, 0xEA), 0xEB, 0xEC)
"""First bytes of UTF-8 characters that are neither digits nor marks between digits."""
BETWEEN_DIGITS: Final = bytes((*range(0x21), 0x7F, *b"-_.,/\\|~'`*+", *range(0x80, 0xC0)))


def _table() -> bytes:
    table = bytearray(bytes(range(256)).lower())
    for byte in (*b"0123456789", *range(0xC2, 0xF5)):
        table[byte] = _DIGIT[0]
    for byte in _LETTERS_ONLY:
        table[byte] = ord("x")
    return bytes(table)


_TABLE: Final = _table()

_RUN: Final = re.compile(rb'[0-9](?:[^0-9A-Za-z":{}\[\]]*+[0-9]){11,}(?P<more>[=^.DdEe])?')
_TOKEN: Final = re.compile(
    r'"(?P<text>[^"\\]*+(?:\\.[^"\\]*+)*+)"?+(?P<key>\s*+:)?+'
    r"|(?P<number>-?[0-9][0-9.eE+-]*+)|(?P<open>[{\[])|(?P<close>[}\]])",
    re.DOTALL,
)
_NAME: Final = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"\s*+:', re.DOTALL)
_ESCAPE: Final = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|u(?P<one>[0-9a-fA-F]{4})|(?P<mark>.))",
    re.DOTALL,
)
_MARKS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_DECIMAL_VALUE: Final = re.compile(rb':\s?-?[0-9]{1,11}\.[0-9]+(?=}|,\s?")')
"""A number with a fraction as the value of a field: none of its digits belong to a card."""
_PLAIN_DECIMAL: Final = re.compile(r"-?[0-9]{1,11}(?:\.[0-9]+)?")
_MILLISECONDS: Final = re.compile(r"[0-9]{10,14}")
_TIMES: Final = frozenset({"timestamp", "label_time"})
_BELOW_A_TRILLION: Final = re.compile(
    r"[0-9]{1,12}(?:\.[0-9]*)?|[0-9](?:\.[0-9]*)?[eE]\+?(?:0?[0-9]|1[01])"
)


class Found(NamedTuple):
    """Card data in one token of JSON, by its place in the text.

    `name` is the field's; `by_name` where its name gives it away, and is its kind.
    """

    start: int
    end: int
    code: Code
    name: str
    is_name: bool
    by_name: Named | None = None


class _Token(NamedTuple):
    start: int
    text: str
    name: str
    kind: Named | None
    is_name: bool
    is_number: bool
    depth: int


def may_hold_card_data(value: bytes, times: int = 0) -> bool:
    """Say whether the bytes may hold a card number or a code, in one pass at memory speed.

    False is certain, True only a reason to look. `times` counts the fields that are known to hold
    a time in milliseconds: so many runs of 12 or 13 digits are these.
    """
    if value.find(b"\\") >= 0:
        value = unescaped(value.decode("utf-8", "replace")).encode("utf-8", "replace")
    plain = value.translate(_TABLE, BETWEEN_DIGITS)
    if plain.find(b"cv") >= 0 and _WORD.search(plain):
        return True
    if not _has_long_run(plain, times):
        return False
    value = _DECIMAL_VALUE.sub(b":", value)
    if not _has_long_run(value.translate(_TABLE, BETWEEN_DIGITS), times):
        return False
    return not value.isascii() or any(map(_may_be_a_number, _RUN.finditer(value)))


def names_card_data(value: bytes) -> bool:
    """Say whether any name in the JSON is one of a field that holds card data."""
    return any(
        card_data_named(unescaped(name).replace(FILLER, ""))
        for name in _NAME.findall(value.decode("utf-8", "replace"))
    )


def _may_be_a_number(run: re.Match[bytes]) -> bool:
    """Say whether a run of digits needs a close look: not if it is bare and its check digit wrong.

    Most numbers of merchants and terminals, and most parts of hashes, are such runs.
    """
    return run["more"] is not None or not run[0].isdigit() or is_card_number(run[0].decode())


def _has_long_run(plain: bytes, times: int) -> bool:
    """Say whether so many digits follow each other, beside as many times as are known."""
    at = plain.find(_SHORTEST_RUN)
    while at >= 0 and times:
        if plain.startswith(_LONGER_THAN_A_TIME, at):
            return True
        times -= 1
        at = plain.find(_SHORTEST_RUN, at + len(_SHORTEST_RUN) + 1)
    return at >= 0


def find_card_data(text: str, known: Collection[str] = ()) -> Iterator[Found]:
    """Yield the card data in the tokens of a JSON text, which need not be valid."""
    for token in _tokens(text):
        yield from _in_token(token, known)


def unescaped(text: str) -> str:
    r"""Return JSON's escapes as the characters that they stand for, and FILLER up to their length.

    >>> unescaped(r"4\u0031/")
    '41\x00\x00\x00\x00\x00/'
    """
    return _ESCAPE.sub(_plain, text) if "\\" in text else text


def _plain(escape: re.Match[str]) -> str:
    if high := escape["high"]:
        char = chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(escape["low"], 16) - 0xDC00)
    elif one := escape["one"]:
        char = chr(int(one, 16))
    else:
        char = _MARKS.get(escape["mark"], escape["mark"])
    return char.ljust(len(escape[0]), FILLER)


def _tokens(text: str) -> Iterator[_Token]:
    """Yield texts, names and numbers that may hold card data with the name under which each stands.

    What stands in an array or an object under a name that gives card data away is given away too.
    """
    inside: list[tuple[str, Named | None]] = [("", None)]
    name, kind = inside[0]
    for found in _TOKEN.finditer(text):
        group = found.lastgroup
        depth = len(inside) - 1
        if group == "open":
            inside.append((name, kind))
        elif group == "close":
            name, kind = inside.pop() if depth else inside[0]
        elif group == "number":
            if kind or found.end() - found.start() >= SHORTEST:
                yield _Token(found.start(), found[0], name, kind, False, True, depth)
        else:
            start, plain = found.start() + 1, found["text"]
            if "\\" in plain:
                plain = unescaped(plain)
            if group == "key":
                name = plain.replace(FILLER, "")
                kind = card_data_named(name) or inside[-1][1]
            if kind or len(plain) >= SHORTEST or "cv" in plain.lower():
                yield _Token(start, plain, name, kind, group == "key", False, depth)


def _in_token(token: _Token, known: Collection[str]) -> Iterator[Found]:
    start, end, name = token.start, token.start + len(token.text), token.name
    if token.is_name:
        for span in card_data(token.text, known):
            yield Found(start + span.start, start + span.end, span.code, name, True)
        return
    digits = card_number_in(token.text) if name == "card_id" or token.kind == "number" else None
    if digits:
        yield Found(start, end, "card_number", name, False)
    elif token.kind and holds_named(token.kind, token.text, number=token.is_number):
        yield Found(start, end, "card_data", name, False, token.kind)
    elif not (token.is_number and _PLAIN_DECIMAL.fullmatch(token.text)) and not (
        token.depth == 1 and _is_own_number(name, token.text)
    ):
        for span in card_data(token.text, known):
            yield Found(start + span.start, start + span.end, span.code, name, False)


def _is_own_number(name: str, text: str) -> bool:
    """Say whether a number is a time or an amount that the event may hold."""
    if name in _TIMES:
        return _MILLISECONDS.fullmatch(text) is not None
    return name == "amount" and _BELOW_A_TRILLION.fullmatch(text) is not None
