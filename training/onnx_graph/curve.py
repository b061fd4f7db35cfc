"""Strictly rising, piecewise-linear curves of a score: the same in numpy and in the graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression

from training.arrays import Floats
from training.fit_settings import Targets
from training.onnx_graph.graph import Graph
from training.onnx_graph.tree_node import lookup_node

STEEPEST = 16.0
"""A calibration multiplies the rounding of a score by its slope; the gate allows 1e-5 in all."""

STEEPEST_RANK = 100.0
"""A rank needs steeper lines: alerts may begin at a score of 0.01 and a rank of 0.6.

ONNX Runtime's Sigmoid errs by up to 1e-7 of the whole range even near 0, so that a rank errs by
1e-5 where its line is this steep.
"""

HIGHEST = 0.9999
"""The end of a curve at 1: a score that rounding brought above 1 must not become more than 1."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A line through m points with rising ``x`` and ``y``, float32[m]; its outer pieces go on.

    >>> Curve.through([0, 0.5, 1], [0, 0.25, 1])(np.float32([0.5, 0.75]))
    array([0.25 , 0.625], dtype=float32)

    In the graph, one tree looks up the piece and three products and sums follow. A sum over the
    pieces would be simpler, but its bits would depend on the size of the batch.
    """

    x: Floats
    y: Floats
    slopes: Floats

    @classmethod
    def through(cls, x: npt.ArrayLike, y: npt.ArrayLike) -> Curve:
        """Return the curve through points, without those that do not rise any more in float32."""
        points_x, points_y = np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)
        kept = [0]
        for i in range(1, len(points_x)):
            if points_x[i] > points_x[kept[-1]] and points_y[i] > points_y[kept[-1]]:
                kept.append(i)
        points_x, points_y = points_x[kept], points_y[kept]
        return cls(points_x, points_y, _slopes(points_x, points_y))

    def __call__(self, scores: Floats) -> Floats:
        """Return the curve's values at scores float32[n]."""
        piece = np.searchsorted(self.x[1:-1], scores, side="right")
        rise = (scores - self.x[piece]) * self.slopes[piece]
        return np.asarray(rise + self.y[piece], dtype=np.float32)

    def add_to(self, graph: Graph, score: str, name: str, output: str | None = None) -> str:
        """Add the curve behind a score float32[n, 1]; return the name of its values."""
        table = np.stack([self.x[:-1], self.slopes, self.y[:-1]], axis=1)
        graph.nodes.append(lookup_node(score, self.x[1:-1], table, f"{name}_pieces"))
        start, slope, level = graph.split(f"{name}_pieces", 3)
        rise = graph.node("Mul", [graph.node("Sub", [score, start]), slope])
        return graph.node("Add", [rise, level], output)


def _slopes(x: Floats, y: Floats) -> Floats:
    """Return each piece's slope in float32, so small that rounding never passes the next point."""
    exact = np.diff(y.astype(np.float64)) / np.diff(x.astype(np.float64))
    slopes: Floats = exact.astype(np.float32)
    for _ in range(8):
        too_high = (x[1:] - x[:-1]) * slopes + y[:-1] > y[1:]
        if not too_high.any():
            break
        slopes = np.where(too_high, np.nextafter(slopes, np.float32(0)), slopes)
    return slopes


def centred_isotonic(scores: Floats, targets: Targets) -> Curve:
    """Fit the share of frauds as a strictly rising curve of scores float32[n] from 0 to 1.

    Isotonic regression gives steps, and steps give ties; here each step is a point at its mean
    score and lines join the points (Oron and Flournoy, 2017, Centered isotonic regression).
    Steps that would join by a line steeper than 16 are pooled.
    """
    order = np.argsort(scores, kind="stable")
    x, frauds = scores[order].astype(np.float64), targets[order].astype(np.float64)
    steps = IsotonicRegression(y_min=0.0, y_max=1.0).fit(x, frauds).predict(x)
    starts = np.flatnonzero(np.diff(steps, prepend=-1.0) > 0)
    counts = np.diff(np.append(starts, len(x))).astype(np.float64)
    centres = np.add.reduceat(x, starts) / counts
    rates = np.add.reduceat(frauds, starts) / counts
    centres, rates, counts = _pool_steep(centres, rates, counts)
    return _anchored(centres, _off_the_ends(rates, counts))


