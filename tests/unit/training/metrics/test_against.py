"""An ensemble is held against its best member, and chance is told from a real loss."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from tests.unit.training.samples import SMALL, narrow_history, rows_of
from training.arrays import Floats
from training.data.rows import Rows
from training.data.split import DAY_MS
from training.evaluation.candidates import ENSEMBLE, ensemble
from training.evaluation.protocol import time_folds
from training.evaluation.run import Question, evaluate
from training.fit_settings import WeightsBy
from training.metrics.against import judge_against_best
from training.metrics.figures import FIGURES

CARDS = 200


def scored(payments: int = 4_000) -> tuple[Rows, Floats, Floats]:
    """Payments, the scores of a good model, and scores that know nothing."""
    random = np.random.default_rng(3)
    targets = (random.random(payments) < 0.1).astype(np.int8)
    good = (0.5 * targets + 0.6 * random.random(payments)).astype(np.float32)
    times = np.sort(random.integers(0, 20 * DAY_MS, payments))
    rows = Rows(good.reshape(-1, 1), targets, random.integers(0, CARDS, payments), times)
    return rows, good / 2, random.random(payments).astype(np.float32)


@pytest.mark.parametrize("by", ["average_precision", "auc_roc", "brier"])
def test_a_mixture_with_noise_is_worse_beyond_chance(by: WeightsBy) -> None:
    rows, good, noise = scored()
    mixed = (0.5 * good + 0.5 * noise).astype(np.float32)
    found = judge_against_best(rows, mixed, {"noise": noise, "good": good}, by, seed=1)
    assert found is not None
    assert found.member == "good" and found.worse
    assert found.difference.low <= found.difference.value <= found.difference.high < 0
    assert "worse beyond chance" in str(found) and "not worse" not in str(found)


def test_weights_go_by_figures_that_an_evaluation_shows() -> None:
    assert set(get_args(WeightsBy)) <= set(FIGURES)


def test_an_ensemble_that_is_its_best_member_differs_by_nothing() -> None:
    rows, good, noise = scored()
    found = judge_against_best(
        rows, good, {"noise": noise, "good": good}, "average_precision", seed=1
    )
    assert found is not None and not found.worse
    assert (found.difference.low, found.difference.high) == (0, 0)


def test_cards_are_drawn_once_for_both_so_that_a_small_loss_shows() -> None:
    """The figure itself moves ten times as far by chance as the difference of the two does."""
    rows, good, noise = scored()
    little = (0.97 * good + 0.03 * noise).astype(np.float32)
    found = judge_against_best(
        rows, little, {"noise": noise, "good": good}, "average_precision", seed=1
    )
    assert found is not None
    assert found.difference.high - found.difference.low < 0.01


def test_nothing_is_compared_for_one_model_or_without_labels() -> None:
    rows, good, noise = scored()
    assert judge_against_best(rows, good, {"good": good}, "auc_roc", 1) is None
    unknown = replace(rows, targets=np.full(len(good), -1, np.int8))
    both = {"good": good, "noise": noise}
    assert judge_against_best(unknown, good, both, "auc_roc", 1) is None


@pytest.mark.parametrize("weights", [None, (0.0, 1.0)])
def test_an_evaluation_says_how_the_ensemble_compares(weights: tuple[float, ...] | None) -> None:
    history = narrow_history()
    folds = time_folds(history, 2 * DAY_MS, 0.3)
    heard: list[str] = []
    candidate = ensemble(history, folds, replace(SMALL, weights=weights), "stream", heard.append)
    evaluation = evaluate(history, [candidate], Question("t", "p", resamples=50))
    found, models = evaluation.against_best, {model.name: model for model in evaluation.models}
    assert found is not None and found.figure == "average_precision" and not found.worse
    best = models[found.member].mean("average_precision")
    assert found.difference.value == models[ENSEMBLE].mean("average_precision") - best
    assert [line.endswith("by average_precision") for line in heard] == [True] * (weights is None)


def test_weights_that_nobody_gave_are_chosen_on_payments_that_are_learnt_from() -> None:
    """Other test payments get the same weights, and one class in the last fifth gets even ones."""
    history = rows_of(narrow_history())
    heard: list[str] = []
    folds = time_folds(narrow_history(), 2 * DAY_MS, 0.3)
    learn = ensemble(narrow_history(), folds, SMALL, "stream", heard.append).learn
    learn(history[:2_000], history.columns[2_000:])
    learn(history[:2_000], history.columns[2_500:])
    one_class = replace(history[:2_000], targets=history.targets[:2_000].copy())
    one_class.targets[1_600:] = 0
    learn(one_class, history.columns[2_000:])
    assert heard[0] == heard[1]
    assert heard[2] == "0.5 x random_forest + 0.5 x xgboost, by average_precision"
