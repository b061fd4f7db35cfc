"""What a soak says of its samples, and what it says it of."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.soak.follower import Follower
from benchmarks.soak.memory import jvm_memory
from benchmarks.soak.plot import plot
from benchmarks.soak.run import Soak, stretch_below
from benchmarks.soak.samples import Sample
from benchmarks.soak.trend import trend
from harness.errors import BenchmarkError
from harness.machine import provenance
from stack.installation import Installation

MINUTES = np.arange(0.0, 3600.0, 15.0)


def test_noise_and_one_spike_are_flat() -> None:
    values = 500 + np.random.default_rng(3).normal(0, 5, MINUTES.size)
    values[40] = 5_000
    found = trend(MINUTES, values)
    assert found.is_flat(0.05)
    assert found.low < 0 < found.high or abs(found.change) < 0.01


def test_a_leak_of_a_tenth_in_the_hour_is_no_noise() -> None:
    values = 500 + 50 * MINUTES / 3600 + np.random.default_rng(3).normal(0, 5, MINUTES.size)
    found = trend(MINUTES, values)
    assert not found.is_flat(0.05)
    assert found.change == pytest.approx(0.095, abs=0.01)


def test_two_samples_are_no_trend() -> None:
    with pytest.raises(ValueError, match="3 measurements at least, got 2"):
        trend([0, 1], [1, 2])


def soaked(*, decided: int = 900, out_of_place: int = 0) -> Soak:
    """A soak of 900 payments whose native memory grows by a tenth over its time."""
    samples = [
        Sample(at, {"taskmanager-1_native_mib": 500 + at / 72, "provisional_p99_ms": 20.0 + at % 2})
        for at in MINUTES.tolist()
    ]
    samples[0].figures["checkpoint_mib"] = 1.0
    root = Path(__file__).resolve().parents[3]
    return Soak(
        provenance(Installation(root)),
        {},
        3_000.0,
        2_000.0,
        1_400,
        900,
        decided,
        out_of_place,
        1.0,
        samples,
    )


def test_the_trend_of_a_run_leaves_its_beginning_out() -> None:
    found = soaked()
    for sample in found.samples[:30]:
        sample.figures["taskmanager-1_native_mib"] = 100.0
    assert found.trends()["taskmanager-1_native_mib"].change == pytest.approx(0.08, abs=0.01)


@pytest.mark.parametrize(("decided", "out_of_place"), [(899, 0), (901, 0), (900, 1)])
def test_a_lost_a_doubled_and_a_moved_decision_is_not_complete(
    decided: int, out_of_place: int
) -> None:
    assert soaked().complete
    assert not soaked(decided=decided, out_of_place=out_of_place).complete


def test_more_payments_than_time_until_today_are_refused(tmp_path: Path) -> None:
    """A payment of the future becomes a dead letter, and a run of dead letters measures nothing."""
    assert stretch_below(tmp_path, skip=1_000, per_s=5_000, seconds=60).days == 46
    with pytest.raises(BenchmarkError, match=r"lie before today.*fewer --minutes"):
        stretch_below(tmp_path, skip=100_000_000, per_s=1, seconds=60)


def test_a_disk_that_cannot_hold_the_run_is_told_before_it(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"GB of disk.*another --folder"):
        stretch_below(tmp_path, skip=0, per_s=1_000_000_000, seconds=3_600)


def test_the_whole_run_is_written_as_json() -> None:
    told = json.loads(json.dumps(soaked(decided=899).to_json()))
    assert (told["lost"], told["duplicated"]) == (1, 0)
    assert told["trends"]["provisional_p99_ms"]["median"] == pytest.approx(20.5, abs=0.5)
    assert len(told["samples"]) == len(MINUTES)


def test_the_plot_has_every_figure_that_was_sampled() -> None:
    svg = plot(soaked())
    assert "taskmanager-1 native" in svg
    assert "provisional p99" in svg


def test_memory_of_a_process_without_java_has_no_heap() -> None:
    """The interpreter of these tests is loaded above the addresses of a Java heap."""
    held = jvm_memory(os.getpid())
    assert held.native_mib > 20
    assert held.heap_mib < 1


def follow(*numbers: int) -> Follower:
    follower = Follower("127.0.0.1:1", committed=True)
    for number in numbers:
        answer = {"card_id": "c", "card_sequence": number, "received_ms": 1_000}
        follower._note(msgspec.json.encode(answer), 1_007_000_000)
    return follower


@pytest.mark.parametrize(
    ("numbers", "breaks"), [((4, 5, 6), 0), ((4, 6), 1), ((4, 5, 5, 6), 1), ((4, 6, 5), 2)]
)
def test_the_numbers_of_a_card_tell_what_is_lost_or_doubled(
    numbers: tuple[int, ...], breaks: int
) -> None:
    follower = follow(*numbers)
    assert (follower.decided, follower.out_of_place) == (len(numbers), breaks)


def test_latencies_are_those_since_the_last_look() -> None:
    follower = follow(1, 2)
    assert follower.take().tolist() == [7.0, 7.0]
    assert follower.take().size == 0
