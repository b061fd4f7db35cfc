"""Fit models on the same columns, combine their scores, and calibrate the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from scoring.model.scorer import Scores
from training.arrays import Floats
from training.data.balance import rebalance, refuse_too_few
from training.data.rows import Rows
from training.ensemble.calibration import Calibration, calibrate
from training.ensemble.choice import Goodness
from training.ensemble.combination import Combination, choose, even
from training.errors import TrainingError
from training.fit_settings import (
    FitSettings,
    Targets,
)
from training.models.base import Exported, Model, column_medians, impute
from training.models.registry import MODELS


@dataclass(frozen=True)
class FittedEnsemble:
    """Fitted models in the order of the graph's outputs, how they combine, and the calibration."""

    models: tuple[Model, ...]
    combination: Combination
    calibration: Calibration | None = None

    @property
    def width(self) -> int:
        """Number of columns k that the models take."""
        return self.models[0].width

    def predict(self, columns: Floats) -> Scores:
        """Score float32[n, k] with the libraries the models were fitted with (the native side)."""
        scores = {model.name: model.predict(columns) for model in self.models}
        return Scores(self.finish(scores), scores)

    def finish(self, scores: Mapping[str, Floats]) -> Floats:
        """Return the probability float32[n] that the models' scores float32[n] make."""
        combined = self.combination([scores[model.name] for model in self.models])
        return combined if self.calibration is None else self.calibration(combined)

    def members(self) -> list[Exported]:
        """Return the models as the exporter takes them."""
        return [model.exported() for model in self.models]

    def importance(self) -> Floats:
        """Return each column's share in the models' decisions, float32[k], summing to 1."""
        shares = zip(self.combination.shares(), self.models, strict=True)
        mixed = sum(weight * model.gains() for weight, model in shares)
        return np.asarray(mixed, dtype=np.float32)


def fit(columns: Floats, targets: Targets, settings: FitSettings) -> FittedEnsemble:
    """Fit the models on float32[n, k] and targets 0, 1, or -1 for not known.

    The combination is even until `combine`. SMOTE needs every value, so with it missing values
    are medians. Raises TrainingError where the settings name no models, or a model needs labels
    and there are too few.
    """
    settings.check(frozenset(MODELS))
    medians = None
    if settings.missing == "median" or settings.balance == "smote":
        medians = column_medians(columns)
    rows, classes = columns, targets
    if settings.needs_labels:
        refuse_too_few(targets, settings)
        known = targets >= 0
        rows, classes = (columns, targets) if known.all() else (columns[known], targets[known])
        if settings.balance == "smote":
            rows = impute(rows, medians)
        rows, classes = rebalance(rows, classes, settings)
    models = []
    for name in settings.models:
        entry = MODELS[name]
        given = (rows, classes) if entry.balanced else (columns, targets)
        models.append(entry.fit(*given, medians, settings))
    return FittedEnsemble(tuple(models), even(len(models)))


def combine(fitted: FittedEnsemble, validation: Rows, settings: FitSettings) -> FittedEnsemble:
    """Choose combination and calibration on validation payments.

    Without any label the combination stays even and there is no calibration. Raises TrainingError
    where the labels are all the same.
    """
    known = validation[validation.targets >= 0]
    classes = known.targets
    if not len(classes):
        return fitted
    if len(np.unique(classes)) < 2:
        only = "fraud" if classes[0] else "good payment"
        raise TrainingError(
            f"Every one of the {len(classes)} labelled payments for validation is a {only}, so "
            "neither weights nor calibration can be chosen: give a longer history."
        )
    scores = list(fitted.predict(known.columns).models.values())
    good = Goodness(settings.weights_by, classes, known.cards, known.times_ms, settings.seed)
    combination = choose(settings.combine, scores, classes, settings.weights, good)
    calibration = calibrate(settings.calibration, combination(scores), classes)
    return replace(fitted, combination=combination, calibration=calibration)
