"""Whatever the reader takes for plain is what the ordinary way makes of it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.load import Load
from tests.unit.events.cases import BAD, GOOD
from tests.unit.events.samples import CARD
from tests.unit.features.plain.rule import Case, is_plain, read
from tests.unit.features.plain.spellings import mutated, payments


@settings(max_examples=400)
@given(st.lists(payments(), min_size=1, max_size=8))
def test_payments_in_every_spelling(cases: list[Case]) -> None:
    read(cases)


@settings(max_examples=400)
@given(st.lists(mutated(), min_size=1, max_size=8))
def test_payments_with_changed_bytes(cases: list[Case]) -> None:
    read(cases)


@given(st.none() | st.binary(max_size=300), st.none() | st.binary(max_size=20))
def test_any_bytes(value: bytes | None, key: bytes | None) -> None:
    read([Case(value, key)])


@pytest.mark.parametrize("name", [*GOOD, *BAD])
def test_the_cases_of_the_ordinary_reader(name: str) -> None:
    fields = GOOD[name] if name in GOOD else BAD[name].fields
    card = fields.get("card_id", CARD) if isinstance(fields, dict) else CARD
    for separators in ((",", ":"), (", ", ": ")):
        for ascii_only in (True, False):
            value = json.dumps(fields, separators=separators, ensure_ascii=ascii_only).encode()
            plain = is_plain(value, key=str(card).encode())
            assert not (plain and name in BAD)


def test_ordinary_payments_are_plain() -> None:
    """The world of the measurements; a payment that is not plain costs several times as much."""
    records = Load().take_payments(2_000)
    assert all(read([Case(record.value, record.key, record.time_ms) for record in records]))
