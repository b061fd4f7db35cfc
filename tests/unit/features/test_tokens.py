"""Names become integers that fit their place, and buckets keep their promise."""

import pytest

from features.statistics import bucket_width_ms
from features.tokens import UNKNOWN, hundredths, id_token, small_token, wide_token
from features.windows import CARD_HISTORY_MS

NAMES = [str(i) for i in range(200_000)]


def test_tokens_fit_their_width_and_are_never_unknown() -> None:
    assert all(0 < wide_token(name) < 2**32 for name in NAMES)
    assert all(0 < small_token(name) < 2**16 for name in NAMES)
    assert all(0 <= id_token(name) < 2**63 for name in NAMES)
    assert small_token(None) == UNKNOWN


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [(1234, "EUR", 1234), (5, "JPY", 500), (1235, "KWD", 124), (12_345, "CLF", 123)],
)
def test_amounts_are_hundredths_of_the_major_unit(minor: int, currency: str, expected: int) -> None:
    assert hundredths(minor, currency) == expected


def test_a_bucket_is_a_sixteenth_of_its_age_at_most_or_one_second() -> None:
    width_of = bucket_width_ms.py_func  # type: ignore[attr-defined]
    for age_ms in range(0, CARD_HISTORY_MS, 999_983):
        width_ms = width_of(age_ms, CARD_HISTORY_MS)
        assert width_ms == 1_000 or width_ms * 16 <= age_ms
        assert width_ms & (width_ms - 1) == 0 or width_ms // 1_000 & (width_ms // 1_000 - 1) == 0
