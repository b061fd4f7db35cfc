"""What a card number is, in every spelling, and what is none."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.card_data.number import card_number_in, is_card_number, is_issued
from tests.unit.events.spellings import ANY_NUMBER, ISSUED, WHOLE, with_check_digit


@pytest.mark.parametrize("spelling", WHOLE)
@settings(max_examples=25)
@given(number=ANY_NUMBER)
def test_every_spelling_of_every_number_is_known(spelling: str, number: str) -> None:
    """However the digits are written, the digits come back."""
    assert card_number_in(WHOLE[spelling](number)) == number


@given(ISSUED)
def test_what_pandas_and_arrow_make_of_a_number_is_known(number: str) -> None:
    """A float that holds every digit is that number, its zeros at the end dropped or not."""
    if int(float(number)) == int(number) and not number.endswith("00000"):
        for text in (str(float(number)), f"{float(number):.15e}", f"{float(number):.1f}"):
            if float(text) == float(number) and len(number) <= 16:
                assert card_number_in(text) == number, text


@given(st.sampled_from(sorted(WHOLE)), ANY_NUMBER)
def test_a_wrong_check_digit_is_no_card_number(spelling: str, number: str) -> None:
    """The next digit is one of nine that the check refuses."""
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert card_number_in(WHOLE[spelling](wrong)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "card-4111",
        "tok_4111111111111111",
        "4111111111111111x",
        "3.57E+15",
        "41.11111111111111",
        "4111111111111111.5",
        "4111111111111111e1",
        "411111111111111e-1",
        "4111:1111:1111:1111",
        "41111111111111111111",
        "123456789012",
        "7f" * 16,
        "1e999",
        "." * 40,
        "é" * 40,
    ],
)
def test_other_texts_are_no_card_numbers(text: str) -> None:
    """Lost digits, real fractions, letters and other lengths spell no card number."""
    assert card_number_in(text) is None


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    """Digits with a valid check digit, or None."""
    found = card_number_in(text)
    assert found is None or is_card_number(found)


@given(ISSUED)
def test_networks_numbers_are_issued(number: str) -> None:
    """Each network's prefixes and lengths are in the table."""
    assert is_issued(number)


@given(st.integers(946_684_800_000, 1_999_999_999_999))
def test_milliseconds_are_never_issued(time_ms: int) -> None:
    """No time on the wire until the year 2033 looks like a card."""
    assert not is_issued(str(time_ms)) or time_ms < 10**12


def test_share_of_random_ids_that_look_issued() -> None:
    """The figures of ADR 0024: of random ids, how many pass by length."""
    draws = random.Random(1)
    for length, most in ((12, 0.02), (13, 0.035), (14, 0.03), (15, 0.03), (16, 0.05), (19, 0.04)):
        ids = [str(draws.randrange(10 ** (length - 1), 10**length)) for _ in range(20_000)]
        share = sum(is_card_number(each) and is_issued(each) for each in ids) / len(ids)
        assert 0 < share < most, (length, share)


def test_check_digit_of_this_test_is_the_published_one() -> None:
    """A number that every payment company publishes for tests."""
    assert with_check_digit("411111111111111") == "4111111111111111"
