"""How models are fitted: the choices of one call of `train`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

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


@dataclass(frozen=True)
class FitSettings:
    """How the models are fitted; ``models`` are names of `training.models.registry`, in order.

    ``missing`` is what missing values become: each column's median, or a case of their own, for
    which every split learns a side. ``balance`` is what is done about rare frauds: nothing,
    weights, synthetic frauds (SMOTE), or fewer good payments.
    ``tree_method`` is XGBoost's: histograms, since with learned sides for missing values they
    rank the Handbook's payments as well as its exact method, in a tenth of the time.
    ``device`` auto means a GPU for 100,000 rows or more, where XGBoost finds one.
    ``weights`` None means those that are best on validation by ``weights_by``, which also chooses
    between ways to combine; given, they are in the order of ``models`` and sum to 1. A weight may
    be 0.
    ``forest_rows`` is how many payments each tree of the forest draws at most.
    ``forest_columns`` and ``boosted_columns`` are the shares of the columns that a split of the
    forest and a tree of XGBoost choose from; ``forest_columns`` None means the square root.
    ``boosted_weight`` is the least sum of second derivatives in a leaf of XGBoost.
    ``max_features`` keeps that many columns, those with the largest gain in a first fit;
    ``prune`` is the forest's cost-complexity alpha.
    """

    models: tuple[str, ...] = (FOREST, BOOSTED)
    seed: int = 7
    jobs: int = 2
    forest_trees: int = 100
    forest_depth: int = 8
    forest_leaf_rows: int = 10
    forest_rows: int = 200_000
    forest_columns: float | None = None
    boosted_trees: int = 150
    boosted_depth: int = 4
    learning_rate: float = 0.1
    boosted_columns: float = 1.0
    boosted_weight: float = 1.0
    tree_method: TreeMethod = "hist"
    device: Device = "auto"
    light_trees: int = 150
    light_leaves: int = 15
    light_leaf_rows: int = 20
    isolation_trees: int = 100
    missing: Missing = "learned"
    balance: Balance = "none"
    combine: CombineMethod = "weighted"
    weights: tuple[float, ...] | None = None
    weights_by: WeightsBy = "average_precision"
    calibration: CalibrationMethod = "isotonic"
    max_features: int | None = None
    prune: float = 0.0

    @property
    def needs_labels(self) -> bool:
        """Whether any of the models learns from labels."""
        return any(name != ISOLATION for name in self.models)

    def check(self, known: frozenset[str]) -> None:
        """Raise TrainingError for models not ``known`` or named twice, and for wrong weights."""
        unknown = [name for name in self.models if name not in known]
        if unknown or not self.models or len(set(self.models)) != len(self.models):
            raise TrainingError(
                f"--models wants different names out of {', '.join(sorted(known))}, separated by "
                f"commas, and got {','.join(self.models) or 'none'}."
            )
        weights = self.weights
        if weights is not None and (
            len(weights) != len(self.models) or min(weights) < 0 or abs(sum(weights) - 1) > 1e-6
        ):
            raise TrainingError(
                f"Weights want {len(self.models)} numbers from 0 that sum to 1, one for each of "
                f"{', '.join(self.models)}, and got {', '.join(map(str, weights))}."
            )
