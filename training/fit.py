"""Fit a random forest and XGBoost on the same imputed columns, and average them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from imblearn.over_sampling import SMOTE
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from training.errors import TrainingError
from training.export import ExportedMember, Scaling
from training.trees import Floats, boosted_trees, forest_trees
from udfs.score import Scores

FOREST = "random_forest"
BOOSTED = "xgboost"
EXACT_UP_TO_ROWS = 100_000
_LARGEST = np.finfo(np.float32).max
_SMOTE_NEIGHBOURS = 5

Balance = Literal["none", "weights", "smote"]
Missing = Literal["learned", "median"]
TreeMethod = Literal["exact", "hist", "approx"]
Targets = npt.NDArray[np.int8]


@dataclass(frozen=True)
class FitSettings:
    """How the two models are fitted.

    ``missing`` is what missing values become: each column's median, or a case of their own, for
    which every split learns a side. ``balance`` is what is done about rare frauds: nothing,
    weights, or synthetic frauds (SMOTE).
    ``tree_method`` None means XGBoost's exact method up to 100,000 rows, else histograms: with
    medians, exact gained 0.013 of average precision on 288,000 payments of the Handbook and took
    over ten times as long; with learned sides histograms alone reach as much.
    ``forest_weight`` None means the weight with the best average precision on validation.
    """

    seed: int = 7
    jobs: int = 2
    forest_trees: int = 100
    forest_depth: int = 8
    forest_leaf_rows: int = 10
    boosted_trees: int = 150
    boosted_depth: int = 4
    learning_rate: float = 0.1
    tree_method: TreeMethod | None = None
    missing: Missing = "learned"
    balance: Balance = "none"
    forest_weight: float | None = None
    calibration: Literal["none", "sigmoid"] = "none"


@dataclass(frozen=True)
class FittedEnsemble:
    """Two fitted models, how they combine, and what stands in for missing values.

    ``medians`` is float32[k], None where the models learnt a side for missing values.
    """

    forest: RandomForestClassifier
    boosted: XGBClassifier
    medians: Floats | None
    forest_weight: float
    scaling: Scaling | None = None

    def predict(self, columns: Floats) -> Scores:
        """Score float32[n, k] with the libraries the models were fitted with (the native side)."""
        filled = impute(columns, self.medians)
        with np.errstate(all="ignore"):  # scikit-learn sums the extremes to look for infinities
            forest = self.forest.predict_proba(filled)[:, 1].astype(np.float32)
        boosted = self.boosted.predict_proba(filled)[:, 1].astype(np.float32)
        average = self.forest_weight * forest + (1.0 - self.forest_weight) * boosted
        if self.scaling is not None:
            average = 1.0 / (1.0 + np.exp(-(self.scaling.slope * average + self.scaling.intercept)))
        return Scores(average.astype(np.float32), {FOREST: forest, BOOSTED: boosted})

    def members(self) -> list[ExportedMember]:
        """Return the models as the exporter takes them."""
        forest, boosted = forest_trees(self.forest), boosted_trees(self.boosted)
        if self.medians is not None:
            forest, boosted = forest.imputing(self.medians), boosted.imputing(self.medians)
        return [
            ExportedMember(FOREST, forest, self.forest_weight),
            ExportedMember(BOOSTED, boosted, 1.0 - self.forest_weight),
        ]

    def importance(self) -> Floats:
        """Return each column's share in the gain of all splits, float32[k], summing to 1."""
        shares = [self.forest.feature_importances_, self.boosted.feature_importances_]
        weights = (self.forest_weight, 1.0 - self.forest_weight)
        mixed = sum(weight * _share(gain) for weight, gain in zip(weights, shares, strict=True))
        return np.asarray(mixed, dtype=np.float32)


def _share(gain: Floats) -> npt.NDArray[np.float64]:
    """Scale gains to sum to 1; all zero where there was no split."""
    total = float(gain.sum())
    return gain.astype(np.float64) / total if total > 0 else gain.astype(np.float64)


def column_medians(columns: Floats) -> Floats:
    """Return the median of each column of float32[n, k] without its missing values."""
    return np.asarray(np.nanmedian(columns, axis=0), dtype=np.float32)


def impute(columns: Floats, medians: Floats | None) -> Floats:
    """Put medians in place of NaN, and the largest float32 in place of infinities.

    >>> impute(np.float32([[np.nan, 2.0]]), np.float32([1.0, 1.0])).tolist()
    [[1.0, 2.0]]
    """
    bounded: Floats = np.clip(columns, -_LARGEST, _LARGEST)
    return bounded if medians is None else np.where(np.isnan(columns), medians, bounded)


