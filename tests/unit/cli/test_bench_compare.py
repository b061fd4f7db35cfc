"""What `bench compare` takes for a variant, and how its runs are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmarks.comparison import Comparison, ComparisonSettings, Run, Variant
from cli.bench import compare as bench_compare
from cli.main import cardwatch
from harness.latency_run import RateLatency
from harness.throughput import Throughput


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cardwatch, ["bench", "compare", *arguments])


def run(tx_per_s: float, p99_ms: float, *, unseen: int = 0) -> Run:
    cpu = {"job": 1e6 / tx_per_s, "broker": 25.0}
    throughput = Throughput(100, 0, 0, 10, 4, tx_per_s, tx_per_s, [tx_per_s], cpu)
    early = {"p50": 5.0, "p99": p99_ms, "p999": 2 * p99_ms}
    return Run(throughput, {2_000: RateLatency(100, unseen, early, {**early, "p99": 1_200.0}, 0.1)})


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[ComparisonSettings]:
    """Put known runs in place of measured ones; return the settings of each call."""
    asked: list[ComparisonSettings] = []

    def compare(settings: ComparisonSettings, progress: object) -> Comparison:
        asked.append(settings)
        one, other = settings.variants
        unseen = 3 if other.name == "--batch-size 9" else 0
        found = {one.name: [run(10_000, 50), run(8_000, 70)], other.name: [run(9_000, 40)]}
        found[other.name].append(run(9_000, 45, unseen=unseen))
        comparison = Comparison(found)
        with comparison.calibrations.around("all"):
            return comparison

    monkeypatch.setattr(bench_compare, "compare", compare)
    return asked


def test_a_variant_has_arguments_of_the_job_and_options_of_flink(
    compared: list[ComparisonSettings],
) -> None:
    told = call("--a", "", "--b", "--batch-size 5 -Dexecution.buffer-timeout.interval='1 ms'")
    assert told.exit_code == 0, told.output
    one, other = compared[0].variants
    assert one == Variant("as shipped")
    assert other.arguments == ("--batch-size", "5")
    assert other.options == (("execution.buffer-timeout.interval", "1 ms"),)


def test_the_cluster_has_options_that_both_variants_run_with(
    compared: list[ComparisonSettings],
) -> None:
    told = call("--cluster", "-Dstate.changelog.storage=filesystem", "-q")
    assert told.exit_code == 0, told.output
    assert compared[0].cluster == (("state.changelog.storage", "filesystem"),)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--b", "-Dpipeline.object-reuse"), "got '-Dpipeline.object-reuse'"),
        (("--cluster", "--batch-size 5"), "expected -DKEY=VALUE, got '--batch-size'"),
    ],
)
def test_a_wrong_option_of_flink_is_a_wrong_call(arguments: tuple[str, ...], message: str) -> None:
    told = call(*arguments)
    assert told.exit_code == 2
    assert message in told.output


def test_rates_are_measured_and_told_run_by_run(compared: list[ComparisonSettings]) -> None:
    told = call("--rates", "2000", "--seconds", "30", "-q")
    assert told.exit_code == 0, told.output
    assert compared[0].rates == (2_000,)
    assert compared[0].seconds == 30
    assert "9,000" in told.stdout
    assert "50.0, 70.0" in told.stdout
    assert "40.0, 45.0" in told.stdout


def test_the_json_names_units_and_keeps_every_run(
    compared: list[ComparisonSettings], tmp_path: Path
) -> None:
    to = tmp_path / "compare.json"
    assert call("--rates", "2000", "--json", str(to), "-q").exit_code == 0
    told = json.loads(to.read_text())
    assert told["throughput_tx_per_s"] == {"--engine pyflink": 9_000.0, "--engine batch": 9_000.0}
    latency = told["runs"]["--engine batch"][1]["latency"]["2000"]
    assert latency["provisional_ms"]["p99"] == 45


def test_payments_that_were_not_seen_in_time_end_with_1(
    compared: list[ComparisonSettings],
) -> None:
    told = call("--rates", "2000", "--b", "--batch-size 9", "-q")
    assert told.exit_code == 1
    assert "these figures do not count" in told.output
