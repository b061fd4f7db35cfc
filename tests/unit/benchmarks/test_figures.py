from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import report
from benchmarks.ceiling import Ceiling
from benchmarks.judgement import judge
from benchmarks.results import Results
from benchmarks.state.size import typical_card_bytes
from harness.calibration import Calibrations, calibrate
from harness.latency import LatencyProbe, percentiles
from harness.latency_run import RateLatency
from harness.machine import Machine, Provenance, provenance
from harness.open_loop import Schedule
from harness.rates import events_between, median_rate, slice_rates
from harness.targets import TARGETS, Target
from harness.throughput import Throughput
from scoring.bundle.manifest import Thresholds
from stack.installation import Installation

PROVENANCE = Provenance(Machine("a processor", 2, 16.0, "Linux"), "2026-01-01", None, False, {})


def throughput(**changes: object) -> Throughput:
    figures: dict[str, object] = {
        "payments": 100,
        "lost": 0,
        "doubled": 0,
        "cards": 10,
        "alerts": 20,
        "tx_per_s": 12_000.0,
        "mean_tx_per_s": 11_900.0,
        "slices_tx_per_s": [12_000.0],
        "cpu_us_per_payment": {"job": 120.0, "broker": 20.0},
    }
    return Throughput(**{**figures, **changes})  # type: ignore[arg-type]


def measured() -> Results:
    results = Results(PROVENANCE, {"payments": 100})
    with results.calibrations.around("throughput batch"):
        results.throughput["batch"] = throughput()
    found = {"p50": 3.0, "p99": 25.0, "p999": 40.0}
    results.latency[500] = RateLatency(100, 0, found, found, 0.1)
    results.ceiling = Ceiling(100, 20_000.0, 40.0)
    results.state_bytes_per_card = 1_300
    return results


def test_a_steady_stream_has_the_same_rate_in_every_slice() -> None:
    assert slice_rates(range(1_001), slices=4) == [1000.0] * 4


def test_the_median_rate_does_not_follow_one_slow_slice() -> None:
    times = [*range(900), *range(900, 2_900, 20)]
    assert median_rate(times) == pytest.approx(1000, rel=0.02)


def test_too_few_events_have_no_rate() -> None:
    with pytest.raises(ValueError, match="more than 10 events, got 10"):
        slice_rates(range(10))


def test_whole_batches_are_counted_between_two_of_them() -> None:
    batches = [at for at in (1_000, 2_000, 4_000) for _ in range(300)]
    assert events_between(batches, start_ms=1_000, end_ms=4_000) == 600


def test_a_probe_keeps_the_first_sighting_of_an_event() -> None:
    probe = LatencyProbe("127.0.0.1:1", committed=False)
    for name, received_ms, seen_ns in (
        ("a", 1, 5_000_000),
        ("a", 1, 9_000_000),
        ("b", 4, 6_000_000),
    ):
        probe._note(
            b'{"transaction_id":"%s","received_ms":%d}' % (name.encode(), received_ms), seen_ns
        )
    assert probe.latencies_ms().tolist() == [4.0, 2.0]
    assert probe.wait_for(2, timeout_s=0)
    assert not probe.wait_for(3, timeout_s=0)


def test_a_probe_goes_on_behind_what_is_no_event() -> None:
    probe = LatencyProbe("127.0.0.1:1", committed=False)
    for value in (b"", b"garbage", b'{"transaction_id":"a","received_ms":1}', b"[]"):
        probe._note(value, 5_000_000)
    assert set(probe.seen) == {"a"}
    assert probe.unreadable == 3


def test_percentiles_are_latencies_that_were_measured() -> None:
    latencies = np.random.default_rng(1).permutation(np.arange(1.0, 2001.0))
    assert percentiles(latencies) == {"p50": 1000.0, "p99": 1980.0, "p999": 1998.0}


def test_no_event_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="No event was seen"):
        percentiles(np.empty(0))


def test_the_schedule_does_not_drift() -> None:
    schedule = Schedule(start_ns=7, per_s=3)
    assert [schedule.due_ns(number) for number in (0, 3, 3_000_000)] == [
        7,
        7 + 1_000_000_000,
        7 + 1_000_000 * 1_000_000_000,
    ]


