"""Combination of the scores of several models, in numpy and in the graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from scipy.optimize import minimize

from training.arrays import Floats
from training.ensemble.choice import Goodness
from training.fit_settings import CombineMethod, Targets
from training.onnx_graph.curve import Curve, log_odds_curve, rank_curve
from training.onnx_graph.graph import Graph

Method = Literal["weighted", "stacking", "rank"]
STEPS = 10
_LOG_ODDS = log_odds_curve()


class Combination(Protocol):
    """A function of m models' scores, in numpy and in the graph."""

    def __call__(self, scores: Sequence[Floats]) -> Floats:
        """Return the combined score float32[n] of m scores float32[n]."""

    def add_to(self, graph: Graph, names: Sequence[str], output: str | None) -> str:
        """Add the function behind the models' outputs, float32[n, 1] each; return its output."""

    @property
    def method(self) -> Method:
        """The name of the method, as the setting `combine` takes it."""

    def shares(self) -> list[float]:
        """Return each model's part in the result; they sum to 1."""

    def parameters(self) -> dict[str, list[float]]:
        """Return further numbers by name, for the manifest."""


@dataclass(frozen=True)
class Weighted:
    """The weighted average of the scores; the weights sum to 1."""

    weights: tuple[float, ...]
    method: Method = "weighted"

    def __call__(self, scores: Sequence[Floats]) -> Floats:
        """Return the average float32[n]."""
        terms = (w * score for w, score in zip(self.weights, scores, strict=True))
        return np.asarray(sum(terms), dtype=np.float32)

    def add_to(self, graph: Graph, names: Sequence[str], output: str | None) -> str:
        """Add a Mul for each model, and their Sum."""
        terms = [
            graph.node("Mul", [name, graph.constant(f"{name}_weight", weight)])
            for name, weight in zip(names, self.weights, strict=True)
        ]
        return graph.node("Sum", terms, output)

    def shares(self) -> list[float]:
        """Return the weights."""
        return list(self.weights)

    def parameters(self) -> dict[str, list[float]]:
        """Return nothing more: the weights are the members'."""
        return {}


@dataclass(frozen=True)
class Stacked:
    """A logistic regression of the scores' log-odds (`log_odds_curve`), no slope negative."""

    slopes: tuple[float, ...]
    intercept: float
    method: Method = "stacking"

    def __call__(self, scores: Sequence[Floats]) -> Floats:
        """Return the regression's probability float32[n]."""
        margin = np.full(len(scores[0]), self.intercept, dtype=np.float32)
        for slope, score in zip(self.slopes, scores, strict=True):
            margin = margin + np.float32(slope) * _LOG_ODDS(score)
        return np.asarray(1.0 / (1.0 + np.exp(-margin)), dtype=np.float32)

    def add_to(self, graph: Graph, names: Sequence[str], output: str | None) -> str:
        """Add a curve and a Mul for each model, and the regression."""
        terms = []
        for name, slope in zip(names, self.slopes, strict=True):
            odds = _LOG_ODDS.add_to(graph, name, f"{name}_odds")
            terms.append(graph.node("Mul", [odds, graph.constant(f"{name}_slope", slope)]))
        intercept = graph.constant("stack_intercept", self.intercept)
        return graph.node("Sigmoid", [graph.node("Sum", [*terms, intercept])], output)

    def shares(self) -> list[float]:
        """Return the slopes, scaled to sum to 1; even ones where all are 0."""
        total = sum(self.slopes)
        return [slope / total if total else 1 / len(self.slopes) for slope in self.slopes]

    def parameters(self) -> dict[str, list[float]]:
        """Return slopes and intercept."""
        return {"slopes": list(self.slopes), "intercept": [self.intercept]}


