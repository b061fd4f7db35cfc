"""The figure of validation by which weights and a combination are chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sklearn.metrics import average_precision_score, roc_auc_score

from training.arrays import Floats, Ints
from training.data.split import DAY_MS
from training.fit_settings import Targets, WeightsBy
from training.metrics.bootstrap import Scored, intervals, resample
from training.metrics.scores import brier_score, card_precision

RESAMPLES: Final = 200


@dataclass(frozen=True)
class Goodness:
    """Figure for scores float32[n] of labelled payments; more is better.

    ``targets`` int8[n] are 0 or 1, ``cards`` numbers that stand for cards, ``times_ms`` epoch ms;
    the seed is that of the cards that are drawn. The Brier score counts negative.
    """

    by: WeightsBy
    targets: Targets
    cards: Ints
    times_ms: Ints
    seed: int = 0

    def __call__(self, scores: Floats) -> float:
        """Return the figure."""
        match self.by:
            case "average_precision":
                return float(average_precision_score(self.targets, scores))
            case "auc_roc":
                return float(roc_auc_score(self.targets, scores))
            case "brier":
                return -brier_score(self.targets, scores)
            case "card_precision_at_100":
                days = self.times_ms // DAY_MS
                return card_precision(self.targets, scores, self.cards, days)

    def surely_better(self, one: Floats, other: Floats) -> bool:
        """Say whether scores are better than others beyond chance: in 95 % of draws of the cards.

        The same draws judge both, each card with all its payments.
        """
        drawn = [
            resample(
                [Scored(self.targets, scores, self.cards, self.times_ms)], self.seed, RESAMPLES
            )
            for scores in (one, other)
        ]
        low, high = intervals(drawn[0] - drawn[1]).get(self.by, (0.0, 0.0))
        return high < 0 if self.by == "brier" else low > 0
