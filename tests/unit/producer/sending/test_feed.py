from collections.abc import Iterator

import numpy as np
import pytest

import producer.sending.feed
from producer.errors import SendError
from producer.files.form import BrokenOffError
from producer.sending.feed import Feed, Progress
from producer.sending.pacing import Pace
from producer.stream.records import Record

T0 = 1_700_000_000_000


class Clock:
    """A clock that goes on only while somebody waits, so that a busy machine changes nothing."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def perf_counter(self) -> float:
        """Return the seconds so far."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock that a feed reads in the place of the machine's."""
    turned = Clock()
    monkeypatch.setattr(producer.sending.feed, "time", turned)
    return turned


class Collector:
    """A sender that keeps what it is given, with the moment."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.sent: list[tuple[float, bytes, bytes, bool]] = []
        self.flushes = 0
        self.broken = False

    def send(self, is_label: bool, key: bytes, value: bytes) -> None:
        """Keep one value."""
        self.sent.append((self.clock.now_s, value, key, is_label))

    def poll(self, timeout_s: float) -> None:
        """Wait as a client without reports does."""
        self.clock.sleep(timeout_s)

    def flush(self) -> None:
        """Count; fail where it was told to."""
        self.flushes += 1
        if self.broken:
            raise SendError("the broker is gone")

    def close(self) -> None:
        """Count as a flush."""
        self.flushes += 1


def records(count: int, step_ms: int = 1000) -> Iterator[Record]:
    for number in range(count):
        yield Record(False, b"c", b"%d" % number, T0 + number * step_ms)


def run(
    pace: Pace, count: int, step_ms: int = 1000, clock: Clock | None = None
) -> tuple[Collector, Progress]:
    collector = Collector(clock)
    feed = Feed(pace, 0.0, clock_ms=lambda: T0)
    feed.run(records(count, step_ms), collector)
    return collector, feed.progress


def test_a_rate_spaces_payments_evenly(clock: Clock) -> None:
    collector, progress = run(Pace(per_s=200), 60, clock=clock)
    moments = [moment for moment, *_ in collector.sent]
    assert np.diff(moments) == pytest.approx(1 / 200)
    assert progress.payments == 60 and progress.seconds == pytest.approx(59 / 200)


def test_a_speed_follows_the_recorded_times(clock: Clock) -> None:
    collector, _ = run(Pace(speed=100), 4, step_ms=10_000, clock=clock)
    moments = [moment for moment, *_ in collector.sent]
    assert np.diff(moments) == pytest.approx(0.1)


def test_the_clock_of_the_machine_keeps_a_rate_too() -> None:
    """No payment goes before its time; how long behind it one goes is the machine's affair."""
    _, progress = run(Pace(per_s=200), 60)
    assert progress.seconds >= 59 / 200


def test_as_fast_as_it_goes_waits_for_nothing(clock: Clock) -> None:
    collector, progress = run(Pace(), 5_000, clock=clock)
    assert len(collector.sent) == 5_000 and progress.seconds == 0
    assert collector.flushes == 1
    assert progress.first_ms == T0 and progress.last_ms == T0 + 4_999_000
    assert progress.bytes == sum(len(value) + len(key) for _, value, key, _ in collector.sent)


def test_a_stop_ends_the_run_between_two_records() -> None:
    collector = Collector()
    feed = Feed(Pace(), 0.0, clock_ms=lambda: T0)

    def stopping() -> Iterator[Record]:
        for record in records(10):
            if len(collector.sent) == 3:
                feed.stop("interrupted")
            yield record

    feed.run(stopping(), collector)
    assert len(collector.sent) == 3 == feed.progress.payments
    assert feed.progress.stopped == "interrupted"


def test_payments_a_day_ahead_of_the_clock_end_the_run() -> None:
    _, progress = run(Pace(), 30, step_ms=3_600_000)
    assert progress.payments == 25
    assert progress.stopped is not None and "24 hours ahead" in progress.stopped


def test_flushes_come_at_least_as_often_as_asked_for(clock: Clock) -> None:
    collector = Collector(clock)
    feed = Feed(Pace(per_s=50), 0.1, clock_ms=lambda: T0)
    feed.run(records(25), collector)
    assert collector.flushes == 5


def test_a_sender_that_fails_ends_the_run_with_its_account(clock: Clock) -> None:
    collector = Collector(clock)
    collector.broken = True
    feed = Feed(Pace(per_s=100), 0.1, clock_ms=lambda: T0)
    feed.run(records(200), collector)
    assert feed.progress.stopped == "the broker is gone"
    assert feed.progress.payments == len(collector.sent) < 50


@pytest.mark.parametrize("options", [{"per_s": 1, "speed": 1}, {"per_s": 0}, {"speed": -1}])
def test_a_pace_that_is_none_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="pace"):
        Pace(**options)


def test_a_file_that_breaks_off_ends_the_run_behind_its_last_record() -> None:
    def breaking() -> Iterator[Record]:
        yield from records(3)
        raise BrokenOffError("own.csv: row 4 (line 5): it breaks off")

    collector = Collector()
    feed = Feed(Pace(), 0.0, clock_ms=lambda: T0)
    feed.run(breaking(), collector)
    assert len(collector.sent) == feed.progress.payments == 3 and collector.flushes == 1
    assert feed.progress.broken_off and "row 4 (line 5)" in (feed.progress.stopped or "")
