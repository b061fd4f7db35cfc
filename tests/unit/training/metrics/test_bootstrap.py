"""Intervals come from drawing cards again, each with all its payments."""

import numpy as np
import pytest

from training.arrays import Ints
from training.data.split import DAY_MS
from training.metrics.bootstrap import Scored, _Ranking, intervals, resample
from training.metrics.figures import FIGURES, judge

CARDS = 300


def scored(seed: int = 1, payments: int = 4_000, frauds: float = 0.05) -> Scored:
    """Random payments with ties among the scores and several of a card on a day."""
    random = np.random.default_rng(seed)
    targets = (random.random(payments) < frauds).astype(np.int8)
    scores = np.round(0.4 * targets + 0.6 * random.random(payments), 2).astype(np.float32)
    times = np.sort(random.integers(0, 5 * DAY_MS, payments))
    return Scored(targets, scores, random.integers(0, CARDS, payments), times)


def repeated(one: Scored, counts: Ints) -> Scored:
    """The payments of each card as often as it is counted, each time as another card."""
    rows = np.repeat(np.arange(len(one.cards)), counts[one.cards])
    copy = np.concatenate([np.arange(counts[card]) for card in one.cards])
    cards = one.cards[rows] + CARDS * copy
    return Scored(one.targets[rows], one.scores[rows], cards, one.times_ms[rows])


def test_taking_each_card_once_gives_the_figures_of_the_fold() -> None:
    one = scored()
    found = _Ranking.of(one).judge(np.ones(CARDS, dtype=np.int64))
    expected = judge(one.targets, one.scores, one.cards, one.times_ms)
    for name in set(FIGURES) - {"card_precision_at_100"}:
        assert found[name] == pytest.approx(expected[name], abs=1e-6), name


def test_a_card_drawn_twice_counts_as_two_cards() -> None:
    one = scored(2)
    counts = np.random.default_rng(3).integers(0, 4, CARDS)
    copies = repeated(one, counts)
    expected = judge(copies.targets, copies.scores, copies.cards, copies.times_ms)
    found = _Ranking.of(one).judge(counts)
    for name in set(FIGURES) - {"card_precision_at_100"}:
        assert found[name] == pytest.approx(expected[name], abs=1e-6), name


def test_card_precision_counts_copies_too() -> None:
    one = scored(4)
    untied = np.random.default_rng(5).permutation(len(one.scores)).astype(np.float32)
    one = Scored(one.targets, untied / len(untied), one.cards, one.times_ms)
    counts = np.random.default_rng(6).integers(0, 4, CARDS)
    copies = repeated(one, counts)
    expected = judge(copies.targets, copies.scores, copies.cards, copies.times_ms)
    assert _Ranking.of(one).judge(counts)["card_precision_at_100"] == pytest.approx(
        expected["card_precision_at_100"]
    )


def test_an_interval_holds_the_mean_and_repeats_with_its_seed() -> None:
    folds = [scored(7), scored(8)]
    found = intervals(resample(folds, seed=1, resamples=200))
    for name, (low, high) in found.items():
        mean = np.mean([judge(f.targets, f.scores, f.cards, f.times_ms)[name] for f in folds])
        assert low < mean < high, name
    assert intervals(resample(folds, seed=1, resamples=200)) == found
    assert intervals(resample(folds, seed=2, resamples=200)) != found


def test_payments_of_a_card_stand_and_fall_together() -> None:
    one = scored(9, payments=400)
    whose = np.tile(np.arange(400), 10)
    scores, times = np.tile(one.scores, 10), np.tile(one.times_ms, 10)
    targets = np.tile(one.targets, 10)
    together = Scored(targets, scores, whose, times)
    apart = Scored(targets, scores, np.arange(4_000), times)
    (low, high), (narrow_low, narrow_high) = (
        intervals(resample([fold], 1, 200))["average_precision"] for fold in (together, apart)
    )
    assert high - low > 2 * (narrow_high - narrow_low)


def test_resamples_without_a_fraud_are_left_out() -> None:
    one = Scored(
        np.array([1, 0, 0], dtype=np.int8),
        np.array([0.9, 0.5, 0.1], dtype=np.float32),
        np.array([0, 1, 2]),
        np.zeros(3, dtype=np.int64),
    )
    assert intervals(resample([one], seed=1, resamples=50))["auc_roc"] == (1.0, 1.0)
    of_one_card = Scored(one.targets, one.scores, np.zeros(3, int), one.times_ms)
    assert intervals(resample([of_one_card], 1, 20))
