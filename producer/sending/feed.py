"""One run of the producer: records, at their pace, to a sender, with a summary at the end."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from events.timestamps import MAX_AHEAD_MS, format_ms
from producer.errors import SendError
from producer.files.form import Account, BrokenOffError
from producer.sending.pacing import Pace
from producer.stream.records import Record

TICK_S = 0.25
_CHECK_EVERY = 256
_SPIN_S = 0.001


class Pacing(Protocol):
    """Interface of a pace, as a run needs it."""

    def due_s(self, payments: int, elapsed_ms: int) -> float:
        """Return when a record goes, in seconds from the first one; see `Pace.due_s`."""


class RecordSender(Protocol):
    """Interface of a sender, as a run needs it."""

    def send(self, is_label: bool, key: bytes, value: bytes) -> None:
        """Queue one record."""

    def poll(self, timeout_s: float) -> None:
        """Wait at most timeout_s seconds, serving reports."""

    def flush(self) -> None:
        """Wait until everything queued has arrived."""

    def close(self) -> None:
        """Wait until everything queued has arrived or failed."""


@dataclass(frozen=True, slots=True)
class Source:
    """The account of a file's rows and its refused rows by code; a generator has neither."""

    account: Account | None = None
    rejected: Callable[[], Mapping[str, int]] = dict


GENERATED: Final = Source()


@dataclass(slots=True)
class Progress:
    """Progress of a run: records queued, bytes of keys and values, event times reached.

    stopped says why the run ended before its source did; broken_off, that the source ended early.
    """

    payments: int = 0
    labels: int = 0
    bytes: int = 0
    seconds: float = 0.0
    first_ms: int | None = None
    last_ms: int | None = None
    stopped: str | None = None
    broken_off: bool = False

    def break_off(self, error: BrokenOffError) -> None:
        """End the run where its file cannot be read on."""
        self.stopped, self.broken_off = str(error), True


class Summary(msgspec.Struct, frozen=True):
    """Outcome of a run: payments and labels that arrived, and the rest by name.

    Of a file, rows_read are payments that arrived or failed, refused rows, skipped ones
    (--skip-rows), refunds that were left out, and payments that were; of a generator it is None.
    remarks counts what reading a file assumed, under the names of producer.values.tally.
    """

    payments: int
    labels: int
    bytes: int
    seconds: float
    payments_per_s: float
    failed: dict[str, int]
    rejected: dict[str, int]
    labels_not_due: int
    first_event_time: str | None
    last_event_time: str | None
    stopped: str | None
    rows_read: int | None = None
    rows_skipped: int = 0
    refunds_left_out: int = 0
    left_out: int = 0
    broken_off: bool = False
    remarks: dict[str, int] = msgspec.field(default_factory=dict)


class Feed:
    """Sends records at a pace until they end, or stop() is called, or they run ahead of the clock.

    flush_every_s bounds how long a sent record may stay unconfirmed; 0 leaves it to the client.
    """

    def __init__(
        self,
        pace: Pacing,
        flush_every_s: float,
        on_tick: Callable[[Progress], None] = lambda _: None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._pace = pace
        self._flush_every_s = flush_every_s or float("inf")
        self._on_tick = on_tick
        self._clock_ms = clock_ms
        self._stop: str | None = None
        self._next_tick_s = TICK_S
        self._next_flush_s = self._flush_every_s
        self.progress = Progress()

    def stop(self, why: str) -> None:
        """Ask the run to end before its next record; safe to call from a signal handler."""
        self._stop = why

    def run(self, records: Iterable[Record], sender: RecordSender) -> None:
        """Send every record and close the sender; progress says how far it came, and why."""
        start = time.perf_counter()
        try:
            self._send_all(records, sender, start)
        except SendError as error:
            self._stop = str(error)
        except BrokenOffError as error:
            self.progress.break_off(error)
        sender.close()
        self.progress.seconds = time.perf_counter() - start
        self.progress.stopped = self._stop or self.progress.stopped

    def _send_all(self, records: Iterable[Record], sender: RecordSender, start: float) -> None:
        paced = self._pace != Pace()
        latest_ms = self._clock_ms() + MAX_AHEAD_MS
        for number, record in enumerate(records):
            if paced:
                self._wait(record, start, sender)
            if record.time_ms > latest_ms and not record.is_label:
                latest_ms = self._latest_or_stop(record.time_ms)
            if self._stop is not None:
                break
            sender.send(record.is_label, record.key, record.value)
            self._count(record)
            if paced or number % _CHECK_EVERY == 0:
                self._look_up(start, sender)

    def _look_up(self, start: float, sender: RecordSender) -> None:
        """Do between records what is due by now: serve reports, show progress, flush."""
        seconds = self.progress.seconds = time.perf_counter() - start
        if seconds >= self._next_tick_s:
            self._next_tick_s = seconds + TICK_S
            sender.poll(0)
            self._on_tick(self.progress)
        if seconds >= self._next_flush_s:
            sender.flush()
            self._next_flush_s = time.perf_counter() - start + self._flush_every_s

    def _wait(self, record: Record, start: float, sender: RecordSender) -> None:
        """Wait until a record is due; reports are served, and stop() ends the wait."""
        progress = self.progress
        first_ms = record.time_ms if progress.first_ms is None else progress.first_ms
        due = start + self._pace.due_s(progress.payments, record.time_ms - first_ms)
        while self._stop is None:
            left = due - time.perf_counter()
            if left <= 0:
                return
            if left > _SPIN_S:
                sender.poll(min(left - _SPIN_S, TICK_S))
                self._look_up(start, sender)
            else:
                time.sleep(left)

    def _count(self, record: Record) -> None:
        progress = self.progress
        progress.bytes += len(record.key) + len(record.value)
        if record.is_label:
            progress.labels += 1
            return
        progress.payments += 1
        progress.last_ms = record.time_ms
        if progress.first_ms is None:
            progress.first_ms = record.time_ms

    def _latest_or_stop(self, time_ms: int) -> int:
        """Return the latest event time that the job accepts by now; stop beyond it."""
        latest_ms = self._clock_ms() + MAX_AHEAD_MS
        if time_ms > latest_ms:
            self.stop(
                f"a payment at {format_ms(time_ms)} is more than 24 hours ahead of the clock and "
                "the job would refuse it; use --start with an earlier time, or --speed 1"
            )
        return latest_ms


def summarise(
    progress: Progress,
    delivered: tuple[int, int],
    failed: dict[str, int],
    source: Source,
    labels_not_due: int,
) -> Summary:
    """Put the account of a run together; delivered counts payments and labels."""
    payments, labels = delivered
    account = source.account
    return Summary(
        payments=payments,
        labels=labels,
        bytes=progress.bytes,
        seconds=round(progress.seconds, 3),
        payments_per_s=round(payments / progress.seconds, 1) if progress.seconds else 0.0,
        failed=failed,
        rejected=dict(source.rejected()),
        labels_not_due=labels_not_due,
        first_event_time=None if progress.first_ms is None else format_ms(progress.first_ms),
        last_event_time=None if progress.last_ms is None else format_ms(progress.last_ms),
        stopped=progress.stopped,
        rows_read=account.rows if account else None,
        rows_skipped=account.skipped if account else 0,
        refunds_left_out=account.left_out if account else 0,
        left_out=account.payments - progress.payments if account else 0,
        broken_off=progress.broken_off,
    )
