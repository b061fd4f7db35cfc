"""Replay past payments through the same transitions as the stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from events.label import Label
from events.table import ATTRIBUTE_PREFIX, IS_FRAUD, attribute_names, check_table, payments
from events.transaction import Transaction
from features.card import transition as card
from features.catalogue import CARD_FEATURES, FEATURE_NAMES
from features.merchant import transition as merchant
from training.arrays import Floats, Ints
from training.data.history import UNKNOWN, History
from training.data.segments import table_segments
from training.errors import TrainingError
from training.fit_settings import Targets

PROGRESS_EVERY = 10_000
LABEL_SOURCE = "history"

Progress = Callable[[int], None]


def replay(table: pa.Table, label_delay_ms: int, progress: Progress = lambda _: None) -> History:
    """Return the features and targets of payments in the form of events.table.

    Rows rise in time. The label of a payment reaches its merchant ``label_delay_ms`` after it,
    before any payment of the same millisecond. A repeat, and another payment under a card's known
    id, is left out and counted, as the stream decides neither. ``progress`` hears of every ten
    thousand payments, by how many are done.

    Raises TrainingError where times fall or the table is empty, EventError for a bad row.
    """
    checked = check_table(table)
    times_ms = np.asarray(checked["timestamp_ms"], dtype=np.int64)
    _check_order(times_ms)
    attributes = attribute_names(checked)
    names = (*FEATURE_NAMES, *(ATTRIBUTE_PREFIX + name for name in attributes))
    features = np.empty((len(times_ms), len(names)), dtype=np.float32)
    targets = _targets(checked)
    scored = np.zeros(len(times_ms), dtype=np.bool_)
    stages = _Stages(label_delay_ms)
    for row, payment in enumerate(payments(checked)):
        scored[row] = stages.advance(payment, int(targets[row]), features[row])
        if attributes:
            features[row, len(FEATURE_NAMES) :] = _attributes(payment, attributes)
        if (row + 1) % PROGRESS_EVERY == 0:
            progress(row + 1)
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
        stages.repeats,
        stages.reused,
    )


class _Stages:
    """The card stage, the merchant stage, and the labels that are on their way."""

    def __init__(self, label_delay_ms: int) -> None:
        self._delay_ms = label_delay_ms
        self._cards: dict[str, bytes] = {}
        self._merchants: dict[str, bytes] = {}
        self._labels: deque[Label] = deque()
        self.repeats = 0
        self.reused = 0

    def advance(self, payment: Transaction, target: int, values: Floats) -> bool:
        """Fill in the features of a payment, float32[f or more]; False where its id is known."""
        self._learn(payment.timestamp_ms)
        step = card.advance(self._cards.get(payment.card_id), payment)
        if not step.accepted:
            self.repeats += step.repeated
            self.reused += step.reused
            return False
        self._cards[payment.card_id] = step.state
        values[: len(CARD_FEATURES)] = step.values
        after = merchant.advance(self._merchants.get(payment.merchant_id), payment)
        self._merchants[payment.merchant_id] = after.state
        values[len(CARD_FEATURES) : len(FEATURE_NAMES)] = after.values
        if target != UNKNOWN:
            self._labels.append(self._label(payment, bool(target)))
        return True

    def _learn(self, now_ms: int) -> None:
        """Give merchants the labels that have arrived; they arrive in the order of payments."""
        labels = self._labels
        while labels and labels[0].label_time_ms <= now_ms:
            label = labels.popleft()
            state = self._merchants[label.merchant_id]
            self._merchants[label.merchant_id] = merchant.learn(state, label).state

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
            f"Row {row} (from 0) of the history is earlier than the row before it, and windows "
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
