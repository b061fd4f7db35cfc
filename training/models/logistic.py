"""Logistic regression on imputed, bounded and scaled columns, all of it in float32."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from scoring.bundle.tensors import INPUT
from training.arrays import Floats, Ints
from training.fit_settings import LOGISTIC, FitSettings, Targets
from training.models.base import Parameters, column_medians, share
from training.onnx_graph.graph import Graph
from training.onnx_graph.trees import Trees

BOUND_LEVELS = (0.001, 0.999)


@dataclass(frozen=True)
class Scale:
    """Scaling that makes columns comparable, all float32[k].

    Missing values become ``medians``, values are bounded to ``low`` and ``high``, less
    ``means``, times ``factors``. Every step rounds to float32, in numpy as in the graph: a scaler
    in double precision with a cast behind it gives other bits, and where a mean is large against
    the deviation (a time, say) quite other values.
    """

    medians: Floats
    low: Floats
    high: Floats
    means: Floats
    factors: Floats

    def __call__(self, columns: Floats) -> Floats:
        """Scale float32[n, k]."""
        filled = np.where(np.isnan(columns), self.medians, columns)
        bounded = np.minimum(np.maximum(filled, self.low), self.high)
        return np.asarray((bounded - self.means) * self.factors, dtype=np.float32)

    def add_to(self, graph: Graph, name: str) -> str:
        """Add the same steps behind the features; return the name of the scaled columns."""
        constant = {
            part: graph.constant(f"{name}_{part}", getattr(self, part)[None])
            for part in ("medians", "low", "high", "means", "factors")
        }
        missing = graph.node("IsNaN", [INPUT])
        values = graph.node("Where", [missing, constant["medians"], INPUT])
        values = graph.node("Max", [values, constant["low"]])
        values = graph.node("Min", [values, constant["high"]])
        values = graph.node("Sub", [values, constant["means"]])
        return graph.node("Mul", [values, constant["factors"]])


def fit_scale(columns: Floats) -> Scale:
    """Fit the scale on float32[n, k]: medians, the bounds of all but 0.2 %, mean and deviation.

    The mean is rounded first and the deviation taken from the rounded differences.
    """
    medians = column_medians(columns)
    filled = np.where(np.isnan(columns), medians, columns)
    low, high = np.quantile(filled, BOUND_LEVELS, axis=0, method="nearest")
    bounded = np.clip(filled, low, high)
    means = bounded.mean(axis=0, dtype=np.float64).astype(np.float32)
    deviations = np.sqrt(np.square((bounded - means).astype(np.float64)).mean(axis=0))
    factors = np.where(deviations > 0, 1 / np.maximum(deviations, 1e-30), 0.0)
    return Scale(medians, low, high, means, factors.astype(np.float32))


@dataclass(frozen=True)
class ExportedLinear:
    """A scale, a weighted sum and the sigmoid."""

    name: str
    scale: Scale
    weights: Floats
    intercept: float
    trees: Trees | None = None

    def splits(self) -> tuple[Ints, Floats]:
        """Return bounds and medians of every column: there the answer bends."""
        scale, k = self.scale, len(self.weights)
        values = np.concatenate([scale.low, scale.high, scale.medians])
        return np.tile(np.arange(k), 3), values

    def add_to(self, graph: Graph) -> None:
        """Add the nodes from the features to the output."""
        scaled = self.scale.add_to(graph, self.name)
        weights = graph.constant(f"{self.name}_weights", self.weights[None])
        total = graph.row_sum(
            graph.node("Mul", [scaled, weights]), len(self.weights), f"{self.name}_sum"
        )
        intercept = graph.constant(f"{self.name}_intercept", self.intercept)
        graph.node("Sigmoid", [graph.node("Add", [total, intercept])], self.name)


@dataclass(frozen=True)
class Logistic:
    """A fitted regression and its scale."""

    regression: LogisticRegression
    scale: Scale
    name: str = LOGISTIC
    kind: str = "LogisticRegression"
    tree_count: int = 0

    @property
    def width(self) -> int:
        """Number of columns that the model takes."""
        return int(self.regression.n_features_in_)

    def predict(self, columns: Floats) -> Floats:
        """Score float32[n, k] with scikit-learn, float32[n]."""
        if not len(columns):
            return np.zeros(0, np.float32)
        return np.asarray(
            self.regression.predict_proba(self.scale(columns))[:, 1], dtype=np.float32
        )

    def exported(self) -> ExportedLinear:
        """Return scale and weights."""
        weights = self.regression.coef_[0].astype(np.float32)
        return ExportedLinear(self.name, self.scale, weights, float(self.regression.intercept_[0]))

    def gains(self) -> npt.NDArray[np.float64]:
        """Return each column's share in the absolute weights, which are comparable, float64[k]."""
        return share(np.abs(self.regression.coef_[0]))

    def parameters(self) -> Parameters:
        """Return the settings that the model was fitted with."""
        return {"inverse_regularisation": float(self.regression.C)}


def fit(columns: Floats, targets: Targets, _: Floats | None, settings: FitSettings) -> Logistic:
    """Fit a regression on float32[n, k] and targets 0 or 1; missing values become medians."""
    scale = fit_scale(columns)
    regression = LogisticRegression(
        C=0.1,
        max_iter=500,
        class_weight="balanced" if settings.balance == "weights" else None,
        random_state=settings.seed,
    )
    return Logistic(regression.fit(scale(columns), targets), scale)
