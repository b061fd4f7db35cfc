"""Names become integers that fit their place, and buckets keep their promise."""

from collections.abc import Callable
from typing import cast

import numba
import pytest

from events.money import EXPONENTS, MAX_AMOUNT_MINOR
from features.kernels.statistics import LARGEST_SUM, add_amounts, bucket_width_ms
from features.money.shipped import SHIPPED
from features.tokens import (
    UNKNOWN,
    id_token,
    small_token,
    ten_thousandths,
    wide_token,
)
from features.windows import CARD_HISTORY_MS

NAMES = [str(i) for i in range(200_000)]


def test_tokens_fit_their_width_and_are_never_unknown() -> None:
    assert all(0 < wide_token(name) < 2**32 for name in NAMES)
    assert all(0 < small_token(name) < 2**16 for name in NAMES)
    assert all(0 <= id_token(name) < 2**63 for name in NAMES)
    assert small_token(None) == UNKNOWN


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (1234, "EUR", 123_400),
        (5, "JPY", 50_000),
        (4, "KWD", 40),
        (12_345, "CLF", 12_345),
        (7, "???", 700),
        (MAX_AMOUNT_MINOR, "JPY", MAX_AMOUNT_MINOR * 10_000),
    ],
)
def test_amounts_are_exact_in_ten_thousandths(minor: int, currency: str, expected: int) -> None:
    assert ten_thousandths(minor, currency) == expected < 2**54


def test_every_currency_has_a_whole_number_of_ten_thousandths() -> None:
    for code, exponent in EXPONENTS.items():
        assert ten_thousandths(10**exponent, code) == 10_000


def test_a_sum_of_amounts_ends_at_the_largest_and_never_wraps_round() -> None:
    def add(total: int, more: int) -> int:
        return add_amounts(total, more)

    added = cast("Callable[[int, int], int]", numba.njit(add))
    largest = SHIPPED.amount(MAX_AMOUNT_MINOR, "EUR")
    total = 0
    for _ in range(1_000):
        total = added(total, largest)
    assert total == LARGEST_SUM < 1_000 * largest
    assert added(LARGEST_SUM, LARGEST_SUM) == LARGEST_SUM
    assert added(LARGEST_SUM - 1, 1) == LARGEST_SUM and added(3, 4) == 7


def test_a_bucket_is_a_sixteenth_of_its_age_at_most_or_one_second() -> None:
    width_of = bucket_width_ms.py_func  # type: ignore[attr-defined]
    for age_ms in range(0, CARD_HISTORY_MS, 999_983):
        width_ms = width_of(age_ms, CARD_HISTORY_MS)
        assert width_ms == 1_000 or width_ms * 16 <= age_ms
        assert width_ms & (width_ms - 1) == 0 or width_ms // 1_000 & (width_ms // 1_000 - 1) == 0
