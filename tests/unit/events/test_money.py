"""Exact amounts."""

import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import EventError
from events.money import (
    EXPONENTS,
    MAX_AMOUNT_MINOR,
    currency_exponent,
    format_amount,
    parse_amount,
)

EXPONENT = st.sampled_from([0, 2, 3, 4])
AMOUNT = st.integers(0, MAX_AMOUNT_MINOR)


@pytest.mark.parametrize(
    ("text", "exponent", "minor"),
    [
        (b"12.34", 2, 1234),
        (b"1e2", 2, 10_000),
        (b"1.5E+1", 2, 1500),
        (b"123e-2", 2, 123),
        (b"0.30", 2, 30),
        (b"12.3400000000000000000000", 2, 1234),
        (b"12.0", 0, 12),
        (b"-0", 2, 0),
        (b"-0.00", 2, 0),
        (b"0e999999", 2, 0),
        (b'"007.5"', 2, 750),
        (b'".5"', 2, 50),
        (b'"5."', 2, 500),
        (b'"\\u0031"', 2, 100),
        (b"1099511627775", 0, MAX_AMOUNT_MINOR),
        (b"10995116277.75", 2, MAX_AMOUNT_MINOR),
    ],
)
def test_amount_is_read_by_value(text: bytes, exponent: int, minor: int) -> None:
    """Notation does not matter, value does."""
    assert parse_amount(text, exponent) == minor


@pytest.mark.parametrize(
    "text",
    [
        b"0.30000000000000004",
        b"12.340000000000000000000001",
        b"0.001",
        b"1e-3",
        b"10995116277.76",
        b"1e13",
        b"1e999999999",
        b"1e-999999999",
        b"1e99999999999999999999",
        b"9" * 60_000,
        b"0." + b"1" * 60_000,
        b'"\xd9\xa1"',
        b'" 1"',
        b'"+1"',
        b'"0x10"',
        b'"1e"',
        b'"."',
    ],
)
def test_amount_is_never_rounded(text: bytes) -> None:
    """What is not a whole number of cents is refused, however small the rest."""
    with pytest.raises(EventError) as caught:
        parse_amount(text, 2)
    assert caught.value.code == "bad_amount"


@given(AMOUNT, EXPONENT)
def test_format_and_parse_are_inverse(minor: int, exponent: int) -> None:
    """Every accepted amount has one text and comes back from it, quoted or not."""
    text = format_amount(minor, exponent)
    assert parse_amount(text.encode(), exponent) == minor
    assert parse_amount(f'"{text}"'.encode(), exponent) == minor


@given(st.decimals(0, 2_000_000_000_000, allow_nan=False), EXPONENT)
def test_amount_agrees_with_exact_arithmetic(amount: Decimal, exponent: int) -> None:
    """The oracle multiplies as decimals do; the parser accepts exactly its whole results."""
    with decimal.localcontext(prec=200):
        expected = amount * 10**exponent
        whole = expected == expected.to_integral_value() and expected <= MAX_AMOUNT_MINOR
    text = f"{amount:E}".encode()
    if whole:
        assert parse_amount(text, exponent) == expected
    else:
        with pytest.raises(EventError, match="amount"):
            parse_amount(text, exponent)


def test_currencies() -> None:
    """Codes are three capitals; an unknown one is refused by name."""
    assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)
    assert [currency_exponent(code) for code in ("EUR", "JPY", "KWD", "UYW")] == [2, 0, 3, 4]
    with pytest.raises(EventError, match="'XYZ'"):
        currency_exponent("XYZ")
