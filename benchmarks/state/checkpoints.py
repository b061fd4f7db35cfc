"""Cost of the checkpoints in a stretch of time, by Flink's own record."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Checkpoints:
    """Checkpoints that began within a stretch of `seconds`.

    `full_bytes` is all state that the last one refers to; `written_bytes` what one writes itself,
    which is less where checkpoints are incremental. `delayed`: so many fewer began than the
    interval asks for, since the one before was not done. Durations end to end.
    """

    seconds: float
    completed: int
    failed: int
    delayed: int
    full_bytes: int
    written_bytes_median: int
    written_bytes_worst: int
    written_bytes_per_s: float
    duration_ms_median: float
    duration_ms_worst: float


def summarise(
    history: Iterable[Mapping[str, Any]], start_ms: float, end_ms: float, interval_ms: int
) -> Checkpoints | None:
    """Summarise the entries of /jobs/ID/checkpoints that began in [start_ms, end_ms], epoch ms.

    None where none was completed.
    """
    inside = [one for one in history if start_ms <= one["trigger_timestamp"] <= end_ms]
    done = _completed(inside)
    if not done:
        return None
    written = [one["checkpointed_size"] for one in done]
    took_ms = [one["end_to_end_duration"] for one in done]
    seconds = (end_ms - start_ms) / 1000
    return Checkpoints(
        seconds=round(seconds, 1),
        completed=len(done),
        failed=sum(one["status"] == "FAILED" for one in inside),
        delayed=max(0, int((end_ms - start_ms) / interval_ms) - len(inside)),
        full_bytes=done[-1]["state_size"],
        written_bytes_median=int(statistics.median(written)),
        written_bytes_worst=max(written),
        written_bytes_per_s=round(sum(written) / seconds, 1),
        duration_ms_median=statistics.median(took_ms),
        duration_ms_worst=max(took_ms),
    )


def first_completed(history: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the entry of the first completed checkpoint; there has to be one."""
    return _completed(history)[0]


def _completed(history: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the completed ones in the order in which they began."""
    done = [one for one in history if one["status"] == "COMPLETED"]
    return sorted(done, key=lambda one: int(one["trigger_timestamp"]))
