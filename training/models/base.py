"""Interface of every model, and parts that models share."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from training.arrays import Floats, Ints
from training.onnx_graph.graph import Graph
from training.onnx_graph.tree_node import tree_node
from training.onnx_graph.trees import Trees

LARGEST = np.finfo(np.float32).max

Parameters = dict[str, float | int | str | None]


class Exported(Protocol):
    """A model as plain numbers, ready for a graph."""

    @property
    def name(self) -> str:
        """The name of its output."""

    @property
    def trees(self) -> Trees | None:
        """Trees of the model, which its node ``NAME_trees`` holds; None for a model without."""

    def splits(self) -> tuple[Ints, Floats]:
        """Return columns and values, int64[s] and float32[s], at which its answer may bend."""

    def add_to(self, graph: Graph) -> None:
        """Add its nodes, from the features to the output float32[n, 1]."""


class Model(Protocol):
    """A fitted model."""

    @property
    def name(self) -> str:
        """Name of the model in settings, outputs and decisions."""

    @property
    def kind(self) -> str:
        """The class of the library that it was fitted with."""

    @property
    def tree_count(self) -> int:
        """Number of trees; 0 for a model without trees."""

    @property
    def width(self) -> int:
        """Number of columns that the model takes."""

    def predict(self, columns: Floats) -> Floats:
        """Score float32[n, k] with its library (the native side of the gate), float32[n]."""

    def exported(self) -> Exported:
        """Return the model as plain numbers."""

    def gains(self) -> npt.NDArray[np.float64]:
        """Return each column's share in its decisions, float64[k], summing to 1 or all 0."""

    def parameters(self) -> Parameters:
        """Return the settings that the model was fitted with, for the manifest."""


class ExportedTrees:
    """A sum of trees, behind a sigmoid where the sum is a log-odds."""

    def __init__(self, name: str, trees: Trees) -> None:
        self.name = name
        self.trees = trees

    def splits(self) -> tuple[Ints, Floats]:
        """Return every split."""
        return self.trees.splits()

    def add_to(self, graph: Graph) -> None:
        """Add the trees and, for log-odds, their base and the sigmoid."""
        name = self.name
        output = f"{name}_sum" if self.trees.logistic else name
        graph.nodes.append(tree_node(self.trees, f"{name}_trees", output))
        if self.trees.logistic:
            margin = graph.node("Add", [output, graph.constant(f"{name}_base", self.trees.base)])
            graph.node("Sigmoid", [margin], name)


def share(gain: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Scale gains to sum to 1; all zero where there was no split."""
    gains = np.asarray(gain, dtype=np.float64)
    total = float(gains.sum())
    return gains / total if total > 0 else gains


def column_medians(columns: Floats) -> Floats:
    """Return the median of each column of float32[n, k] without its missing values."""
    return np.asarray(np.nanmedian(columns, axis=0), dtype=np.float32)


def impute(columns: Floats, medians: Floats | None) -> Floats:
    """Put medians in place of NaN, and the largest float32 in place of infinities.

    >>> impute(np.float32([[np.nan, 2.0]]), np.float32([1.0, 1.0])).tolist()
    [[1.0, 2.0]]
    """
    bounded: Floats = np.clip(columns, -LARGEST, LARGEST)
    return bounded if medians is None else np.where(np.isnan(columns), medians, bounded)
