"""Expected effect of thresholds: alerts a day, precision, recall and money, with intervals.

The intervals are of the cards: payments of one card stand and fall together, so whole cards are
drawn (the cluster bootstrap; Davison and Hinkley, Bootstrap Methods and their Application, 1997,
chapter 3.8). They do not cover drift, nor that the thresholds were solved on the same payments.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from events.levels import HIGH, MEDIUM
from scoring.bundle.manifest import Costs, Expectation, Interval
from training.arrays import Floats, Ints
from training.data.prepare import Part
from training.thresholds.ranking import days

DRAWS = 1_000
MOST_GROUPS = 2_000
_TAIL = 0.025

Masks = npt.NDArray[np.bool_]
Table = npt.NDArray[np.float64]


def expect(
    part: Part, scores: Floats, thresholds: Mapping[str, float], costs: Costs, seed: int
) -> dict[str, Expectation]:
    """Return what a part with scores float32[n] shows at or above MEDIUM and at HIGH."""
    high: Masks = scores >= np.float32(thresholds[HIGH])
    medium: Masks = scores >= np.float32(thresholds[MEDIUM])
    groups = _groups(part.cards, seed)
    drawn = _draw(int(groups.max()) + 1, seed)
    alerts = {MEDIUM: medium, HIGH: high}
    return {
        level: _Level(part, alerted, alerted & ~high, groups, drawn, costs).expect(
            thresholds[level]
        )
        for level, alerted in alerts.items()
    }


class _Level:
    """The sums of one level: of all payments, float64[4], and of each draw, float64[draws, 4]."""

    def __init__(
        self, part: Part, alerted: Masks, reviewed: Masks, groups: Ints, drawn: Table, costs: Costs
    ) -> None:
        fraud = part.targets > 0
        caught = alerted & fraud
        amounts = np.nan_to_num(part.amounts.astype(np.float64))
        blocked_good = alerted & ~reviewed & ~fraud
        saved = costs.missed_share * amounts * caught
        saved -= costs.review * reviewed + costs.block * blocked_good
        columns = (alerted, caught, fraud, saved)
        size = drawn.shape[1]
        table = np.column_stack([np.bincount(groups, column, size) for column in columns])
        self._sums, self._draws = table.sum(axis=0), drawn @ table
        self._days = days(part.times_ms)
        self._labelled = bool((part.targets >= 0).any())
        self._priced = self._labelled and not bool(np.isnan(part.amounts).all())
        self._alerted_cards = len(np.unique(part.cards[alerted]))
        self._fraud_cards = len(np.unique(part.cards[fraud]))

    def expect(self, threshold: float) -> Expectation:
        """Return the figures with their intervals."""
        known = self._labelled
        return Expectation(
            threshold=threshold,
            alerts_a_day=self._daily(0),
            precision=self._share(1, 0, self._alerted_cards) if known else None,
            recall=self._share(1, 2, self._fraud_cards) if known else None,
            saved_a_day=self._daily(3) if self._priced else None,
        )

    def _daily(self, column: int) -> Interval:
        """Return a sum for each day."""
        low, high = np.quantile(self._draws[:, column], (_TAIL, 1 - _TAIL)) / self._days
        return Interval(
            value=float(self._sums[column] / self._days), low=float(low), high=float(high)
        )

    def _share(self, part: int, whole: int, cards: int) -> Interval | None:
        """Return the share of one sum in another; None where that is zero.

        A share of 0 or 1 is the same in every draw, so there the bound is the exact binomial one
        over the cards concerned (Clopper and Pearson, 1934).
        """
        if not self._sums[whole]:
            return None
        value = float(self._sums[part] / self._sums[whole])
        draws = self._draws[self._draws[:, whole] > 0]
        low, high = np.quantile(draws[:, part] / draws[:, whole], (_TAIL, 1 - _TAIL))
        bound = _TAIL ** (1 / cards)
        return Interval(
            value=value,
            low=bound if value == 1 else float(low),
            high=1 - bound if value == 0 else float(high),
        )


def _groups(cards: Ints, seed: int) -> Ints:
    """Number the cards, or, where they are many, random groups of about as many cards each.

    Sums over groups of independent cards vary as sums over the cards do, and a draw stays small.
    """
    _, numbers = np.unique(cards, return_inverse=True)
    count = int(numbers.max()) + 1
    shuffled = np.random.default_rng(seed).permutation(count)
    return np.asarray(shuffled[numbers] % min(count, MOST_GROUPS))


def _draw(groups: int, seed: int) -> Table:
    """Return how often each draw takes each group, float64[draws, groups]."""
    random = np.random.default_rng(seed)
    places = random.integers(0, groups, (DRAWS, groups))
    places += groups * np.arange(DRAWS)[:, None]
    counts = np.bincount(places.ravel(), minlength=DRAWS * groups)
    return counts.reshape(DRAWS, groups).astype(np.float64)
