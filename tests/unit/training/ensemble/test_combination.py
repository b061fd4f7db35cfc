"""Combinations in numpy and in the graph, and which one validation chooses."""

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from scoring.loader import max_difference
from tests.unit.training.samples import EVERY, every_fit, narrow_history, rows_of
from training.arrays import Floats
from training.ensemble.choice import Goodness
from training.ensemble.combination import Combination, Ranked, Stacked, Weighted, choose
from training.ensemble.fit import combine
from training.errors import TrainingError
from training.fit_settings import CombineMethod, FitSettings, Targets, WeightsBy
from training.models.registry import MODELS
from training.packaging.package import open_scorer


def two_scores() -> tuple[list[Floats], Targets]:
    """Two models, each of which sees another half of the frauds."""
    random = np.random.default_rng(4)
    targets = (random.random(3_000) < 0.1).astype(np.int8)
    half = random.random(3_000) < 0.5
    noise = random.random((2, 3_000)) * 0.5
    return [
        (noise[0] + 0.4 * (targets * half)).astype(np.float32),
        (noise[1] + 0.4 * (targets * ~half)).astype(np.float32),
    ], targets


def pick(method: CombineMethod, scores: Sequence[Floats], targets: Targets) -> Combination:
    """Choose by average precision."""
    nobody = np.zeros(len(targets), np.int64)
    good = Goodness("average_precision", targets, nobody, nobody)
    return choose(method, scores, targets, None, good)


@pytest.mark.parametrize("method", ["weighted", "stacking", "rank"])
def test_the_graph_combines_as_numpy_does(method: CombineMethod) -> None:
    history = narrow_history()
    settings = replace(EVERY, combine=method)
    fitted = combine(every_fit(), rows_of(history), settings)
    assert fitted.combination.method == method
    assert sum(fitted.combination.shares()) == pytest.approx(1)
    scorer = open_scorer(fitted)
    got = scorer.score_columns(history.features)
    assert max_difference(fitted.predict(history.features), got) < 2e-6
    by_steps = scorer.score(history.features[:200]).probability
    assert by_steps.tobytes() == got.probability[:200].tobytes()


@pytest.mark.parametrize("method", ["weighted", "stacking", "rank"])
def test_a_combination_ranks_better_than_either_model(method: CombineMethod) -> None:
    scores, targets = two_scores()
    together = average_precision_score(targets, pick(method, scores, targets)(scores))
    assert together > max(average_precision_score(targets, score) for score in scores)


def test_auto_takes_what_ranks_best() -> None:
    scores, targets = two_scores()
    ways: tuple[CombineMethod, ...] = ("weighted", "stacking", "rank")
    figures = {
        way: average_precision_score(targets, pick(way, scores, targets)(scores)) for way in ways
    }
    assert pick("auto", scores, targets).method == max(figures, key=figures.__getitem__)


def test_stacking_never_subtracts_a_model() -> None:
    scores, targets = two_scores()
    against = [scores[0], (1 - scores[1]).astype(np.float32)]
    chosen = pick("stacking", against, targets)
    assert isinstance(chosen, Stacked)
    assert chosen.slopes[0] > 0
    assert chosen.slopes[1] == 0


def test_one_model_is_taken_as_it_is() -> None:
    scores, targets = two_scores()
    alone = pick("rank", scores[:1], targets)
    assert isinstance(alone, Weighted)
    assert alone(scores[:1]).tobytes() == scores[0].tobytes()


def test_a_rank_does_not_depend_on_the_scale_of_a_model() -> None:
    scores, targets = two_scores()
    squeezed = [scores[0], (scores[1] / 4).astype(np.float32)]
    one, other = (pick("rank", each, targets) for each in (scores, squeezed))
    assert isinstance(one, Ranked)
    np.testing.assert_allclose(one(scores), other(squeezed), atol=0.05)


def test_weights_are_tenths_and_a_model_that_only_adds_noise_gets_none() -> None:
    scores, targets = two_scores()
    noise = np.random.default_rng(8).random(len(targets)).astype(np.float32)
    shares = pick("weighted", [*scores, noise], targets).shares()
    assert sum(shares) == pytest.approx(1)
    assert [round(10 * share) for share in shares] == pytest.approx([10 * s for s in shares])
    assert shares[2] == 0 and min(shares[:2]) > 0


def test_a_mixture_that_is_better_by_chance_alone_is_not_taken() -> None:
    """The rival is the model with a little noise, and their mean is better by 0.0001 of 0.54."""
    scores, targets = two_scores()
    noise = np.random.default_rng(9).normal(0, 0.002, len(targets))
    both = [scores[0], (scores[0] + noise).astype(np.float32)]
    good = Goodness("average_precision", targets, np.arange(3_000) % 500, np.arange(3_000))
    mixed = [Weighted((tenths / 10, 1 - tenths / 10))(both) for tenths in range(1, 10)]
    assert max(good(each) for each in mixed) > max(good(score) for score in both)
    assert sorted(choose("weighted", both, targets, None, good).shares()) == [0, 1]
    assert min(choose("weighted", scores, targets, None, good).shares()) > 0


@pytest.mark.parametrize("by", get_args(WeightsBy))
def test_the_weights_are_the_best_by_the_figure_that_is_named(by: WeightsBy) -> None:
    scores, targets = two_scores()
    cards, times = np.arange(3_000) % 500, np.arange(3_000) * 60_000
    good = Goodness(by, targets, cards, times)
    chosen = choose("weighted", scores, targets, None, good)
    tenths = [Weighted((first / 10, 1 - first / 10)) for first in range(11)]
    best = max(good(each(scores)) for each in tenths)
    alone = max(good(score) for score in scores)
    assert good(chosen(scores)) in (pytest.approx(best), pytest.approx(alone))


def test_a_combination_is_no_worse_than_either_model_where_it_was_chosen() -> None:
    scores, targets = two_scores()
    far = [scores[0], (scores[0] * 0.01 + 0.99 * (1 - scores[0])).astype(np.float32)]
    chosen = pick("weighted", far, targets)
    best = max(average_precision_score(targets, score) for score in far)
    assert average_precision_score(targets, chosen(far)) >= best


@pytest.mark.parametrize(
    ("models", "weights"),
    [(("oracle",), None), ((), None), (("xgboost", "xgboost"), None), (("xgboost",), (0.5,))],
)
def test_wrong_models_and_weights_get_one_sentence(
    models: tuple[str, ...], weights: tuple[float, ...] | None
) -> None:
    with pytest.raises(TrainingError, match=r"expected .+, got "):
        FitSettings(models=models, weights=weights).check(frozenset(MODELS))
