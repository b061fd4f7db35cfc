"""Make a history ready for fitting: labelled rows, parts by time, columns that vary."""

from __future__ import annotations

from dataclasses import dataclass, replace

from training.fit import Targets
from training.history import History, refuse_infinities, varying_columns
from training.segments import Segments, feature_segments
from training.split import Split, describe, split_by_time
from training.trees import Floats, Ints
from udfs.manifest import Period


@dataclass(frozen=True)
class Part:
    """The rows of one part: columns float32[n, k], targets 0 or 1, cards, times (epoch ms)."""

    columns: Floats
    targets: Targets
    cards: Ints
    times_ms: Ints


@dataclass(frozen=True)
class Prepared:
    """A labelled history with k named columns, how it is divided, and its kinds of payments."""

    names: tuple[str, ...]
    split: Split
    periods: dict[str, Period]
    whole: Part
    labelled: bool = True
    segments: tuple[Segments, ...] = ()

    def part(self, name: str) -> Part:
        """Return the part called train, validation or test."""
        rows = self.split.parts()[name]
        whole = self.whole
        return Part(
            whole.columns[rows], whole.targets[rows], whole.cards[rows], whole.times_ms[rows]
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
    whole = Part(labelled.features[:, chosen], labelled.targets, labelled.cards, labelled.times_ms)
    segments = (*feature_segments(labelled.names, labelled.features), *labelled.segments)
    return Prepared(
        tuple(labelled.names[i] for i in chosen), split, periods, whole, usable, segments
    )
