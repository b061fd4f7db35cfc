"""Validation payments by falling score, and the cuts that meet a team's goals."""

from __future__ import annotations

import numpy as np

from scoring.bundle.manifest import Costs
from training.arrays import Floats, Ints
from training.data.prepare import Part
from training.errors import TrainingError

FEWEST_ALERTS = 10
DAY_MS = 86_400_000
_SLACK = 0.02
_SAVING_GIVEN_UP = 0.001


class Ranking:
    """n payments by falling score; a cut of c puts the c highest above the threshold.

    Cuts lie between payments of different scores only, so 0 < c < n. A goal's cut is moved by at
    most 2 % to a wider gap between scores, as far as the goal is still met.
    """

    def __init__(self, part: Part, scores: Floats) -> None:
        """Rank the payments of a part by scores float32[n].

        Raises TrainingError where all scores are the same.
        """
        order = np.argsort(-scores, kind="stable")
        self._scores = scores[order].astype(np.float64)
        self._gaps = self._scores[:-1] - self._scores[1:]
        self._cuts = np.flatnonzero(self._gaps > 0) + 1
        self._days = days(part.times_ms)
        self.labelled = bool((part.targets >= 0).any())
        frauds = part.targets[order] > 0
        self._frauds = np.cumsum(frauds)
        self._priced = not bool(np.isnan(part.amounts).all())
        amounts = np.nan_to_num(part.amounts[order].astype(np.float64))
        self._amounts = np.cumsum(np.where(frauds, amounts, 0.0))
        if not len(self._cuts):
            raise TrainingError(
                "Every validation payment has the same score, so no threshold divides them: give "
                "a longer history with more frauds."
            )

    def share(self, share: float) -> int:
        """Return the cut nearest to a share of the payments."""
        return self._widest_near(share * len(self._scores), self._cuts)

    def budget(self, alerts_a_day: float) -> int:
        """Return the cut with the most alerts within a daily budget."""
        wanted, cuts = alerts_a_day * self._days, self._cuts
        if wanted > len(self._scores) or wanted < cuts[0]:
            least, most = cuts[0] / self._days, len(self._scores) / self._days
            raise TrainingError(
                f"No threshold raises {alerts_a_day:g} alerts a day: validation has "
                f"{most:,.1f} payments a day, and {least:,.2f} of them share the highest score. "
                "Ask for a budget between these with --medium or --high."
            )
        return self._widest_near(wanted, cuts[cuts <= wanted])

    def precision(self, precision: float) -> int:
        """Return the cut with the most alerts of a precision, at least ten alerts."""
        enough = self._cuts[self._cuts >= FEWEST_ALERTS]
        reached = self._frauds[enough - 1] / enough
        precise = enough[reached >= precision]
        if not len(precise):
            best = f"the best is {reached.max():.3f}" if len(enough) else "there are too few"
            raise TrainingError(
                f"No threshold reaches a precision of {precision:.2f} with at least "
                f"{FEWEST_ALERTS} alerts on validation, {best}: ask for less with --medium or "
                "--high."
            )
        return self._widest_near(float(precise[-1]), precise)

    def recall(self, recall: float) -> int:
        """Return the cut with the fewest alerts of a recall."""
        reached = self._frauds[self._cuts - 1] / self._frauds[-1]
        complete = self._cuts[reached >= recall]
        if not len(complete):
            raise TrainingError(
                f"No threshold reaches a recall of {recall:.2f} on validation, the most is "
                f"{reached[-1]:.3f}, as the other frauds share the lowest score. Ask for less "
                "with --medium or --high."
            )
        return self._widest_near(float(complete[0]), complete)

    def review(self, costs: Costs) -> int:
        """Return the cut above which reviews save the most."""
        if not self._priced:
            raise TrainingError(
                "The goal cost weighs the amounts of frauds, and no validation payment has one: "
                "give another goal with --medium."
            )
        gains = costs.missed_share * self._amounts[self._cuts - 1] - costs.review * self._cuts
        if gains.max() <= 0:
            raise TrainingError(
                f"A review at {costs.review:g} saves nothing at any threshold on validation, where "
                f"frauds average {self._average_fraud():,.2f}: give a lower --review-cost, or "
                "another goal with --medium."
            )
        return self._best(gains)

    def block(self, costs: Costs) -> int:
        """Return the cut above which blocking costs the least against reviewing."""
        good = self._cuts - self._frauds[self._cuts - 1]
        gains = costs.review * self._cuts - costs.block * good
        if gains.max() <= 0:
            needed = 1 - costs.review / costs.block
            raise TrainingError(
                f"Blocking pays at no threshold on validation: at these costs {needed:.0%} of the "
                f"blocked must be frauds, and the best is {self._best_precision():.0%}. Give a "
                "lower --block-cost, or another goal with --high."
            )
        return self._best(gains)

    def middle(self, cut: int) -> float:
        """Return the float32 halfway between the scores on both sides of a cut."""
        upper, lower = self._scores[cut - 1], self._scores[cut]
        middle = np.float32((upper + lower) / 2)
        return float(middle if lower < middle <= upper else np.float32(upper))

    def precision_at(self, cut: int) -> float:
        """Return the share of frauds above a cut."""
        return float(self._frauds[cut - 1] / cut)

    def _average_fraud(self) -> float:
        return float(self._amounts[-1] / max(1, self._frauds[-1]))

    def _best_precision(self) -> float:
        return float((self._frauds[self._cuts - 1] / self._cuts).max())

    def _best(self, gains: Floats) -> int:
        """Return the cut of the largest gain, float64 for each cut; gives up a thousandth of it."""
        enough = self._cuts[gains >= (1 - _SAVING_GIVEN_UP) * gains.max()]
        return self._widest_near(float(self._cuts[np.argmax(gains)]), enough)

    def _widest_near(self, wanted: float, cuts: Ints) -> int:
        """Return the cut with the widest gap within 2 % of the wanted one, else the nearest."""
        near = cuts[np.abs(cuts - wanted) <= _SLACK * wanted]
        if not len(near):
            return int(cuts[np.argmin(np.abs(cuts - wanted))])
        return int(near[np.argmax(self._gaps[near - 1])])


def days(times_ms: Ints) -> float:
    """Return how many days payments span, at least one hour; times are epoch ms int64[n]."""
    return max(float(times_ms.max() - times_ms.min()) / DAY_MS, 1 / 24)
