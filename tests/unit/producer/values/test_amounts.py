"""Amounts of a file: exact, rounded where asked, and refused with the range that they leave."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.money import MAX_AMOUNT_MINOR
from producer.values.amounts import AmountRules, amount_column
from producer.values.checks import Checks
from producer.values.tally import Tally

AS_GIVEN = AmountRules()
ROUNDED = AmountRules(rounded=True)


def read(
    raw: pa.Array, exponent: int = 2, rules: AmountRules = AS_GIVEN
) -> tuple[list[int], list[str], Tally]:
    checks, tally = Checks(len(raw)), Tally()
    exponents = np.full(len(raw), exponent)
    minor, refunds = amount_column(raw, exponents, "`amount`", rules, checks, tally)
    kept = pa.array(checks.good & ~refunds)
    return (
        minor.filter(kept).to_pylist(),
        [sentence for _, sentence in checks.reasons.values()],
        tally,
    )


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64(), pa.decimal128(12, 4), pa.string()])
def test_amounts_of_every_type_are_the_decimals_that_they_were(kind: pa.DataType) -> None:
    decimals = pa.array([Decimal("12.3400"), Decimal("0.0100"), Decimal("99.9900")])
    assert read(decimals.cast(kind))[0] == [1_234, 1, 9_999]


@given(st.integers(0, 10_000_000))
def test_a_float32_is_its_shortest_decimal(cents: int) -> None:
    amount = np.float32(cents / 100)
    expected = Decimal(str(amount)) * 100
    minor, _, _ = read(pa.array([amount], pa.float32()))
    assert minor == ([int(expected)] if expected == int(expected) else [])


@pytest.mark.parametrize("kind", [pa.string(), pa.float64(), pa.float32(), pa.decimal128(12, 3)])
def test_three_decimals_are_rounded_only_when_asked(kind: pa.DataType) -> None:
    amounts = pa.array([Decimal("75.887"), Decimal("75.885"), Decimal("0.004")]).cast(kind)
    minor, sentences, _ = read(amounts)
    assert not minor and "(2 decimals at most), got" in sentences[0]
    assert "add --round-amounts" in sentences[0]
    minor, sentences, tally = read(amounts, rules=ROUNDED)
    assert minor == [7_589, 7_589, 0] and not sentences
    assert tally.counts == {"amounts_rounded": 3}


@given(st.decimals(0, 10**6, places=5), st.integers(0, 4))
def test_rounding_is_half_away_from_zero_in_every_currency(amount: Decimal, exponent: int) -> None:
    expected = int((amount * 10**exponent).to_integral_value(ROUND_HALF_UP))
    assert read(pa.array([str(amount)]), exponent, ROUNDED)[0] == [expected]


@pytest.mark.parametrize(
    ("text", "exponent", "said"),
    [
        ("15685702110.09", 2, "expected at most 10995116277.75, got '15685702110.09'"),
        ("1099511627776", 0, "expected at most 1099511627775"),
        ("9" * 25, 2, "expected at most 10995116277.75"),
        ("1000.50", 0, "(0 decimals at most), got '1000.50'"),
        ("12.345", 2, "(2 decimals at most), got '12.345'"),
        ("1.23456", 4, "(4 decimals at most)"),
        ("-38.48", 2, "an amount of zero or more, got '-38.48'; add --leave-out-refunds"),
        ("$5", 2, "without signs of currency or thousands"),
        ("1,234.00", 2, "without signs of currency or thousands"),
        ("12,5", 2, "a number of zero or more, as 12.34"),
        ("twelve", 2, "a number of zero or more, as 12.34"),
        ("inf", 2, "a number of zero or more"),
        ("1.23457E+11", 0, "an amount with all its digits, not in scientific notation"),
    ],
)
def test_a_refused_amount_says_its_range(text: str, exponent: int, said: str) -> None:
    minor, sentences, _ = read(pa.array([text]), exponent)
    assert not minor and said in sentences[0]


def test_a_missing_amount_is_missing() -> None:
    minor, sentences, _ = read(pa.array([None, "1"]))
    assert minor == [100] and sentences[0].startswith("`amount`: expected an amount")


def test_refunds_are_left_out_when_asked() -> None:
    rules = AmountRules(refunds_left_out=True)
    minor, sentences, _ = read(pa.array(["-38.48", "-0.001", "5", "-0"]), rules=rules)
    assert minor == [500, 0] and not sentences


@given(st.lists(st.integers(0, MAX_AMOUNT_MINOR), min_size=1, max_size=5), st.integers(0, 4))
def test_exact_amounts_stay_exact_beside_odd_ones(minor: list[int], exponent: int) -> None:
    texts = [str(Decimal(one).scaleb(-exponent)) for one in minor]
    plain = [text if "E" not in text else f"{Decimal(text):f}" for text in texts]
    assert read(pa.array([*plain, "x"]), exponent)[0] == minor


@pytest.mark.parametrize(
    "value", ["1e99999999", f"1e{'9' * 5_000}", "0e99999999", "1e-99999999", "." * 40, "+", "e5"]
)
def test_no_text_raises(value: str) -> None:
    read(pa.array([value]), 2, ROUNDED)


def test_no_float_raises_or_warns() -> None:
    minor, sentences, _ = read(pa.array([1e308, float("inf"), -1e308, 5e-324, 1e-9, 0.0]))
    assert minor == [0, 0] and len(sentences) == 4


@pytest.mark.parametrize("text", ["1.250000000000000000e+01", "1.25E1", "12.5e0", "1250e-2"])
def test_scientific_notation_with_all_its_digits_is_an_amount(text: str) -> None:
    assert read(pa.array([text]))[0] == [1_250]


def test_a_round_amount_of_r_is_an_amount() -> None:
    assert read(pa.array(["1e+05"]))[0] == [10_000_000]
