from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.label import Label, parse_label
from events.transaction import Transaction, parse_transaction
from producer.stream.labels import LabelSettings
from producer.stream.records import Record, Records
from producer.stream.selection import Selection
from tests.unit.producer.samples import batch

T0 = 1_700_000_000_000


def _parsed(record: Record) -> Transaction | Label:
    if record.is_label:
        return parse_label(record.value, record.key)
    return parse_transaction(record.value, record.key, T0 * 2)


def _names(records: Records) -> list[str]:
    return [
        ("label " if record.is_label else "") + _parsed(record).transaction_id for record in records
    ]


def _run(times: list[int], delay: int, **options: Any) -> Records:
    limit = options.pop("limit", None)
    selection = options.pop("selection", Selection())
    frauds = options.pop("frauds", None)
    labels = LabelSettings(delay_ms=delay, **options)
    return Records(iter([batch([T0 + t for t in times], frauds)]), selection, labels, limit)


def test_a_label_follows_the_payments_of_its_time() -> None:
    records = _run([0, 10, 10, 20, 30], delay=10)
    assert _names(records) == ["t0", "t1", "t2", "label t0", "t3", "label t1", "label t2", "t4",
                               "label t3"]  # fmt: skip
    assert records.labels_waiting == 1


def test_labels_that_are_not_due_wait_unless_they_are_asked_for() -> None:
    records = _run([0, 10], delay=100)
    assert _names(records) == ["t0", "t1"] and records.labels_waiting == 2
    drained = _run([0, 10], delay=100, drain=True)
    assert _names(drained) == ["t0", "t1", "label t0", "label t1"]
    assert drained.labels_waiting == 0


def test_a_label_says_when_it_was_known() -> None:
    label = next(_parsed(record) for record in _run([0], delay=50, drain=True) if record.is_label)
    assert isinstance(label, Label)
    assert (label.timestamp_ms, label.label_time_ms) == (T0, T0 + 50)
    assert (label.card_id, label.merchant_id, label.source) == ("c1", "m1", "producer")


def test_frauds_alone_or_no_labels_can_be_chosen() -> None:
    frauds = [True, False, None]
    only = _names(_run([0, 1, 2], 0, frauds=frauds, which="fraud", drain=True))
    assert only == ["t0", "label t0", "t1", "t2"]
    assert _names(_run([0, 1, 2], 0, frauds=frauds, which="none", drain=True)) == ["t0", "t1", "t2"]
    assert sum(r.is_label for r in _run([0, 1, 2], 0, frauds=frauds, drain=True)) == 2


def test_a_limit_counts_payments() -> None:
    assert _names(_run([0, 10, 20, 30], delay=10, limit=3)) == ["t0", "t1", "label t0", "t2",
                                                               "label t1"]  # fmt: skip
    assert _names(_run([0, 10], delay=10, limit=3)) == ["t0", "t1", "label t0"]


def test_a_record_is_keyed_by_its_card() -> None:
    assert {record.key for record in _run([0, 10], 0, drain=True)} == {b"c1"}


def test_negative_delays_are_refused() -> None:
    with pytest.raises(ValueError, match="label delay"):
        LabelSettings(delay_ms=-1)


offsets = st.lists(st.integers(0, 300), min_size=1, max_size=60)


@given(offsets, st.integers(0, 120), st.integers(1, 299))
def test_two_runs_send_what_one_run_sends(times: list[int], delay: int, cut: int) -> None:
    times = sorted(times)
    whole = _names(_run(times, delay, selection=Selection(until_ms=T0 + 500)))
    first = _names(_run(times, delay, selection=Selection(until_ms=T0 + cut)))
    second = _names(_run(times, delay, selection=Selection(T0 + cut, T0 + 500)))
    assert sorted(first + second) == sorted(whole)
    assert [n for n in first + second if "label" not in n] == [n for n in whole if "label" not in n]


@given(offsets, st.integers(0, 120), st.integers(1, 17))
def test_no_label_comes_before_its_payment_or_its_time_even_out_of_order(
    times: list[int], delay: int, size: int
) -> None:
    parts = [batch([T0 + t for t in times[at : at + size]]) for at in range(0, len(times), size)]
    named = [
        part.set_column(
            0,
            part.schema.field(0),
            [[f"p{number}-{row}" for row in range(part.num_rows)]][0],
        )
        for number, part in enumerate(parts)
    ]
    settings_ = LabelSettings(delay_ms=delay, drain=True)
    reached, sent, labelled = 0, set(), []
    for record in Records(iter(named), Selection(), settings_):
        event = _parsed(record)
        if isinstance(event, Label):
            assert event.transaction_id in sent
            labelled.append(event.transaction_id)
        else:
            reached = max(reached, event.timestamp_ms)
            sent.add(event.transaction_id)
    assert sorted(labelled) == sorted(sent) and len(sent) == len(times)