def test_calibration_is_noted_before_and_after_a_measurement() -> None:
    calibrations = Calibrations()
    with calibrations.around("nothing"):
        pass
    before, after = calibrations.loops_ms["nothing"]
    assert before > 0 and after > 0
    assert min(before, after) <= calibrations.median_ms <= max(before, after)
    assert calibrate() > 0


def test_a_target_says_how_far_a_figure_is() -> None:
    rate = Target("", "", (10, 20), at_least=True)
    assert rate.verdict(9) == "missed 10"
    assert rate.verdict(15) == "reached 10; next 20"
    assert rate.verdict(20) == "reached 20"
    assert Target("", "", (1_150,)).verdict(1_151) == "missed 1,150"


def test_a_typical_card_keeps_its_promise() -> None:
    assert typical_card_bytes() <= TARGETS["state of a card with 60 payments"].limits[0]


def test_a_dollar_pays_for_what_all_cores_do_in_its_time() -> None:
    results = measured()
    results.core_hour_usd = 0.10
    seconds = 3600 / (0.10 * PROVENANCE.machine.cores)
    assert results.payments_per_dollar("batch") == pytest.approx(12_000 * seconds)
    assert results.to_json()["payments_per_dollar"] == {"batch": round(12_000 * seconds)}


def test_the_json_has_its_stable_keys() -> None:
    found = measured().to_json()
    assert found["throughput_tx_per_s"] == {"batch": 12_000.0}
    assert found["cpu_us_per_payment"] == {"batch": 120.0}
    assert found["ceiling_tx_per_s"] == 20_000.0
    assert found["calibration_ms"] > 0
    assert found["provisional_latency_ms"]["500"] == {"p50": 3.0, "p99": 25.0, "p999": 40.0}
    assert found["committed_latency_ms"]["500"]["p999"] == 40.0
    assert found["state_bytes_per_card"] == 1_300
    assert found["machine"]["cores"] == 2


def test_the_table_has_the_targets_beside_the_figures() -> None:
    rows = {row[0]: row for row in report.rows(measured())}
    assert rows["throughput, batch engine"][3] == "missed 45,000"
    assert rows["provisional p99 at 500/s"][3] == "missed 10"
    assert rows["share of the bare loop, batch engine"][1] == "0.60"
    assert rows["CPU of the broker, batch engine"][3] == "missed 5"
    assert len(rows["throughput, batch engine"][4].split()) == 2


def test_every_target_stands_beside_a_figure_of_a_whole_run() -> None:
    results = measured()
    for rate in (2_000, 10_000):
        results.latency[rate] = results.latency[500]
    assert set(TARGETS) <= {row[0] for row in report.rows(results)}


@pytest.mark.parametrize("wrong", [{"lost": 1}, {"doubled": 1}])
def test_a_run_without_one_decision_for_each_payment_is_not_complete(wrong: dict[str, int]) -> None:
    results = measured()
    assert results.complete
    results.throughput["batch"] = throughput(**wrong)
    assert not results.complete


def test_the_provenance_names_versions_and_no_paths() -> None:
    found = provenance(Installation())
    assert {"python", "apache-flink", "onnxruntime", "confluent-kafka"} <= set(found.versions)
    assert found.machine.cores >= 1
    assert str(Path.cwd()) not in str(found)


def test_levels_are_judged_at_their_thresholds_and_above() -> None:
    found = judge(
        targets=np.array([0, 1, 0, 1, 1], np.int8),
        scores=np.array([0.1, 0.5, 0.6, 0.9, 0.2], np.float32),
        cards=np.arange(5),
        times_ms=np.arange(5),
        thresholds=Thresholds(0.5, 0.9, "given", {}, {}),
    )
    assert found.flagged == {"MEDIUM": 3, "HIGH": 1}
    assert found.precision == {"MEDIUM": pytest.approx(2 / 3), "HIGH": 1.0}
    assert found.recall == {"MEDIUM": pytest.approx(2 / 3), "HIGH": pytest.approx(1 / 3)}


def test_a_level_that_flags_nothing_has_no_precision() -> None:
    found = judge(
        targets=np.array([0, 1], np.int8),
        scores=np.array([0.1, 0.2], np.float32),
        cards=np.arange(2),
        times_ms=np.arange(2),
        thresholds=Thresholds(0.5, 0.9, "given", {}, {}),
    )
    assert found.precision == {"MEDIUM": None, "HIGH": None}
    assert found.recall == {"MEDIUM": 0.0, "HIGH": 0.0}
