"""Results of an evaluation: figures of each model on each fold, with spread and intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.bundle.manifest import AgainstBest
from training.arrays import Floats
from training.fit_settings import Targets

Interval = tuple[float, float]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FoldSummary:
    """Payments of one fold that a model learns from, and payments that it is judged on."""

    name: str
    train_payments: int
    train_frauds: int
    test_payments: int
    test_frauds: int
    train_days: tuple[str, str]
    """First and last day of training, ISO dates in UTC."""
    test_days: tuple[str, str]


@dataclass(frozen=True)
class PublishedRow:
    """Figures of a model as others published them, with their deviation over folds."""

    name: str
    source: str
    figures: dict[str, float]
    spread: dict[str, float]


@dataclass(frozen=True)
class ModelResult:
    """One model on every fold.

    ``folds`` has the figures of each fold by name; ``intervals`` the 95 % interval of each
    figure's mean over folds, and ``resamples`` float64[resamples, figures] what it comes from.
    ``targets`` int8[n] and ``scores`` float32[n] are those of all test payments, fold after fold.
    """

    name: str
    description: str
    folds: tuple[dict[str, float], ...]
    intervals: dict[str, Interval]
    targets: Targets
    scores: Floats
    resamples: Doubles

    def mean(self, figure: str) -> float:
        """Return a figure's mean over folds."""
        return float(np.mean([fold[figure] for fold in self.folds]))

    def deviation(self, figure: str) -> float | None:
        """Return a figure's deviation over folds (divided by their number), None for one fold."""
        if len(self.folds) == 1:
            return None
        return float(np.std([fold[figure] for fold in self.folds]))


@dataclass(frozen=True)
class Evaluation:
    """Models on the same test payments, beside what others published.

    ``against_best`` holds the ensemble against its best member; None where it has one member.
    """

    title: str
    protocol: str
    folds: tuple[FoldSummary, ...]
    models: tuple[ModelResult, ...]
    published: tuple[PublishedRow, ...] = ()
    against_best: AgainstBest | None = None
