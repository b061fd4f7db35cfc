"""Rates files are read as the European Central Bank publishes them, and bad ones are refused."""

from fractions import Fraction
from pathlib import Path

import pytest

from events.money import EXPONENTS, MAX_AMOUNT_MINOR
from features.money.rates import Rates, RatesError
from features.money.reading import MAX_BYTES, encode_rates, parse_rates, read_rates
from features.money.shipped import SHIPPED

DAILY = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" \
xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>European Central Bank</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
\t\t<Cube time='2026-10-06'>
\t\t\t<Cube currency='USD' rate='1.1269'/>
\t\t\t<Cube currency='JPY' rate='178.15'/>
\t\t\t<Cube currency='GBP' rate='0.84880'/>
\t\t</Cube>
\t</Cube>
</gesmes:Envelope>
"""
CSV = "Date, USD, JPY, GBP, \n06 October 2026, 1.1269, 178.15, 0.84880, \n"
OWN = """{"reference": "EUR", "base": "EUR", "date": "2026-10-06",
"source": "European Central Bank, euro foreign exchange reference rates",
"rates": {"USD": "1.1269", "JPY": "178.15", "GBP": "0.84880"}}"""
FORMS = {"xml": DAILY, "csv": CSV, "json": OWN}
each_form = pytest.mark.parametrize("form", FORMS)


def parsed(text: str) -> Rates:
    return parse_rates(text.encode(), "rates.file")


@each_form
def test_each_form_of_one_day_gives_the_same_rates(form: str) -> None:
    rates = parsed(FORMS[form])
    assert rates == parsed(OWN)
    assert (rates.reference, rates.date) == ("EUR", "2026-10-06")
    assert rates.factors["JPY"] == (20, 3_563) and rates.factors["EUR"] == (1, 1)
    assert "European Central Bank" in rates.source


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_read_over() -> None:
    assert parsed("\ufeff" + CSV.replace("\n", "\r\n")) == parsed(OWN)


def test_a_currency_that_is_not_quoted_has_no_rate() -> None:
    rates = parsed("Date, USD, RUB, \n06 October 2026, 1.1269, N/A, \n")
    assert rates.currencies == {"EUR", "USD"}


@each_form
def test_rates_written_in_our_form_are_read_back(form: str) -> None:
    rates = parsed(FORMS[form]).based_on("USD")
    again = parse_rates(encode_rates(rates), "rates.json")
    assert again == rates and again.factors == rates.factors


def test_cross_rates_are_exact() -> None:
    in_dollars = parsed(OWN).based_on("USD").factors
    assert Fraction(*in_dollars["JPY"]) == Fraction("1.1269") / Fraction("178.15")
    assert Fraction(*in_dollars["EUR"]) == Fraction("1.1269")
    assert in_dollars["USD"] == (1, 1)


BAD = {
    "empty": ("", "No rates in rates.file: wanted eurofxref-daily.xml.*got an empty file"),
    "a page": ("<html><p>Maintenance</p></html>", "got XML without a rate"),
    "cut": (DAILY[:-60], "got XML that ends or breaks"),
    "an entity": (
        DAILY.replace("<gesmes:Env", "<!DOCTYPE a [<!ENTITY b 'c'>]>\n<gesmes:Env"),
        "got a document type",
    ),
    "two days": (
        DAILY.replace("</Cube>\n\t</Cube>", "</Cube><Cube time='2026-10-05'/>\n\t</Cube>"),
        "No single date.*got 2 days",
    ),
    "no day": (DAILY.replace(" time='2026-10-06'", ""), "No single date.*got none"),
    "no day in JSON": (OWN.replace('"2026-10-06"', '""'), "No date.*2026-10-06, got none"),
    "an odd day": (OWN.replace("2026-10-06", "6.10.2026"), "No date.*got '6.10.2026'"),
    "an odd day in CSV": (CSV.replace("October", "Oktober"), "No date.*got '06 Oktober 2026'"),
    "two days in CSV": (CSV + "05 October 2026, 1.1, 177, 0.85, \n", "got 2 lines below"),
    "values cut": (CSV.replace(", 0.84880, ", ""), "got 3 values for 5 names"),
    "an unknown currency": (DAILY.replace("GBP", "GPB"), "unknown currency.*got 'GPB'"),
    "a zero": (OWN.replace("178.15", "0.00"), "impossible rate of JPY.*got '0.00'"),
    "a negative": (CSV.replace("178.15", "-178.15"), "impossible rate of JPY.*got '-178.15'"),
    "no number": (DAILY.replace("178.15", "n/a"), "impossible rate of JPY.*got 'n/a'"),
    "an exponent": (OWN.replace("178.15", "1e2"), "impossible rate of JPY.*got '1e2'"),
    "twice": (DAILY.replace("GBP", "USD"), "rate too many.*got a rate of USD twice"),
    "twice in JSON": (OWN.replace("GBP", "USD"), "rate too many.*got a rate of USD twice"),
    "its own": (OWN.replace("GBP", "EUR"), "got a rate of EUR to itself"),
    "a number in JSON": (OWN.replace('"178.15"', "178.15"), "no object of decimals in quotes"),
    "a list in JSON": (OWN.replace('"rates": {', '"rates": [').replace("}}", "]}"), "No rates"),
    "a field too many": (OWN.replace('"base"', '"bases"'), "No rates.*unknown field `bases`"),
    "no reference": (OWN.replace('"EUR", "base"', '"CHF", "base"'), "No rate of the reference"),
    "another table": ("amount,currency\n1,EUR\n", "got 'amount,currency 1,EUR'"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_table_of_one_day_is_refused_with_the_next_step(name: str) -> None:
    text, expected = BAD[name]
    with pytest.raises(RatesError, match=f"(?is){expected}") as caught:
        parsed(text)
    sentence = str(caught.value)
    assert " in rates.file: wanted " in sentence and ", got " in sentence and "; " in sentence


def test_bytes_that_are_no_text_and_too_many_bytes_are_refused() -> None:
    with pytest.raises(RatesError, match="got bytes that are no UTF-8"):
        parse_rates(b"Date\xff", "rates.zip")
    with pytest.raises(RatesError, match=f"at most {MAX_BYTES} bytes"):
        parse_rates(b"<" * (MAX_BYTES + 1), "rates.xml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RatesError, match=r"No rates in .*none\.xml.*No such file"):
        read_rates(tmp_path / "none.xml")
    with pytest.raises(RatesError, match="Is a directory"):
        read_rates(tmp_path)


def test_a_reference_without_a_rate_is_refused() -> None:
    with pytest.raises(RatesError, match=r"wanted one of EUR, GBP, JPY, USD, got CHF"):
        parsed(OWN).based_on("CHF")


def test_a_currency_finer_than_a_unit_is_refused_by_name() -> None:
    """A rial's hundredth is less than 10^-8 euros: two amounts would become one."""
    with pytest.raises(RatesError, match=r"(?s)Too small a currency .*leave IRR out"):
        parsed(OWN.replace('"GBP": "0.84880"', '"IRR": "1300000"'))