def _pool_steep(x: Doubles, y: Doubles, weight: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Join the two points of the steepest piece until none is steeper than STEEPEST."""
    while len(x) > 1:
        slopes = np.diff(y) / np.maximum(np.diff(x), 1e-12)
        i = int(np.argmax(slopes))
        if slopes[i] <= STEEPEST:
            break
        pair = slice(i, i + 2)
        total = weight[pair].sum()
        middle = [(values[pair] * weight[pair]).sum() / total for values in (x, y)]
        x, y, weight = (
            np.concatenate([values[:i], [new], values[i + 2 :]])
            for values, new in ((x, middle[0]), (y, middle[1]), (weight, total))
        )
    return x, y, weight


def _off_the_ends(rates: Doubles, counts: Doubles) -> Doubles:
    """Move a share of 0 or 1 inwards by at most half a payment, so that the ends can rise too."""
    moved = rates.copy()
    above = rates[1] if len(rates) > 1 else 1.0
    moved[0] = max(moved[0], min(0.5 / (counts[0] + 1), above / 2))
    below = moved[-2] if len(rates) > 1 else 0.0
    moved[-1] = min(moved[-1], max(1 - 0.5 / (counts[-1] + 1), (1 + below) / 2))
    return moved


def _anchored(x: Doubles, y: Doubles) -> Curve:
    """Lengthen a curve to scores 0 and 1, no steeper than STEEPEST, and round it to float32."""
    inside = (x > 1e-6) & (x < 1 - 1e-6)
    first = max(0.0, y[0] - STEEPEST * x[0])
    last = min(HIGHEST, y[-1] + STEEPEST * (1 - x[-1]))
    return Curve.through([0.0, *x[inside], 1.0], [first, *y[inside], last])


def rank_curve(scores: Floats, least_ratio: float = 1.1) -> Curve:
    """Return the tail rank of a score among scores float32[n], as a curve from 0 to 1.

    The rank of a score is -log(share of payments at or above it) / log(n): rank 10 differs from
    rank 20 as 1,000 from 2,000, because where alerts are, the top is what counts. Points lie at
    falling shares. One closer than ``least_ratio`` to its neighbour's score, or joined to it by a
    line steeper than STEEPEST_RANK, is left out, so that rounding of a score is not blown up.
    """
    ordered = np.sort(scores.astype(np.float64))
    count = len(ordered)
    levels = np.exp(np.linspace(0.0, np.log(count), 25))[1:-1]
    points = [(0.0, 0.0)]
    for share in 1 / levels:
        value = float(ordered[min(count - 1, int(np.ceil((1 - share) * count)))])
        point = (value, float(-np.log(share) / np.log(count)))
        if value >= points[-1][0] * least_ratio and not _too_steep(points[-1], point):
            points.append(point)
    end = (1.0, HIGHEST)
    while _too_steep(points[-1], end):
        points.pop()
    x, y = zip(*points, end, strict=True)
    return Curve.through(x, y)


def _too_steep(left: tuple[float, float], right: tuple[float, float]) -> bool:
    """Say whether the line between two points of a rank blows rounding up."""
    return right[1] - left[1] > STEEPEST_RANK * (right[0] - left[0])


def log_odds_curve() -> Curve:
    """Return the log-odds of a score from 0 to 1, bounded to 4.5 either way.

    Between 0.03 and 0.97 the line is within 0.04 of the function. Towards 0 and 1 it goes on
    straight, so that the last bit of a score is not blown up.
    """
    odds = np.linspace(-3.5, 3.5, 15)
    return Curve.through([0.0, *(1 / (1 + np.exp(-odds))), 1.0], [-4.5, *odds, 4.5])
