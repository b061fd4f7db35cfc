"""The parts of a manifest that describe fitted models and their columns."""

from __future__ import annotations

from features.definition import FEATURES
from training.fit import BOOSTED, FOREST, FitSettings, FittedEnsemble, column_medians
from training.metrics import evaluate
from training.package import MEMBER_FILES
from training.prepare import Part, Prepared
from training.profiles import column_profile
from udfs.manifest import Calibration, InputFeature, Member

ATTRIBUTE_UNIT = "as given"

Parameters = dict[str, float | int | str | None]


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
    """Describe the two models with the settings they were fitted with."""
    shared: Parameters = {
        "balance": settings.balance,
        "missing": "learned" if fitted.medians is None else "median",
        "seed": settings.seed,
    }
    forest: Parameters = {"depth": settings.forest_depth, "leaf_rows": settings.forest_leaf_rows}
    boosted: Parameters = {
        "depth": settings.boosted_depth,
        "learning_rate": settings.learning_rate,
        "tree_method": fitted.boosted.get_params()["tree_method"],
    }
    return [
        Member(
            name=FOREST,
            kind="RandomForestClassifier",
            weight=fitted.forest_weight,
            file=MEMBER_FILES[FOREST],
            trees=settings.forest_trees,
            parameters=shared | forest,
        ),
        Member(
            name=BOOSTED,
            kind="XGBClassifier",
            weight=1.0 - fitted.forest_weight,
            file=MEMBER_FILES[BOOSTED],
            trees=settings.boosted_trees,
            parameters=shared | boosted,
        ),
    ]


def calibration(fitted: FittedEnsemble) -> Calibration | None:
    """Describe the calibration, None where there is none."""
    if fitted.scaling is None:
        return None
    return Calibration(
        slope=fitted.scaling.slope,
        intercept=fitted.scaling.intercept,
        method="Platt scaling, fitted on validation",
    )


def judge(fitted: FittedEnsemble, part: Part) -> dict[str, dict[str, float]]:
    """Evaluate the ensemble and each of its models on a part."""
    scores = fitted.predict(part.columns)
    named = {"ensemble": scores.probability, **scores.models}
    return {
        name: evaluate(part.targets, values, part.cards, part.times_ms)
        for name, values in named.items()
    }
