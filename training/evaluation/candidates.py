"""The models that an evaluation compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from xgboost import XGBClassifier

from features.catalogue import HANDBOOK_FEATURES
from scoring.model.scorer import Scores
from training.arrays import Floats, Ints
from training.data.history import History
from training.data.rows import Rows
from training.ensemble.choice import Goodness
from training.ensemble.combination import Weighted, best_weights
from training.ensemble.fit import fit
from training.ensemble.shrink import select
from training.errors import TrainingError
from training.evaluation.protocol import Fold
from training.fit_settings import FitSettings

Columns = Literal["handbook", "stream"]
Learn = Callable[[Rows, Floats], dict[str, Floats]]
Progress = Callable[[str], None]

VALIDATION_SHARE: Final = 5
"""Weights are chosen on this part, a fifth, of the payments that are learnt from."""

BASELINE: Final = "baseline"
ENSEMBLE: Final = "ensemble"


@dataclass(frozen=True)
class Candidate:
    """One or more models that learn together.

    ``learn`` takes labelled training payments and test columns float32[m, k], and returns scores
    float32[m] by the name of a model; ``models`` describes those by name.
    """

    models: dict[str, str]
    columns: Ints
    folds: Sequence[Fold]
    learn: Learn


def column_numbers(history: History, columns: Columns) -> Ints:
    """Return which columns of a history are meant: the Handbook's fifteen, or all of them.

    Raises TrainingError where the history lacks one of the fifteen.
    """
    if columns == "stream":
        return np.arange(len(history.names))
    missing = [name for name in HANDBOOK_FEATURES if name not in history.names]
    if missing:
        raise TrainingError(
            f"The history has no feature {', '.join(missing)}, which the Handbook's baseline "
            "needs: choose --features stream."
        )
    return np.array([history.names.index(name) for name in HANDBOOK_FEATURES])


def baseline(history: History, folds: Sequence[Fold], jobs: int) -> Candidate:
    """Return XGBoost on the Handbook's fifteen features, whose figures check the protocol."""
    about = "XGBoost of 100 trees, rate 0.1, depth 3, on the Handbook's 15 features"
    columns = column_numbers(history, "handbook")

    def learn(known: Rows, asked: Floats) -> dict[str, Floats]:
        model = XGBClassifier(
            n_estimators=100,
            learning_rate=0.1,
            max_depth=3,
            tree_method="exact",
            base_score=0.5,
            n_jobs=jobs,
            random_state=0,
        ).fit(known.columns, known.targets)
        return {BASELINE: model.predict_proba(asked)[:, 1].astype(np.float32)}

    return Candidate({BASELINE: about}, columns, folds, learn)


def ensemble(
    history: History,
    folds: Sequence[Fold],
    settings: FitSettings,
    columns: Columns,
    progress: Progress = lambda _: None,
) -> Candidate:
    """Return the ensemble that a bundle holds, and each of its members alone.

    ``progress`` hears of weights that are chosen.
    """
    chosen = column_numbers(history, columns)
    if settings.weights is None:
        names = " and ".join(settings.models)
        average = f"{names} by weights that are best on the last fifth by {settings.weights_by}"
    else:
        average = _average(settings.models, settings.weights)
    models = {ENSEMBLE: f"{average} on {_about(chosen, settings, columns)}"}
    for name in settings.models:
        models[name] = f"{name} of the ensemble alone"

    def learn(known: Rows, asked: Floats) -> dict[str, Floats]:
        scores = fit_and_score(known, asked, settings, progress)
        return {ENSEMBLE: scores.probability, **scores.models}

    return Candidate(models, chosen, folds, learn)


def longer(
    history: History, folds: Sequence[Fold], settings: FitSettings, columns: Columns, days: int
) -> Candidate:
    """Return the ensemble that learns from more days than the protocol has."""
    name = f"{ENSEMBLE}_{days}_days"
    inner = ensemble(history, folds, settings, columns)

    def learn(known: Rows, asked: Floats) -> dict[str, Floats]:
        return {name: fit_and_score(known, asked, settings).probability}

    about = f"{inner.models[ENSEMBLE]}, learnt from {days} days: not the protocol's 7"
    return Candidate({name: about}, inner.columns, folds, learn)


def _about(chosen: Ints, settings: FitSettings, columns: Columns) -> str:
    """Say which features are meant."""
    whose = "stream" if columns == "stream" else "Handbook"
    if settings.max_features is None or settings.max_features >= len(chosen):
        return f"{len(chosen)} {whose} features"
    return f"the {settings.max_features} strongest of {len(chosen)} {whose} features"


def fit_and_score(
    known: Rows, asked: Floats, settings: FitSettings, progress: Progress = lambda _: None
) -> Scores:
    """Fit on labelled payments, in order of time, and score float32[m, k].

    Weights that the settings do not give are chosen on the last fifth of the payments, by models
    that learn from the others; then the models learn from all of them. There is no calibration.
    Features are chosen on the payments that are learnt from.
    """
    weights = settings.weights or _chosen_weights(known, settings)
    if settings.weights is None:
        progress(f"{_average(settings.models, weights)}, by {settings.weights_by}")
    given = with_weights(settings, weights)
    kept = select(known.columns, known.targets, given)
    fitted = fit(known.columns[:, kept], known.targets, given)
    return replace(fitted, combination=Weighted(weights)).predict(asked[:, kept])


def _chosen_weights(known: Rows, settings: FitSettings) -> tuple[float, ...]:
    """Return the weights that are best on the last fifth of labelled payments.

    They are even where one of both parts has no fraud or no good payment.
    """
    even = (1 / len(settings.models),) * len(settings.models)
    last = len(known.targets) - len(known.targets) // VALIDATION_SHARE
    first, validation = known[:last], known[last:]
    if len(even) == 1 or any(len(np.unique(part.targets)) < 2 for part in (first, validation)):
        return even
    kept = select(first.columns, first.targets, settings)
    fitted = fit(first.columns[:, kept], first.targets, settings)
    scores = fitted.predict(validation.columns[:, kept]).models
    good = Goodness(
        settings.weights_by,
        validation.targets,
        validation.cards,
        validation.times_ms,
        settings.seed,
    )
    return best_weights(list(scores.values()), good)


def _average(models: Sequence[str], weights: Sequence[float]) -> str:
    """Write a weighted average of models."""
    return " + ".join(f"{weight:g} x {name}" for name, weight in zip(models, weights, strict=True))


def with_weights(settings: FitSettings, weights: tuple[float, ...]) -> FitSettings:
    """Return settings with given weights, so that none are chosen, and without calibration."""
    return replace(settings, weights=weights, combine="weighted", calibration="none")
