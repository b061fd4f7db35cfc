"""Replay past payments through the same transitions as the stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from events.label import Label
from events.table import ATTRIBUTE_PREFIX, IS_FRAUD, attribute_names, check_table, payments
from events.transaction import Transaction
from features.money.shipped import SHIPPED
from scoring.path import (
    REFUSALS,
    Entity,
    Path,
    Refusal,
    Repeated,
    learn,
    payment_path,
    visit,
)
from training.arrays import Floats, Ints
from training.data.history import UNKNOWN, History
from training.data.segments import table_segments
from training.errors import TrainingError
from training.fit_settings import Targets

PROGRESS_EVERY = 10_000
_BATCH = 1_000
LABEL_SOURCE = "history"

Progress = Callable[[int], None]


def replay(
    table: pa.Table,
    label_delay_ms: int,
    progress: Progress = lambda _: None,
    path: Path | None = None,
) -> History:
    """Return the features and targets of payments in the form of events.table.

    Rows rise in time. The label of a payment reaches its merchant ``label_delay_ms`` after it,
    before any payment of the same millisecond. A repeat, and another payment under a card's known
    id, is left out and counted, as the stream decides neither. ``progress`` hears of every ten
    thousand payments, by how many are done. ``path`` is the product's with the
    shipped rates where none is given.

    Raises TrainingError where times fall or the table is empty, EventError for a bad row.
    """
    path = path or payment_path(SHIPPED)
    checked = check_table(table)
    times_ms = np.asarray(checked["timestamp_ms"], dtype=np.int64)
    _check_order(times_ms)
    attributes = attribute_names(checked)
    names = (*path.features, *(ATTRIBUTE_PREFIX + name for name in attributes))
    features = np.empty((len(times_ms), len(names)), dtype=np.float32)
    targets = _targets(checked)
    scored = np.zeros(len(times_ms), dtype=np.bool_)
    walk, done, paid = _Replay(path, label_delay_ms), 0, payments(checked)
    while batch := list(islice(paid, _BATCH)):
        rows = slice(done, done + len(batch))
        scored[rows][walk.take(batch, targets[rows], features[rows])] = True
        if attributes:
            features[rows, len(path.features) :] = [_attributes(one, attributes) for one in batch]
        done += len(batch)
        if done % PROGRESS_EVERY == 0:
            progress(done)
    progress(len(times_ms))
    cards = _numbers(checked["card_id"])
    segments = tuple(one[scored] for one in table_segments(checked))
    return History(
        names,
        features[scored],
        targets[scored],
        times_ms[scored],
        cards[scored],
        segments,
        walk.repeats,
        walk.reused,
    )


class _Replay:
    """The states of a path's entities, and the labels that are on their way."""

    def __init__(self, path: Path, label_delay_ms: int) -> None:
        self._path = path
        self._delay_ms = label_delay_ms
        self._states: dict[str, dict[str, bytes]] = {one.name: {} for one in path.entities}
        self._labels: deque[Label] = deque()
        self.repeats = 0
        self.reused = 0

    def take(self, batch: Sequence[Transaction], targets: Targets, values: Floats) -> list[int]:
        """Fill in the features of payments, float32[n, f or more], and return the rows taken in.

        Entity by entity: what one of them makes of the batch needs nothing of the others.
        """
        rows = list(range(len(batch)))
        for entity in self._path.entities:
            paid = [batch[row] for row in rows]
            if entity.learning is None:
                steps = visit(entity, paid, self._states[entity.name])
            else:
                steps = self._visit_and_learn(entity, paid, targets[rows].tolist())
            taken, found = [], []
            for row, step in zip(rows, steps, strict=True):
                if isinstance(step, REFUSALS):
                    self._count(step)
                    continue
                taken.append(row)
                found.append(step.values)
            rows = taken
            if rows:
                columns = self._path.columns[entity.name]
                values[rows, columns] = np.concatenate(found).reshape(len(rows), -1)
        return rows

    def _count(self, why: Refusal) -> None:
        """Count a payment whose id is known."""
        if isinstance(why, Repeated):
            self.repeats += 1
        else:
            self.reused += 1

    def _visit_and_learn(
        self, entity: Entity[Any], paid: Sequence[Transaction], targets: Sequence[int]
    ) -> list[Any]:
        """Take payments to the entity that learns, and the labels that arrive between them.

        A label needs the payments of its own key before it, and no others: payments wait until a
        label of one of their keys arrives.
        """
        assert entity.learning is not None
        states, labels, steps = self._states[entity.name], self._labels, list[Any]()
        waiting, keys = list[Transaction](), set[str]()
        for payment, target in zip(paid, targets, strict=True):
            while labels and labels[0].label_time_ms <= payment.timestamp_ms:
                label = labels.popleft()
                if entity.learning.key(label) in keys:
                    steps += visit(entity, waiting, states)
                    waiting.clear()
                    keys.clear()
                learn(entity.learning, (label,), states)
            waiting.append(payment)
            keys.add(entity.key(payment))
            if target != UNKNOWN:
                labels.append(self._label(payment, bool(target)))
        return steps + visit(entity, waiting, states)

    def _label(self, payment: Transaction, is_fraud: bool) -> Label:
        return Label(
            transaction_id=payment.transaction_id,
            card_id=payment.card_id,
            merchant_id=payment.merchant_id,
            timestamp_ms=payment.timestamp_ms,
            is_fraud=is_fraud,
            label_time_ms=payment.timestamp_ms + self._delay_ms,
            source=LABEL_SOURCE,
        )


def _check_order(times_ms: Ints) -> None:
    """Refuse an empty table, and times that fall."""
    if not len(times_ms):
        raise TrainingError("The history has no payment: give a file with at least one row.")
    falls = np.flatnonzero(np.diff(times_ms) < 0)
    if len(falls):
        row = int(falls[0]) + 1
        raise TrainingError(
            f"Row {row} (from 0) of the history is earlier than the row before it. Windows "
            "need payments in order of time: sort the file by its timestamp, as `--sort` does."
        )


def _targets(table: pa.Table) -> Targets:
    """Return 1, 0 or -1 (unknown) for each row, int8[n]."""
    return np.asarray(table[IS_FRAUD].cast(pa.int8()).fill_null(UNKNOWN), dtype=np.int8)


def _attributes(payment: Transaction, names: tuple[str, ...]) -> list[float]:
    """Return the payment's attributes in order, NaN for one that it lacks."""
    return [payment.attributes.get(name, np.nan) for name in names]


def _numbers(column: pa.ChunkedArray) -> Ints:
    """Number the distinct values of a column by first appearance, int64[n]."""
    return np.asarray(column.combine_chunks().dictionary_encode().indices, dtype=np.int64)
