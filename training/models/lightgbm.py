"""Boosted trees of LightGBM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from training.arrays import Floats
from training.errors import TrainingError
from training.fit_settings import LIGHT, FitSettings, Targets
from training.models.base import ExportedTrees, Parameters, impute, share
from training.onnx_graph.trees import Tree, Trees, float32_floor

_INFINITE = 1e300
"""LightGBM writes an infinite threshold as this; such a split tells missing from present."""


@dataclass(frozen=True)
class Light:
    """A fitted booster; ``medians`` float32[k] stand in for missing values, None: learned sides."""

    booster: lightgbm.Booster
    medians: Floats | None
    settings: FitSettings
    name: str = LIGHT
    kind: str = "lightgbm.Booster"

    @property
    def tree_count(self) -> int:
        """Number of trees."""
        return int(self.booster.num_trees())

    @property
    def width(self) -> int:
        """Number of columns that the model takes."""
        return int(self.booster.num_feature())

    def predict(self, columns: Floats) -> Floats:
        """Score float32[n, k] with LightGBM, float32[n]."""
        if not len(columns):
            return np.zeros(0, np.float32)
        scores = self.booster.predict(impute(columns, self.medians), num_threads=1)
        return np.asarray(scores, dtype=np.float32)

    def exported(self) -> ExportedTrees:
        """Return its trees."""
        trees = light_trees(self.booster)
        return ExportedTrees(
            self.name, trees if self.medians is None else trees.imputing(self.medians)
        )

    def gains(self) -> npt.NDArray[np.float64]:
        """Return each column's share in the gain of all splits, float64[k]."""
        return share(self.booster.feature_importance("gain"))

    def parameters(self) -> Parameters:
        """Return the settings that the model was fitted with."""
        one = self.settings
        return {
            "leaves": one.light_leaves,
            "leaf_rows": one.light_leaf_rows,
            "learning_rate": one.learning_rate,
        }


def fit(columns: Floats, targets: Targets, medians: Floats | None, settings: FitSettings) -> Light:
    """Fit a booster on float32[n, k] and targets 0 or 1; the same for any number of threads."""
    frauds = int(targets.sum())
    weight = (len(targets) - frauds) / frauds if settings.balance == "weights" else 1.0
    options = {
        "objective": "binary",
        "num_leaves": settings.light_leaves,
        "min_data_in_leaf": settings.light_leaf_rows,
        "learning_rate": settings.learning_rate,
        "scale_pos_weight": weight,
        "num_threads": settings.jobs,
        "seed": settings.seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    rows = lightgbm.Dataset(impute(columns, medians), targets, free_raw_data=True)
    booster = lightgbm.train(options, rows, num_boost_round=settings.light_trees)
    return Light(booster, medians, settings)


def light_trees(booster: lightgbm.Booster) -> Trees:
    """Read a fitted binary booster; the sum of the trees is the log-odds of class 1.

    The base score is part of the first tree's leaves. LightGBM compares float64 numbers by
    ``<=``, so thresholds are rounded down as a forest's are.
    """
    described = booster.dump_model()
    if described["objective"] != "binary sigmoid:1":
        raise TrainingError(f"A LightGBM objective {described['objective']!r} is not exported.")
    trees = tuple(_light_tree(tree["tree_structure"]) for tree in described["tree_info"])
    return Trees(trees, strict=False, base=0.0, logistic=True)


def _light_tree(root: dict[str, Any]) -> Tree:
    """Read one tree from its nested description, in depth-first order."""
    nodes = list(_walk(root))
    numbers = {id(node): number for number, node in enumerate(nodes)}
    inner = ["split_feature" in node for node in nodes]

    def child(node: dict[str, Any], side: str) -> int:
        return numbers[id(node[side])] if side in node else -1

    limits = np.array([float(node.get("threshold", 0.0)) for node in nodes])
    limits[limits >= _INFINITE] = np.inf
    return Tree(
        feature=np.array([node.get("split_feature", -2) for node in nodes], dtype=np.int64),
        threshold=float32_floor(limits),
        left=np.array([child(node, "left_child") for node in nodes], dtype=np.int64),
        right=np.array([child(node, "right_child") for node in nodes], dtype=np.int64),
        missing_left=np.array(
            [is_split and _missing_left(node) for node, is_split in zip(nodes, inner, strict=True)]
        ),
        value=np.array([node.get("leaf_value", 0.0) for node in nodes], dtype=np.float32),
        cover=np.array(
            [node.get("leaf_count", node.get("internal_count", 0)) for node in nodes],
            dtype=np.float32,
        ),
    )


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node and all below it."""
    yield node
    for side in ("left_child", "right_child"):
        if side in node:
            yield from _walk(node[side])


def _missing_left(node: dict[str, Any]) -> bool:
    """Say where a missing value goes: by the learned side, or as 0 where none was met in training.

    (LightGBM, `Tree::NumericalDecision` in tree.h.)
    """
    if node["decision_type"] != "<=" or node["missing_type"] not in ("None", "NaN"):
        raise TrainingError(
            f"A LightGBM split {node['decision_type']!r} with missing values as "
            f"{node['missing_type']!r} cannot be exported: encode categories as numbers, and "
            "leave zero_as_missing off."
        )
    if node["missing_type"] == "None":
        return bool(float(node["threshold"]) >= 0.0)
    return bool(node["default_left"])
