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
from training.fit import FitSettings, FittedEnsemble, Targets, combine, fit
from training.history import History
from training.trees import Floats, Ints

Columns = Literal["handbook", "stream"]
Learn = Callable[[Floats, Targets, Floats], dict[str, Floats]]

BASELINE: Final = "baseline"
ENSEMBLE: Final = "ensemble"
EVEN: Final = 0.5


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
    weight = forest_weight(settings)
    about = f"{{}} on {len(chosen)} {'stream' if columns == 'stream' else 'Handbook'} features"
    models = {
        ENSEMBLE: about.format(f"{weight:g} x random forest + {1 - weight:g} x XGBoost"),
        "random_forest": about.format("random forest of the ensemble"),
        "xgboost": about.format("XGBoost of the ensemble"),
    }

    def learn(known: Floats, targets: Targets, asked: Floats) -> dict[str, Floats]:
        scores = fit_ensemble(known, targets, settings).predict(asked)
        return {ENSEMBLE: scores.probability, **scores.models}

    return Candidate(models, chosen, folds, learn)


def longer(
    history: History, folds: Sequence[Fold], settings: FitSettings, columns: Columns, days: int
) -> Candidate:
    """Return the ensemble that learns from more days than the protocol has."""
    name = f"{ENSEMBLE}_{days}_days"
    inner = ensemble(history, folds, settings, columns)

    def learn(known: Floats, targets: Targets, asked: Floats) -> dict[str, Floats]:
        return {name: fit_ensemble(known, targets, settings).predict(asked).probability}

    about = f"{inner.models[ENSEMBLE]}, learnt from {days} days: not the protocol's 7"
    return Candidate({name: about}, inner.columns, folds, learn)


def fit_ensemble(columns: Floats, targets: Targets, settings: FitSettings) -> FittedEnsemble:
    """Fit both models; their weights come with the settings, even where these say none.

    The protocol leaves no labelled rows to choose weights or a calibration on: weights are chosen
    as the other settings are, and there is no calibration.
    """
    given = with_forest_weight(settings, forest_weight(settings))
    return combine(fit(columns, targets, given), columns, targets, given)


def forest_weight(settings: FitSettings) -> float:
    """Return the forest's weight in the average, the rest being that of XGBoost."""
    return EVEN if settings.weights is None else settings.weights[0]


def with_forest_weight(settings: FitSettings, weight: float) -> FitSettings:
    """Return settings with a given weight, so that none is chosen, and without calibration."""
    return replace(settings, weights=(weight, 1 - weight), calibration="none")
