"""Make a history ready for fitting: labelled rows, parts by time, columns that vary."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from features.catalogue import name_of
from scoring.bundle.manifest import Period
from training.arrays import Floats, Ints
from training.data.history import History, refuse_infinities, varying_columns
from training.data.rows import Rows
from training.data.segments import Segments, feature_segments
from training.data.split import Split, describe, split_by_time

AMOUNT = name_of("payment", "amount")


@dataclass(frozen=True)
class Part(Rows):
    """The rows of one part, with targets 0 or 1, or -1 alone where there are no labels.

    ``amounts`` float32[n] are in major units of the reference currency; NaN where
    the history has none.
    """

    amounts: Floats


@dataclass(frozen=True)
class Prepared:
    """A labelled history with k named columns, how it is divided, and its kinds of payments."""

    names: tuple[str, ...]
    split: Split
    periods: dict[str, Period]
    whole: Part
    segments: tuple[Segments, ...] = ()
    labelled: bool = True

    def part(self, name: str) -> Part:
        """Return the part called train, validation or test."""
        rows = self.split.parts()[name]
        whole = self.whole
        return Part(
            whole.columns[rows],
            whole.targets[rows],
            whole.cards[rows],
            whole.times_ms[rows],
            whole.amounts[rows],
        )

    def keep(self, columns: Ints) -> Prepared:
        """Return the same with these columns alone, int64[m], in their order."""
        whole = replace(self.whole, columns=self.whole.columns[:, columns])
        return replace(self, names=tuple(self.names[i] for i in columns), whole=whole)


def prepare(history: History, label_delay_ms: int, needs_labels: bool = True) -> Prepared:
    """Keep the labelled rows and the columns that vary in the training part, and split by time.

    Without ``needs_labels``, a history whose labels are missing or all the same is kept whole,
    its targets all -1. Raises TrainingError where labels, times or values do not allow it.
    """
    usable = needs_labels or history.has_both_classes()
    labelled = history.labelled() if usable else history.unlabelled()
    refuse_infinities(labelled.names, labelled.features)
    split = split_by_time(labelled.times_ms, label_delay_ms)
    periods = {
        name: describe(labelled.times_ms, labelled.targets, rows, name)
        for name, rows in split.parts().items()
    }
    chosen = varying_columns(labelled.features[split.train])
    whole = Part(
        labelled.features[:, chosen],
        labelled.targets,
        labelled.cards,
        labelled.times_ms,
        _amounts(labelled),
    )
    segments = (*feature_segments(labelled.names, labelled.features), *labelled.segments)
    names = tuple(labelled.names[i] for i in chosen)
    return Prepared(names, split, periods, whole, segments, usable)


def _amounts(history: History) -> Floats:
    """Return the amounts, which the models need not see to be weighed with."""
    if AMOUNT not in history.names:
        return np.full(len(history.targets), np.nan, dtype=np.float32)
    return history.features[:, history.names.index(AMOUNT)]
