"""Confidence intervals: draw the cards again, with replacement, and judge once more.

Payments of a card stand and fall together, so cards are drawn and not payments. A resample draws
as many cards as there are, each with all its test payments in every fold, and is judged by the mean
over folds. A card that is drawn twice counts as two. Models are not fitted again: the interval is
that of the test payments, not that of the training days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.arrays import Floats, Ints
from training.data.split import DAY_MS
from training.fit_settings import Targets
from training.metrics.figures import (
    AUC,
    AVERAGE_PRECISION,
    BRIER,
    CARD_PRECISION,
    FALSE_POSITIVES,
    FIGURES,
    RECALL,
)
from training.metrics.results import Interval
from training.metrics.scores import CARDS_A_DAY

RESAMPLES = 500
_TAILS = (2.5, 97.5)
Doubles = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Scored:
    """The test payments of a fold: targets int8[n] of 0 and 1, scores float32[n], cards, epoch ms.

    Cards are numbers from 0, the same in every fold.
    """

    targets: Targets
    scores: Floats
    cards: Ints
    times_ms: Ints


def resample(folds: Sequence[Scored], seed: int, resamples: int = RESAMPLES) -> Doubles:
    """Return each figure's mean over folds for each resample, float64[resamples, figures].

    The same seed and cards draw the same cards, so that the resamples of two models are pairs. A
    resample without a fraud in some fold is NaN.
    """
    random = np.random.default_rng(seed)
    present = np.unique(np.concatenate([fold.cards for fold in folds]))
    rankings = [_Ranking.of(fold) for fold in folds]
    means = np.full((resamples, len(FIGURES)), np.nan)
    for one in means:
        counts = np.zeros(int(present[-1]) + 1, dtype=np.int64)
        np.add.at(counts, random.choice(present, len(present)), 1)
        drawn = [ranking.judge(counts) for ranking in rankings]
        if all(drawn):
            one[:] = [np.mean([fold[name] for fold in drawn]) for name in FIGURES]
    return means


def intervals(drawn: Doubles) -> dict[str, Interval]:
    """Return the 95 % interval (percentiles) of each figure, by float64[resamples, figures].

    Resamples that are NaN are left out. For the interval of a difference between two models, give
    the difference of their resamples.
    """
    kept = drawn[~np.isnan(drawn[:, 0])]
    if not len(kept):
        return {}
    low, high = np.percentile(kept, _TAILS, axis=0)
    return {name: (float(low[i]), float(high[i])) for i, name in enumerate(FIGURES)}


@dataclass(frozen=True)
class _Day:
    """The cards of a day by falling highest score, and which of them had a fraud."""

    cards: Ints
    compromised: _Bools


@dataclass(frozen=True)
class _Ranking:
    """A fold sorted once, by falling score, so that a resample only adds up."""

    cards: Ints
    frauds: _Bools
    last_of_score: Ints
    errors: npt.NDArray[np.float64]
    days: tuple[_Day, ...]

    @classmethod
    def of(cls, fold: Scored) -> _Ranking:
        """Sort a fold."""
        order = np.argsort(-fold.scores, kind="stable")
        scores, frauds = fold.scores[order], fold.targets[order] == 1
        last = np.flatnonzero(np.append(np.diff(scores) != 0, True))
        cards, days = fold.cards[order], fold.times_ms[order] // DAY_MS
        errors = np.square(scores.astype(np.float64) - frauds)
        each = tuple(_day(cards[days == day], frauds[days == day]) for day in np.unique(days))
        return cls(cards, frauds, last, errors, each)

    def judge(self, counts: Ints) -> dict[str, float]:
        """Judge with each card taken ``counts`` times, int64[cards]; empty without both classes."""
        weights = counts[self.cards]
        true = np.cumsum(weights * self.frauds)[self.last_of_score]
        every = np.cumsum(weights)[self.last_of_score]
        false = every - true
        positives, negatives = int(true[-1]), int(false[-1])
        if not positives or not negatives:
            return {}
        steps, widths = np.diff(true, prepend=0), np.diff(false, prepend=0)
        precision = true / np.maximum(every, 1)
        within = true[false <= FALSE_POSITIVES * negatives]
        return {
            AUC: float((widths * (true - steps / 2)).sum() / positives / negatives),
            AVERAGE_PRECISION: float((steps * precision).sum() / positives),
            CARD_PRECISION: self._card_precision(counts.copy()),
            RECALL: float(within.max(initial=0) / positives),
            BRIER: float((weights * self.errors).sum() / every[-1]),
        }

    def _card_precision(self, left: Ints) -> float:
        """Return card precision; ``left`` counts the times that each card is not yet caught."""
        hits = 0
        for day in self.days:
            times = left[day.cards]
            before = np.cumsum(times) - times
            caught = np.clip(CARDS_A_DAY - before, 0, times) * day.compromised
            left[day.cards] -= caught
            hits += int(caught.sum())
        return hits / CARDS_A_DAY / len(self.days)


def _day(cards: Ints, frauds: _Bools) -> _Day:
    """Reduce a day's payments, by falling score, to its cards."""
    names, first, places = np.unique(cards, return_index=True, return_inverse=True)
    compromised = np.zeros(len(names), dtype=np.bool_)
    np.logical_or.at(compromised, places, frauds)
    order = np.argsort(first)
    return _Day(names[order], compromised[order])
