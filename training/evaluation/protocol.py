"""The Fraud Detection Handbook's prequential folds, and a division by time for other files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import numpy as np

from training.arrays import Ints
from training.data.history import UNKNOWN, History
from training.data.split import DAY_MS
from training.errors import TrainingError
from training.metrics.results import FoldSummary

TEST_STARTS: Final = (date(2018, 7, 25), date(2018, 8, 1), date(2018, 8, 8), date(2018, 8, 15))
VALIDATION_STARTS: Final = (
    date(2018, 6, 20),
    date(2018, 6, 27),
    date(2018, 7, 4),
    date(2018, 7, 11),
)
TRAIN_DAYS: Final = 7
DELAY_DAYS: Final = 7
TEST_DAYS: Final = 7
HANDBOOK_PROTOCOL: Final = (
    f"Fraud Detection Handbook: {TRAIN_DAYS} days to learn from, {DELAY_DAYS} days of delay, "
    f"{TEST_DAYS} days to judge; customers with a fraud known by the day are left out of it"
)


@dataclass(frozen=True)
class Fold:
    """Rows of a history, in order of time: those to learn from, and those to be judged on."""

    name: str
    train: Ints
    test: Ints


def handbook_folds(
    history: History, starts: Sequence[date], train_days: int = TRAIN_DAYS
) -> list[Fold]:
    """Return a fold for each first day of training, midnight UTC.

    A test day leaves out the cards with a fraud from the first day of training to a delay before
    that day, which are those known by then (shared function get_train_test_set of the Handbook).
    With more than seven ``train_days`` training begins earlier and ends as before, and the payments
    that are judged stay the same, so figures compare.

    Raises TrainingError where a fold lacks a class, or training days lie before the history.
    """
    return [_handbook_fold(history, start, train_days) for start in starts]


def _handbook_fold(history: History, start: date, train_days: int) -> Fold:
    first_ms = int(datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp()) * 1000
    train_end_ms = first_ms + TRAIN_DAYS * DAY_MS
    train_ms = train_end_ms - train_days * DAY_MS
    if train_ms < history.times_ms[0] // DAY_MS * DAY_MS:
        raise TrainingError(
            f"The fold {start} learns from {train_days} days, from {day(train_ms)} on, and the "
            f"history begins on {day(int(history.times_ms[0]))}: give fewer --train-days, or the "
            "whole file."
        )
    test_ms = train_end_ms + DELAY_DAYS * DAY_MS
    days = []
    for day_ms in range(test_ms, test_ms + TEST_DAYS * DAY_MS, DAY_MS):
        known = compromised(history, first_ms, day_ms - DELAY_DAYS * DAY_MS)
        rows = labelled_rows(history, day_ms, day_ms + DAY_MS)
        days.append(rows[~np.isin(history.cards[rows], known)])
    train = labelled_rows(history, train_ms, train_end_ms)
    return checked(history, Fold(start.isoformat(), train, np.concatenate(days)))


def time_folds(history: History, delay_ms: int, test_share: float, parts: int = 1) -> list[Fold]:
    """Divide the last ``test_share`` of the time into equal parts, a fold for each.

    A fold learns from all that lies ``delay_ms`` or more before its part: from the labels that
    had arrived. No card is left out.

    Raises TrainingError where no time is left to learn from, or a fold lacks a class.
    """
    first_ms, end_ms = int(history.times_ms[0]), int(history.times_ms[-1]) + 1
    edges = np.linspace(judged_from(history, test_share), end_ms, parts + 1).astype(np.int64)
    if edges[0] - delay_ms <= first_ms:
        raise TrainingError(
            f"The history spans {(end_ms - first_ms) / DAY_MS:.1f} days, and nothing is left to "
            f"learn from before the test part and the label delay of {delay_ms / DAY_MS:.1f} days. "
            "Give a longer history, a smaller --test-share or a shorter --label-delay."
        )
    _refuse_too_few_frauds(history, int(edges[0]), parts)
    folds = []
    for begin_ms, until_ms in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        train = labelled_rows(history, first_ms, begin_ms - delay_ms)
        test = labelled_rows(history, begin_ms, until_ms)
        folds.append(checked(history, Fold(day(begin_ms), train, test)))
    return folds


def judged_from(history: History, test_share: float) -> int:
    """Return when the last share of the history's time begins, epoch ms."""
    first_ms, end_ms = int(history.times_ms[0]), int(history.times_ms[-1]) + 1
    return end_ms - round((end_ms - first_ms) * test_share)


def labelled_rows(history: History, from_ms: int, until_ms: int) -> Ints:
    """Return the rows from one time until before another whose label is known, int64[n]."""
    first, last = np.searchsorted(history.times_ms, [from_ms, until_ms]).tolist()
    found: Ints = first + np.flatnonzero(history.targets[first:last] != UNKNOWN)
    return found


def compromised(history: History, from_ms: int, until_ms: int) -> Ints:
    """Return the cards with a fraud from one time until before another."""
    rows = labelled_rows(history, from_ms, until_ms)
    cards: Ints = np.unique(history.cards[rows[history.targets[rows] == 1]])
    return cards


def checked(history: History, fold: Fold) -> Fold:
    """Return a fold; raises TrainingError where training or test lacks frauds or good payments."""
    for part, rows in (("train", fold.train), ("test", fold.test)):
        frauds = int(history.targets[rows].sum())
        if not 0 < frauds < len(rows):
            missing = "fraud" if not frauds else "good payment"
            raise TrainingError(
                f"The {part} part of the fold {fold.name} has {len(rows):,} labelled payments and "
                f"no {missing} among them. Give a history with both in every fold, or fewer folds."
            )
    return fold


def summarise(history: History, fold: Fold) -> FoldSummary:
    """Count a fold's payments and frauds, and name its days."""

    def days(rows: Ints) -> tuple[str, str]:
        first, last = (day(int(history.times_ms[row])) for row in rows[[0, -1]])
        return first, last

    return FoldSummary(
        name=fold.name,
        train_payments=len(fold.train),
        train_frauds=int(history.targets[fold.train].sum()),
        test_payments=len(fold.test),
        test_frauds=int(history.targets[fold.test].sum()),
        train_days=days(fold.train),
        test_days=days(fold.test),
    )


def _refuse_too_few_frauds(history: History, from_ms: int, parts: int) -> None:
    """Raise TrainingError where the test part has fewer frauds than folds."""
    rows = labelled_rows(history, from_ms, int(history.times_ms[-1]) + 1)
    frauds = int(history.targets[rows].sum())
    if frauds < parts:
        if parts == 1:
            raise TrainingError(
                "The test part has no fraud: give a larger --test-share or a longer history."
            )
        raise TrainingError(
            f"The test part has {frauds} frauds and {parts} folds were asked for: give fewer "
            "--folds, a larger --test-share or a longer history."
        )


def day(time_ms: int) -> str:
    """Return the day of a time, UTC, such as 2018-07-25."""
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).date().isoformat()
