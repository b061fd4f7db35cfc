"""An isolation forest: how unusual a payment is, learned without labels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import IsolationForest

from training.arrays import Floats, Ints
from training.fit_settings import ISOLATION, FitSettings, Targets
from training.models.base import Parameters, column_medians, impute, share
from training.onnx_graph.curve import Curve, centred_isotonic
from training.onnx_graph.graph import Graph
from training.onnx_graph.tree_node import tree_node
from training.onnx_graph.trees import Tree, Trees, float32_floor

CURVE_ROWS = 200_000
_STEEPEST = 30.0
"""Raw scores are right to about 1e-7; steeper pieces than this would make too much of that."""

_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)


@dataclass(frozen=True)
class ExportedIsolation:
    """Trees that sum the share of the expected path length, a power of two, and a curve."""

    name: str
    trees: Trees
    curve: Curve

    def splits(self) -> tuple[Ints, Floats]:
        """Return every split."""
        return self.trees.splits()

    def add_to(self, graph: Graph) -> None:
        """Add the nodes from the features to the output; 2 ** -p is exp(-p log 2)."""
        paths = f"{self.name}_paths"
        graph.nodes.append(tree_node(self.trees, f"{self.name}_trees", paths))
        rate = graph.constant(f"{self.name}_rate", -math.log(2))
        unusual = graph.node("Exp", [graph.node("Mul", [paths, rate])])
        self.curve.add_to(graph, unusual, f"{self.name}_curve", self.name)


@dataclass(frozen=True)
class Isolation:
    """A fitted isolation forest.

    Its raw score is 2 ** (-E / c): E is the mean length of a payment's path, c that expected of
    the rows that a tree was grown from (Liu, Ting and Zhou, 2008, Isolation forest, equation 2).
    ``curve`` brings it to the range of the other models: with labels to the share of frauds among
    payments as unusual, without to the share of training payments that are less unusual.
    """

    forest: IsolationForest
    medians: Floats
    curve: Curve
    labelled: bool
    name: str = ISOLATION
    kind: str = "IsolationForest"

    @property
    def tree_count(self) -> int:
        """Number of trees."""
        return len(self.forest.estimators_)

    @property
    def width(self) -> int:
        """Number of columns that the model takes."""
        return int(self.forest.n_features_in_)

    def predict(self, columns: Floats) -> Floats:
        """Score float32[n, k] with scikit-learn, then the curve, float32[n]."""
        return self.curve(_raw(self.forest, columns, self.medians))

    def exported(self) -> ExportedIsolation:
        """Return trees and curve."""
        trees = isolation_trees(self.forest).imputing(self.medians)
        return ExportedIsolation(self.name, trees, self.curve)

    def gains(self) -> npt.NDArray[np.float64]:
        """Return each column's share in the splits, float64[k]; splits are random, so it is even.

        A split counts by the payments that reach it.
        """
        total = np.zeros(self.width)
        for tree in isolation_trees(self.forest).trees:
            inner = tree.left >= 0
            np.add.at(total, tree.feature[inner], tree.cover[inner])
        return share(total)

    def parameters(self) -> Parameters:
        """Return the settings that the model was fitted with."""
        scale = "share of frauds" if self.labelled else "share of payments less unusual"
        return {"rows_a_tree": int(self.forest.max_samples_), "scale": scale}


def fit(columns: Floats, targets: Targets, _: Floats | None, settings: FitSettings) -> Isolation:
    """Fit an isolation forest on float32[n, k]; targets other than 0 and 1 are unknown.

    Targets give only the range of the score, and that only where there are both frauds and good
    payments. Missing values become medians: that a value is missing is nothing unusual.
    """
    medians = column_medians(columns)
    forest = IsolationForest(
        n_estimators=settings.isolation_trees, n_jobs=settings.jobs, random_state=settings.seed
    ).fit(impute(columns, medians))
    random = np.random.default_rng(settings.seed)
    sample = np.sort(random.permutation(len(columns))[:CURVE_ROWS])
    raw, classes = _raw(forest, columns[sample], medians), targets[sample]
    known = classes >= 0
    labelled = bool((classes == 1).any() and (classes == 0).any())
    curve = centred_isotonic(raw[known], classes[known]) if labelled else less_unusual(raw)
    return Isolation(forest, medians, curve, labelled)


def less_unusual(raw: Floats) -> Curve:
    """Return the share of payments with a lower score, as a curve through quantiles, 0 to 1.

    Between the highest score met and 1 the curve still rises, so what is more unusual than all of
    training is told apart. A quantile too close to the one below it is left out.
    """
    x, y = [0.0], [0.0]
    for value, level in zip(np.quantile(raw.astype(np.float64), _LEVELS), _LEVELS, strict=True):
        if level - y[-1] < _STEEPEST * (value - x[-1]):
            x.append(float(value))
            y.append(level)
    return Curve.through([*x, 1.0], [*y, 1.0])


def isolation_trees(forest: IsolationForest) -> Trees:
    """Read a fitted isolation forest; the sum of the trees is the exponent of its score."""
    rows = float(forest.max_samples_)
    expected = float(_mean_path(np.array([rows]))[0]) * len(forest.estimators_)
    trees = tuple(_isolation_tree(each.tree_, expected) for each in forest.estimators_)
    return Trees(trees, strict=False, base=0.0, logistic=False)


def _isolation_tree(tree: Any, expected: float) -> Tree:
    """Read one tree; a leaf adds its depth and the path that its rows would still take."""
    depths = tree.compute_node_depths().astype(np.float64) - 1.0
    lengths = depths + _mean_path(tree.n_node_samples.astype(np.float64))
    return Tree(
        feature=np.asarray(tree.feature, dtype=np.int64),
        threshold=float32_floor(tree.threshold),
        left=np.asarray(tree.children_left, dtype=np.int64),
        right=np.asarray(tree.children_right, dtype=np.int64),
        missing_left=np.zeros(len(tree.feature), dtype=np.bool_),
        value=(lengths / expected).astype(np.float32),
        cover=np.asarray(tree.n_node_samples, dtype=np.float32),
    )


def _mean_path(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean path of an unsuccessful search among rows (Liu et al., equation 1)."""
    several = np.maximum(rows, 3.0)
    paths = 2.0 * (np.log(several - 1.0) + np.euler_gamma) - 2.0 * (several - 1.0) / several
    return np.where(rows <= 1, 0.0, np.where(rows == 2, 1.0, paths))


def _raw(forest: IsolationForest, columns: Floats, medians: Floats) -> Floats:
    """Return scikit-learn's score, higher for the more unusual, float32[n]."""
    if not len(columns):
        return np.zeros(0, np.float32)
    with np.errstate(all="ignore"):  # scikit-learn sums the extremes to look for infinities
        return np.asarray(-forest.score_samples(impute(columns, medians)), dtype=np.float32)
