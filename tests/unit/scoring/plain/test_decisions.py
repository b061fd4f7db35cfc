"""Decisions put together from pieces are byte for byte those of `decide`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from events.decision import encode_decision
from events.errors import EventError
from events.levels import LEVELS
from features.catalogue import CARD_FEATURES, FEATURE_NAMES
from features.money.shipped import SHIPPED
from scoring.decision.decide import decide
from scoring.decision.policy import Verdict
from scoring.messages import ScoringRequest
from scoring.plain.decisions import MOST_VERDICTS, DecisionWriter
from scoring.plain.hand_over import Requests
from scoring.plain.hand_over_kernels import Values
from scoring.plain.layout import MASKS, flags_of
from scoring.plain.text import Words
from tests.unit.events.samples import NOW_MS
from tests.unit.scoring.plain.batches import (
    PLAIN,
    Batch,
    Paid,
    batch_of,
    batches,
    random_values,
    random_words,
)
from tests.unit.scoring.scene import shipped

MANIFEST = shipped().manifest
SCORES = 1 + len(MANIFEST.members)
LOW = Verdict("LOW", "threshold:low")
Scores = npt.NDArray[np.float64]


@dataclass
class Says:
    """A policy that has given its verdicts already."""

    verdicts: list[Verdict]
    name: str = "thresholds"
    version: str = "1"

    def judge(
        self, _: Sequence[ScoringRequest], __: Values, ___: Sequence[Sequence[float]]
    ) -> list[Verdict]:
        """Return the verdicts."""
        return self.verdicts


class Scored:
    """A batch with everything that its decisions are made from."""

    def __init__(
        self,
        batch: Batch,
        verdicts: Sequence[Verdict],
        seed: int = 0,
        scores: Scores | None = None,
        flags: Words | None = None,
    ) -> None:
        n = len(batch.requests)
        self.batch = batch
        self.verdicts = [verdicts[i % len(verdicts)] for i in range(n)]
        self.requests = Requests(batch.packed())
        self.values = self.requests.values(len(FEATURE_NAMES))
        merchant = len(FEATURE_NAMES) - len(CARD_FEATURES)
        self.values[:, len(CARD_FEATURES) :] = random_values(n, merchant, seed)
        chance = np.random.default_rng(seed)
        self.scores = (
            chance.random((n, SCORES)).astype(np.float32).astype(np.float64)
            if scores is None
            else scores
        )
        self.sequences = 1 + random_words(n, seed)
        self.flags = chance.integers(0, MASKS, n) if flags is None else flags
        self.decided_ms = NOW_MS + seed

    def ordinary(self, policy: Says) -> list[bytes]:
        """Return the decisions of `decide`."""
        complete = [
            msgspec.structs.replace(
                request,
                sequences={**request.sequences, "merchant": int(self.sequences[place])},
                flags=flags_of(int(self.flags[place])),
            )
            for place, request in enumerate(self.batch.requests)
        ]
        made = decide(
            complete,
            self.values,
            self.scores.tolist(),
            self.verdicts,
            MANIFEST,
            policy,
            self.decided_ms,
        )
        return [encode_decision(each) for each in made]

    def written(self, writer: DecisionWriter) -> list[bytes]:
        """Return the decisions of a writer."""
        made = writer.decisions(
            self.requests,
            self.values,
            self.scores,
            self.sequences,
            self.flags,
            self.verdicts,
            self.decided_ms,
        )
        return [*made]


def hold(scored: Scored) -> None:
    """Assert that both ways give the same bytes."""
    policy = Says(scored.verdicts, 'a "policy"', "bundle/1")
    writer = DecisionWriter(MANIFEST, policy, SHIPPED.reference, SHIPPED.date)
    assert scored.written(writer) == scored.ordinary(policy)


def one(n: int = 1, **given: Scores | Words | None) -> Scored:
    """Return so many decisions on an ordinary payment."""
    return Scored(batch_of([Paid(PLAIN, NOW_MS)] * n), [LOW], **given)  # type: ignore[arg-type]


TEXTS = st.text(max_size=20)
VERDICTS = st.builds(
    Verdict, st.sampled_from(LEVELS), TEXTS, st.lists(TEXTS, max_size=3).map(tuple)
)


@given(batches(), st.lists(VERDICTS, min_size=1, max_size=5), st.integers(0, 2**32))
def test_decisions_are_those_of_decide(batch: Batch, verdicts: list[Verdict], seed: int) -> None:
    hold(Scored(batch, verdicts, seed))


FLOATS = st.floats(0, 1) | st.floats(0, 1, width=32) | st.floats()


@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 5), st.just(SCORES)), elements=FLOATS))
@example(np.array([[0.0, 1.0, 1e-30, 5e-324, 1e16, -0.0, np.nan, np.inf, 1e-5][:SCORES]]))
@example(np.array([[1e16, 1e15, 9.999999999999999e15, 1.7976931348623157e308, -1e300][:SCORES]]))
def test_scores_are_written_as_decide_writes_them(scores: Scores) -> None:
    hold(one(len(scores), scores=scores))


@pytest.mark.parametrize("exponent", range(-330, 309, 7))
def test_scores_of_every_size_are_written_as_decide_writes_them(exponent: int) -> None:
    chance = np.random.default_rng(1000 + exponent)
    scores = (chance.random((200, SCORES)) - 0.5) * 10.0**exponent
    hold(one(len(scores), scores=scores))


def test_every_set_of_flags_is_written() -> None:
    hold(one(MASKS, flags=np.arange(MASKS)))


@pytest.mark.parametrize("mask", [-1, MASKS])
def test_an_unknown_flag_is_refused(mask: int) -> None:
    with pytest.raises(AssertionError):
        hold(one(flags=np.array([mask])))


def test_an_infinite_feature_is_refused_as_decide_refuses_it() -> None:
    scored = one(3)
    scored.values[1, 4] = -np.inf
    policy = Says(scored.verdicts)
    with pytest.raises(EventError) as ordinary:
        scored.ordinary(policy)
    with pytest.raises(EventError) as written:
        scored.written(DecisionWriter(MANIFEST, policy, "EUR", "2026-10-06"))
    assert written.value.sentence == ordinary.value.sentence


@pytest.mark.parametrize("spoil", ["scores", "values", "verdicts", "columns"])
def test_what_is_not_of_the_requests_is_refused(spoil: str) -> None:
    """Compiled code would read behind the end of an array."""
    scored = one(2)
    if spoil == "columns":
        scored.values = scored.values[:, :0]
    else:
        setattr(scored, spoil, getattr(scored, spoil)[1:])
    writer = DecisionWriter(MANIFEST, Says([LOW]), "EUR", "2026-10-06")
    with pytest.raises(ValueError, match="expected 2 rows of features, scores"):
        scored.written(writer)


def test_scores_of_another_ensemble_are_refused() -> None:
    scored = one(2)
    scored.scores = scored.scores[:, 1:]
    writer = DecisionWriter(MANIFEST, Says([LOW]), "EUR", "2026-10-06")
    with pytest.raises(ValueError, match="expected 2 rows of features, scores"):
        scored.written(writer)


def test_there_may_be_no_decision() -> None:
    writer = DecisionWriter(MANIFEST, Says([]), "EUR", "2026-10-06")
    none, scores = np.zeros(0, np.int64), np.zeros((0, SCORES))
    values = np.zeros((0, len(FEATURE_NAMES)), np.float32)
    assert not writer.decisions(Requests([]), values, scores, none, none, [], NOW_MS)


def test_a_writer_follows_its_policy() -> None:
    """The name and the version are asked for each batch, as `decide` does."""
    policy = Says([LOW])
    writer = DecisionWriter(MANIFEST, policy, SHIPPED.reference, SHIPPED.date)
    scored = one()
    assert scored.written(writer) == scored.ordinary(policy)
    policy.version = "2"
    assert scored.written(writer) == scored.ordinary(policy)
    policy.name = "rules"
    assert scored.written(writer) == scored.ordinary(policy)


def test_a_writer_keeps_a_bounded_number_of_templates() -> None:
    verdicts = [Verdict("HIGH", f"rule:{number}") for number in range(3 * MOST_VERDICTS)]
    writer = DecisionWriter(MANIFEST, Says([]), SHIPPED.reference, SHIPPED.date)
    for first in range(0, len(verdicts), 100):
        some = verdicts[first : first + 100]
        scored = Scored(batch_of([Paid(PLAIN, NOW_MS)] * len(some)), some)
        assert scored.written(writer) == scored.ordinary(Says(some))
        assert len(writer._templates) < MOST_VERDICTS + 100
