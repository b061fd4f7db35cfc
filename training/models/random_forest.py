"""A random forest of scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier

from training.arrays import Floats
from training.fit_settings import FOREST, FitSettings, Targets
from training.models.base import ExportedTrees, Parameters, impute, share
from training.onnx_graph.trees import forest_trees


@dataclass(frozen=True)
class RandomForest:
    """A fitted forest; ``medians`` float32[k] stand in for missing values, None: learned sides."""

    forest: RandomForestClassifier
    medians: Floats | None
    settings: FitSettings
    name: str = FOREST
    kind: str = "RandomForestClassifier"

    @property
    def tree_count(self) -> int:
        """Number of trees."""
        return len(self.forest.estimators_)

    @property
    def width(self) -> int:
        """Number of columns that the model takes."""
        return int(self.forest.n_features_in_)

    def predict(self, columns: Floats) -> Floats:
        """Score float32[n, k] with scikit-learn, float32[n]."""
        with np.errstate(all="ignore"):  # scikit-learn sums the extremes to look for infinities
            scores = self.forest.predict_proba(impute(columns, self.medians))
        return np.asarray(scores[:, 1], dtype=np.float32)

    def exported(self) -> ExportedTrees:
        """Return its trees."""
        trees = forest_trees(self.forest)
        return ExportedTrees(
            self.name, trees if self.medians is None else trees.imputing(self.medians)
        )

    def gains(self) -> npt.NDArray[np.float64]:
        """Return each column's share in the decrease of impurity, float64[k]."""
        return share(self.forest.feature_importances_)

    def parameters(self) -> Parameters:
        """Return the settings that the model was fitted with."""
        chosen = self.forest.get_params()
        return {
            "depth": chosen["max_depth"],
            "leaf_rows": chosen["min_samples_leaf"],
            "columns": chosen["max_features"],
            "rows_a_tree": chosen["max_samples"],
            "prune": chosen["ccp_alpha"],
        }


def fit(
    columns: Floats, targets: Targets, medians: Floats | None, settings: FitSettings
) -> RandomForest:
    """Fit a forest on float32[n, k] and targets 0 or 1."""
    rows = settings.forest_rows
    forest = RandomForestClassifier(
        n_estimators=settings.forest_trees,
        max_depth=settings.forest_depth,
        min_samples_leaf=settings.forest_leaf_rows,
        max_features=settings.forest_columns or "sqrt",
        max_samples=rows if rows < len(targets) else None,
        class_weight="balanced" if settings.balance == "weights" else None,
        ccp_alpha=settings.prune,
        n_jobs=settings.jobs,
        random_state=settings.seed,
    )
    return RandomForest(forest.fit(impute(columns, medians), targets), medians, settings)
