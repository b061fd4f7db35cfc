"""Search settings of the ensemble on validation folds, by Optuna's tree-structured sampler."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import optuna
from sklearn.metrics import average_precision_score

from training.errors import TrainingError
from training.evaluation.candidates import Columns, ensemble, with_forest_weight
from training.evaluation.protocol import Fold
from training.evaluation.run import learn_fold
from training.fit import BOOSTED, FOREST, FitSettings, Targets
from training.history import History
from training.trees import Floats

OBJECTIVE: Final = "average_precision"
_WEIGHTS: Final = tuple(step / 10 for step in range(1, 10))
_UNPRUNED: Final = 5
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
    """The best settings, their mean average precision over the folds, and what was spent."""

    settings: FitSettings
    value: float
    default_value: float
    trials: int
    seconds: float


@dataclass(frozen=True)
class Task:
    """What is searched on: validation folds, none of which reaches ``test_begins_ms``."""

    history: History
    folds: Sequence[Fold]
    columns: Columns
    test_begins_ms: int
    base: FitSettings


def search(
    task: Task, budget: Budget, progress: Callable[[str], None] = lambda _: None
) -> SearchResult:
    """Return the settings with the highest mean average precision over the folds.

    The defaults are the first trial. The weight of the forest is chosen in each trial, since that
    needs no other fit.

    Raises TrainingError where a fold reaches the test days, or where nothing was tried.
    """
    refuse_test_rows(task)
    started = time.monotonic()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=budget.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_UNPRUNED),
    )
    study.enqueue_trial(_defaults(task.base))

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
        settings=with_forest_weight(
            replace(task.base, **best.params), best.user_attrs[_WEIGHT_OF_TRIAL]
        ),
        value=study.best_value,
        default_value=float(study.trials[0].value or 0.0),
        trials=len(study.trials),
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
    """Fit both models on every fold; return average precision with the best weight.

    A trial that falls behind the middle of the others on the first folds is given up.
    """
    settings = replace(task.base, **_suggest(trial))
    candidate = ensemble(task.history, task.folds, settings, task.columns)
    precisions = []
    for number, fold in enumerate(task.folds):
        scores = learn_fold(task.history, candidate, fold)
        precisions.append(_precisions(scores, task.history.targets[fold.test]))
        mean = np.mean(precisions, axis=0)
        trial.report(float(mean.max()), number)
        if number + 1 < len(task.folds) and trial.should_prune():
            raise optuna.TrialPruned
    trial.set_user_attr(_WEIGHT_OF_TRIAL, _WEIGHTS[int(mean.argmax())])
    return float(mean.max())


def _precisions(scores: dict[str, Floats], targets: Targets) -> list[float]:
    """Return average precision on a fold for each weight of the forest."""
    forest, boosted = scores[FOREST], scores[BOOSTED]
    return [
        float(average_precision_score(targets, weight * forest + (1 - weight) * boosted))
        for weight in _WEIGHTS
    ]


def _suggest(trial: optuna.Trial) -> dict[str, Any]:
    """Draw the settings that are searched."""
    return {
        "forest_trees": trial.suggest_int("forest_trees", 50, 150, step=25),
        "forest_depth": trial.suggest_int("forest_depth", 6, 18),
        "forest_leaf_rows": trial.suggest_int("forest_leaf_rows", 2, 30, log=True),
        "boosted_trees": trial.suggest_int("boosted_trees", 50, 300, step=25),
        "boosted_depth": trial.suggest_int("boosted_depth", 2, 7),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "tree_method": trial.suggest_categorical("tree_method", [None, "hist"]),
        "balance": trial.suggest_categorical("balance", ["none", "weights"]),
    }


def _defaults(base: FitSettings) -> dict[str, Any]:
    """Return the searched settings of ``base``, for the first trial."""
    return {
        "forest_trees": base.forest_trees,
        "forest_depth": base.forest_depth,
        "forest_leaf_rows": base.forest_leaf_rows,
        "boosted_trees": base.boosted_trees,
        "boosted_depth": base.boosted_depth,
        "learning_rate": base.learning_rate,
        "tree_method": base.tree_method,
        "balance": base.balance,
    }
