"""Make fitted models smaller: fewer columns, fewer trees, fewer leaves."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from xgboost import XGBClassifier

from training.arrays import Floats, Ints
from training.ensemble.fit import FittedEnsemble, fit
from training.errors import TrainingError
from training.fit_settings import BOOSTED, FitSettings, Targets
from training.models.base import Model
from training.models.random_forest import RandomForest
from training.models.xgboost import Boosted

_LEAF = -1
_NO_FEATURE = -2


def strongest(fitted: FittedEnsemble, count: int) -> Ints:
    """Return the ``count`` columns with the largest importance, int64[count], in their order."""
    if count < 1:
        raise TrainingError(f"`max_features`: expected 1 or more, got {count}.")
    order = np.argsort(-fitted.importance(), kind="stable")
    return np.sort(order[:count])


def select(columns: Floats, targets: Targets, settings: FitSettings) -> Ints:
    """Return the columns of float32[n, k] that ``settings.max_features`` keeps, by a first fit.

    It is one of XGBoost alone where that is among the models: an order of magnitude faster.
    """
    width = columns.shape[1]
    if settings.max_features is None or settings.max_features >= width:
        return np.arange(width)
    names = (BOOSTED,) if BOOSTED in settings.models else settings.models
    first = fit(columns, targets, replace(settings, models=names, weights=None))
    return strongest(first, settings.max_features)


def fewer_trees(fitted: FittedEnsemble, share: float) -> FittedEnsemble:
    """Keep the first share of the trees, 0 to 1 and one at least, of forest and XGBoost.

    Other models stay. Combination and calibration were fitted to the larger models, so call
    `combine` after it.
    """
    return replace(fitted, models=tuple(_first_trees(model, share) for model in fitted.models))


def _first_trees(model: Model, share: float) -> Model:
    kept = max(1, round(share * model.tree_count))
    if isinstance(model, RandomForest):
        return replace(model, forest=_first_of_forest(model.forest, kept))
    if isinstance(model, Boosted):
        smaller = XGBClassifier()
        smaller.load_model(model.booster.get_booster()[:kept].save_raw(raw_format="ubj"))
        return replace(model, booster=smaller)
    return model


def _first_of_forest(forest: RandomForestClassifier, count: int) -> RandomForestClassifier:
    smaller = copy.copy(forest)
    smaller.estimators_ = forest.estimators_[:count]
    smaller.n_estimators = count
    return smaller


def collapse_leaves(fitted: FittedEnsemble, epsilon: float) -> FittedEnsemble:
    """Merge pairs of a forest's leaves whose probabilities differ by less than epsilon.

    Repeated from the bottom up, so whole branches go. A merged leaf answers with the mean of its
    training rows. It is done inside scikit-learn's own trees, so the gate still compares the graph
    with the library. Other models stay.
    """
    return replace(fitted, models=tuple(_collapse(model, epsilon) for model in fitted.models))


def _collapse(model: Model, epsilon: float) -> Model:
    if not isinstance(model, RandomForest):
        return model
    forest = copy.deepcopy(model.forest)
    for estimator in forest.estimators_:
        _collapse_tree(estimator.tree_, epsilon)
    return replace(model, forest=forest)


def _collapse_tree(tree: Any, epsilon: float) -> None:
    """Turn inner nodes into leaves in place; children have higher numbers than their parents."""
    weights = tree.value[:, 0, :]
    chances: Floats = weights[:, 1] / weights.sum(axis=1)
    left, right = tree.children_left, tree.children_right
    for node in range(tree.node_count - 1, -1, -1):
        one, other = left[node], right[node]
        if one == _LEAF or left[one] != _LEAF or left[other] != _LEAF:
            continue
        if abs(chances[one] - chances[other]) < epsilon:
            left[node] = right[node] = _LEAF
            tree.feature[node] = _NO_FEATURE


def leaf_count(fitted: FittedEnsemble) -> int:
    """Return the number of leaves that the ensemble's trees can end in."""
    count = 0
    for member in fitted.members():
        for tree in member.trees.trees if member.trees is not None else ():
            count += _reachable_leaves(tree.left, tree.right)
    return count


def _reachable_leaves(left: Ints, right: Ints) -> int:
    """Count the leaves of one tree from its root."""
    leaves, waiting = 0, [0]
    while waiting:
        node = waiting.pop()
        if left[node] < 0:
            leaves += 1
        else:
            waiting += [int(left[node]), int(right[node])]
    return leaves
