"""Solve the thresholds of MEDIUM and HIGH on validation scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.errors import TrainingError
from training.fit import Targets
from training.trees import Floats, Ints
from udfs.manifest import Thresholds

FEWEST_ALERTS = 10
_SLACK = 0.02


@dataclass(frozen=True)
class Goal:
    """What a threshold is solved for: a share of payments alerted, or a precision of the alerts."""

    kind: Literal["share", "precision"]
    value: float

    def __str__(self) -> str:
        if self.kind == "share":
            return f"{self.value:.3%} of payments"
        return f"a precision of {self.value:.2f}"


DEFAULT_MEDIUM = Goal("share", 0.01)
DEFAULT_HIGH = Goal("share", 0.003)


def parse_goal(text: str) -> Goal:
    """Read ``share:0.01`` or ``precision:0.9``.

    >>> parse_goal("precision:0.9")
    Goal(kind='precision', value=0.9)

    Raises TrainingError for anything else.
    """
    kind, _, number = text.partition(":")
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if kind == "share" and 0 < value < 1:
        return Goal("share", value)
    if kind == "precision" and 0 < value <= 1:
        return Goal("precision", value)
    raise TrainingError(
        f"A threshold's goal is share:X or precision:X with X between 0 and 1, not {text!r}; "
        "share:0.01 alerts on 1 % of payments."
    )


def solve_thresholds(targets: Targets, scores: Floats, medium: Goal, high: Goal) -> Thresholds:
    """Return thresholds that meet the goals on validation targets int8[n] and scores float32[n].

    Each lies halfway in the widest gap between scores near the place that the goal asks for, so
    that no rounding moves a payment over it. Raises TrainingError where a precision is out of
    reach or HIGH would not lie above MEDIUM.
    """
    ranking = _Ranking(targets, scores)
    cut_medium, cut_high = ranking.cut(medium), ranking.cut(high)
    values = {"MEDIUM": ranking.middle(cut_medium), "HIGH": ranking.middle(cut_high)}
    if not values["HIGH"] > values["MEDIUM"]:
        raise TrainingError(
            f"HIGH ({high}) does not lie above MEDIUM ({medium}) on validation: ask for a "
            "larger share with --medium or a smaller share with --high, or give a longer history."
        )
    cuts = {"MEDIUM": cut_medium, "HIGH": cut_high}
    labelled = bool((targets >= 0).any())
    return Thresholds(
        medium=values["MEDIUM"],
        high=values["HIGH"],
        method=f"solved on validation: MEDIUM for {medium}, HIGH for {high}",
        alert_share={level: cut / len(scores) for level, cut in cuts.items()},
        precision={k: ranking.precision(cut) for k, cut in cuts.items()} if labelled else {},
    )


class _Ranking:
    """Payments by falling score; a cut of c puts the c highest above the threshold."""

    def __init__(self, targets: Targets, scores: Floats) -> None:
        order = np.argsort(-scores, kind="stable")
        self._scores = scores[order].astype(np.float64)
        self._frauds = np.cumsum(targets[order] > 0)
        self._gaps = self._scores[:-1] - self._scores[1:]
        self._cuts = np.flatnonzero(self._gaps > 0) + 1
        if not len(self._cuts):
            raise TrainingError(
                "Every validation payment has the same score, so no threshold divides them: give "
                "a longer history with more frauds."
            )

    def cut(self, goal: Goal) -> int:
        """Return the cut that meets a goal, moved by at most 2 % to a wider gap."""
        if goal.kind == "share":
            return self._widest_near(goal.value * len(self._scores), self._cuts)
        precise = self._cuts[self._precisions() >= goal.value]
        enough = precise[precise >= FEWEST_ALERTS]
        if not len(enough):
            raise TrainingError(
                f"No threshold reaches {goal} with at least {FEWEST_ALERTS} alerts on validation: "
                "ask for less with --medium or --high."
            )
        return self._widest_near(float(enough[-1]), enough)

    def middle(self, cut: int) -> float:
        """Return the float32 halfway between the scores on both sides of a cut."""
        upper, lower = self._scores[cut - 1], self._scores[cut]
        middle = np.float32((upper + lower) / 2)
        return float(middle if lower < middle <= upper else np.float32(upper))

    def precision(self, cut: int) -> float:
        """Return the share of frauds above a cut."""
        return float(self._frauds[cut - 1] / cut)

    def _precisions(self) -> Floats:
        return np.asarray(self._frauds[self._cuts - 1] / self._cuts)

    def _widest_near(self, wanted: float, cuts: Ints) -> int:
        """Return the cut with the widest gap within 2 % of the wanted one, else the nearest."""
        near = cuts[np.abs(cuts - wanted) <= _SLACK * wanted]
        if not len(near):
            return int(cuts[np.argmin(np.abs(cuts - wanted))])
        return int(near[np.argmax(self._gaps[near - 1])])
