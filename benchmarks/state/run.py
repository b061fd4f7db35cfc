"""One run of `./cardwatch bench state`: a stack with one backend, filled, worked, restored."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.state.backends import Backend, check_memory
from benchmarks.state.checkpoints import first_completed, summarise
from benchmarks.state.curve import fill_rates, last_of, steady_rate
from benchmarks.state.job import Resumed, resume, start
from benchmarks.state.ledger import Ledger
from benchmarks.state.results import Restore, StateResult
from benchmarks.state.size import checkpoint_bytes_per_card
from benchmarks.state.traffic import MERCHANTS_AT_LEAST, Plan, payments, templates
from events.topics import DECISIONS, TRANSACTIONS
from harness.cpu import CpuMeter
from harness.errors import BenchmarkError
from harness.job import Progress, RunningJob
from harness.offsets import wait_until_settled
from harness.own_stack import own_stack
from harness.targets import CHECKPOINT_INTERVAL_MS
from producer.sending.kafka import KafkaSettings, Sender
from stack.services.embedded import Stack
from stack.settings import BROKER, is_taskmanager

DISK_BYTES_PER_PAYMENT: Final = 2_000
"""Both topics (1,300 bytes, docs/state.md) and the checkpoints that are kept, with room."""

_LATE_S: Final = 3.0


@dataclass(frozen=True)
class StateSettings:
    """Settings of a run: `cards` known cards, then `payments` over all of them.

    `hot_percent` of the payments are at one merchant, and there are `merchants` at least: more with
    more cards.
    """

    folder: Path
    bundle: Path
    cards: int = 1_000_000
    payments: int = 200_000
    warm_up: int = 100_000
    probes: int = 200
    hot_percent: int = 0
    merchants: int = MERCHANTS_AT_LEAST
    keep: bool = False

    @property
    def plan(self) -> Plan:
        """The payments of one run."""
        return Plan(
            self.cards,
            self.payments,
            self.warm_up,
            self.probes,
            self.hot_percent,
            self.merchants,
        )


def measure(backend: Backend, settings: StateSettings, progress: Progress) -> StateResult:
    """Measure one backend on a stack of its own.

    BenchmarkError where memory or disk lack, or the job stops deciding.
    """
    check_memory(backend, settings.cards, settings.folder)
    _check_disk(settings)
    options = backend.flink_options(settings.folder)
    heap_mb = backend.heap_mb(settings.cards)
    forms = templates()
    with own_stack(settings.folder, 1, settings.keep, progress, options, heap_mb) as stack:
        progress("submitting the job")
        job = start(stack, settings.bundle)
        run = _Run(backend, settings, job, forms, progress)
        try:
            return run.measure()
        finally:
            run.ledger.close()


class _Run:
    """The phases of one run, in their order."""

    def __init__(
        self,
        backend: Backend,
        settings: StateSettings,
        job: RunningJob,
        forms: Sequence[bytes],
        progress: Progress,
    ) -> None:
        self._backend, self._settings, self._plan = backend, settings, settings.plan
        self._job, self._forms, self._progress = job, forms, progress
        self.ledger = Ledger(job.stack.kafka, self._plan.total, job.decisions_from)

    def measure(self) -> StateResult:
        """Warm up and restore, fill and work, restore again."""
        plan, stack, flink = self._plan, self._job.stack, self._job.stack.flink
        with CpuMeter(self._job.pids) as meter:
            self._send("warm-up")
            self._wait("warm-up")
            empty = self._restore("probe")
            self._stop()
            sent_per_s = self._send("fill", "steady")
            self._job = self._resume().job
            self._wait("fill", "steady")
            resident_mb = _resident_mb(stack)
        filled_ms = self._decided("fill")
        all_ms = np.concatenate([filled_ms, self._decided("steady")])
        steady_ms = last_of(all_ms, plan.steady)
        history = flink.checkpoints(self._job.id)["history"]
        span_ms = float(steady_ms[0]), float(steady_ms[-1])
        per_card = checkpoint_bytes_per_card(flink, self._job.id, plan.known_cards)
        full = self._restore("probe-full")
        self.ledger.read_for(_LATE_S)
        return StateResult(
            backend=self._backend.name,
            cards=plan.cards,
            heap_mb=self._backend.heap_mb(plan.cards),
            managed_mb=self._backend.managed_mb,
            payments=plan.total,
            lost=self.ledger.lost,
            doubled=self.ledger.doubled,
            alert_share=self._alert_share(),
            sent_per_s=round(sent_per_s, 1),
            fill=fill_rates(filled_ms, all_ms, meter.between),
            steady=steady_rate(steady_ms, plan.known_cards, meter.between),
            checkpoints=summarise(history, *span_ms, CHECKPOINT_INTERVAL_MS),
            checkpoint_bytes_per_card=per_card,
            resident_mb=resident_mb,
            topic_bytes_per_payment=_topic_bytes(stack, plan.total),
            restore_empty=empty,
            restore_full=full,
        )

    def _decided(self, name: str) -> npt.NDArray[np.int64]:
        phase = self._plan.phases[name]
        return self.ledger.decided_ms[phase.start : phase.end]

    def _alert_share(self) -> dict[str, float]:
        return {
            name: round(float(self.ledger.alerts[phase.start : phase.end].mean()), 4)
            for name, phase in self._plan.phases.items()
        }

    def _send(self, *names: str) -> float:
        """Send phases; return how many payments a second the sender reached."""
        sender = Sender(KafkaSettings(self._job.stack.kafka))
        sent, start_s = 0, time.monotonic()
        try:
            for name in names:
                self._progress(f"{name}: sending {self._plan.phases[name].count:,} payments")
                for key, value in payments(self._plan, name, self._forms):
                    sender.send(False, key, value)
                    sent += 1
            sender.flush()
        finally:
            sender.close()
        return sent / (time.monotonic() - start_s)

    def _wait(self, *names: str) -> None:
        """Wait until these phases, the next of the run, are decided and committed."""
        phases = [self._plan.phases[name] for name in names]
        self._progress(f"{' and '.join(names)}: deciding")
        self._job.wait_for_decisions(sum(phase.count for phase in phases), self._progress)
        self._progress(f"{' and '.join(names)}: reading the committed decisions")
        self.ledger.read_until(phases[-1].end)

    def _stop(self) -> None:
        """Cancel the job when everything is committed; its checkpoints stay."""
        wait_until_settled(self._job.stack.kafka, DECISIONS.name)
        self._job.stack.flink.cancel(self._job.id)

    def _restore(self, probe: str) -> Restore:
        """Stop the job, submit it from its newest checkpoint, wait for a decision."""
        last = self._job.stack.flink.latest_checkpoint(self._job.id)
        self._stop()
        phase = self._plan.phases[probe]
        self._send(probe)
        self._progress(f"restoring {0 if last is None else last.state_bytes:,} bytes of state")
        resumed = self._resume()
        self._job = resumed.job
        self.ledger.read_until(phase.start + 1)
        first_s = time.time() - resumed.created_ms / 1000
        self.ledger.read_until(phase.end)
        history = self._job.stack.flink.checkpoints(self._job.id)["history"]
        first = first_completed(history)
        return Restore(
            checkpoint_bytes=0 if last is None else last.state_bytes,
            submitting_s=round(resumed.submitting_s, 2),
            initialising_s=round(resumed.initialising_s, 2),
            tasks_running_s=round(resumed.tasks_running_s, 2),
            first_decision_s=round(first_s, 2),
            first_checkpoint_bytes=first["checkpointed_size"],
            first_checkpoint_ms=first["end_to_end_duration"],
        )

    def _resume(self) -> Resumed:
        return resume(self._job, self._settings.bundle, claim=self._backend.claim)


def _resident_mb(stack: Stack) -> dict[str, int]:
    """Return the resident memory of the broker and the TaskManagers, MiB."""
    told = stack.status().processes
    return {
        name: one.memory_mb for name, one in told.items() if name == BROKER or is_taskmanager(name)
    }


def _topic_bytes(stack: Stack, payments: int) -> dict[str, float]:
    """Return the log segments of the topics of payments and decisions, bytes for a payment."""
    return {
        topic.name: round(
            sum(
                log.stat().st_size
                for log in stack.layout.kafka_data.glob(f"{topic.name}-[0-9]*/*.log")
            )
            / payments,
            1,
        )
        for topic in (TRANSACTIONS, DECISIONS)
    }


def _check_disk(settings: StateSettings) -> None:
    folder = next(each for each in (settings.folder, *settings.folder.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    needed = settings.plan.total * DISK_BYTES_PER_PAYMENT
    if free < needed:
        raise BenchmarkError(
            f"{settings.plan.total:,} payments and their decisions may need {needed / 1e9:,.1f} GB "
            f"of disk and {free / 1e9:,.1f} GB are free. Take fewer --cards, or name a folder on "
            "another disk with --folder."
        )
