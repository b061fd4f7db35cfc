"""The parts of a manifest that describe fitted models and their columns."""

from __future__ import annotations

from features.catalogue import FEATURES
from scoring.bundle.manifest import Calibration, Combination, InputFeature, Member
from training.data.prepare import Part, Prepared
from training.data.profiles import column_profile
from training.ensemble.fit import FittedEnsemble
from training.fit_settings import FitSettings
from training.metrics.scores import brier_score, evaluate
from training.models.base import Parameters, column_medians
from training.packaging.package import member_file

ATTRIBUTE_UNIT = "as given"


def input_features(prepared: Prepared, fitted: FittedEnsemble) -> list[InputFeature]:
    """Describe each column in order, profiled on the training part."""
    units = {feature.name: feature.unit for feature in FEATURES}
    columns = prepared.part("train").columns
    importance, medians = fitted.importance(), column_medians(columns)
    return [
        InputFeature(
            name=name,
            dtype="float32",
            unit=units.get(name, ATTRIBUTE_UNIT),
            median=float(medians[i]),
            importance=round(float(importance[i]), 6),
            profile=column_profile(columns[:, i]),
        )
        for i, name in enumerate(prepared.names)
    ]


def members(fitted: FittedEnsemble, settings: FitSettings) -> list[Member]:
    """Describe the models with the settings they were fitted with."""
    shared: Parameters = {
        "balance": settings.balance,
        "missing": "median" if settings.balance == "smote" else settings.missing,
        "seed": settings.seed,
    }
    return [
        Member(
            name=model.name,
            kind=model.kind,
            weight=weight,
            file=member_file(model.name),
            trees=model.tree_count,
            parameters=shared | model.parameters(),
        )
        for model, weight in zip(fitted.models, fitted.combination.shares(), strict=True)
    ]


def combination(fitted: FittedEnsemble) -> Combination:
    """Describe how the models' scores become one."""
    chosen = fitted.combination
    return Combination(method=chosen.method, parameters=chosen.parameters())


def calibration(fitted: FittedEnsemble, test: Part) -> Calibration | None:
    """Describe the calibration and what it does on the test part; None where there is none."""
    chosen = fitted.calibration
    if chosen is None:
        return None
    scores = fitted.predict(test.columns)
    before = fitted.combination(list(scores.models.values()))
    return Calibration(
        method=chosen.method,
        parameters=chosen.parameters(),
        brier_before=brier_score(test.targets, before),
        brier_after=brier_score(test.targets, scores.probability),
    )


def judge(fitted: FittedEnsemble, part: Part) -> dict[str, dict[str, float]]:
    """Evaluate the ensemble and each of its models on a part; nothing where it has no labels."""
    if not (part.targets >= 0).any():
        return {}
    scores = fitted.predict(part.columns)
    named = {"ensemble": scores.probability, **scores.models}
    return {
        name: evaluate(part.targets, values, part.cards, part.times_ms)
        for name, values in named.items()
    }
