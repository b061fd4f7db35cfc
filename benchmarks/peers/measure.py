"""One peer through the whole comparison: start, backlog, steady rate, crash, count."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from confluent_kafka import KafkaException

from benchmarks.peers.catalogue import environment_of
from benchmarks.peers.driver import Driver, Peer, Scene, wait_while_working
from benchmarks.peers.judge import Verdict, judge
from benchmarks.peers.memory import memory_mib
from events.topics import DECISIONS
from harness.cpu import CpuMeter
from harness.errors import BenchmarkError
from harness.latency import LatencyProbe
from harness.latency_run import measure_latency
from harness.load import Load, send_all, transaction_id
from harness.offsets import end_offsets, read, wait_until_settled
from harness.open_loop import Sent, send_open_loop
from harness.own_stack import own_stack
from harness.rates import events_between, median_rate
from harness.throughput import DecisionTime, decode_time
from scoring.loader import load_bundle
from stack.clients.readable import readable
from stack.errors import StackError
from stack.services.embedded import Progress, Stack
from verify.reading import read_stream

_START_S = 240.0
_CRASH_TAIL_S = 180.0
_LOOK_AT_BACKLOG_S = 1.0
"""Each look asks the broker for every partition's end, on the cores that are measured."""
_TAIL = 0.05
"""Share of the backlog that is left out at its end, where some partitions run dry first."""


@dataclass(frozen=True)
class PeerSettings:
    """Steps that each peer goes through.

    The rate is in payments a second; it is held for `seconds` twice, the second time with a kill.
    """

    folder: Path
    bundle: Path
    payments: int = 100_000
    warm_up: int = 50_000
    rate: int = 500
    seconds: int = 20
    keep: bool = False

    @property
    def drain_s(self) -> float:
        """Seconds that a peer may take for the backlog: at 250 payments a second."""
        return 60.0 + (self.payments + self.warm_up) / 250


@dataclass
class PeerResult:
    """Figures of a peer; None or empty where not measured, and `problem` says why.

    Rates in payments a second, latencies in ms (p50, p99, p999), memory in MiB (proportional set
    size of all its processes, the most behind any step), times in seconds.
    """

    name: str
    tx_per_s: float | None = None
    cpu_us_per_payment: float | None = None
    provisional_ms: dict[str, float] = field(default_factory=dict)
    committed_ms: dict[str, float] = field(default_factory=dict)
    unseen: int | None = None
    memory_mib: int | None = None
    start_s: float | None = None
    recovery_s: float | None = None
    verdict: Verdict | None = None
    problem: str | None = None
    interrupted: bool = False


def measure(peer: Peer, settings: PeerSettings, progress: Progress) -> PeerResult:
    """Take one peer through it, on a broker of its own; what it cannot do is told, not raised.

    An interrupt ends it in the same way: what has been measured is returned.
    """
    result = PeerResult(peer.name)
    environment = environment_of(peer)
    try:
        environment.prepare(progress)
        with own_stack(settings.folder, 1, settings.keep, progress, peer.flink) as stack:
            folder = settings.folder / "peer"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            driver = peer.driver(Scene(stack, settings.bundle, folder, environment))
            try:
                _Measurement(peer, driver, stack, settings, result, progress).run()
            finally:
                driver.stop()
    except (BenchmarkError, StackError, KafkaException, RuntimeError, ValueError) as error:
        result.problem = str(error)
    except KeyboardInterrupt:
        result.problem, result.interrupted = "interrupted", True
    return result


