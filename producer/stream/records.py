"""Payments and labels as the records of one stream, merged by time."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from events.label import encode_label
from events.table import payments
from events.transaction import encode_transaction
from producer.stream.labels import LabelQueue, LabelSettings
from producer.stream.selection import NEVER_MS, Selection, Slice, select, times_of

_ROWS_AT_ONCE = 8_192


class Record(NamedTuple):
    """One record for Kafka. time_ms is the event time that the stream has reached with it."""

    is_label: bool
    key: bytes
    value: bytes
    time_ms: int


class Records:
    """The records of one run; labels_waiting tells how many labels were not due when it ended."""

    def __init__(
        self,
        batches: Iterator[pa.RecordBatch],
        selection: Selection,
        labels: LabelSettings,
        limit: int | None = None,
    ) -> None:
        self._batches = batches
        self._selection = selection
        self._labels = labels
        self._limit = limit
        self._queue = LabelQueue(labels)
        self._reached_ms = -NEVER_MS

    @property
    def labels_waiting(self) -> int:
        """Labels whose time has not come."""
        return len(self._queue)

    def __iter__(self) -> Iterator[Record]:
        """Yield payments in the order of the source, each label after the payments of its time."""
        delay_ms = None if self._labels.which == "none" else self._labels.delay_ms
        end_ms = None
        left = self._limit
        for piece in _small(select(self._batches, self._selection, delay_ms)):
            if self._selection.until_ms < NEVER_MS:
                end_ms = self._selection.until_ms + piece.offset_ms
            taken = int(piece.sent.sum())
            if left is not None:
                if taken >= left:
                    yield from self._merged(_first(piece, left))
                    end_ms = None
                    break
                left -= taken
            yield from self._merged(piece)
        if end_ms is None:
            end_ms = self._reached_ms + 1
        yield from self._due(end_ms)
        if self._labels.drain:
            yield from (label._replace(time_ms=end_ms) for label in self._due(NEVER_MS))

    def _merged(self, piece: Slice) -> Iterator[Record]:
        """Yield the payments of a piece that are sent, and the labels that come due on the way."""
        times = np.where(piece.sent, times_of(piece.batch), self._reached_ms)
        reached = np.maximum.accumulate(np.maximum(times, self._reached_ms))
        least_ms = self._selection.from_ms + piece.offset_ms
        self._queue.push(piece.batch, reached, least_ms)
        self._reached_ms = int(reached[-1])
        sent = piece.batch.filter(pa.array(piece.sent))
        labels = self._due(self._reached_ms)
        label = next(labels, None)
        found = payments(pa.Table.from_batches([sent]))
        for payment, time_ms in zip(found, reached[piece.sent].tolist(), strict=True):
            while label is not None and label.time_ms < time_ms:
                yield label
                label = next(labels, None)
            yield Record(False, payment.card_id.encode(), encode_transaction(payment), time_ms)
        if label is not None:
            yield label
            yield from labels

    def _due(self, due_ms: int) -> Iterator[Record]:
        """Yield the labels due before due_ms."""
        for time_ms, label in self._queue.take(due_ms):
            yield Record(True, label.card_id.encode(), encode_label(label), time_ms)


def _small(pieces: Iterable[Slice]) -> Iterator[Slice]:
    """Cut pieces, so that few payments wait as objects."""
    for piece in pieces:
        for start in range(0, piece.batch.num_rows, _ROWS_AT_ONCE):
            end = start + _ROWS_AT_ONCE
            batch = piece.batch.slice(start, _ROWS_AT_ONCE)
            yield Slice(batch, piece.sent[start:end], piece.offset_ms)


def _first(piece: Slice, count: int) -> Slice:
    """Cut a piece behind its count-th payment that is sent."""
    rows = int(np.flatnonzero(piece.sent)[count - 1]) + 1
    return Slice(piece.batch.slice(0, rows), piece.sent[:rows], piece.offset_ms)
