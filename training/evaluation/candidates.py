"""The models that an evaluation compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from xgboost import XGBClassifier

from features.definition import HANDBOOK_FEATURES
from training.errors import TrainingError
from training.evaluation.protocol import Fold
from training.fit import FitSettings, Targets, combine, fit
from training.history import History
from training.shrink import select
from training.trees import Floats, Ints
from udfs.score import Scores

Columns = Literal["handbook", "stream"]
Learn = Callable[[Floats, Targets, Floats], dict[str, Floats]]

BASELINE: Final = "baseline"
ENSEMBLE: Final = "ensemble"


@dataclass(frozen=True)
class Candidate:
    """One or more models that learn together.

    ``learn`` takes training columns float32[n, k], targets int8[n] and test columns float32[m, k],
    and returns scores float32[m] by the name of a model; ``models`` describes those by name.
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

    def learn(known: Floats, targets: Targets, asked: Floats) -> dict[str, Floats]:
        model = XGBClassifier(
            n_estimators=100,
            learning_rate=0.1,
            max_depth=3,
            tree_method="exact",
            base_score=0.5,
            n_jobs=jobs,
            random_state=0,
        ).fit(known, targets)
        return {BASELINE: model.predict_proba(asked)[:, 1].astype(np.float32)}

    return Candidate({BASELINE: about}, columns, folds, learn)


def ensemble(
    history: History, folds: Sequence[Fold], settings: FitSettings, columns: Columns
) -> Candidate:
    """Return the ensemble that a bundle holds, and each of its members alone."""
    chosen = column_numbers(history, columns)
    weights = even_or_given(settings)
    named = zip(settings.models, weights, strict=True)
    average = " + ".join(f"{weight:g} x {name}" for name, weight in named)
    models = {ENSEMBLE: f"{average} on {_about(chosen, settings, columns)}"}
    for name in settings.models:
        models[name] = f"{name} of the ensemble alone"

    def learn(known: Floats, targets: Targets, asked: Floats) -> dict[str, Floats]:
        scores = fit_and_score(known, targets, asked, settings)
        return {ENSEMBLE: scores.probability, **scores.models}

    return Candidate(models, chosen, folds, learn)


def longer(
    history: History, folds: Sequence[Fold], settings: FitSettings, columns: Columns, days: int
) -> Candidate:
    """Return the ensemble that learns from more days than the protocol has."""
    name = f"{ENSEMBLE}_{days}_days"
    inner = ensemble(history, folds, settings, columns)

    def learn(known: Floats, targets: Targets, asked: Floats) -> dict[str, Floats]:
        return {name: fit_and_score(known, targets, asked, settings).probability}

    about = f"{inner.models[ENSEMBLE]}, learnt from {days} days: not the protocol's 7"
    return Candidate({name: about}, inner.columns, folds, learn)


def _about(chosen: Ints, settings: FitSettings, columns: Columns) -> str:
    """Say which features are meant."""
    whose = "stream" if columns == "stream" else "Handbook"
    if settings.max_features is None or settings.max_features >= len(chosen):
        return f"{len(chosen)} {whose} features"
    return f"the {settings.max_features} strongest of {len(chosen)} {whose} features"


def fit_and_score(known: Floats, targets: Targets, asked: Floats, settings: FitSettings) -> Scores:
    """Fit on float32[n, k] and targets int8[n], and score float32[m, k].

    The protocol leaves no labelled rows to choose weights or a calibration on: weights are chosen
    as the other settings are, and there is no calibration. Features are chosen on the rows that
    are learnt from.
    """
    given = with_weights(settings, even_or_given(settings))
    kept = select(known, targets, given)
    fitted = combine(fit(known[:, kept], targets, given), known[:, kept], targets, given)
    return fitted.predict(asked[:, kept])


def even_or_given(settings: FitSettings) -> tuple[float, ...]:
    """Return the weights in the average, equal ones where the settings say none."""
    count = len(settings.models)
    return settings.weights or (1 / count,) * count


def with_weights(settings: FitSettings, weights: tuple[float, ...]) -> FitSettings:
    """Return settings with given weights, so that none are chosen, and without calibration."""
    return replace(settings, weights=weights, combine="weighted", calibration="none")
