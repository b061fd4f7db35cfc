"""Search settings of the ensemble on validation folds, by Optuna's tree-structured sampler."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import optuna

from training.arrays import Floats
from training.data.history import History
from training.ensemble.combination import Weighted
from training.errors import TrainingError
from training.evaluation.candidates import Columns, ensemble, with_weights
from training.evaluation.protocol import Fold
from training.evaluation.run import learn_fold
from training.fit_settings import BOOSTED, FOREST, FitSettings, WeightsBy
from training.metrics.figures import AUC, AVERAGE_PRECISION, BRIER, CARD_PRECISION, judge

OBJECTIVES: Final = (AUC, AVERAGE_PRECISION, CARD_PRECISION)
OBJECTIVE: Final = f"mean of {', '.join(OBJECTIVES)}"
"""What a search maximises: all three that are published, since one alone is within its noise."""
_WEIGHTS: Final = tuple(tenths / 10 for tenths in range(11))
_UNPRUNED: Final = 5
_LARGER: Final = (
    {"boosted_trees": 300, "boosted_depth": 6},
    {"boosted_trees": 600, "boosted_depth": 8, "learning_rate": 0.05, "forest_depth": 14},
)
"""What is tried after the defaults: a larger booster, and the largest of both models."""
_WEIGHT_OF_TRIAL: Final = "forest_weight"


@dataclass(frozen=True)
class Budget:
    """When a search ends: after so many trials or, checked between trials, so many seconds.

    The same seed and trials give the same settings, as long as time does not end the search.
    """

    trials: int
    seconds: float
    seed: int


@dataclass(frozen=True)
class SearchResult:
    """The best settings, their mean objective over the folds, and what was spent."""

    settings: FitSettings
    value: float
    default_value: float
    trials: int
    seconds: float


@dataclass(frozen=True)
class Task:
    """Subject of a search: validation folds, none of which reaches ``test_begins_ms``."""

    history: History
    folds: Sequence[Fold]
    columns: Columns
    test_begins_ms: int
    base: FitSettings


def search(
    task: Task, budget: Budget, progress: Callable[[str], None] = lambda _: None
) -> SearchResult:
    """Return the settings with the highest mean objective over the folds.

    The defaults are the first trial, two larger ensembles the next. The weight of the forest is
    chosen in each trial, since that needs no other fit, by the figure of ``task.base.weights_by``.

    Raises TrainingError where a fold reaches the test days, or where nothing was tried.
    """
    refuse_test_rows(task)
    started = time.monotonic()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)  # its warnings are stack traces
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=budget.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_UNPRUNED),
    )
    study.enqueue_trial(_defaults(task.base))
    for larger in _LARGER:
        study.enqueue_trial(_defaults(task.base) | larger)

    def tell(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        seconds = time.monotonic() - started
        pruned = trial.state == optuna.trial.TrialState.PRUNED
        value = f"{trial.value:.4f}" + (" (given up early)" if pruned else "")
        progress(
            f"trial {trial.number + 1} of {budget.trials}: {value}, best {study.best_value:.4f}, "
            f"{seconds:.0f} of {budget.seconds:.0f} s"
        )

    study.optimize(
        lambda trial: _objective(task, trial),
        n_trials=budget.trials,
        timeout=budget.seconds,
        callbacks=[tell],
    )
    best = study.best_trial
    return SearchResult(
        settings=replace(
            task.base, **best.params, weights=_both(best.user_attrs[_WEIGHT_OF_TRIAL])
        ),
        value=study.best_value,
        default_value=float(study.trials[0].value or 0.0),
        trials=sum(trial.state.is_finished() for trial in study.trials),
        seconds=time.monotonic() - started,
    )


def refuse_test_rows(task: Task) -> None:
    """Raise TrainingError where a fold has a payment at or after the beginning of the test."""
    latest = max(
        int(task.history.times_ms[rows].max()) for f in task.folds for rows in (f.train, f.test)
    )
    if latest >= task.test_begins_ms:
        raise TrainingError(
            "A fold of the search reaches into the test days, and settings chosen there would make "
            "the test worthless: search on earlier folds."
        )


def _objective(task: Task, trial: optuna.Trial) -> float:
    """Fit both models on every fold; return the objective with the best weight.

    A trial that falls behind the middle of the others on the first folds is given up.
    """
    settings = replace(task.base, **_suggest(trial))
    fixed = with_weights(settings, _both(0.5))
    candidate = ensemble(task.history, task.folds, fixed, task.columns)
    values = []
    for number, fold in enumerate(task.folds):
        scores = learn_fold(task.history, candidate, fold)
        values.append(_values(scores, task.history, fold, settings.weights_by))
        by, objective = np.mean(values, axis=0).T
        best = int(by.argmax())
        trial.report(float(objective[best]), number)
        if number + 1 < len(task.folds) and trial.should_prune():
            raise optuna.TrialPruned
    trial.set_user_attr(_WEIGHT_OF_TRIAL, _WEIGHTS[best])
    return float(objective[best])


def _values(
    scores: dict[str, Floats], history: History, fold: Fold, by: WeightsBy
) -> list[tuple[float, float]]:
    """Return what is good by a figure, and the objective, on a fold for each weight."""
    forest, boosted = scores[FOREST], scores[BOOSTED]
    rows = fold.test
    found = []
    for weight in _WEIGHTS:
        mixed = Weighted(_both(weight))([forest, boosted])
        told = judge(history.targets[rows], mixed, history.cards[rows], history.times_ms[rows])
        good = -told[by] if by == BRIER else told[by]
        found.append((good, sum(told[name] for name in OBJECTIVES) / len(OBJECTIVES)))
    return found


def _both(weight: float) -> tuple[float, float]:
    """Return the weights of forest and XGBoost."""
    return weight, round(1 - weight, 1)


def _suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Draw the settings that are searched."""
    return {
        "forest_depth": trial.suggest_int("forest_depth", 6, 14),
        "forest_leaf_rows": trial.suggest_int("forest_leaf_rows", 2, 30, log=True),
        "forest_columns": trial.suggest_categorical("forest_columns", [None, 0.3]),
        "boosted_trees": trial.suggest_int("boosted_trees", 50, 600, step=25),
        "boosted_depth": trial.suggest_int("boosted_depth", 2, 8),
        "boosted_columns": trial.suggest_float("boosted_columns", 0.3, 1.0),
        "boosted_weight": trial.suggest_float("boosted_weight", 0.1, 10.0, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
        "max_features": trial.suggest_categorical("max_features", [None, 40, 25, 15]),
    }


def _defaults(base: FitSettings) -> dict[str, Any]:
    """Return the searched settings of ``base``, for the first trial."""
    names = (
        "forest_depth",
        "forest_leaf_rows",
        "forest_columns",
        "boosted_trees",
        "boosted_depth",
        "boosted_columns",
        "boosted_weight",
        "learning_rate",
        "max_features",
    )
    return {name: getattr(base, name) for name in names}
