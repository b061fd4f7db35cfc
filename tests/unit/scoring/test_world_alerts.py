"""What an analyst reads: two thousand alerts of a world, held to the rules of reasons."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest

from events.decision import Reason
from features.catalogue import FEATURES
from scoring.reasons.codes import COMBINATION, reason_code
from scoring.reasons.explain import LEAST_SHARE, REASONS
from scoring.reasons.sentences import is_beyond
from tests.unit.scoring.rows import PLACES
from tests.unit.scoring.scene import shipped
from tests.unit.scoring.world_alerts import ALERTS, RENEW, SAMPLE, SNAPSHOT, sample, world_alerts

FEATURE = {feature.name: feature for feature in FEATURES}
ODD = re.compile(r"\b(nan|inf|None|unknown|not known|here|deviations?)\b|(?<![.\d])1 [a-z]+s\b")


def evidence() -> list[Reason]:
    """Return every reason that names evidence."""
    reasons = [reason for one in world_alerts() for reason in one.alert.reasons]
    return [reason for reason in reasons if reason.code != COMBINATION]


def test_there_are_as_many_alerts_as_are_read() -> None:
    assert len(world_alerts()) == ALERTS
    levels = Counter(one.alert.risk_level for one in world_alerts())
    assert min(levels["HIGH"], levels["MEDIUM"]) > ALERTS / 10


def test_every_alert_has_one_to_three_reasons_of_different_codes() -> None:
    for alert, _ in world_alerts():
        codes = [reason.code for reason in alert.reasons]
        assert 1 <= len(codes) == len(set(codes)) <= REASONS
        assert COMBINATION not in codes or len(codes) == 1


def test_a_reason_says_the_value_that_the_model_was_given() -> None:
    for alert, values in world_alerts():
        for reason in alert.reasons:
            assert reason.value == values[PLACES[reason.feature]]


def test_no_missing_value_is_told() -> None:
    """Neither as the reason nor in its words."""
    assert all(reason.value is not None for reason in evidence())
    for alert, _ in world_alerts():
        for reason in alert.reasons:
            assert not ODD.search(reason.sentence), reason.sentence
    assert not any(" 0 km" in reason.sentence for reason in evidence())


def test_a_value_lies_strictly_on_the_side_where_it_is_evidence() -> None:
    """Above its usual, below, either, or without a usual value where the value itself is."""
    for reason in evidence():
        telling = FEATURE[reason.feature].tell
        assert telling is not None, reason.feature
        assert reason.value is not None
        assert is_beyond(telling.side, reason.value, reason.normal), reason


def test_only_what_raised_the_score_is_told_the_strongest_first() -> None:
    for alert, _ in world_alerts():
        told = [reason for reason in alert.reasons if reason.code != COMBINATION]
        raised = sum(added for added in alert.contributions.values() if added > 0)
        parts = [reason.contribution for reason in told]
        assert parts == sorted(parts, reverse=True)
        assert all(part > LEAST_SHARE * raised for part in parts)
        assert all(alert.contributions[one.code] == one.contribution for one in told)


def test_contributions_are_complete_and_add_up_to_the_score() -> None:
    """The base and every code's contribution make the models' average score."""
    manifest = shipped().manifest
    weights = {member.name: member.weight for member in manifest.members}
    codes = {reason_code(name) for name in manifest.feature_names}
    for alert, _ in world_alerts():
        assert set(alert.contributions) == codes
        average = sum(weights[name] * score for name, score in alert.model_scores.items())
        total = alert.contribution_base + math.fsum(alert.contributions.values())
        assert total == pytest.approx(average, abs=2e-6)


def test_contributions_are_those_of_the_trees() -> None:
    explain = shipped().explainer.contributions
    names = shipped().manifest.feature_names
    places = [PLACES[name] for name in names]
    for alert, values in world_alerts()[::20]:
        sums = dict.fromkeys(alert.contributions, 0.0)
        for name, added in zip(names, explain(values[places]).tolist(), strict=True):
            sums[reason_code(name)] += added
        assert alert.contributions == pytest.approx(sums, abs=1e-12)


def test_sentences_can_be_read_aloud() -> None:
    """One sentence each, from a capital to a full stop, with amounts in their currency.

    An amount in another currency than the reference has its value in that behind it.
    """
    for alert, _ in world_alerts():
        for reason in alert.reasons:
            said = reason.sentence
            assert re.fullmatch(r"[A-Z0-9][^\n]*\.", said), said
            assert len(said.split()) <= 40, said
            paid = rf"[\d,]+\.\d\d {alert.currency} \([\d,]+\.\d\d EUR\)"
            said = re.sub(paid, "", said) if alert.currency != "EUR" else said
            assert len(re.findall(r"\.\d\d\b", said)) == len(re.findall(r"\.\d\d EUR", said)), said


def test_a_combination_is_the_exception_and_names_two_values() -> None:
    found = [one.alert.reasons[0] for one in world_alerts()]
    combined = [reason for reason in found if reason.code == COMBINATION]
    assert 0 < len(combined) < ALERTS / 10
    for reason in combined:
        assert len(re.findall(r" \([^()]+\)", reason.sentence)) == 2, reason.sentence


def test_every_kind_of_attack_has_its_reason_among_the_alerts() -> None:
    """Testing and takeover, journeys, compromised merchants, and money that leaves."""
    codes = Counter(reason.code for reason in evidence())
    expected = ("velocity", "spending", "merchant_risk", "travel", "far_from_home", "many_places")
    assert all(codes[code] > 10 for code in expected), codes


def test_the_sample_is_what_a_reviewer_read() -> None:
    """Read the changed file before it is committed: a customer may hear its sentences."""
    kept = SNAPSHOT.read_text(encoding="utf-8")
    assert len(re.findall(r"^\d+\. ", kept, re.MULTILINE)) == SAMPLE
    assert sample() == kept, f"the alerts read differently; renew and read {SNAPSHOT.name}: {RENEW}"


def test_values_of_the_world_are_those_of_the_replay() -> None:
    """The alerts have a history: most cards have earlier payments."""
    earlier = [values[PLACES["card_count_30d"]] > 1 for _, values in world_alerts()]
    assert np.mean(earlier) > 0.8
