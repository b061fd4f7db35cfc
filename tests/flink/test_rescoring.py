"""Past decisions scored again by a second job, on the cluster that made them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
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

DAYS = 5


class Decided(NamedTuple):
    """A stack with committed decisions and two free slots, and what was told while none was."""

    stack: Stack
    sent: int
    refusal: str


@pytest.fixture(scope="module")
def decided(job_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decided]:
    """Let the job decide, ask for a re-scoring beside it, then stop it."""
    with fresh_job(job_stack) as job:
        sent = send_days(job.stack.kafka, simulation(days=DAYS), 0, DAYS)
        job.wait_until_decided(sent)
        with pytest.raises(click.ClickException) as refused:
            run(job.stack, shipped_bundle().path, tmp_path_factory.mktemp("none"), _silent)
        job.stop()
        yield Decided(job.stack, sent, refused.value.message)


def test_a_job_on_every_slot_leaves_no_room(decided: Decided) -> None:
    assert "All 2 slots" in decided.refusal
    assert "./cardwatch up --taskmanagers 3" in decided.refusal


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
