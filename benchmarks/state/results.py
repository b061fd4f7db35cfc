"""The figures of one backend."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.state.checkpoints import Checkpoints
from benchmarks.state.curve import Rate


@dataclass(frozen=True)
class Restore:
    """A restart from a checkpoint of `checkpoint_bytes`. Seconds.

    `submitting_s`: from the call of `flink run` until the JobManager has the job, which is the
    client's own start. From there: until every task ran (`initialising_s` of that in the slowest
    task, for its state and its interpreter), and until a payment that had been sent meanwhile had
    a committed decision. `first_checkpoint_bytes` is what the first checkpoint after it wrote.
    """

    checkpoint_bytes: int
    submitting_s: float
    initialising_s: float
    tasks_running_s: float
    first_decision_s: float
    first_checkpoint_bytes: int
    first_checkpoint_ms: int


@dataclass(frozen=True)
class StateResult:
    """One backend with so many cards. Memory in MiB: given, and resident at the end by process.

    `alert_share` is by phase: alerts cost more than other payments, so rates of phases compare only
    where it is alike. `restore_empty` is with the state of the warm-up only: what a restore costs
    without state.
    """

    backend: str
    cards: int
    heap_mb: int
    managed_mb: int
    payments: int
    lost: int
    doubled: int
    alert_share: dict[str, float]
    sent_per_s: float
    fill: list[Rate]
    steady: Rate
    checkpoints: Checkpoints | None
    checkpoint_bytes_per_card: float | None
    resident_mb: dict[str, int]
    topic_bytes_per_payment: dict[str, float]
    restore_empty: Restore
    restore_full: Restore

    @property
    def complete(self) -> bool:
        """Whether every payment has one decision."""
        return not self.lost and not self.doubled

    @property
    def restore_state_s(self) -> float:
        """Seconds that the state adds to the time until the first decision."""
        return self.restore_full.first_decision_s - self.restore_empty.first_decision_s
