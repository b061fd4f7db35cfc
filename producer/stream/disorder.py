"""A stream as networks deliver it: out of order, late, repeated, with labels late and corrected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from events.label import Label, encode_label, parse_label
from producer.stream.labels import DAY_MS
from producer.stream.records import Record

HOUR_MS = DAY_MS // 24

Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Disorder:
    """Amount of disorder. Shares are of payments or of labels; times are event time.

    Every record arrives up to `jitter_ms` after its time, so payments change places. A share of
    the payments comes up to `late_by_ms` late, beyond the day from which the job calls a payment
    late. A share comes again within `repeat_within_ms`, unless that were a day after its time: the
    job remembers an id for a day of event time (ADR 0008), so a client must not try for longer. A
    share of the labels comes up to `label_late_by_ms` late, and a share is taken back
    `corrected_after_ms` later.

    Raises ValueError for a share that is none.
    """

    jitter_ms: int = HOUR_MS
    late_share: float = 0.02
    late_by_ms: int = 3 * DAY_MS
    repeat_share: float = 0.03
    repeat_within_ms: int = 6 * HOUR_MS
    late_label_share: float = 0.1
    label_late_by_ms: int = 5 * DAY_MS
    corrected_share: float = 0.05
    corrected_after_ms: int = DAY_MS
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("late_share", "repeat_share", "late_label_share", "corrected_share"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise ValueError(f"{name}: expected 0 to 1, got {share}")


@dataclass(frozen=True, slots=True)
class Disordered:
    """Records in the order in which they are sent, and what was done to them."""

    records: list[Record]
    payments: int
    labels: int
    late: int
    repeats: int
    late_labels: int
    corrections: int


def disordered(records: Iterable[Record], how: Disorder) -> Disordered:
    """Return records, which come in order of time, as they would arrive; the same for a seed.

    All are held in memory, some 500 bytes each. The number of payments does not count repeats,
    that of labels counts corrections.
    """
    source = list(records)
    count = len(source)
    random = np.random.default_rng(how.seed)
    is_label = np.array([record.is_label for record in source], dtype=np.bool_)
    times = np.array([record.time_ms for record in source], dtype=np.int64)
    arrival = times + random.integers(0, how.jitter_ms + 1, count)
    chance = random.random((4, count))
    late = ~is_label & (chance[0] < how.late_share)
    arrival[late] += random.integers(0, how.late_by_ms + 1, int(late.sum()))
    remembered = arrival - times + how.repeat_within_ms < DAY_MS
    repeated = ~is_label & remembered & (chance[1] < how.repeat_share)
    late_labels = is_label & (chance[2] < how.late_label_share)
    arrival[late_labels] += random.integers(0, how.label_late_by_ms + 1, int(late_labels.sum()))
    corrected = is_label & (chance[3] < how.corrected_share)
    again = random.integers(1, how.repeat_within_ms + 1, int(repeated.sum()))
    sent = [
        *source,
        *(source[row] for row in np.flatnonzero(repeated)),
        *(_corrected(source[row], how) for row in np.flatnonzero(corrected)),
    ]
    sent_at = [arrival, arrival[repeated] + again, arrival[corrected] + how.corrected_after_ms]
    return Disordered(
        records=_in_order(sent, np.concatenate(sent_at)),
        payments=int((~is_label).sum()),
        labels=int(is_label.sum() + corrected.sum()),
        late=int(late.sum()),
        repeats=int(repeated.sum()),
        late_labels=int(late_labels.sum()),
        corrections=int(corrected.sum()),
    )


def _corrected(record: Record, how: Disorder) -> Record:
    """Return a label that says the opposite, later."""
    label = parse_label(record.value, record.key)
    told_ms = label.label_time_ms + how.corrected_after_ms
    other = Label(
        label.transaction_id,
        label.card_id,
        label.merchant_id,
        label.timestamp_ms,
        not label.is_fraud,
        told_ms,
        label.source,
    )
    return record._replace(value=encode_label(other))


def _in_order(records: list[Record], times_ms: Times) -> list[Record]:
    """Sort records by their times of arrival, and give them those times."""
    return [
        records[row]._replace(time_ms=int(times_ms[row]))
        for row in np.argsort(times_ms, kind="stable")
    ]