@dataclass
class _Measurement:
    """The steps of one peer, in their order."""

    peer: Peer
    driver: Driver
    stack: Stack
    settings: PeerSettings
    result: PeerResult
    progress: Progress
    load: Load = field(default_factory=Load)

    def run(self) -> None:
        """Fill in the result, step by step."""
        waiting = self.settings.warm_up + self.settings.payments
        self._say(f"sending {waiting:,} payments ahead")
        send_all(self.stack.kafka, self.load.take(waiting))
        self._start()
        for step in (partial(self._drain, waiting), self._steady, self._crash):
            step()
            self._note_memory()
        self._say("counting")
        wait_until_settled(self.stack.kafka, DECISIONS.name)
        bundle = None if self.peer.reduced else load_bundle(self.settings.bundle)
        self.result.verdict = judge(read_stream(self.stack.kafka), bundle)

    def _start(self) -> None:
        self._say("starting it")
        started_s = time.monotonic()
        self.driver.start()
        wait_while_working(self.driver, lambda: self._written() > 0, _START_S, "a first decision")
        self.result.start_s = round(time.monotonic() - started_s, 2)

    def _drain(self, waiting: int) -> None:
        self._say("draining the backlog")
        groups = {"peer": self.driver.pids(), "broker": [self.stack.pid("broker")]}
        with CpuMeter(groups) as meter:
            wait_while_working(
                self.driver,
                lambda: self._written() >= waiting,
                self.settings.drain_s,
                f"{waiting:,} decisions",
                _LOOK_AT_BACKLOG_S,
            )
            times_ms = sorted(one.decided_ms for one in self._decisions(waiting))
        last = len(times_ms) - round(_TAIL * self.settings.payments)
        measured = times_ms[self.settings.warm_up : last]
        start_ms, end_ms = measured[0], measured[-1]
        decided = events_between(times_ms, start_ms, end_ms)
        if self.peer.micro_batches:
            rate = 1000 * decided / (end_ms - start_ms)
        else:
            rate = median_rate(measured)
        self.result.tx_per_s = round(rate, 1)
        seconds = meter.between(start_ms, end_ms)["peer"]
        self.result.cpu_us_per_payment = round(1e6 * seconds / decided, 1)

    def _steady(self) -> None:
        settings = self.settings
        self._say(f"latency at {settings.rate:,}/s for {settings.seconds} s")
        found = measure_latency(self.stack.kafka, self.load, settings.rate, settings.seconds)
        self.result.provisional_ms = found.provisional_ms
        self.result.committed_ms = found.committed_ms
        self.result.unseen = found.unseen

    def _crash(self) -> None:
        """Kill it in the middle of steady traffic, start it again, and wait until it is through."""
        settings = self.settings
        self._say(f"SIGKILL under {settings.rate:,}/s")
        records = self.load.take_payments(settings.rate * settings.seconds)
        sent: list[Sent] = []
        pairs = [(one.key, one.value) for one in records]
        sender = threading.Thread(
            target=lambda: sent.append(send_open_loop(self.stack.kafka, pairs, settings.rate))
        )
        with LatencyProbe(self.stack.kafka, committed=True) as probe:
            sender.start()
            wait_while_working(
                self.driver, lambda: bool(probe.seen), _CRASH_TAIL_S, "a decision before the kill"
            )
            time.sleep(settings.seconds / 3)
            killed_ns = time.time_ns()
            self.driver.kill()
            self.driver.start()
            sender.join()
            wait_while_working(
                self.driver,
                lambda: len(probe.seen) >= len(records),
                _CRASH_TAIL_S,
                "the decisions after the kill",
            )
        due = {
            transaction_id(record): sent[0].schedule.due_ns(number)
            for number, record in enumerate(records)
        }
        self.result.recovery_s = recovery_s(probe, due, killed_ns)

    def _note_memory(self) -> None:
        """Look at the memory behind a step, not during it: the look holds up who is looked at."""
        self.result.memory_mib = max(self.result.memory_mib or 0, memory_mib(self.driver.pids()))

    def _written(self) -> int:
        """Return about how many decisions are in the topic, committed or not."""
        return sum(end_offsets(self.stack.kafka, DECISIONS.name, committed=False).values())

    def _decisions(self, waiting: int) -> list[DecisionTime]:
        """Return the committed decisions on the backlog, once there are as many."""
        wait_until_settled(self.stack.kafka, DECISIONS.name)
        start = dict.fromkeys(end_offsets(self.stack.kafka, DECISIONS.name, committed=True), 0)
        messages = read(self.stack.kafka, DECISIONS.name, start)
        found = [decision for _, decision in readable(messages, decode_time)]
        if len(found) < waiting:
            raise BenchmarkError(f"Of {waiting:,} payments {len(found):,} have a decision.")
        return found

    def _say(self, what: str) -> None:
        self.progress(f"{self.peer.name}: {what}")


def recovery_s(probe: LatencyProbe, due_ns: dict[str, int], killed_ns: int) -> float | None:
    """Return seconds from the kill to the first committed decision on a payment sent after it."""
    after = [one.seen_ns for name, one in probe.seen.items() if due_ns.get(name, 0) > killed_ns]
    return round((min(after) - killed_ns) / 1e9, 2) if after else None
