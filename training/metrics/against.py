"""Whether an ensemble is worse than its best member beyond chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from scoring.bundle.manifest import AgainstBest, Interval
from training.arrays import Floats
from training.data.rows import Rows
from training.fit_settings import WeightsBy
from training.metrics.bootstrap import Scored, intervals, resample
from training.metrics.figures import BRIER
from training.metrics.results import Doubles, ModelResult
from training.metrics.scores import evaluate

RESAMPLES: Final = 200
"""A test part is drawn so often while training; an evaluation draws as often as it is asked to."""


def against_best(
    ensemble: ModelResult, members: Sequence[ModelResult], by: WeightsBy
) -> AgainstBest | None:
    """Compare an evaluated ensemble with the best of its members; None where it has one alone."""
    if len(members) < 2:
        return None
    best = max(members, key=lambda model: _sign(by) * model.mean(by))
    drawn = ensemble.resamples - best.resamples
    return _against(best.name, by, ensemble.mean(by) - best.mean(by), drawn)


def judge_against_best(
    test: Rows, ensemble: Floats, members: Mapping[str, Floats], by: WeightsBy, seed: int
) -> AgainstBest | None:
    """Compare scores float32[n] of a test part; None for one member, and without labels."""
    if len(members) < 2 or not (test.targets >= 0).any():
        return None

    def judge(scores: Floats) -> float:
        return evaluate(test.targets, scores, test.cards, test.times_ms)[by]

    best = max(members, key=lambda name: _sign(by) * judge(members[name]))
    both = [
        resample([Scored(test.targets, scores, test.cards, test.times_ms)], seed, RESAMPLES)
        for scores in (ensemble, members[best])
    ]
    return _against(best, by, judge(ensemble) - judge(members[best]), both[0] - both[1])


def _against(member: str, by: WeightsBy, value: float, drawn: Doubles) -> AgainstBest:
    """Return the comparison with its interval, the value alone where nothing could be drawn."""
    sign, found = _sign(by), intervals(drawn)
    low, high = found.get(by, (value, value))
    ends = sorted((sign * low, sign * high))
    return AgainstBest(
        member=member, figure=by, difference=Interval(value=sign * value, low=ends[0], high=ends[1])
    )


def _sign(by: WeightsBy) -> int:
    """Return 1 where more is better, else -1."""
    return -1 if by == BRIER else 1
