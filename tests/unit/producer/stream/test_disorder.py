"""Disorder changes the order of a stream and repeats parts of it, and loses nothing."""

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from events.label import parse_label
from events.transaction import parse_transaction
from producer.handbook.generator import generate
from producer.handbook.population import GeneratorSettings
from producer.stream.disorder import HOUR_MS, Disorder, disordered
from producer.stream.labels import DAY_MS, LabelSettings
from producer.stream.records import Record, Records
from producer.stream.selection import Selection

WORLD = GeneratorSettings(customers=60, terminals=40, radius=20, days=20, seed=4)
IN_ORDER = list(Records(generate(WORLD), Selection(), LabelSettings()))
SENT = disordered(IN_ORDER, Disorder(seed=1))


def time_of(record: Record) -> int:
    if record.is_label:
        return parse_label(record.value, record.key).label_time_ms
    return parse_transaction(record.value, record.key, record.time_ms).timestamp_ms


def payment_id(record: Record) -> str:
    return parse_transaction(record.value, record.key, record.time_ms).transaction_id


def test_nothing_is_lost_and_the_counts_are_right() -> None:
    before = Counter(record.value for record in IN_ORDER)
    after = Counter(record.value for record in SENT.records)
    assert not before - after
    again = after - before
    assert again.total() == SENT.repeats + SENT.corrections
    assert SENT.payments == len({r.value for r in SENT.records if not r.is_label})
    assert SENT.labels == sum(r.is_label for r in SENT.records)
    assert min(SENT.late, SENT.repeats, SENT.late_labels, SENT.corrections) > 20


def test_shares_are_about_what_was_asked_for() -> None:
    assert SENT.late / SENT.payments == pytest.approx(0.02, rel=0.4)
    assert SENT.repeats / SENT.payments == pytest.approx(0.03, rel=0.4)
    assert SENT.corrections / (SENT.labels - SENT.corrections) == pytest.approx(0.05, rel=0.4)


def test_payments_change_places_across_cards_and_within_them() -> None:
    times: dict[bytes, list[int]] = defaultdict(list)
    for record in SENT.records:
        if not record.is_label:
            times[b"all"].append(time_of(record))
            times[record.key].append(time_of(record))
    falls = {key: sum(b < a for a, b in pairwise(own)) for key, own in times.items()}
    assert falls.pop(b"all") > 0.2 * SENT.payments
    assert sum(falls.values()) > 20


def test_some_are_later_than_a_day_and_none_than_said() -> None:
    delays = [r.time_ms - time_of(r) for r in SENT.records if not r.is_label]
    assert min(delays) >= 0
    assert sum(delay > DAY_MS for delay in delays) > 10
    assert max(delays) <= 3 * DAY_MS + 7 * HOUR_MS


def test_a_repeat_comes_after_its_payment_and_before_its_id_is_forgotten() -> None:
    seen: dict[str, int] = {}
    repeats = 0
    for record in SENT.records:
        if record.is_label:
            continue
        name = payment_id(record)
        if name in seen:
            repeats += 1
            assert seen[name] < record.time_ms < time_of(record) + DAY_MS
        seen.setdefault(name, record.time_ms)
    assert repeats == SENT.repeats


def test_a_correction_says_the_opposite_later() -> None:
    told = defaultdict(list)
    for record in SENT.records:
        if record.is_label:
            label = parse_label(record.value, record.key)
            told[label.transaction_id].append(label)
    twice = [labels for labels in told.values() if len(labels) == 2]
    assert len(twice) == SENT.corrections
    for first, second in twice:
        assert first.is_fraud is not second.is_fraud
        assert second.label_time_ms == first.label_time_ms + DAY_MS


def test_a_seed_repeats_itself_and_another_does_not() -> None:
    assert disordered(IN_ORDER, Disorder(seed=1)) == SENT
    assert disordered(IN_ORDER, Disorder(seed=2)).records != SENT.records


def test_without_disorder_the_records_stay_as_they_were() -> None:
    nothing = Disorder(0, 0.0, 0, 0.0, 0, 0.0, 0, 0.0, 0)
    assert disordered(IN_ORDER, nothing).records == IN_ORDER


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="repeat_share: expected 0 to 1, got 3"):
        Disorder(repeat_share=3)
