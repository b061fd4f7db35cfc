"""Thresholds meet their goals, and lie where no rounding reaches them."""

import numpy as np
import pytest

from tests.unit.training.samples import classes, floats
from training.errors import TrainingError
from training.thresholds import DEFAULT_HIGH, DEFAULT_MEDIUM, Goal, parse_goal, solve_thresholds
from training.trees import Floats

RANDOM = np.random.default_rng(2)
SCORES = RANDOM.random(10_000).astype(np.float32)
TARGETS = (RANDOM.random(10_000) < SCORES**4).astype(np.int8)


def alerts(edge: float) -> Floats:
    return np.greater_equal(SCORES, np.float32(edge))


def test_shares_are_met_within_two_percent() -> None:
    solved = solve_thresholds(TARGETS, SCORES, DEFAULT_MEDIUM, DEFAULT_HIGH)
    medium, high = (alerts(edge).mean() for edge in (solved.medium, solved.high))
    assert medium == pytest.approx(0.01, rel=0.021)
    assert high == pytest.approx(0.003, rel=0.021)
    assert solved.alert_share == {"MEDIUM": medium, "HIGH": high}


def test_precision_is_met_and_told() -> None:
    solved = solve_thresholds(TARGETS, SCORES, Goal("precision", 0.5), Goal("precision", 0.9))
    for level, edge, wanted in (("MEDIUM", solved.medium, 0.5), ("HIGH", solved.high, 0.9)):
        reached = TARGETS[alerts(edge)].mean()
        assert reached >= wanted
        assert solved.precision[level] == pytest.approx(reached)


def test_thresholds_are_float32_and_between_scores() -> None:
    solved = solve_thresholds(TARGETS, SCORES, DEFAULT_MEDIUM, DEFAULT_HIGH)
    for edge in (solved.medium, solved.high):
        assert float(np.float32(edge)) == edge
        assert edge not in SCORES


def test_ties_stay_together() -> None:
    scores = floats([0.9] * 30 + [0.5] * 100 + [0.1] * 870)
    solved = solve_thresholds(
        classes([1] * 30 + [0] * 970), scores, Goal("share", 0.12), Goal("share", 0.03)
    )
    assert (scores >= solved.medium).sum() == 130
    assert (scores >= solved.high).sum() == 30


def test_levels_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(TrainingError, match="larger share with --medium"):
        solve_thresholds(TARGETS, SCORES, Goal("share", 0.01), Goal("share", 0.1))


def test_a_precision_out_of_reach_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"No threshold reaches a precision of 1\.00"):
        solve_thresholds(1 - TARGETS, SCORES, DEFAULT_MEDIUM, Goal("precision", 1.0))


def test_equal_scores_are_refused() -> None:
    with pytest.raises(TrainingError, match="same score"):
        solve_thresholds(classes([0, 1]), floats([0.5, 0.5]), DEFAULT_MEDIUM, DEFAULT_HIGH)


def test_goals_are_read_from_text() -> None:
    assert parse_goal("share:0.01") == DEFAULT_MEDIUM
    assert parse_goal("precision:0.9") == Goal("precision", 0.9)


@pytest.mark.parametrize("text", ["", "share", "share:2", "precision:0", "budget:3", "share:x"])
def test_other_goals_are_refused(text: str) -> None:
    with pytest.raises(TrainingError, match="share:X or precision:X"):
        parse_goal(text)
