"""Settings of one fit of the models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from training.errors import TrainingError

FOREST = "random_forest"
BOOSTED = "xgboost"
LIGHT = "lightgbm"
LOGISTIC = "logistic"
ISOLATION = "isolation_forest"

Balance = Literal["none", "weights", "smote", "undersample"]
Calibrated = Literal["sigmoid", "isotonic"]
CalibrationMethod = Literal["none", Calibrated]
CombineMethod = Literal["auto", "weighted", "stacking", "rank"]
Device = Literal["auto", "cpu", "cuda"]
Missing = Literal["learned", "median"]
TreeMethod = Literal["exact", "hist", "approx"]
WeightsBy = Literal["average_precision", "auc_roc", "card_precision_at_100", "brier"]
Targets = npt.NDArray[np.int8]


_FROM_1: Final = Meta(ge=1)
_SHARE: Final = Meta(gt=0.0, le=1.0)


@dataclass(frozen=True)
class FitSettings:
    """Settings of one fit of the models.

    Each annotation describes one setting and holds its range. `training.ensemble.settings_file`
    reads both: they check a file, and they are what `./cardwatch train --write-settings` prints.
    ``jobs`` belongs to the machine and stands in no file.
    """

    models: Annotated[
        tuple[str, ...],
        Meta(description="Names of the models in the ensemble, in the order of the weights."),
    ] = (FOREST, BOOSTED)
    seed: Annotated[int, Meta(description="Seed of every random choice in fitting.")] = 7
    jobs: Annotated[int, Meta(description="Number of threads for fitting."), _FROM_1] = 2
    forest_trees: Annotated[
        int, Meta(description="Number of trees in the random forest."), _FROM_1
    ] = 100
    forest_depth: Annotated[
        int, Meta(description="Maximum depth of a tree in the random forest."), _FROM_1
    ] = 8
    forest_leaf_rows: Annotated[
        int, Meta(description="Minimum payments in a leaf of the random forest."), _FROM_1
    ] = 10
    forest_rows: Annotated[
        int, Meta(description="Maximum payments that a tree of the random forest draws."), _FROM_1
    ] = 200_000
    forest_columns: Annotated[
        Annotated[float, _SHARE] | None,
        Meta(
            description="Share of the features that a split of the random forest chooses from; "
            "null means the square root of their number."
        ),
    ] = None
    boosted_trees: Annotated[int, Meta(description="Number of trees in XGBoost."), _FROM_1] = 150
    boosted_depth: Annotated[
        int, Meta(description="Maximum depth of a tree in XGBoost."), _FROM_1
    ] = 4
    learning_rate: Annotated[
        float, Meta(description="Learning rate of XGBoost and LightGBM."), _SHARE
    ] = 0.1
    boosted_columns: Annotated[
        float,
        Meta(description="Share of the features that a tree of XGBoost chooses from."),
        _SHARE,
    ] = 1.0
    boosted_weight: Annotated[
        float,
        Meta(description="Minimum sum of second derivatives in a leaf of XGBoost.", ge=0.0),
    ] = 1.0
    tree_method: Annotated[
        TreeMethod, Meta(description="Method by which XGBoost finds splits.")
    ] = "hist"
    device: Annotated[
        Device,
        Meta(
            description="Processor for XGBoost; auto takes a GPU from 100,000 payments. A GPU "
            "needs the package xgboost in place of xgboost-cpu."
        ),
    ] = "auto"
    light_trees: Annotated[int, Meta(description="Number of trees in LightGBM."), _FROM_1] = 150
    light_leaves: Annotated[
        int, Meta(description="Maximum leaves of a tree in LightGBM.", ge=2)
    ] = 15
    light_leaf_rows: Annotated[
        int, Meta(description="Minimum payments in a leaf of LightGBM."), _FROM_1
    ] = 20
    isolation_trees: Annotated[
        int, Meta(description="Number of trees in the isolation forest."), _FROM_1
    ] = 100
    missing: Annotated[
        Missing,
        Meta(
            description="Treatment of a missing value: learned gives each split a side for it, "
            "median fills in the feature's median."
        ),
    ] = "learned"
    balance: Annotated[
        Balance,
        Meta(
            description="Remedy for rare frauds: none, weights, smote (synthetic frauds) or "
            "undersample (fewer good payments)."
        ),
    ] = "none"
    combine: Annotated[
        CombineMethod,
        Meta(
            description="Method that makes one score of the models' scores; auto takes the best by "
            "the setting weights_by."
        ),
    ] = "weighted"
    weights: Annotated[
        tuple[float, ...] | None,
        Meta(
            description="Weights from 0 of the models, in the order of the models, with the sum 1; "
            "null means the best on validation."
        ),
    ] = None
    weights_by: Annotated[
        WeightsBy,
        Meta(description="Figure of validation by which weights and auto choose."),
    ] = "average_precision"
    calibration: Annotated[
        CalibrationMethod,
        Meta(description="Curve, fitted on validation, that makes scores probabilities."),
    ] = "isotonic"
    max_features: Annotated[
        Annotated[int, _FROM_1] | None,
        Meta(
            description="Number of features to keep, those with the largest gain in a first fit; "
            "null keeps all."
        ),
    ] = None
    prune: Annotated[
        float,
        Meta(description="Cost-complexity alpha that prunes the forest; 1e-5 is mild.", ge=0.0),
    ] = 0.0

    @property
    def needs_labels(self) -> bool:
        """Whether any of the models learns from labels."""
        return any(name != ISOLATION for name in self.models)

    def check(self, known: frozenset[str]) -> None:
        """Raise TrainingError for models not ``known`` or named twice, and for wrong weights."""
        unknown = [name for name in self.models if name not in known]
        if unknown or not self.models or len(set(self.models)) != len(self.models):
            raise TrainingError(
                f"`models`: expected different names out of {', '.join(sorted(known))}, got "
                f"{','.join(self.models) or 'none'}."
            )
        weights = self.weights
        if weights is not None and (
            len(weights) != len(self.models)
            or min(weights, default=0) < 0
            or abs(sum(weights) - 1) > 1e-6
        ):
            raise TrainingError(
                f"`weights`: expected {len(self.models)} numbers from 0 with the sum 1, for "
                f"{', '.join(self.models)} in turn, got {', '.join(map(str, weights)) or 'none'}."
            )
