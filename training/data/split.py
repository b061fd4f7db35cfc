"""Divide history by time, with a gap as long as labels take to arrive behind training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from scoring.bundle.manifest import Period
from training.arrays import Ints
from training.errors import TrainingError
from training.fit_settings import Targets

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Split:
    """Three parts of rows in order of time, with rows between them that belong to none."""

    train: slice
    validation: slice
    test: slice

    def parts(self) -> dict[str, slice]:
        """Return the parts by name, in order."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def split_by_time(
    times_ms: Ints, delay_ms: int, validation_share: float = 0.2, test_share: float = 0.2
) -> Split:
    """Split rows whose times, epoch ms int64[n], rise: train, gap, validation, test.

    The gap is ``delay_ms`` wide: when validation begins, all labels of training have arrived, and
    none of the gap. Test follows validation at once, which gives only weights and thresholds. The
    shares are of the time without the gap.

    >>> split_by_time(np.arange(13), delay_ms=2)
    Split(train=slice(0, 6, None), validation=slice(8, 10, None), test=slice(10, 13, None))

    Raises TrainingError where no time is left.
    """
    first, last = int(times_ms[0]), int(times_ms[-1])
    usable = last - first - delay_ms
    if usable <= 0:
        raise TrainingError(
            f"The history spans {(last - first) / DAY_MS:.1f} days, and the gap behind "
            f"training takes {delay_ms / DAY_MS:.1f}: give a longer history, or a "
            "shorter --label-delay."
        )
    train_end = first + int(usable * (1 - validation_share - test_share))
    validation_end = train_end + delay_ms + int(usable * validation_share)
    edges = [train_end, train_end + delay_ms, validation_end]
    rows = np.searchsorted(times_ms, edges, side="left").tolist()
    return Split(slice(0, rows[0]), slice(rows[1], rows[2]), slice(rows[2], len(times_ms)))


def describe(times_ms: Ints, targets: Targets, part: slice, name: str) -> Period:
    """Return the times and counts of a part; raises TrainingError where it lacks a class.

    Targets that are all -1 are those of a history without labels: all payments count, no fraud.
    """
    known = targets[part]
    frauds, payments = int((known == 1).sum()), int((known >= 0).sum())
    if not (targets >= 0).any() and len(known):
        payments = len(known)
    elif frauds == 0 or frauds == payments:
        missing = "fraud" if frauds == 0 else "good payment"
        raise TrainingError(
            f"The {name} part of the history ({_dates(times_ms, part)}) has {payments} labelled "
            f"payments and no {missing} among them: give a history with both in every part."
        )
    times = times_ms[part]
    return Period(first_ms=int(times[0]), last_ms=int(times[-1]), payments=payments, frauds=frauds)


def _dates(times_ms: Ints, part: slice) -> str:
    """Say from which day to which day a part goes."""
    times = times_ms[part]
    if not len(times):
        return "empty"
    days = [datetime.fromtimestamp(int(time) / 1000, tz=UTC).date() for time in times[[0, -1]]]
    return f"{days[0]} to {days[1]}"
