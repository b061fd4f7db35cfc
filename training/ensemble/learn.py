"""Learn from the parts of a prepared history: fit on training, combine on validation."""

from __future__ import annotations

from training.data.prepare import Prepared
from training.ensemble.fit import FittedEnsemble, combine, fit
from training.ensemble.shrink import select
from training.fit_settings import FitSettings


def keep_strongest(prepared: Prepared, settings: FitSettings) -> Prepared:
    """Keep the columns with the largest gain in a first fit, where only some are asked for."""
    if settings.max_features is None:
        return prepared
    part = prepared.part("train")
    return prepared.keep(select(part.columns, part.targets, settings))


def learn(prepared: Prepared, settings: FitSettings) -> FittedEnsemble:
    """Fit the models on the training part; choose combination and calibration on validation.

    Raises TrainingError where a model cannot be fitted or the models cannot be combined.
    """
    known = prepared.part("train")
    fitted = fit(known.columns, known.targets, settings)
    return combine(fitted, prepared.part("validation"), settings)