@dataclass(frozen=True)
class Ranked:
    """The average of each score's tail rank among validation's scores (`rank_curve`)."""

    curves: tuple[Curve, ...]
    method: Method = "rank"

    def __call__(self, scores: Sequence[Floats]) -> Floats:
        """Return the average rank float32[n], from 0 to 1."""
        ranks = [curve(score) for curve, score in zip(self.curves, scores, strict=True)]
        return np.asarray(sum(ranks) * np.float32(1 / len(ranks)), dtype=np.float32)

    def add_to(self, graph: Graph, names: Sequence[str], output: str | None) -> str:
        """Add each model's curve, and their mean."""
        ranks = [
            curve.add_to(graph, name, f"{name}_rank")
            for name, curve in zip(names, self.curves, strict=True)
        ]
        share = graph.constant("rank_share", 1 / len(ranks))
        return graph.node("Mul", [graph.node("Sum", ranks), share], output)

    def shares(self) -> list[float]:
        """Return the same share for each model."""
        return [1 / len(self.curves)] * len(self.curves)

    def parameters(self) -> dict[str, list[float]]:
        """Return the points of each curve."""
        points = {f"{i}_x": curve.x.tolist() for i, curve in enumerate(self.curves)}
        return points | {f"{i}_y": curve.y.tolist() for i, curve in enumerate(self.curves)}


def even(count: int) -> Weighted:
    """Return the plain average of a number of models."""
    return Weighted((1 / count,) * count)


def choose(
    method: CombineMethod,
    scores: Sequence[Floats],
    targets: Targets,
    weights: tuple[float, ...] | None,
    good: Goodness,
) -> Combination:
    """Fit a combination on validation scores; auto is the one that is best by ``good``."""
    if weights is not None or len(scores) == 1:
        return Weighted(weights or (1.0,))
    made: dict[str, Combination] = {}
    if method in ("auto", "weighted"):
        made["weighted"] = Weighted(best_weights(scores, good))
    if method in ("auto", "stacking"):
        made["stacking"] = _stack(scores, targets)
    if method in ("auto", "rank"):
        made["rank"] = Ranked(tuple(rank_curve(score) for score in scores))
    return max(made.values(), key=lambda way: good(way(scores)))


def best_weights(scores: Sequence[Floats], good: Goodness) -> tuple[float, ...]:
    """Return the weights, in steps of 0.1 from 0, that are best.

    Only a mixture that is better than the best model alone beyond chance is taken.
    """
    best = max(_simplex(len(scores), STEPS), key=lambda weights: good(Weighted(weights)(scores)))
    strongest = max(range(len(scores)), key=lambda place: good(scores[place]))
    if max(best) == 1 or good.surely_better(Weighted(best)(scores), scores[strongest]):
        return best
    return tuple(float(place == strongest) for place in range(len(scores)))


def _simplex(count: int, steps: int) -> Iterator[tuple[float, ...]]:
    """Yield all weights of whole tenths, none below 0, that sum to 1."""
    if count == 1:
        yield (steps / STEPS,)
        return
    for first in range(steps + 1):
        for rest in _simplex(count - 1, steps - first):
            yield (first / STEPS, *rest)


def _stack(scores: Sequence[Floats], targets: Targets) -> Stacked:
    """Fit the slopes and the intercept by the log loss, the slopes from 0 up."""
    odds = np.stack([_LOG_ODDS(score) for score in scores], axis=1).astype(np.float64)

    def loss(numbers: Floats) -> tuple[float, Floats]:
        margin = odds @ numbers[:-1] + numbers[-1]
        residual = 1.0 / (1.0 + np.exp(-margin)) - targets
        value = np.logaddexp(0.0, margin).mean() - (margin * targets).mean()
        return float(value), np.append(odds.T @ residual, residual.sum()) / len(targets)

    count = len(scores)
    start = np.append(np.full(count, 1 / count), 0.0)
    bounds = [(0.0, None)] * count + [(None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Stacked(tuple(float(slope) for slope in found[:-1]), float(found[-1]))
