"""`cardwatch bench compare`: two ways of running the job against each other, in both orders."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from benchmarks.comparison import (
    BATCH,
    PYFLINK,
    Comparison,
    ComparisonSettings,
    Run,
    Variant,
    compare,
)
from cli.bench.options import (
    BENCH_FOLDER,
    ROOT,
    measured,
    payments_option,
    rates_option,
    refuse_incomplete,
    resolve_bundle,
    seconds_option,
    stack_options,
    warm_up_option,
)
from cli.console import Output, as_sentence
from cli.options import GroupedCommand, in_group, json_option, output_options
from harness.errors import BenchmarkError

_LATENCIES = (("early", "p50"), ("early", "p99"), ("committed", "p50"), ("committed", "p99"))

DEFAULTS = ComparisonSettings(folder=BENCH_FOLDER, bundle=ROOT)

EXAMPLE = """\b
Examples:
  ./cardwatch bench compare --rates 500,2000,10000           both engines
  ./cardwatch bench compare --a "" --b "--producer-property linger.ms=5"
  ./cardwatch bench compare --a "--batch-size 256" --b "--batch-size 64"
  ./cardwatch bench compare --rates 500,2000 --a "" --b "-Dexecution.buffer-timeout.interval=1ms"

\b
--a and --b take arguments of jobs/fraud_detection.py, and -DKEY=VALUE for options of Flink that
a job may have. --cluster takes options that only a cluster has, such as the changelog's storage:
  ./cardwatch bench compare --a "" --b "-Dstate.changelog.enabled=true" --cluster \\
    "-Dstate.changelog.storage=filesystem -Dstate.changelog.dstl.dfs.base-path=file:///tmp/changes"
"""


_variants = in_group("Variants")


@click.command("compare", cls=GroupedCommand, epilog=EXAMPLE)
@_variants(
    "--a",
    "first",
    default=" ".join(PYFLINK.arguments),
    help="Arguments of the job in the first variant.",
)
@_variants(
    "--b",
    "second",
    default=" ".join(BATCH.arguments),
    help="Arguments of the job in the second variant.",
)
@_variants(
    "--cluster",
    default="",
    show_default="none",
    help="Options of the Flink cluster for both variants, as -DKEY=VALUE.",
)
@payments_option(DEFAULTS.payments, "Number of payments in each run.")
@warm_up_option(DEFAULTS.warm_up)
@measured(
    "--heating", type=click.IntRange(0), default=DEFAULTS.heating, help="Number of unmeasured runs."
)
@rates_option((), "Payments a second at which each run also measures latency.")
@seconds_option(DEFAULTS.seconds)
@stack_options
@json_option
@output_options
def compare_command(
    folder: Path,
    bundle: str,
    models: Path,
    first: str,
    second: str,
    cluster: str,
    payments: int,
    warm_up: int,
    heating: int,
    rates: tuple[str, ...],
    seconds: int,
    keep: bool,
    json_path: str | None,
    out: Output,
) -> None:
    """Compare two variants of the job on one warm stack, in the order A B B A.

    Prints throughput, CPU and latency of each run, and the ratio of the variants. Exits with 1
    where a decision was lost or doubled.
    """
    settings = ComparisonSettings(
        folder=folder.resolve(),
        bundle=resolve_bundle(models, bundle),
        variants=(_variant(first), _variant(second)),
        cluster=_cluster(cluster),
        payments=payments,
        warm_up=warm_up,
        heating=heating,
        rates=tuple(map(int, rates)),
        seconds=seconds,
        keep=keep,
    )
    with as_sentence(BenchmarkError), out.steps() as step:
        found = compare(settings, step)
    out.result(json_path, found.to_json(), lambda: _show(found, out))
    refuse_incomplete(complete=found.complete)


def _variant(text: str) -> Variant:
    """Return a variant by its words: `-DKEY=VALUE` is Flink's, the others are the job's."""
    words = [word for word in shlex.split(text) if not word.startswith("-D")]
    return Variant(text.strip() or "as shipped", tuple(words), _options(text))


def _cluster(text: str) -> tuple[tuple[str, str], ...]:
    told = _variant(text)
    if told.arguments:
        raise click.UsageError(f"--cluster: expected -DKEY=VALUE, got {told.arguments[0]!r}")
    return told.options


def _options(text: str) -> tuple[tuple[str, str], ...]:
    """Return the keys and values of the words that are -DKEY=VALUE."""
    told = [word[2:].partition("=") for word in shlex.split(text) if word.startswith("-D")]
    if not all(key and sign for key, sign, _ in told):
        raise click.UsageError(f"expected -DKEY=VALUE for an option of Flink, got {text!r}")
    return tuple((key, value) for key, _, value in told)


def _show(found: Comparison, out: Output) -> None:
    out.table(
        ("variant", "payments/s", "CPU us a payment", "broker's", "runs, payments/s"),
        [
            (
                name,
                f"{found.tx_per_s(name):,.0f}",
                f"{found.cpu_us_per_payment(name):.0f}",
                f"{found.cpu_us_per_payment(name, 'broker'):.0f}",
                ", ".join(f"{run.throughput.tx_per_s:,.0f}" for run in runs),
            )
            for name, runs in found.runs.items()
        ],
    )
    _show_latencies(found, out)
    out.say(f"Calibration loop: {found.calibrations.median_ms:.0f} ms")


def _show_latencies(found: Comparison, out: Output) -> None:
    rows = [
        (name, f"{rate:,}/s", *(_each(runs, rate, kind, at) for kind, at in _LATENCIES))
        for name, runs in found.runs.items()
        for rate in runs[0].latency
    ]
    if rows:
        titles = (f"{kind} {at}, ms" for kind, at in _LATENCIES)
        out.table(("variant", "rate", *titles), rows)


def _each(runs: list[Run], rate: int, kind: str, at: str) -> str:
    """Return one percentile of every run, in the order in which they ran."""
    found = (run.latency[rate] for run in runs)
    percentiles = (one.provisional_ms if kind == "early" else one.committed_ms for one in found)
    return ", ".join(f"{one[at]:,.1f}" for one in percentiles)
