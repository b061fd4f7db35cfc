"""Labels wait until their time has come, in the order in which it comes."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from events.label import Label

DAY_MS = 24 * 60 * 60 * 1000

_COLUMNS = ("transaction_id", "card_id", "merchant_id", "timestamp_ms", "is_fraud")


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """Labels that are sent, their delay, and whether labels still to come are sent too.

    which: all, fraud (only those of frauds), none. A payment whose label is not known has none.
    drain: at the end also send the labels whose time has not come.
    """

    which: Literal["all", "fraud", "none"] = "all"
    delay_ms: int = 7 * DAY_MS
    drain: bool = False
    source: str = "producer"

    def __post_init__(self) -> None:
        if self.delay_ms < 0:
            raise ValueError(f"label delay: expected 0 or more, got {self.delay_ms} ms")


class LabelQueue:
    """Labels by due time: the label time, or the time by which their payment was sent if later.

    Held as columns, some 100 bytes for a label.
    """

    def __init__(self, settings: LabelSettings) -> None:
        self._settings = settings
        self._chunks: deque[pa.RecordBatch] = deque()

    def __len__(self) -> int:
        return sum(chunk.num_rows for chunk in self._chunks)

    def push(self, batch: pa.RecordBatch, sent_by_ms: npt.NDArray[np.int64], least_ms: int) -> None:
        """Add the labels of a batch, without those whose label time is before least_ms.

        sent_by_ms, int64[n], is the event time that the stream has reached with each payment.
        """
        if self._settings.which == "none":
            return
        label_time = np.asarray(batch.column("timestamp_ms")) + self._settings.delay_ms
        flags = batch.column("is_fraud")
        wanted = flags if self._settings.which == "fraud" else flags.is_valid()
        wanted = pc.and_(pc.fill_null(wanted, False), pa.array(label_time >= least_ms))
        due = np.maximum(label_time, sent_by_ms)
        columns = [*(batch.column(name) for name in _COLUMNS), pa.array(label_time), pa.array(due)]
        names = [*_COLUMNS, "label_time_ms", "due_ms"]
        chunk = pa.RecordBatch.from_arrays(columns, names=names).filter(wanted)
        if chunk.num_rows:
            self._append(_by_due_time(chunk))

    def take(self, due_ms: int) -> Iterator[tuple[int, Label]]:
        """Remove the labels due before due_ms; yield each with its due time, in that order."""
        while self._chunks:
            chunk = self._chunks.popleft()
            count = int(np.searchsorted(np.asarray(chunk.column("due_ms")), due_ms))
            if count < chunk.num_rows:
                self._chunks.appendleft(chunk.slice(count))
            yield from self._labels(chunk.slice(0, count))
            if count < chunk.num_rows:
                return

    def _append(self, chunk: pa.RecordBatch) -> None:
        """Add a sorted chunk; where it starts before the last one ends, sort all anew."""
        if self._chunks and _due(chunk, 0) < _due(self._chunks[-1], -1):
            whole = pa.Table.from_batches([*self._chunks, chunk]).combine_chunks()
            self._chunks.clear()
            chunk = _by_due_time(whole.to_batches()[0])
        self._chunks.append(chunk)

    def _labels(self, chunk: pa.RecordBatch) -> Iterator[tuple[int, Label]]:
        columns = [
            column.to_numpy(zero_copy_only=False).tolist()  # ten times faster than to_pylist
            for column in chunk.columns
        ]
        for payment, card, merchant, at_ms, fraud, label_ms, due_ms in zip(*columns, strict=True):
            label = Label(payment, card, merchant, at_ms, fraud, label_ms, self._settings.source)
            yield due_ms, label


def _by_due_time(chunk: pa.RecordBatch) -> pa.RecordBatch:
    return chunk.take(pa.array(np.argsort(np.asarray(chunk.column("due_ms")), kind="stable")))


def _due(chunk: pa.RecordBatch, row: int) -> int:
    due: int = chunk.column("due_ms")[row].as_py()
    return due
