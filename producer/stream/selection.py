"""Choice of the payments of a source that are sent, and of their times."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

NEVER_MS = 2**62


@dataclass(frozen=True, slots=True)
class Selection:
    """Payments from from_ms (inclusive) until until_ms (exclusive), epoch milliseconds.

    The times are those that the source recorded. With start_ms, all times are moved by the same
    amount, so that the first payment sent happens then.
    """

    from_ms: int = -NEVER_MS
    until_ms: int = NEVER_MS
    start_ms: int | None = None

    def __post_init__(self) -> None:
        if self.from_ms >= self.until_ms:
            raise ValueError("until: expected a time after from, got one that is not")

    def holds(self, times_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Tell which of int64[n] recorded times lie in the selection, bool[n]."""
        return (times_ms >= self.from_ms) & (times_ms < self.until_ms)


@dataclass(frozen=True, slots=True)
class Slice:
    """A batch at its moved times: sent[i] tells whether payment i is sent, or only its label."""

    batch: pa.RecordBatch
    sent: npt.NDArray[np.bool_]
    offset_ms: int


def times_of(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Return the event times of a batch, int64[n] in milliseconds."""
    times: npt.NDArray[np.int64] = np.asarray(batch.column("timestamp_ms"))
    return times


def until(batches: Iterator[pa.RecordBatch], selection: Selection) -> Iterator[pa.RecordBatch]:
    """Stop a source that is ordered by time where the selection ends."""
    for batch in batches:
        if batch.num_rows and times_of(batch)[0] >= selection.until_ms:
            return
        yield batch


def select(
    batches: Iterator[pa.RecordBatch], selection: Selection, label_delay_ms: int | None
) -> Iterator[Slice]:
    """Yield what a run sends: the selected payments, and earlier ones whose label is due in it.

    label_delay_ms is None where no labels are sent. Payments before the selection wait for the
    first selected one, which tells how far times move; there are as many as fit into the delay.
    """
    reach_ms = selection.from_ms - (label_delay_ms or 0)
    offset_ms = 0 if selection.start_ms is None else None
    waiting: list[Slice] = []
    for whole in batches:
        times = times_of(whole)
        relevant = (times >= reach_ms) & (times < selection.until_ms)
        batch, times = whole.filter(pa.array(relevant)), times[relevant]
        sent = selection.holds(times)
        if offset_ms is None and sent.any() and selection.start_ms is not None:
            offset_ms = selection.start_ms - int(times[np.argmax(sent)])
            yield from (_moved(earlier.batch, earlier.sent, offset_ms) for earlier in waiting)
            waiting.clear()
        if offset_ms is None:
            waiting.append(Slice(batch, sent, 0))
        elif batch.num_rows:
            yield _moved(batch, sent, offset_ms)


def _moved(batch: pa.RecordBatch, sent: npt.NDArray[np.bool_], offset_ms: int) -> Slice:
    """Move the times of a batch."""
    if offset_ms:
        place = batch.schema.get_field_index("timestamp_ms")
        times = pa.array(times_of(batch) + offset_ms)
        batch = pa.RecordBatch.from_arrays(
            [times if at == place else column for at, column in enumerate(batch.columns)],
            schema=batch.schema,
        )
    return Slice(batch, sent, offset_ms)
