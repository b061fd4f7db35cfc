"""The judge of the fault suite names what is wrong, and finds nothing where nothing is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from events.alert import Alert
from events.dead_letter import DeadLetter
from events.decision import Decision
from events.label import encode_label
from events.topics import LABELS, TRANSACTIONS
from events.transaction import encode_transaction
from tests.unit.scoring.scene import shipped, small_stream
from verify.faults.fault import Expectation
from verify.faults.judge import Verdict, judge
from verify.faults.producer_log import Sent
from verify.faults.subscriber import Answer, Seen

ALERT_FIELDS = set(Alert.__struct_fields__) & set(Decision.__struct_fields__)


def sent(topic: str, offset: int, key: bytes, value: bytes, time_ms: int) -> Sent:
    return Sent(topic, 0, offset, time_ms, key, value)


def alert_of(decision: Decision) -> Alert:
    fields = {name: getattr(decision, name) for name in ALERT_FIELDS}
    return Alert(**fields, reasons=[])


STREAM = small_stream()
NOW_MS = STREAM.payments[-1].timestamp_ms
GARBAGE = sent(TRANSACTIONS.name, len(STREAM.payments), b"card-1", b"pay me", NOW_MS)
LOG = [
    *(
        sent(TRANSACTIONS.name, place, each.card_id.encode(), encode_transaction(each), NOW_MS)
        for place, each in enumerate(STREAM.payments)
    ),
    GARBAGE,
    *(
        sent(LABELS.name, place, each.card_id.encode(), encode_label(each), NOW_MS)
        for place, each in enumerate(STREAM.labels)
    ),
]
LETTER = DeadLetter(
    topic=TRANSACTIONS.name,
    partition=0,
    offset=GARBAGE.offset,
    key_base64=None,
    value_base64=None,
    code="not_json",
    sentence="",
    time_ms=NOW_MS,
)
ANSWERS = [Answer(0, place, each) for place, each in enumerate(STREAM.decisions)]
LOW = [each.risk_level for each in STREAM.decisions].index("LOW")
RIGHT = Seen(
    answers=ANSWERS,
    alerts=[alert_of(each) for each in STREAM.decisions if each.risk_level != "LOW"],
    receipts=list(STREAM.receipts),
    letters=[LETTER],
)
GONE = STREAM.payments[7].transaction_id


def judged(seen: Seen) -> Verdict:
    return judge(LOG, seen, [shipped()])


def without(transaction_id: str) -> Seen:
    kept = [each for each in ANSWERS if each.decision.transaction_id != transaction_id]
    alerts = [each for each in RIGHT.alerts if each.transaction_id != transaction_id]
    return replace(RIGHT, answers=kept, alerts=alerts)


def changed(place: int, **fields: object) -> Seen:
    answers = list(ANSWERS)
    decision = msgspec.structs.replace(answers[place].decision, **fields)
    answers[place] = answers[place]._replace(decision=decision)
    return replace(RIGHT, answers=answers)


def swapped_places(one: int, other: int) -> Seen:
    answers = list(ANSWERS)
    answers[one] = answers[one]._replace(decision=ANSWERS[other].decision)
    answers[other] = answers[other]._replace(decision=ANSWERS[one].decision)
    return replace(RIGHT, answers=answers)


def swapped_numbers(one: int, other: int) -> Seen:
    answers = list(ANSWERS)
    for place, source in ((one, other), (other, one)):
        number = ANSWERS[source].decision.card_sequence
        decision = msgspec.structs.replace(ANSWERS[place].decision, card_sequence=number)
        answers[place] = answers[place]._replace(decision=decision)
    return replace(RIGHT, answers=answers)


def moved_score() -> Seen:
    score = STREAM.decisions[5].probability
    return changed(5, probability=float(np.nextafter(np.float32(score), np.float32(1))))


def moved_feature() -> Seen:
    text = bytes(STREAM.decisions[9].features).replace(b"[", b"[1", 1)
    return changed(9, features=msgspec.Raw(text))


def with_stranger() -> Seen:
    stranger = msgspec.structs.replace(STREAM.decisions[-1], transaction_id="nobody sent this")
    return replace(RIGHT, answers=[*ANSWERS, Answer(0, 99, stranger)])


def test_a_right_stream_holds() -> None:
    """Garbage with its dead letter, a label with its receipt, and every payment decided."""
    verdict = judged(RIGHT)
    assert verdict.held, verdict.problems
    assert (verdict.payments, verdict.labels, verdict.refused) == (60, 1, 1)


def test_a_repeat_asks_for_no_second_decision() -> None:
    """The job drops it, and so does the oracle."""
    again = replace(LOG[3], offset=1_000)
    verdict = judge([*LOG, again], RIGHT, [shipped()])
    assert verdict.held, verdict.problems
    assert verdict.repeats_sent == 1


@pytest.mark.parametrize(
    ("count", "wrong"),
    [
        ("lost", lambda: without(GONE)),
        ("duplicated", lambda: replace(RIGHT, answers=[*ANSWERS, ANSWERS[3]])),
        ("unknown", with_stranger),
        ("out_of_order", lambda: swapped_numbers(0, 3)),
        ("apart_in_topic", lambda: swapped_places(0, 3)),
        ("features_differing", moved_feature),
        ("scores_differing", moved_score),
        ("labels_lost", lambda: replace(RIGHT, receipts=[])),
        ("labels_duplicated", lambda: replace(RIGHT, receipts=[*RIGHT.receipts] * 2)),
        ("letters_lost", lambda: replace(RIGHT, letters=[])),
        ("letters_duplicated", lambda: replace(RIGHT, letters=[LETTER, LETTER])),
        (
            "letters_differing",
            lambda: replace(RIGHT, letters=[msgspec.structs.replace(LETTER, code="empty")]),
        ),
        ("alerts_lost", lambda: changed(LOW, risk_level="HIGH")),
        (
            "alerts_duplicated",
            lambda: replace(RIGHT, alerts=[*RIGHT.alerts, alert_of(STREAM.decisions[0])]),
        ),
    ],
)
def test_each_wrong_is_counted_by_its_name(count: str, wrong: Callable[[], Seen]) -> None:
    """One decision, label, letter or alert is wrong; that it is counted makes the run fail."""
    verdict = judged(wrong())
    assert getattr(verdict, count) > 0
    assert not verdict.held


def test_the_order_in_the_topic_is_seen_where_the_numbers_are_right() -> None:
    """Two decisions of a card have changed places: each is right, a reader learns them wrongly."""
    verdict = judged(swapped_places(0, 3))
    assert (verdict.apart_in_topic, verdict.out_of_order, verdict.lost) == (1, 0, 0)
    assert verdict.problems == ("1 apart in topic",)


def test_two_writers_keep_the_order_by_its_numbers_only() -> None:
    """At a parallelism of two, two subtasks write the decisions on a card: told, and no failure."""
    verdict = judge(LOG, swapped_places(0, 3), [shipped()], one_writer=False)
    assert verdict.apart_in_topic == 1
    assert verdict.held
    assert not judge(LOG, swapped_numbers(0, 3), [shipped()], one_writer=False).held


def test_a_card_in_two_partitions_is_apart() -> None:
    """A reader of several partitions gets no order among them."""
    answers = [*ANSWERS[:30], *(each._replace(partition=1) for each in ANSWERS[30:])]
    assert judged(replace(RIGHT, answers=answers)).apart_in_topic == 3


def test_repeats_are_expected_only_in_their_number() -> None:
    """An old savepoint makes the job decide again what was decided since: so many, the same."""
    again = [Answer(0, 100 + place, each.decision) for place, each in enumerate(ANSWERS[-5:])]
    seen = replace(RIGHT, answers=[*ANSWERS, *again])
    expects = Expectation.COUNTED_REPEATS
    right = judge(LOG, seen, [shipped()], expects, foretold_repeats=5)
    assert right.held, right.problems
    assert right.duplicated == 5
    wrong = judge(LOG, seen, [shipped()], expects, foretold_repeats=4)
    assert wrong.problems == ("5 repeats where 4 were foretold",)


def test_a_repeat_that_differs_is_named() -> None:
    """The card's place follows from the topic, so a repeat must have the same."""
    first = msgspec.structs.replace(ANSWERS[-1].decision, card_sequence=99)
    seen = replace(
        RIGHT, answers=[*ANSWERS[:-1], Answer(0, 59, first), Answer(0, 60, ANSWERS[-1].decision)]
    )
    told = judge(LOG, seen, [shipped()], Expectation.COUNTED_REPEATS, foretold_repeats=1)
    assert told.problems == (f"repeated differently: {first.transaction_id}",)
