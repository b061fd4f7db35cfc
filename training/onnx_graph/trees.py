"""Trees as flat arrays, read from a fitted forest or booster without loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from xgboost import XGBClassifier

from training.arrays import Floats, Ints
from training.errors import TrainingError


@dataclass(frozen=True)
class Tree:
    """One binary tree of m nodes; node 0 is the root, ``left[i] < 0`` marks a leaf.

    A row goes left at node i where ``x[feature[i]] <= threshold[i]``, or ``<`` in a strict tree,
    and with that value missing where ``missing_left[i]``; ``value[i]`` is what leaf i adds and
    ``cover[i]`` how much of the training data reached node i, by which contributions are averaged.
    """

    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    missing_left: npt.NDArray[np.bool_]
    value: Floats
    cover: Floats


@dataclass(frozen=True)
class Trees:
    """A sum of trees. ``base`` is added to the sum; ``logistic`` says the sum is a log-odds."""

    trees: tuple[Tree, ...]
    strict: bool
    base: float
    logistic: bool

    def imputing(self, medians: Floats) -> Trees:
        """Return the same trees with missing values sent where float32[k] medians would go."""
        imputed = []
        for tree in self.trees:
            stand_in = medians[np.maximum(tree.feature, 0)]
            left = stand_in < tree.threshold if self.strict else stand_in <= tree.threshold
            imputed.append(replace(tree, missing_left=left))
        return replace(self, trees=tuple(imputed))

    def splits(self) -> tuple[Ints, Floats]:
        """Return feature and threshold of every inner node, int64[s] and float32[s]."""
        features = [tree.feature[tree.left >= 0] for tree in self.trees]
        thresholds = [tree.threshold[tree.left >= 0] for tree in self.trees]
        return np.concatenate(features), np.concatenate(thresholds)


def forest_trees(forest: RandomForestClassifier) -> Trees:
    """Read a fitted binary forest; the sum of the trees is the probability of class 1."""
    count = len(forest.estimators_)
    return Trees(
        tuple(_forest_tree(estimator.tree_, count) for estimator in forest.estimators_),
        strict=False,
        base=0.0,
        logistic=False,
    )


def _forest_tree(tree: Any, count: int) -> Tree:
    """Read one scikit-learn tree; a leaf adds its share of class 1, divided by ``count``."""
    weights = np.asarray(tree.value, dtype=np.float64)[:, 0, :]
    return Tree(
        feature=np.asarray(tree.feature, dtype=np.int64),
        threshold=float32_floor(tree.threshold),
        left=np.asarray(tree.children_left, dtype=np.int64),
        right=np.asarray(tree.children_right, dtype=np.int64),
        missing_left=np.asarray(tree.missing_go_to_left, dtype=np.bool_),
        value=(weights[:, 1] / weights.sum(axis=1) / count).astype(np.float32),
        cover=np.asarray(tree.weighted_n_node_samples, dtype=np.float32),
    )


def float32_floor(values: npt.ArrayLike) -> Floats:
    """Return the largest float32 not above each float64.

    scikit-learn compares a float32 feature with a float64 threshold. With the floor the answer
    of ``x <= threshold`` is the same for every float32 x; with the nearest float32 it is not.

    >>> float32_floor([0.1]) <= np.array([0.1])
    array([ True])
    """
    exact = np.asarray(values, dtype=np.float64)
    nearest = exact.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest.astype(np.float64) > exact, below, nearest).astype(np.float32)


class _BoostedTree(msgspec.Struct):
    """The fields of one tree in XGBoost's own JSON."""

    left_children: list[int]
    right_children: list[int]
    split_indices: list[int]
    split_conditions: list[float]
    default_left: list[int]
    sum_hessian: list[float]
    categories: list[int]


class _TreeList(msgspec.Struct):
    trees: list[_BoostedTree]


class _GradientBooster(msgspec.Struct):
    model: _TreeList


class _ModelParameters(msgspec.Struct):
    base_score: str


class _Learner(msgspec.Struct):
    gradient_booster: _GradientBooster
    learner_model_param: _ModelParameters


class _Document(msgspec.Struct):
    learner: _Learner


def boosted_trees(model: XGBClassifier) -> Trees:
    """Read a fitted binary:logistic booster; the sum of the trees is the log-odds of class 1.

    The base score is read from the saved model itself, because what a converter assumes it to be
    is wrong on imbalanced data.
    """
    raw = bytes(model.get_booster().save_raw(raw_format="json"))
    learner = msgspec.json.decode(raw, type=_Document).learner
    return Trees(
        tuple(_boosted_tree(tree) for tree in learner.gradient_booster.model.trees),
        strict=True,
        base=_log_odds(learner.learner_model_param.base_score),
        logistic=True,
    )


def _boosted_tree(tree: _BoostedTree) -> Tree:
    """Read one XGBoost tree; at a leaf its split condition is its value, its hessian its cover."""
    if tree.categories:
        raise TrainingError("A booster with categorical splits cannot be exported: encode them.")
    conditions = np.asarray(tree.split_conditions, dtype=np.float32)
    return Tree(
        feature=np.asarray(tree.split_indices, dtype=np.int64),
        threshold=conditions,
        left=np.asarray(tree.left_children, dtype=np.int64),
        right=np.asarray(tree.right_children, dtype=np.int64),
        missing_left=np.asarray(tree.default_left, dtype=np.bool_),
        value=conditions,
        cover=np.asarray(tree.sum_hessian, dtype=np.float32),
    )


def _log_odds(base_score: str) -> float:
    """Turn XGBoost's base score, such as "[2.04E-2]", into log-odds."""
    scores: Sequence[str] = base_score.strip("[]").split(",")
    if len(scores) != 1:
        raise TrainingError(f"A booster with {len(scores)} base scores is not binary.")
    probability = float(scores[0])
    return math.log(probability) - math.log1p(-probability)
