"""Studies for tables: what models, balance and size cost and give, on the same three parts.

Each study fits on the training part, chooses combination and calibration on validation, and
judges on test; it changes one thing from row to row and nothing else. Nothing is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from training.arrays import Floats, Ints
from training.data.prepare import Part
from training.ensemble.fit import FittedEnsemble, combine, fit
from training.ensemble.shrink import collapse_leaves, fewer_trees, leaf_count, strongest
from training.fit_settings import Balance, FitSettings
from training.metrics.scores import evaluate
from training.packaging.package import open_scorer

SHARES_OF_FEATURES = (1.0, 0.5, 0.25)
SHARES_OF_TREES = (1.0, 0.5, 0.25)
COLLAPSES = (0.002, 0.01)
_ROUNDS, _ROWS_A_ROUND = 5, 2_000

Progress = Callable[[str], None]


@dataclass(frozen=True)
class StudyRow:
    """One line of a study.

    ``microseconds`` is the median time to score one payment, ``fit_seconds`` the time to fit;
    ``metrics`` are those of `training.metrics.scores.evaluate` on the test part.
    """

    label: str
    features: int
    trees: int
    leaves: int
    fit_seconds: float
    microseconds: float
    metrics: dict[str, float]


@dataclass(frozen=True)
class Parts:
    """The three parts that every row of a study uses."""

    train: Part
    validation: Part
    test: Part

    def keep(self, columns: Ints) -> Parts:
        """Return the same parts with some columns alone."""
        return Parts(
            *(
                replace(part, columns=np.ascontiguousarray(part.columns[:, columns]))
                for part in (self.train, self.validation, self.test)
            )
        )


def models_study(
    parts: Parts, settings: FitSettings, progress: Progress = lambda _: None
) -> list[StudyRow]:
    """Compare each of the settings' models alone, and all of them combined in each way."""
    rows = []
    for name in settings.models:
        progress(f"fit {name}")
        alone = replace(settings, models=(name,), weights=None)
        rows.append(_row(name, parts, alone))
    if len(settings.models) == 1:
        return rows
    progress("fit all of them")
    fitted, seconds = _timed_fit(parts, settings)
    for way in ("weighted", "stacking", "rank"):
        chosen = replace(settings, combine=way, weights=None)
        rows.append(_judged(f"all, {way}", parts, _combined(fitted, parts, chosen), seconds))
    return rows


def balance_study(
    parts: Parts, settings: FitSettings, progress: Progress = lambda _: None
) -> list[StudyRow]:
    """Compare what is done about rare frauds."""
    rows = []
    for balance in get_args(Balance):
        progress(f"fit with balance {balance}")
        rows.append(_row(balance, parts, replace(settings, balance=balance)))
    return rows


def size_study(
    parts: Parts, settings: FitSettings, progress: Progress = lambda _: None
) -> list[StudyRow]:
    """Compare fewer features, fewer trees, and forests whose like leaves are merged.

    Features are chosen by the first fit on the training part. Fewer trees are the first ones of
    the same fit, combined and calibrated anew.
    """
    rows: list[StudyRow] = []
    width = parts.train.columns.shape[1]
    first, seconds = _timed_fit(parts, settings)
    for share in SHARES_OF_FEATURES:
        count = max(1, round(share * width))
        progress(f"{count} of {width} features")
        kept, fitted = parts, first
        if count < width:
            kept = parts.keep(strongest(first, count))
            fitted, seconds = _timed_fit(kept, settings)
        label = f"{count} features"
        rows += _smaller(label, kept, fitted, settings, seconds)
    return rows


def _smaller(
    label: str, parts: Parts, fitted: FittedEnsemble, settings: FitSettings, seconds: float
) -> list[StudyRow]:
    """Judge a fit with all of its trees and with fewer, then with merged leaves."""
    rows = []
    for share in SHARES_OF_TREES:
        fewer = _combined(fewer_trees(fitted, share), parts, settings)
        rows.append(_judged(f"{label}, {share:.0%} of trees", parts, fewer, seconds))
    for epsilon in COLLAPSES:
        merged = _combined(collapse_leaves(fitted, epsilon), parts, settings)
        rows.append(_judged(f"{label}, leaves within {epsilon:g} merged", parts, merged, seconds))
    return rows


def _row(label: str, parts: Parts, settings: FitSettings) -> StudyRow:
    fitted, seconds = _timed_fit(parts, settings)
    return _judged(label, parts, _combined(fitted, parts, settings), seconds)


def _timed_fit(parts: Parts, settings: FitSettings) -> tuple[FittedEnsemble, float]:
    """Fit on the training part; return what was fitted and the seconds it took."""
    started = time.perf_counter()
    fitted = fit(parts.train.columns, parts.train.targets, settings)
    return fitted, time.perf_counter() - started


def _combined(fitted: FittedEnsemble, parts: Parts, settings: FitSettings) -> FittedEnsemble:
    return combine(fitted, parts.validation, settings)


def _judged(label: str, parts: Parts, fitted: FittedEnsemble, seconds: float) -> StudyRow:
    """Judge on the test part, and time the graph."""
    test = parts.test
    scores = fitted.predict(test.columns).probability
    return StudyRow(
        label=label,
        features=fitted.width,
        trees=sum(model.tree_count for model in fitted.models),
        leaves=leaf_count(fitted),
        fit_seconds=seconds,
        microseconds=microseconds_a_row(fitted, test.columns),
        metrics=evaluate(test.targets, scores, test.cards, test.times_ms),
    )


def microseconds_a_row(fitted: FittedEnsemble, columns: Floats) -> float:
    """Return the median time that the exported graph takes for one row of float32[n, k], in us.

    Each row is a batch of its own.

    The lowest median of five rounds: other work on the machine only ever adds time.
    """
    scorer = open_scorer(fitted)
    return min(_median_us(scorer.outputs, columns[:_ROWS_A_ROUND]) for _ in range(_ROUNDS))


def _median_us(score: Callable[[Floats], Floats], rows: Floats) -> float:
    """Time a call for each row."""
    times = []
    for number in range(len(rows)):
        row = rows[number : number + 1]
        started = time.perf_counter_ns()
        score(row)
        times.append(time.perf_counter_ns() - started)
    return float(np.median(times)) / 1_000
