"""Past decisions scored again: the same bits by their own bundle, a sentence where none can."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec
import numpy as np
import pytest

from events.decision import Decision, encode_decision
from scoring.answer import answer_batch
from scoring.loader import Bundle, load_bundle
from scoring.rescoring import Rescored, rescore
from tests.unit.features.factories import payment
from tests.unit.scoring.scene import new_states, request_of, shipped, small_stream
from tests.unit.training.samples import ATTRIBUTE, random_registry
from verify.parity.compare import Stream


@cache
def stream() -> Stream:
    return small_stream()


@cache
def other() -> Bundle:
    """A bundle that reads an attribute beside the features."""
    return load_bundle(random_registry() / "ensemble" / "1")


def again(decisions: Sequence[Decision], bundle: Bundle) -> list[Rescored]:
    return rescore([encode_decision(each) for each in decisions], bundle)


def test_the_bundle_of_the_decisions_gives_the_same_bits() -> None:
    found = again(stream().decisions, shipped())
    assert len(found) == len(stream().decisions) > 50
    for one, decision in zip(found, stream().decisions, strict=True):
        assert one.problem is None
        assert (one.transaction_id, one.card_id) == (decision.transaction_id, decision.card_id)
        assert one.timestamp_ms == decision.timestamp_ms
        assert one.probability == one.probability_before == decision.probability
        assert one.risk_level == one.risk_level_before == decision.risk_level
        assert one.model == one.model_before == decision.model


@pytest.mark.parametrize("value", [None, 0.5, -3.0])
def test_another_bundle_scores_as_it_would_have_scored_the_payment(value: float | None) -> None:
    """Also by what the payment carried beside its fields."""
    name = ATTRIBUTE.partition(".")[2]
    request = request_of(payment(attributes={} if value is None else {name: value}), new_states())
    [made] = answer_batch([request], shipped())
    [wanted] = answer_batch([request], other())
    [found] = rescore([made.decision], other())
    decision = msgspec.json.decode(wanted.decision)
    assert (found.probability, found.risk_level) == (decision["probability"], wanted.level)
    assert (found.model_before, found.model) == (shipped().manifest.model, other().manifest.model)
    before = msgspec.json.decode(made.decision)["probability"]
    assert found.probability_before == before != found.probability


def test_what_cannot_be_scored_has_a_sentence_in_its_place() -> None:
    good = stream().decisions[0]
    older = msgspec.structs.replace(good, feature_set=1)
    dollars = msgspec.structs.replace(good, reference_currency="USD")
    records = [
        encode_decision(good),
        b"no decision",
        encode_decision(older),
        None,
        encode_decision(dollars),
        encode_decision(good),
    ]
    found = rescore(records, shipped())
    problems = [one.problem or "" for one in found]
    assert problems[0] == problems[5] == "" and found[0] == found[5]
    assert found[0].transaction_id == good.transaction_id
    assert "JSON" in problems[1]
    assert "feature set: expected" in problems[2] and "got 1 in the decision on" in problems[2]
    assert "got nothing" in problems[3]
    assert "reference currency: expected EUR, got USD" in problems[4]
    assert all(found[place] == Rescored(problem=problems[place]) for place in (1, 2, 3, 4))


def test_the_same_for_every_size_of_a_batch() -> None:
    whole = again(stream().decisions, other())
    parts = [again([each], other()) for each in stream().decisions]
    assert [one for part in parts for one in part] == whole
    assert rescore([], other()) == []
    assert len({np.float32(one.probability) for one in whole}) > 1
