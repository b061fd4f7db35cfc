"""A Kafka time that can be none is told apart, and what the decision says instead."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import EventError
from events.timestamps import EARLIEST_MS, LATEST_MS, MAX_AHEAD_MS, is_record_time
from events.transaction import parse_transaction
from features.card.transition import CardStep
from features.money.shipped import SHIPPED
from scoring.messages import ScoringRequest
from scoring.path import payment_path, visit
from scoring.steps import first_request, next_request
from tests.unit.features.factories import NOON_MS, payment

ODD = (-1, 0, 1_700_000_000, EARLIEST_MS - 1, NOON_MS + MAX_AHEAD_MS + 1, 2**53, 2**63 - 1)
"""No time, none, seconds, 1999, ahead, microseconds, the largest number."""


def request(record_ms: int) -> ScoringRequest:
    """Take one payment through both stages at noon, as the job does."""
    paid = payment(NOON_MS - 1000)
    odd = not is_record_time(record_ms, NOON_MS)
    path = payment_path(SHIPPED)
    first, second = path.entities
    (step,) = visit(first, [paid], {})
    assert isinstance(step, CardStep)
    made = first_request(path, (paid, b"{}"), step, record_ms, odd_record_time=odd)
    (there,) = visit(second, [paid], {})
    return next_request(second, made, there)


@pytest.mark.parametrize("record_ms", ODD)
def test_the_payments_own_time_stands_in_for_a_time_that_cannot_be_one(record_ms: int) -> None:
    """Its latency is unknown: nobody knows when Kafka had the payment."""
    made = request(record_ms)
    assert (made.flags, made.received_ms) == (["record_time"], NOON_MS - 1000)
    assert made.latency_ms(NOON_MS) is None


@pytest.mark.parametrize("record_ms", [EARLIEST_MS, NOON_MS - 3, NOON_MS + MAX_AHEAD_MS])
def test_a_possible_time_is_kept_and_measured_from(record_ms: int) -> None:
    made = request(record_ms)
    assert (made.flags, made.received_ms) == ([], record_ms)
    assert made.latency_ms(NOON_MS) == NOON_MS - record_ms


def parsed_ms(payment_ms: int, record_ms: int) -> int:
    """Return the time of a payment that is judged by its record's."""
    fields = {"transaction_id": "t", "card_id": "c", "timestamp": payment_ms, "amount": 1}
    value = json.dumps(fields | {"currency": "EUR", "merchant_id": "m"}).encode()
    return parse_transaction(value, b"c", record_ms).timestamp_ms


@pytest.mark.parametrize("record_ms", ODD)
def test_no_record_time_condemns_a_payment_of_today(record_ms: int) -> None:
    assert parsed_ms(NOON_MS, record_ms) == NOON_MS


@given(st.integers(-(2**63), 2**63 - 1))
def test_only_a_sound_time_more_than_a_day_older_refuses_a_payment(record_ms: int) -> None:
    """For each number that a Kafka record can hold, whatever its writer meant by it."""
    older = EARLIEST_MS <= record_ms < NOON_MS - MAX_AHEAD_MS
    try:
        assert parsed_ms(NOON_MS, record_ms) == NOON_MS
        assert not older
    except EventError:
        assert older


@pytest.mark.parametrize(
    ("payment_ms", "record_ms"),
    [
        (NOON_MS + MAX_AHEAD_MS + 1, NOON_MS),
        (NOON_MS, EARLIEST_MS),
        (LATEST_MS + 1, -1),
        (LATEST_MS + 1, 2**63 - 1),
        (NOON_MS // 1000, NOON_MS // 1000),
    ],
)
def test_a_payments_own_time_is_still_bounded(payment_ms: int, record_ms: int) -> None:
    """By a sound record time and a day, by the year 9999 where there is none."""
    with pytest.raises(EventError) as caught:
        parsed_ms(payment_ms, record_ms)
    assert caught.value.code == "bad_timestamp"
    assert "expected a time from 2000-01-01" in caught.value.sentence
