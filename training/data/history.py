"""Features and targets of past payments: what replay makes and fitting takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from training.arrays import Floats, Ints
from training.data.segments import Segments
from training.errors import TrainingError
from training.fit_settings import Targets

UNKNOWN = -1

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class History:
    """n payments in order of time.

    ``features`` is float32[n, f] with one column for each of ``names``; ``targets`` is 1 for a
    fraud, 0 for a good payment, -1 where not known; ``cards`` are numbers that stand for cards;
    ``segments`` divide the payments by what is no feature, for the model card. ``repeats`` counts
    payments of the source that came again, ``reused`` those under an id that another payment of
    the card has; neither is among the n.
    """

    names: tuple[str, ...]
    features: Floats
    targets: Targets
    times_ms: Ints
    cards: Ints
    segments: tuple[Segments, ...] = ()
    repeats: int = 0
    reused: int = 0

    @property
    def left_out(self) -> str:
        """A sentence about what was left out because its id is known, empty where nothing was."""
        if not self.repeats and not self.reused:
            return ""
        return (
            f"Left out {counted(self.repeats, 'repeat')} and {counted(self.reused, 'payment')} "
            "under an id that another payment of the card has."
        )

    def before(self, time_ms: int) -> History:
        """Keep the payments before a time; what they were given does not depend on later ones."""
        return self.rows(slice(int(np.searchsorted(self.times_ms, time_ms))))

    def rows(self, kept: Mask | slice) -> History:
        """Keep some payments, by a mask bool[n] or a slice."""
        return History(
            self.names,
            self.features[kept],
            self.targets[kept],
            self.times_ms[kept],
            self.cards[kept],
            tuple(one[kept] for one in self.segments),
            self.repeats,
            self.reused,
        )

    def known_at(self, time_ms: int, delay_ms: int) -> History:
        """Forget the labels that had not arrived by a time."""
        late = self.times_ms > time_ms - delay_ms
        return replace(self, targets=np.where(late, UNKNOWN, self.targets).astype(np.int8))

    def has_both_classes(self) -> bool:
        """Whether frauds and good payments are known."""
        return bool((self.targets == 1).any() and (self.targets == 0).any())

    def unlabelled(self) -> History:
        """Forget every label."""
        return replace(self, targets=np.full_like(self.targets, UNKNOWN))

    def labelled(self) -> History:
        """Keep the labelled payments.

        Raises TrainingError where no payment is labelled, or all labels are the same.
        """
        refuse_unlearnable(self.targets)
        return self.rows(self.targets != UNKNOWN)


def counted(count: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "repeat"), counted(1200, "repeat")
    ('1 repeat', '1,200 repeats')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def refuse_unlearnable(targets: Targets) -> None:
    """Raise TrainingError where no payment is labelled, or all labels are the same."""
    known = targets[targets != UNKNOWN]
    if not len(known):
        raise TrainingError(
            "No payment has a label, so there is nothing to learn from. Give a file with an "
            "is_fraud column, name your column in the mapping, or learn without labels by "
            "`./cardwatch train --models isolation_forest`."
        )
    if len(np.unique(known)) == 1:
        only = "frauds" if known[0] else "good payments"
        raise TrainingError(
            f"All {len(known)} labelled payments are {only}: training needs both frauds and good "
            "payments, so give a longer history."
        )


def varying_columns(features: Floats) -> Ints:
    """Return the columns of float32[n, f] that a model can learn from, in order.

    A column that is always missing, or has one value, is left out.
    """
    present = ~np.isnan(features)
    low = np.where(present, features, np.inf).min(axis=0)
    high = np.where(present, features, -np.inf).max(axis=0)
    return np.flatnonzero(high > low)


def refuse_infinities(names: tuple[str, ...], features: Floats) -> None:
    """Raise TrainingError where a column of float32[n, f] holds an infinity."""
    infinite = np.isinf(features).any(axis=0)
    if infinite.any():
        guilty = [name for name, bad in zip(names, infinite, strict=True) if bad]
        raise TrainingError(
            f"Infinite values in {', '.join(guilty)}: leave such values out of the file; a "
            "missing value is fine."
        )


def table_sha256(table: pa.Table) -> str:
    """Return a SHA-256 of a table's values, the same however the table is chunked."""
    digest = hashlib.sha256()
    for name in sorted(table.column_names):
        column = table.column(name).combine_chunks()
        digest.update(f"{name} {column.type} {len(column)}\n".encode())
        digest.update(np.asarray(column.is_null()).tobytes())
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            encoded = column.dictionary_encode()
            digest.update("\0".join(encoded.dictionary.to_pylist()).encode())
            column = encoded.indices
        zero = pa.scalar(0).cast(column.type)
        digest.update(np.asarray(column.fill_null(zero)).tobytes())
    return digest.hexdigest()
