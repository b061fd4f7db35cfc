"""Past decisions scored again by a second job, on the cluster that made them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.model.rescore import run
from cli.model.rescore_summary import read_rescored, summarise
from events.decision import decode_decision
from events.topics import DECISIONS
from stack.clients.reading import read_topic
from stack.services.embedded import Stack
from tests.running import fresh_job, shipped_bundle
from tests.traffic import send_days, simulation
from tests.unit.training.samples import random_registry
from tests.waiting import wait_for

DAYS = 5


class Decided(NamedTuple):
    """A stack with committed decisions, whose job runs and leaves the spare TaskManager."""

    stack: Stack
    sent: int


@pytest.fixture(scope="module")
def decided(job_stack: Stack) -> Iterator[Decided]:
    """Let the job decide, and go on running beside the re-scoring."""
    with fresh_job(job_stack) as job:
        sent = send_days(job.stack.kafka, simulation(days=DAYS), 0, DAYS)
        job.wait_until_decided(sent)
        wait_for(lambda: len(_values(job.stack)) == sent, "all committed")
        yield Decided(job.stack, sent)
        job.stop()


def test_the_bundle_of_the_decisions_gives_every_bit_again(
    decided: Decided, tmp_path: Path
) -> None:
    """Each decision once, with what it was made with; the topics stay as they are."""
    values = _values(decided.stack)
    made = {each.transaction_id: each for each in map(decode_decision, values)}
    run(decided.stack, shipped_bundle().path, tmp_path / "again", _silent)
    found = list(read_rescored(tmp_path / "again"))
    assert len(found) == len(made) == decided.sent
    for one in found:
        decision = made[str(one.transaction_id)]
        assert one.problem is None
        assert one.probability == one.probability_before == decision.probability
        assert one.risk_level == one.risk_level_before == decision.risk_level
        assert (one.card_id, one.timestamp_ms) == (decision.card_id, decision.timestamp_ms)
    assert summarise(found).changes == []
    assert _values(decided.stack) == values


def test_another_bundle_gives_other_probabilities(decided: Decided, tmp_path: Path) -> None:
    run(decided.stack, random_registry() / "ensemble" / "1", tmp_path / "other", _silent)
    found = summarise(read_rescored(tmp_path / "other"))
    assert found.decisions == decided.sent and not found.problems
    assert found.largest_difference > 0
    assert found.models_before == [shipped_bundle().manifest.model]


def _values(stack: Stack) -> list[bytes]:
    return sorted(one.value() or b"" for one in read_topic(stack.kafka, DECISIONS.name))


def _silent(_: str) -> None:
    pass