def fit(columns: Floats, targets: Targets, settings: FitSettings) -> FittedEnsemble:
    """Fit both models on float32[n, k] and targets 0 or 1; the average is even until combined.

    SMOTE needs every value, so with it missing values are medians. Raises TrainingError where
    there are too few frauds for it.
    """
    learned = settings.missing == "learned" and settings.balance != "smote"
    medians = None if learned else column_medians(columns)
    rows, classes = impute(columns, medians), targets
    if settings.balance == "smote":
        rows, classes = _oversample(rows, targets, settings.seed)
    forest = _new_forest(settings).fit(rows, classes)
    boosted = _new_booster(settings, classes).fit(rows, classes)
    return FittedEnsemble(forest, boosted, medians, forest_weight=0.5)


def combine(
    fitted: FittedEnsemble, columns: Floats, targets: Targets, settings: FitSettings
) -> FittedEnsemble:
    """Choose the weights, and calibrate where asked, on validation rows float32[n, k]."""
    scores = fitted.predict(columns)
    weight = settings.forest_weight
    if weight is None:
        weight = _best_weight(scores.models[FOREST], scores.models[BOOSTED], targets)
    weighted = replace(fitted, forest_weight=weight)
    if settings.calibration == "none":
        return weighted
    return replace(weighted, scaling=_platt(weighted.predict(columns).probability, targets))


def _best_weight(forest: Floats, boosted: Floats, targets: Targets) -> float:
    """Return the forest's weight, in steps of 0.1 without the ends, with the best precision."""
    weights = [step / 10 for step in range(1, 10)]
    return max(
        weights,
        key=lambda weight: average_precision_score(
            targets, weight * forest + (1 - weight) * boosted
        ),
    )


def _platt(scores: Floats, targets: Targets) -> Scaling:
    """Fit a logistic curve of the score; its two numbers go into the graph."""
    curve = LogisticRegression(C=1e6).fit(scores.reshape(-1, 1), targets)
    return Scaling(float(curve.coef_[0, 0]), float(curve.intercept_[0]))


def _new_forest(settings: FitSettings) -> RandomForestClassifier:
    return RandomForestClassifier(
        n_estimators=settings.forest_trees,
        max_depth=settings.forest_depth,
        min_samples_leaf=settings.forest_leaf_rows,
        class_weight="balanced" if settings.balance == "weights" else None,
        n_jobs=settings.jobs,
        random_state=settings.seed,
    )


def _new_booster(settings: FitSettings, targets: Targets) -> XGBClassifier:
    frauds = int(targets.sum())
    weight = (len(targets) - frauds) / frauds if settings.balance == "weights" else 1.0
    exact_or_hist = "exact" if len(targets) <= EXACT_UP_TO_ROWS else "hist"
    return XGBClassifier(
        n_estimators=settings.boosted_trees,
        max_depth=settings.boosted_depth,
        learning_rate=settings.learning_rate,
        tree_method=settings.tree_method or exact_or_hist,
        scale_pos_weight=weight,
        n_jobs=settings.jobs,
        random_state=settings.seed,
    )


def _oversample(columns: Floats, targets: Targets, seed: int) -> tuple[Floats, Targets]:
    """Add synthetic frauds up to a tenth of the payments.

    Neighbours are sought in standardised columns, since distances there do not depend on units;
    the synthetic rows are scaled back, so the models see the columns as the stream gives them.
    """
    frauds = int(targets.sum())
    if frauds <= _SMOTE_NEIGHBOURS:
        raise TrainingError(
            f"SMOTE needs more than {_SMOTE_NEIGHBOURS} frauds in the training part and found "
            f"{frauds}: give a longer history, or use --balance weights."
        )
    if frauds >= 0.1 * (len(targets) - frauds):
        return columns, targets
    scaler = StandardScaler()
    sampler = SMOTE(sampling_strategy=0.1, k_neighbors=_SMOTE_NEIGHBOURS, random_state=seed)
    rows, classes = sampler.fit_resample(scaler.fit_transform(columns), targets)
    synthetic = scaler.inverse_transform(rows[len(columns) :]).astype(np.float32)
    return np.vstack([columns, synthetic]), classes.astype(np.int8)
