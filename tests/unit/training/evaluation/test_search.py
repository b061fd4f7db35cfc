"""A search chooses settings on validation folds, and never looks further."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.samples import narrow_history, random_history
from training.data.split import DAY_MS
from training.errors import TrainingError
from training.evaluation.candidates import (
    baseline,
    ensemble,
    longer,
    with_weights,
)
from training.evaluation.chosen import Found, read_chosen, write_chosen
from training.evaluation.protocol import Fold, judged_from, time_folds
from training.evaluation.published import BEST_OF_ANY, HANDBOOK
from training.evaluation.run import Question, evaluate
from training.evaluation.search import OBJECTIVES, Budget, SearchResult, Task, search
from training.fit_settings import FitSettings
from training.metrics.figures import FIGURES

DELAY_MS = 2 * DAY_MS
SMALL = FitSettings(jobs=1, forest_trees=50, forest_depth=6, boosted_trees=50, boosted_depth=3)
FOUND = Found("./cardwatch tune", "average_precision", 0.7, ("a",), "stream", 1, 3, 1.5, 7)


def task(folds: Sequence[Fold] | None = None) -> Task:
    history = narrow_history()
    begins_ms = judged_from(history, 0.2)
    earlier = history.before(begins_ms)
    chosen = time_folds(earlier, DELAY_MS, 0.3, 2) if folds is None else folds
    return Task(earlier if folds is None else history, chosen, "stream", begins_ms, SMALL)


@cache
def found() -> SearchResult:
    return search(task(), Budget(trials=2, seconds=600, seed=5))


def test_a_search_is_at_least_as_good_as_the_defaults_on_its_folds() -> None:
    result = found()
    assert result.trials == 2
    assert result.value >= result.default_value > 0
    assert result.settings.weights is not None and sum(result.settings.weights) == 1
    assert result.settings.jobs == SMALL.jobs


def test_the_value_is_what_the_settings_reach_when_evaluated_again() -> None:
    one, result = task(), found()
    candidate = ensemble(one.history, one.folds, result.settings, "stream")
    model = evaluate(one.history, [candidate], Question("t", "p", resamples=20)).models[0]
    reached = [model.mean(name) for name in OBJECTIVES]
    assert np.mean(reached) == pytest.approx(result.value, abs=1e-6)


def test_the_same_seed_finds_the_same_settings() -> None:
    again = search(task(), Budget(trials=2, seconds=600, seed=5))
    assert again.settings == found().settings and again.value == found().value


def test_time_ends_a_search_after_the_trial_that_runs() -> None:
    assert search(task(), Budget(trials=50, seconds=0.001, seed=5)).trials == 1


def test_a_search_that_could_see_the_test_days_is_refused() -> None:
    history = narrow_history()
    with pytest.raises(TrainingError, match="reaches into the test days"):
        search(task(time_folds(history, DELAY_MS, 0.2)), Budget(1, 60, 5))


def test_settings_come_back_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "own.json"
    settings = with_weights(SMALL, (0.3, 0.7))
    write_chosen(path, settings, FOUND)
    chosen = read_chosen(path)
    assert chosen.found == FOUND and "jobs" not in path.read_text()
    assert chosen.settings.weights == (0.3, 0.7) and chosen.settings.forest_depth == 6
    assert read_chosen(tmp_path / "none.json").found is None


@pytest.mark.parametrize("text", ["{", "[1]", '{"settings": {"depth": 3}, "found": {}}', "{}"])
def test_a_settings_file_that_says_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.json"
    path.write_text(text)
    with pytest.raises(TrainingError, match=r"own.json: expected .*, got .*\."):
        read_chosen(path)


def test_every_model_is_judged_on_every_fold_with_intervals() -> None:
    history = random_history()
    folds = time_folds(history, DELAY_MS, 0.3, 2)
    candidates = [
        baseline(history, folds, 1),
        ensemble(history, folds, SMALL, "handbook"),
        longer(history, folds, SMALL, "stream", 35),
    ]
    told: list[str] = []
    question = Question("title", "protocol", HANDBOOK, resamples=20)
    found = evaluate(history, candidates, question, told.append)
    names = [model.name for model in found.models]
    assert names == ["baseline", "ensemble", "random_forest", "xgboost", "ensemble_35_days"]
    for model in found.models:
        assert len(model.folds) == 2 and set(model.intervals) == set(FIGURES)
        assert len(model.scores) == len(model.targets) == sum(f.test_payments for f in found.folds)
        low, high = model.intervals["auc_roc"]
        assert low <= model.mean("auc_roc") <= high
        assert model.deviation("auc_roc") == np.std([fold["auc_roc"] for fold in model.folds])
    assert "15 Handbook features" in found.models[1].description
    assert any("fold" in line for line in told)


def test_one_fold_has_no_deviation() -> None:
    history = random_history()
    candidate = baseline(history, time_folds(history, DELAY_MS, 0.3), 1)
    (model,) = evaluate(history, [candidate], Question("t", "p", resamples=20)).models
    assert model.deviation("auc_roc") is None


def test_no_published_model_is_better_than_the_best_of_any() -> None:
    for row in HANDBOOK:
        assert all(row.figures[name] <= best for name, best in BEST_OF_ANY.figures.items())


@pytest.mark.parametrize("text", ["[" * 100_000, "{}", '{"settings": 1}', '"\\ud800"'])
def test_a_settings_file_of_any_text_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    with pytest.raises(TrainingError, match="cardwatch train --write-settings") as caught:
        read_chosen(path)
    assert str(caught.value).isprintable()


def test_settings_that_were_read_can_be_written(tmp_path: Path) -> None:
    """Those that a file leaves out are the defaults, also when they are written again."""
    path = tmp_path / "settings.json"
    write_chosen(path, FitSettings(seed=3), FOUND)
    chosen = read_chosen(path)
    write_chosen(path, chosen.settings, FOUND)
    assert read_chosen(path).settings == chosen.settings
