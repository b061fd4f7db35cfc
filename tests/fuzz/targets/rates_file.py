"""A file of exchange rates: a sentence, or a table whose conversion keeps amounts apart."""

from __future__ import annotations

from collections.abc import Iterator

from events.money import MAX_AMOUNT_MINOR
from features.money.rates import RatesError
from features.money.reading import encode_rates, parse_rates
from features.money.shipped import SHIPPED
from tests.fuzz.oracle import check_refusal

DAILY = (
    b"<?xml version='1.0' encoding='UTF-8'?><a xmlns='http://www.ecb.int/vocabulary/2002-08-01/"
    b"eurofxref'><Cube><Cube time='2026-10-06'><Cube currency='USD' rate='1.1269'/>"
    b"<Cube currency='JPY' rate='178.15'/></Cube></Cube></a>"
)
TABLE = b"Date, USD, JPY, \n06 October 2026, 1.1269, 178.15, \n"


def run(data: bytes) -> None:
    """Read the bytes as a file; what is read can be written, read again and converted by."""
    try:
        rates = parse_rates(data, "rates.file")
    except RatesError as error:
        check_refusal(error)
        return
    assert parse_rates(encode_rates(rates), "again") == rates
    for currency in rates.currencies:
        for amount in (0, 1, MAX_AMOUNT_MINOR - 1):
            low, high = (rates.amount(amount + more, currency) for more in (0, 1))
            assert 0 <= low <= high < 2**63


def seeds() -> Iterator[bytes]:
    """One table in each form."""
    yield DAILY
    yield TABLE
    yield encode_rates(SHIPPED.based_on("USD"))
    yield b'{"reference":"EUR","base":"EUR","date":"2026-10-06","source":"","rates":{"USD":"1.1"}}'
