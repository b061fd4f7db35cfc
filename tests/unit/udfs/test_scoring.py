"""The scoring that the merchant stage and the UDF share: answers in order, and what is counted."""

from __future__ import annotations

import pickle

import msgspec
import numpy as np
import pytest

from events.decision import decode_decision
from events.errors import EventError
from scoring.messages import ScoringRequest
from tests.unit.scoring.scene import first_payment, shipped
from tests.unit.udfs.test_metrics import RecordingGroup
from udfs.metrics import Counters
from udfs.scoring import Scoring

MODEL = f"cardwatch.model.{shipped().manifest.model}"


def opened(group: RecordingGroup) -> Scoring:
    """Scoring as a TaskManager has it: unpickled, then opened."""
    found: Scoring = pickle.loads(pickle.dumps(Scoring(str(shipped().path))))  # ours
    found.open(Counters(group))
    return found


def requests(count: int) -> list[ScoringRequest]:
    """First payments of cards, by their numbers; the last one has no record time."""
    request, _ = first_payment()
    named = [
        msgspec.structs.replace(
            request, payment=msgspec.structs.replace(request.payment, transaction_id=str(number))
        )
        for number in range(count)
    ]
    return [*named[:-1], msgspec.structs.replace(named[-1], flags=["record_time"])]


def test_answers_come_in_order_and_are_counted() -> None:
    group = RecordingGroup()
    found = opened(group).answers(requests(5))
    ids = [decode_decision(each.decision).transaction_id for each in found]
    assert ids == ["0", "1", "2", "3", "4"]
    assert group.counts == {
        MODEL: 1,
        "cardwatch.decisions.LOW": 5,
        "cardwatch.latency_ms.over_5000": 4,
    }


def test_a_batch_that_raises_counts_nothing_and_can_be_answered_in_parts() -> None:
    group = RecordingGroup()
    scoring = opened(group)
    good = requests(3)
    _, values = first_payment()
    infinite = np.where(np.arange(len(values)) == 1, np.float32(np.inf), values)
    bad = msgspec.structs.replace(good[1], features=infinite.astype(np.float32).tobytes())
    with pytest.raises(EventError, match=r"features\[1\]"):
        scoring.answers([good[0], bad, good[2]])
    assert group.counts == {MODEL: 1}
    assert len(scoring.answers([good[0]]) + scoring.answers([good[2]])) == 2
    assert group.counts["cardwatch.decisions.LOW"] == 2


def test_no_request_has_no_answer() -> None:
    assert opened(RecordingGroup()).answers([]) == []
