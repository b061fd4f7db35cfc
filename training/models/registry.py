"""The models by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from training.arrays import Floats
from training.fit_settings import (
    BOOSTED,
    FOREST,
    ISOLATION,
    LIGHT,
    LOGISTIC,
    FitSettings,
    Targets,
)
from training.models import isolation_forest, lightgbm, logistic, random_forest, xgboost
from training.models.base import Model

Fitter = Callable[[Floats, Targets, Floats | None, FitSettings], Model]


@dataclass(frozen=True)
class Entry:
    """Fit of a model: columns float32[n, k], targets, medians or None, settings.

    A model that is not ``balanced`` gets the payments as they are, whatever is done about rare
    frauds.
    """

    fit: Fitter
    balanced: bool = True


MODELS: dict[str, Entry] = {
    FOREST: Entry(random_forest.fit),
    BOOSTED: Entry(xgboost.fit),
    LIGHT: Entry(lightgbm.fit),
    LOGISTIC: Entry(logistic.fit),
    ISOLATION: Entry(isolation_forest.fit, balanced=False),
}
