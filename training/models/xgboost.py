"""Boosted trees of XGBoost, on a GPU where there is one."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import xgboost
from xgboost import XGBClassifier

from training.arrays import Floats
from training.errors import TrainingError
from training.fit_settings import BOOSTED, FitSettings, Targets
from training.models.base import ExportedTrees, Parameters, impute, share
from training.onnx_graph.trees import boosted_trees

GPU_FROM_ROWS = 100_000


@dataclass(frozen=True)
class Boosted:
    """A fitted booster; ``medians`` float32[k] stand in for missing values, None: learned sides."""

    booster: XGBClassifier
    medians: Floats | None
    device: str
    name: str = BOOSTED
    kind: str = "XGBClassifier"

    @property
    def tree_count(self) -> int:
        """Number of trees."""
        return int(self.booster.get_booster().num_boosted_rounds())

    @property
    def width(self) -> int:
        """Number of columns that the model takes."""
        return int(self.booster.n_features_in_)

    def predict(self, columns: Floats) -> Floats:
        """Score float32[n, k] with XGBoost, float32[n]."""
        scores = self.booster.predict_proba(impute(columns, self.medians))
        return np.asarray(scores[:, 1], dtype=np.float32)

    def exported(self) -> ExportedTrees:
        """Return its trees."""
        trees = boosted_trees(self.booster)
        return ExportedTrees(
            self.name, trees if self.medians is None else trees.imputing(self.medians)
        )

    def gains(self) -> npt.NDArray[np.float64]:
        """Return each column's share in the mean gain of its splits, float64[k]."""
        return share(self.booster.feature_importances_)

    def parameters(self) -> Parameters:
        """Return the settings that the model was fitted with."""
        chosen = self.booster.get_params()
        names = {
            "depth": "max_depth",
            "learning_rate": "learning_rate",
            "columns": "colsample_bytree",
            "leaf_weight": "min_child_weight",
        }
        found: Parameters = {name: chosen[own] for name, own in names.items()}
        return found | {"tree_method": chosen["tree_method"], "device": self.device}


def fit(
    columns: Floats, targets: Targets, medians: Floats | None, settings: FitSettings
) -> Boosted:
    """Fit a booster on float32[n, k] and targets 0 or 1."""
    frauds = int(targets.sum())
    weight = (len(targets) - frauds) / frauds if settings.balance == "weights" else 1.0
    device = choose_device(settings, len(targets))
    model = XGBClassifier(
        n_estimators=settings.boosted_trees,
        max_depth=settings.boosted_depth,
        learning_rate=settings.learning_rate,
        colsample_bytree=settings.boosted_columns,
        min_child_weight=settings.boosted_weight,
        tree_method=settings.tree_method,
        device=device,
        scale_pos_weight=weight,
        n_jobs=settings.jobs,
        random_state=settings.seed,
    ).fit(impute(columns, medians), targets)
    model.set_params(device="cpu")  # scores are compared with the graph's, which runs on the CPU
    return Boosted(model, medians, device)


def choose_device(settings: FitSettings, rows: int) -> str:
    """Return cpu or cuda for a number of rows.

    A GPU has no exact method: where that is asked for, the CPU is taken.
    Raises TrainingError where a GPU is demanded and XGBoost finds none.
    """
    if settings.device == "cuda" and not gpu_found():
        raise TrainingError(
            "The setting `device` is cuda, which needs a GPU and an XGBoost built for it. XGBoost "
            f"{xgboost.__version__} here {_lack()}: set `device` to auto, or install the package "
            "xgboost in place of xgboost-cpu."
        )
    wanted = settings.device == "cuda" or (settings.device == "auto" and rows >= GPU_FROM_ROWS)
    if settings.tree_method == "exact" or not wanted or not gpu_found():
        return "cpu"
    return "cuda"


@cache
def gpu_found() -> bool:
    """Say whether XGBoost can train on a GPU here: by a fit of two rows, which may not fail."""
    if not xgboost.build_info().get("USE_CUDA"):
        return False
    rows = xgboost.DMatrix(np.zeros((2, 1), np.float32), label=np.array([0, 1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            booster = xgboost.train({"device": "cuda", "verbosity": 0}, rows, num_boost_round=1)
        except xgboost.core.XGBoostError:
            return False
    config = json.loads(booster.save_config())
    return str(config["learner"]["generic_param"]["device"]).startswith("cuda")


def _lack() -> str:
    """Say what is missing for a GPU."""
    built = xgboost.build_info().get("USE_CUDA")
    return "finds none" if built else "was built without CUDA"
