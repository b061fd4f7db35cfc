"""Amounts and times by themselves, where the JSON around them would only be in the way."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from events.errors import EventError
from events.money import EXPONENTS, MAX_AMOUNT_MINOR, currency_exponent, format_amount, parse_amount
from events.timestamps import EARLIEST_MS, LATEST_MS, epoch_ms, format_ms
from tests.fuzz.draws import Draws
from tests.fuzz.oracle import check_refusal


def run(data: bytes) -> None:
    """Read the text as an amount, as a time and as a currency."""
    draws = Draws(data)
    exponent = draws.choice((0, 2, 3, 4))
    text = draws.rest()
    _amount(text, exponent)
    _time(text)
    try:
        assert currency_exponent(text.decode(errors="replace")) in EXPONENTS.values()
    except EventError as error:
        check_refusal(error)


def _amount(text: bytes, exponent: int) -> None:
    try:  # what reaches the parser is one JSON value
        raw = bytes(msgspec.json.decode(text, type=msgspec.Raw))
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    try:
        minor = parse_amount(raw, exponent)
    except EventError as error:
        check_refusal(error)
        return
    assert 0 <= minor <= MAX_AMOUNT_MINOR
    assert parse_amount(format_amount(minor, exponent).encode(), exponent) == minor
    written = value if isinstance(value, str) else raw.decode()
    if len(written) < 60 and "e" not in written.lower():
        assert Fraction(written.rstrip(".") or 0) * 10**exponent == minor


def _time(text: bytes) -> None:
    try:
        value: int | str = int(text) if text[:19].isdigit() and len(text) < 20 else text.decode()
        time_ms = epoch_ms(value, "timestamp", LATEST_MS)
    except UnicodeDecodeError:
        return
    except EventError as error:
        check_refusal(error)
        return
    assert EARLIEST_MS <= time_ms <= LATEST_MS
    assert epoch_ms(format_ms(time_ms), "timestamp", LATEST_MS) == time_ms


def seeds() -> Iterator[bytes]:
    """Notations of amounts and of times."""
    for text in (b"12.34", b'"1e2"', b"-0.0", b"1e-999999", b'"00.5"', b"1099511627775", b'"."'):
        yield b"\x01" + text
    for text in (b"2024-05-01T12:00:00.1239+02:00", b"0000-01-01t00:00:00z", b"1714557600123"):
        yield b"\x00" + text
    yield b"\x00EUR"
