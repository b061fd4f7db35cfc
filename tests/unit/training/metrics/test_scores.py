"""Metrics on cases small enough to work out by hand."""

import numpy as np
import pytest

from tests.unit.training.samples import classes, floats
from training.metrics.scores import (
    brier_score,
    card_precision,
    evaluate,
    precision_at_share,
    recall_at_false_positives,
)

DAY_MS = 86_400_000


def test_a_perfect_ranking_has_perfect_figures() -> None:
    targets = np.repeat(classes([1, 0]), [10, 990])
    scores = np.linspace(1, 0, 1_000).astype(np.float32)
    figures = evaluate(targets, scores, np.arange(1_000), np.zeros(1_000, np.int64))
    assert figures["auc_roc"] == figures["average_precision"] == 1.0
    assert figures["precision_at_top_0_1_percent"] == figures["recall_at_1_percent_fpr"] == 1.0
    assert figures["card_precision_at_100"] == pytest.approx(0.1)


def test_precision_at_a_share_takes_at_least_one() -> None:
    assert precision_at_share(classes([0, 1]), floats([0.2, 0.9]), 0.001) == 1.0


def test_recall_stays_within_the_false_positive_rate() -> None:
    targets = classes([1, 0, 1, 0, 0, 1])
    scores = floats([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    assert recall_at_false_positives(targets, scores, 0.0) == pytest.approx(1 / 3)
    assert recall_at_false_positives(targets, scores, 1 / 3) == pytest.approx(2 / 3)


def test_a_card_counts_with_its_highest_score_of_the_day() -> None:
    targets, cards = classes([0, 1, 0]), np.array([1, 1, 2])
    scores, days = floats([0.9, 0.1, 0.5]), np.zeros(3, np.int64)
    assert card_precision(targets, scores, cards, days, cards_a_day=1) == 1.0


def test_a_caught_card_is_not_looked_at_again() -> None:
    targets, cards = classes([1, 1, 0]), np.array([1, 1, 2])
    scores, days = floats([0.9, 0.9, 0.5]), np.array([0, 1, 1])
    assert card_precision(targets, scores, cards, days, cards_a_day=1) == 0.5


def test_the_brier_score_is_the_mean_squared_error_of_the_probability() -> None:
    assert brier_score(classes([0, 1, 1]), floats([0.5, 0.5, 1.0])) == pytest.approx(0.5 / 3)
