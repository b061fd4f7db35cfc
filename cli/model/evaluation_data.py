"""Data of `evaluate` and `tune`: a data set, its protocol and its replayed history."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from cli.model.train_history import FileSource, WorldSource
from cli.stream.mapping_options import ReadingOptions
from events.errors import EventError
from features import warm_up
from producer.files.form import AccountError
from producer.files.layouts import LayoutError
from producer.values.rejects import RowRefusedError
from stack.installation import RUN_FOLDER
from training.data.feature_cache import cached_replay
from training.data.history import History, refuse_unlearnable
from training.data.split import DAY_MS
from training.errors import TrainingError
from training.evaluation.chosen import FOLDER
from training.evaluation.protocol import (
    DELAY_DAYS,
    HANDBOOK_PROTOCOL,
    TEST_STARTS,
    TRAIN_DAYS,
    VALIDATION_STARTS,
    Fold,
    handbook_folds,
    judged_from,
    time_folds,
)

CACHE: Final = RUN_FOLDER / "cache" / "features"
TUNED: Final = RUN_FOLDER / "tuned"
REPORTS: Final = RUN_FOLDER / "reports"
SOURCE_ERRORS: Final = (TrainingError, EventError, LayoutError, AccountError, RowRefusedError)
"""What reading a source, and learning from it, is refused with: a sentence for the screen."""
SHARED: Final = RUN_FOLDER.parent.parent / "shared" / "data"
TEST_SHARE: Final = 0.2
_LINE_EVERY_S: Final = 5.0

Step = Callable[[str], None]


@dataclass(frozen=True)
class TimeSplit:
    """Division of a file by time: the last share is judged, in parts; labels come late."""

    label_delay_ms: int = DELAY_DAYS * DAY_MS
    test_share: float = TEST_SHARE
    parts: int = 1

    def __str__(self) -> str:
        folds = f" in {self.parts} parts" if self.parts > 1 else ""
        return (
            f"by time: the last {self.test_share:.0%}{folds} is judged, learnt from what lies "
            f"{self.label_delay_ms / DAY_MS:g} days or more before"
        )


@dataclass(frozen=True)
class DataSet:
    """A file or a world, how it is divided, and where chosen settings lie.

    ``split`` is None for the Handbook's own folds.
    """

    name: str
    source: FileSource | WorldSource
    split: TimeSplit | None
    settings: Path

    @property
    def protocol(self) -> str:
        """Say in a sentence who learns from what and is judged on what."""
        return HANDBOOK_PROTOCOL if self.split is None else str(self.split)

    @property
    def label_delay_ms(self) -> int:
        """Milliseconds from a payment to its label."""
        return DELAY_DAYS * DAY_MS if self.split is None else self.split.label_delay_ms

    def test_folds(self, history: History, train_days: int = TRAIN_DAYS) -> list[Fold]:
        """Return the folds that figures come from."""
        if self.split is None:
            return handbook_folds(history, TEST_STARTS, train_days)
        one = self.split
        return time_folds(history, one.label_delay_ms, one.test_share, one.parts)

    def test_begins_ms(self, history: History) -> int:
        """Return the first moment that is judged."""
        if self.split is None:
            return min(int(history.times_ms[fold.test].min()) for fold in self.test_folds(history))
        return judged_from(history, self.split.test_share)

    def validation(self, history: History) -> tuple[History, list[Fold]]:
        """Return the history before the test, and the folds that settings are chosen on."""
        earlier = history.before(self.test_begins_ms(history))
        if self.split is None:
            return earlier, handbook_folds(earlier, VALIDATION_STARTS)
        one = self.split
        return earlier, time_folds(earlier, one.label_delay_ms, one.test_share, one.parts)


def handbook(data: Path) -> DataSet:
    """Return the Fraud Detection Handbook's simulation and its folds."""
    source = FileSource(data, ReadingOptions("handbook"))
    return DataSet("handbook", source, None, FOLDER / "handbook.json")


def sparkov(data: Path, split: TimeSplit) -> DataSet:
    """Return a file of the Sparkov generator, or of Kaggle."""
    source = FileSource(data, ReadingOptions("sparkov"))
    return DataSet("sparkov", source, split, FOLDER / "sparkov.json")


def own_file(source: FileSource, split: TimeSplit) -> DataSet:
    """Return a file of one's own; its settings lie below the run folder."""
    name = source.path.name.partition(".")[0]
    return DataSet(name, source, split, TUNED / f"{name}.json")


def world(source: WorldSource, split: TimeSplit) -> DataSet:
    """Return a world of people, merchants and attacks."""
    return DataSet("world", source, split, FOLDER / "world.json")


def load_history(data: DataSet, step: Step, tell: Step) -> History:
    """Read a data set and replay it, or take the replay from the cache.

    step is told what is being done, tell what became of the rows. Raises what reading and
    replaying raise, TrainingError where nothing can be learnt from it.
    """
    step(f"read {data.source}")
    table, _ = data.source.table(tell)
    warm_up()
    started = next_line = time.perf_counter()

    def show_progress(done: int) -> None:
        nonlocal next_line
        now = time.perf_counter()
        if now >= next_line:
            next_line = now + _LINE_EVERY_S
            step(f"replay {done:,} of {table.num_rows:,} payments, {done / (now - started):,.0f}/s")

    history = cached_replay(
        table, data.label_delay_ms, CACHE, show_progress, lambda _: step("features from the cache")
    )
    if history.left_out:
        step(history.left_out)
    refuse_unlearnable(history.targets)
    step(
        f"{len(history.targets):,} payments, {len(history.names)} features, "
        f"{history.features.nbytes / 1e6:,.0f} MB of them, mapped from disk"
    )
    return history


def data_path(path: Path) -> Path:
    """Return a data file that is there; ClickException says where it is expected."""
    if path.exists():
        return path
    raise click.ClickException(
        f"{path.name} is not at {path.parent}: name the file with --data PATH."
    )