def test_the_shipped_rates_are_a_whole_table_of_the_bank() -> None:
    assert (SHIPPED.reference, SHIPPED.base, SHIPPED.date) == ("EUR", "EUR", "2026-10-06")
    assert len(SHIPPED.published) == 29 and "European Central Bank" in SHIPPED.source
    assert SHIPPED.currencies < set(EXPONENTS)


@pytest.mark.parametrize("reference", sorted(SHIPPED.currencies))
@pytest.mark.parametrize("amount", [0, 1, 17, 10**6, 2**38 + 1, MAX_AMOUNT_MINOR - 1])
def test_different_amounts_stay_different_amounts(reference: str, amount: int) -> None:
    """In every currency of the table, converted into every other one, up to the largest amount."""
    rates = SHIPPED.based_on(reference)
    for currency in rates.currencies:
        converted = [rates.amount(amount + more, currency) for more in (0, 1)]
        assert 0 <= converted[0] < converted[1] < 2**63
        exact = Fraction(*rates.factors[currency]) * amount / 10 ** EXPONENTS[currency]
        assert abs(Fraction(converted[0], rates.unit.per_major) - exact) <= max(
            Fraction(1, 2 * rates.unit.per_major), exact / 2**40
        )


@pytest.mark.parametrize("reference", ["EUR", "JPY", "KRW"])
def test_an_amount_in_the_reference_currency_stays_exact(reference: str) -> None:
    rates = SHIPPED.based_on(reference)
    scale = rates.unit.per_major // 10 ** EXPONENTS[reference]
    for amount in (0, 1, 999, 2**40 - 1):
        assert rates.amount(amount, reference) == amount * scale
