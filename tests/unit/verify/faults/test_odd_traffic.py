"""Odd traffic is as odd as its fault says, the same for a seed, and known to the oracle."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

import pytest

from events.topics import LABELS, TRANSACTIONS
from producer.stream.records import Record
from verify.faults.catalogue import FAULTS
from verify.faults.fault import Fault
from verify.faults.producer_log import Asked, Sent, asked
from verify.faults.traffic import Traffic, VaryingPace, records

PAYMENTS = 1_500
ODD = {fault.name: fault for fault in FAULTS if fault.traffic.alter}


@cache
def plain(seed: int = 1) -> list[Record]:
    return records(Traffic(payments=PAYMENTS), seed)


def altered(fault: Fault, seed: int = 1) -> list[Record]:
    assert fault.traffic.alter is not None
    return list(fault.traffic.alter(plain(), random.Random(seed)))


def log_of(found: list[Record]) -> Asked:
    """Return what a broker with one partition would have been asked."""
    return asked(
        Sent(LABELS.name if each.is_label else TRANSACTIONS.name, 0, place, each.time_ms,
             each.key, each.value)
        for place, each in enumerate(found)
    )  # fmt: skip


def shares(found: list[Record], field: str) -> float:
    """Return the share of the commonest value of a field."""
    values = Counter(getattr(each, field) for each in log_of(found).payments)
    return values.most_common(1)[0][1] / values.total()


@pytest.mark.parametrize("name", ODD)
def test_odd_traffic_is_the_same_for_a_seed(name: str) -> None:
    """A run can be repeated."""
    assert altered(ODD[name]) == altered(ODD[name])


def test_runs_share_no_card_and_no_merchant() -> None:
    """Each is judged on its own, though one job has the state of all."""
    one, other = log_of(plain(1)), log_of(plain(2))
    for field in ("card_id", "merchant_id", "transaction_id"):
        values = [{getattr(each, field) for each in found.payments} for found in (one, other)]
        assert not values[0] & values[1]


def test_poison_is_one_record_in_a_hundred_and_all_refused() -> None:
    """Each kind of garbage becomes a dead letter, and no payment is missing."""
    found = log_of(altered(ODD["poison"]))
    assert len(found.payments) == PAYMENTS
    assert 0.004 < len(found.refused) / PAYMENTS < 0.02
    assert len(set(found.refused.values())) >= 5


def test_repeats_bring_no_new_payment() -> None:
    """One in twenty alone, and the last fifty records of every thousand."""
    found = log_of(altered(ODD["repeats"]))
    assert len(found.payments) == PAYMENTS
    assert found.repeats > 0.05 * PAYMENTS


def test_the_hot_are_as_hot_as_promised() -> None:
    """By the share of all payments; its labels go with a hot merchant."""
    assert 0.45 < shares(altered(ODD["hot-card"]), "card_id") < 0.56
    hot = altered(ODD["hot-merchant"])
    assert 0.25 < shares(hot, "merchant_id") < 0.36
    found = log_of(hot)
    shops = {each.transaction_id: each.merchant_id for each in found.payments}
    assert all(shops[each.transaction_id] == each.merchant_id for each in found.labels)


def test_an_idle_partition_has_nothing() -> None:
    """Three cards fill three of the six partitions at most."""
    found = log_of(altered(ODD["idle-partition"]))
    assert len({each.card_id for each in found.payments}) == 3
    assert len(found.payments) == PAYMENTS


def test_a_pace_changes_from_the_next_payment() -> None:
    """What was due stays due."""
    pace = VaryingPace(10.0)
    assert pace.due_s(5, 0) == pytest.approx(0.5)
    pace.per_s = 100.0
    assert pace.due_s(5, 0) == pytest.approx(0.5)
    assert pace.due_s(15, 0) == pytest.approx(0.6)
