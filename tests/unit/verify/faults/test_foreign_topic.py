"""What a foreign upstream writes is known to the oracle, and apart from the other traffic."""

from __future__ import annotations

import pytest

from events.topics import TRANSACTIONS
from events.transaction import parse_transaction
from verify.faults.catalogue import find_fault
from verify.faults.producer_log import Sent, asked
from verify.faults.run import controlled
from verify.faults.traffic import Traffic, records
from verify.faults.upstream import ODD_TIMES_MS, foreign_payments, without_payment

PAYMENTS = foreign_payments(400, 30, seed=1)


def test_every_foreign_payment_is_one_that_the_job_has_to_decide() -> None:
    found = asked(
        Sent(TRANSACTIONS.name, 0, place, 1_800_000_000_000, each.key, each.value)
        for place, each in enumerate(PAYMENTS)
    )
    assert (len(found.payments), found.refused, found.repeats) == (400, {}, 0)


def test_no_id_and_no_card_is_shared_with_the_runs_own_traffic() -> None:
    """Else an aborted payment could pass for one of the run."""
    own = [record for record in records(Traffic(), seed=1) if not record.is_label]
    names = {
        parse_transaction(each.value, each.key, each.time_ms).transaction_id for each in own
    } & {parse_transaction(each.value, each.key, 2**42).transaction_id for each in PAYMENTS}
    assert not names
    assert not {each.key for each in own} & {each.key for each in PAYMENTS}


@pytest.mark.parametrize("time_ms", ODD_TIMES_MS)
def test_the_oracle_asks_for_payments_at_odd_record_times(time_ms: int) -> None:
    key, value, _ = PAYMENTS[0]
    assert len(asked([Sent(TRANSACTIONS.name, 0, 0, time_ms, key, value)]).payments) == 1


def test_the_oracle_asks_for_a_dead_letter_of_each_record_without_a_payment() -> None:
    log = [
        Sent(TRANSACTIONS.name, 0, place, 2**42, each.key, each.value)
        for place, each in enumerate(without_payment(PAYMENTS[0]))
    ]
    assert sorted(asked(log).refused.values()) == ["empty", "empty", "missing_key", "too_large"]


def test_the_control_keeps_exactly_once_and_reads_what_is_not_committed() -> None:
    control = controlled(find_fault("foreign-topic"))
    wanted = ("--delivery", "exactly-once", "--isolation", "read_uncommitted")
    assert control.job_arguments == wanted
