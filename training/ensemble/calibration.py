"""Calibration: what turns the combined score into a probability, in the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from sklearn.linear_model import LogisticRegression

from training.arrays import Floats
from training.fit_settings import Calibrated, CalibrationMethod, Targets
from training.onnx_graph.curve import Curve, centred_isotonic
from training.onnx_graph.graph import Graph


class Calibration(Protocol):
    """A rising function of the combined score, in numpy and in the graph."""

    def __call__(self, scores: Floats) -> Floats:
        """Return probabilities float32[n] of scores float32[n]."""

    def add_to(self, graph: Graph, score: str, output: str) -> None:
        """Add the function behind a score float32[n, 1]."""

    @property
    def method(self) -> Calibrated:
        """The name of the method, as the setting `calibration` takes it."""

    def parameters(self) -> dict[str, list[float]]:
        """Return its numbers by name, for the manifest."""


@dataclass(frozen=True)
class Sigmoid:
    """Platt scaling: sigmoid(slope * score + intercept)."""

    slope: float
    intercept: float
    method: Calibrated = "sigmoid"

    def __call__(self, scores: Floats) -> Floats:
        """Return probabilities float32[n] of scores float32[n]."""
        margin = self.slope * scores + self.intercept
        return np.asarray(1.0 / (1.0 + np.exp(-margin)), dtype=np.float32)

    def add_to(self, graph: Graph, score: str, output: str) -> None:
        """Add three nodes behind a score float32[n, 1]."""
        steep = graph.node("Mul", [score, graph.constant("calibration_slope", self.slope)])
        shift = graph.constant("calibration_intercept", self.intercept)
        graph.node("Sigmoid", [graph.node("Add", [steep, shift])], output)

    def parameters(self) -> dict[str, list[float]]:
        """Return slope and intercept."""
        return {"slope": [self.slope], "intercept": [self.intercept]}


@dataclass(frozen=True)
class Isotonic:
    """Centred isotonic regression: a strictly rising curve, so that ranking has no new ties."""

    curve: Curve
    method: Calibrated = "isotonic"

    def __call__(self, scores: Floats) -> Floats:
        """Return probabilities float32[n] of scores float32[n]."""
        return self.curve(scores)

    def add_to(self, graph: Graph, score: str, output: str) -> None:
        """Add the curve behind a score float32[n, 1]."""
        self.curve.add_to(graph, score, "calibration", output)

    def parameters(self) -> dict[str, list[float]]:
        """Return the points."""
        return {"x": self.curve.x.tolist(), "y": self.curve.y.tolist()}


def calibrate(method: CalibrationMethod, scores: Floats, targets: Targets) -> Calibration | None:
    """Fit a calibration on validation scores float32[n]; None where none is asked for."""
    match method:
        case "none":
            return None
        case "sigmoid":
            curve = LogisticRegression(C=1e6).fit(scores.reshape(-1, 1), targets)
            return Sigmoid(float(curve.coef_[0, 0]), float(curve.intercept_[0]))
        case "isotonic":
            return Isotonic(centred_isotonic(scores, targets))
