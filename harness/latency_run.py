"""Provisional and committed latency at a steady rate."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from harness.latency import LatencyProbe, percentiles
from harness.load import Load, transaction_id
from harness.open_loop import Schedule, send_open_loop

WARM_UP_S = 40
"""Payments at the measured rate that are left out of the figures, seconds. After each change of
pace the JVMs compile anew, for half a minute at 2,000/s; a job in service runs for weeks."""

_LAST_S = 20.0
_SWITCH_S = 0.0002


@dataclass(frozen=True)
class RateLatency:
    """Percentiles in ms at one rate, from every payment behind the warm-up."""

    payments: int
    unseen: int
    provisional_ms: dict[str, float]
    committed_ms: dict[str, float]
    sender_late_ms: float


def measure_latency(bootstrap: str, load: Load, per_s: int, seconds: int) -> RateLatency:
    """Send payments at `per_s` for `seconds` and time their decisions, early and committed.

    `WARM_UP_S` of payments go out before them in the same way and are left out of the figures.
    """
    records = load.take_payments(per_s * (WARM_UP_S + seconds))
    names = [transaction_id(record) for record in records]
    early = LatencyProbe(bootstrap, committed=False)
    committed = LatencyProbe(bootstrap, committed=True)
    with _undisturbed(), early, committed:
        sent = send_open_loop(bootstrap, [(one.key, one.value) for one in records], per_s)
        early.wait_for(len(names), _LAST_S)
        committed.wait_for(len(names), _LAST_S)
    due = _due(sent.schedule, names, per_s * WARM_UP_S)
    provisional_ms, committed_ms = early.latencies_ms(due), committed.latencies_ms(due)
    return RateLatency(
        payments=len(due),
        unseen=len(due) - min(len(provisional_ms), len(committed_ms)),
        provisional_ms=percentiles(provisional_ms),
        committed_ms=percentiles(committed_ms),
        sender_late_ms=round(sent.worst_lateness_ms, 3),
    )


def payments_sent(rates: Sequence[int], seconds: int) -> int:
    """Return how many payments the measurements at several rates send.

    >>> payments_sent((500, 2_000), seconds=20)
    150000
    """
    return sum(rates) * (WARM_UP_S + seconds)


def _due(schedule: Schedule, names: list[str], first: int) -> dict[str, int]:
    """Return the scheduled time of each payment behind the warm-up, epoch ns."""
    return {names[number]: schedule.due_ns(number) for number in range(first, len(names))}


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the interpreter from delaying the probes: no collections, quick turns of threads."""
    turn_s = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        sys.setswitchinterval(turn_s)
