"""What the reader looks up: categories, rates of currencies, and clocks at home."""

from datetime import date
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.money import EXPONENTS, MAX_AMOUNT_MINOR, format_amount
from events.timestamps import LATEST_MS
from events.zones import ZONE_OF_COUNTRY, day_offsets_ms
from features.categories import GROUP_NUMBERS
from features.money.rates import Rates
from features.money.shipped import SHIPPED
from features.plain.reader import Reader
from features.plain.tables import LARGEST, currencies_of, letters_number
from features.windows import DAY_MS, HOUR_MS
from tests.unit.events.samples import payment
from tests.unit.features.factories import RATES
from tests.unit.features.plain.rule import Case, read, written

SUMMER_CHANGE: Final = 19_813
"""2024-03-31, on which clocks in Europe went forward at 01:00 UTC."""

FINE_RATES: Final = Rates(
    "EUR", "EUR", date(2026, 1, 2), "a test", {"USD": "1.1234567890123456789", "JPY": "150"}
)
"""A rate with more digits than an int64 can convert with."""

SMALL_RATES: Final = Rates("KRW", "KRW", date(2026, 1, 2), "a test", {"IRR": "100"})
"""A currency whose largest amount is stored unrounded."""

ALL_RATES: Final = {
    "shipped": SHIPPED,
    "shipped in dollars": SHIPPED.based_on("USD"),
    "shipped in yen": SHIPPED.based_on("JPY"),
    "of every number of decimals": RATES,
    "of nine decimals": Rates(
        "EUR", "EUR", date(2026, 1, 2), "a test", {"USD": "1.123456789", "JPY": "150.987654321"}
    ),
    "of long decimals": FINE_RATES,
    "of a small currency": SMALL_RATES,
}


def paid(minor: int, currency: str) -> Case:
    """Return a record of a payment of an amount."""
    amount = format_amount(minor, EXPONENTS[currency])
    return Case(written(payment(currency=currency), amount=amount))


def at_home(country: str, time_ms: int) -> Case:
    """Return a record of a payment of a cardholder of a country."""
    return Case(written(payment(timestamp=time_ms, home_country=country)), time_ms=time_ms)


@pytest.mark.parametrize("name", ALL_RATES)
def test_amounts_of_every_currency_up_to_the_largest_plain_one(name: str) -> None:
    rates = ALL_RATES[name]
    reader, table = Reader(rates), currencies_of(rates)
    for currency in EXPONENTS:
        largest = int(table[letters_number(currency), LARGEST])
        shortest = [
            minor
            for minor in (0, 1, 5, 12_345, largest // 3, largest - 1, largest)
            if 0 <= minor <= largest and len(str(minor)) < 12
        ]
        assert all(read([paid(minor, currency) for minor in shortest], reader, rates))
        assert read([paid(largest + 1, currency)], reader, rates) == [False]


def test_no_amount_is_above_the_largest_of_all() -> None:
    amounts = [paid(MAX_AMOUNT_MINOR, "IRR"), paid(MAX_AMOUNT_MINOR + 1, "IRR")]
    assert read(amounts, Reader(SMALL_RATES), SMALL_RATES) == [True, False]


def test_what_no_int64_converts_is_left() -> None:
    assert read([paid(1, "USD"), paid(1, "JPY")], Reader(FINE_RATES), FINE_RATES) == [False, True]


@given(
    st.lists(st.tuples(st.integers(0, 10**10), st.sampled_from([*RATES.currencies])), max_size=20)
)
def test_amounts_have_the_bits_of_the_ordinary_conversion(amounts: list[tuple[int, str]]) -> None:
    read([paid(minor, currency) for minor, currency in amounts], Reader(RATES), RATES)


def test_every_category_has_its_numbers() -> None:
    known = [*filter(None, GROUP_NUMBERS)]
    starts = [f"{number}" for number in range(1_000)]  # of known ones, some in their slots
    strange = [f"x{number:03d}" for number in range(1_000)]
    names = [*known, *starts, *strange, "0000", "fuels", "Fuel", "other", "x" * 128]
    cases = [Case(written(payment(merchant_category=name))) for name in names]
    assert all(read(cases))


@pytest.mark.parametrize("country", ["DE", "US", "AU", "LY", "NP", "BV", "XK"])
def test_the_hour_at_home_over_changes_of_clocks(country: str) -> None:
    days = (SUMMER_CHANGE, SUMMER_CHANGE + 217, 19_792, 20_030, 18_000)
    times = [
        day * DAY_MS + hour * HOUR_MS + more
        for day in days
        for hour in range(-24, 48)
        for more in (-1, 0, 1)
    ]
    assert all(read([at_home(country, time_ms) for time_ms in times], Reader(SHIPPED)))


def test_the_last_day_of_all_has_an_offset() -> None:
    value = written(payment(timestamp="9999-12-31T23:59:59.999Z", home_country="JP"))
    assert read([Case(value, time_ms=-1)]) == [True]


def test_one_day_has_two_offsets() -> None:
    """The table above holds a change, and both of its sides count."""
    before, change_ms, after = day_offsets_ms("Europe/Berlin", SUMMER_CHANGE)
    assert before < after and change_ms == SUMMER_CHANGE * DAY_MS + HOUR_MS


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(ZONE_OF_COUNTRY)),
            st.integers(18_000, 18_009).map(DAY_MS.__mul__) | st.integers(10**12, LATEST_MS),
        ),
        max_size=20,
    )
)
def test_homes_and_days_in_any_order(homes: list[tuple[str, int]]) -> None:
    cases = [at_home(country, time_ms) for country, time_ms in homes]
    plain = read(cases)
    assert plain == [time_ms < 10**13 for _, time_ms in homes]
