"""Combinations in numpy and in the graph, and which one validation chooses."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from tests.unit.training.samples import EVERY, every_fit, floats, narrow_history
from training.combination import Ranked, Stacked, Weighted, choose
from training.errors import TrainingError
from training.fit import CombineMethod, combine
from training.fit_settings import FitSettings, Targets
from training.models.registry import MODELS
from training.package import open_scorer
from training.trees import Floats
from udfs.bundle import max_difference


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


@pytest.mark.parametrize("method", ["weighted", "stacking", "rank"])
def test_the_graph_combines_as_numpy_does(method: CombineMethod) -> None:
    history = narrow_history()
    settings = replace(EVERY, combine=method)
    fitted = combine(every_fit(), history.features, history.targets, settings)
    assert fitted.combination.method == method
    assert sum(fitted.combination.shares()) == pytest.approx(1)
    scorer = open_scorer(fitted)
    got = scorer.score_columns(history.features)
    assert max_difference(fitted.predict(history.features), got) < 2e-6
    rows = np.array([scorer.score_row(row)[0] for row in history.features[:200]], np.float32)
    assert rows.tobytes() == got.probability[:200].tobytes()


@pytest.mark.parametrize("method", ["weighted", "stacking", "rank"])
def test_a_combination_ranks_better_than_either_model(method: CombineMethod) -> None:
    scores, targets = two_scores()
    together = average_precision_score(targets, choose(method, scores, targets, None)(scores))
    assert together > max(average_precision_score(targets, score) for score in scores)


def test_auto_takes_what_ranks_best() -> None:
    scores, targets = two_scores()
    ways: tuple[CombineMethod, ...] = ("weighted", "stacking", "rank")
    figures = {
        way: average_precision_score(targets, choose(way, scores, targets, None)(scores))
        for way in ways
    }
    assert choose("auto", scores, targets, None).method == max(figures, key=figures.__getitem__)


def test_stacking_never_subtracts_a_model() -> None:
    scores, targets = two_scores()
    against = [scores[0], (1 - scores[1]).astype(np.float32)]
    chosen = choose("stacking", against, targets, None)
    assert isinstance(chosen, Stacked)
    assert chosen.slopes[0] > 0
    assert chosen.slopes[1] == 0


def test_one_model_is_taken_as_it_is() -> None:
    scores, targets = two_scores()
    alone = choose("rank", scores[:1], targets, None)
    assert isinstance(alone, Weighted)
    assert alone(scores[:1]).tobytes() == scores[0].tobytes()


def test_a_rank_does_not_depend_on_the_scale_of_a_model() -> None:
    scores, targets = two_scores()
    squeezed = [scores[0], (scores[1] / 4).astype(np.float32)]
    one, other = (choose("rank", each, targets, None) for each in (scores, squeezed))
    assert isinstance(one, Ranked)
    np.testing.assert_allclose(one(scores), other(squeezed), atol=0.05)


def test_weights_are_tenths_that_leave_no_model_out() -> None:
    scores, targets = two_scores()
    chosen = choose("weighted", [*scores, floats([0.5] * len(targets))], targets, None)
    assert min(chosen.shares()) == pytest.approx(0.1)
    assert sum(chosen.shares()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("models", "weights"),
    [(("oracle",), None), ((), None), (("xgboost", "xgboost"), None), (("xgboost",), (0.5,))],
)
def test_wrong_models_and_weights_get_one_sentence(
    models: tuple[str, ...], weights: tuple[float, ...] | None
) -> None:
    with pytest.raises(TrainingError, match="and got"):
        FitSettings(models=models, weights=weights).check(frozenset(MODELS))
