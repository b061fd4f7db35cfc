"""Make a history ready for fitting: labelled rows, parts by time, columns that vary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.fit import Targets
from training.history import History, refuse_infinities, varying_columns
from training.segments import Segments, feature_segments
from training.split import Split, describe, split_by_time
from training.trees import Floats, Ints
from udfs.manifest import Period

AMOUNT = "amount"


@dataclass(frozen=True)
class Part:
    """The rows of one part: columns float32[n, k], targets 0 or 1, cards, times (epoch ms).

    ``amounts`` float32[n] are in major units of each payment's currency, not converted; NaN where
    the history has none.
    """

    columns: Floats
    targets: Targets
    cards: Ints
    times_ms: Ints
    amounts: Floats


@dataclass(frozen=True)
class Prepared:
    """A labelled history with k named columns, how it is divided, and its kinds of payments."""

    names: tuple[str, ...]
    split: Split
    periods: dict[str, Period]
    whole: Part
    segments: tuple[Segments, ...] = ()

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


def prepare(history: History, label_delay_ms: int) -> Prepared:
    """Keep the labelled rows and the columns that vary in the training part, and split by time.

    Raises TrainingError where labels, times or values do not allow it.
    """
    labelled = history.labelled()
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
    return Prepared(tuple(labelled.names[i] for i in chosen), split, periods, whole, segments)


def _amounts(history: History) -> Floats:
    """Return the amounts, which the models need not see to be weighed with."""
    if AMOUNT not in history.names:
        return np.full(len(history.targets), np.nan, dtype=np.float32)
    return history.features[:, history.names.index(AMOUNT)]
