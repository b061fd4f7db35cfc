"""`cardwatch bench threads`: who takes the cores' time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks.thread_run import ThreadProfile, ThreadSettings, profile_threads
from benchmarks.threads import LEAST_SHARE, shown
from cli.bench.options import (
    BENCH_FOLDER,
    ROOT,
    payments_option,
    rates_option,
    resolve_bundle,
    result_options,
    seconds_option,
    stack_options,
    warm_up_option,
)
from cli.console import Output, as_sentence
from cli.options import GroupedCommand
from cli.recording import Recorder
from harness.errors import BenchmarkError

DEFAULTS = ThreadSettings(folder=BENCH_FOLDER, bundle=ROOT)

EXAMPLE = """\b
Examples:
  ./cardwatch bench threads                           at full load, at 500/s, 2,000/s and 10,000/s
  ./cardwatch bench threads --rates 1000 --json threads.json

The JSON has every thread, and how often a second it got a core."""


@click.command("threads", cls=GroupedCommand, epilog=EXAMPLE)
@payments_option(DEFAULTS.payments, "Number of payments in the backlog.")
@warm_up_option(DEFAULTS.warm_up)
@rates_option(DEFAULTS.rates, "Payments a second of the steady loads.")
@seconds_option(DEFAULTS.seconds)
@stack_options
@result_options
def threads_command(
    folder: Path,
    bundle: str,
    models: Path,
    payments: int,
    warm_up: int,
    rates: tuple[str, ...],
    seconds: int,
    keep: bool,
    json_path: str | None,
    record: Recorder,
    out: Output,
) -> None:
    """Measure which threads of broker, cluster and measurement take the time of the cores.

    The job decides a backlog, then payments at steady rates. Shares are of all cores together. Idle
    time is a row of its own: where it is next to nothing, payments wait for a core. Prints a table.
    """
    settings = ThreadSettings(
        folder=folder.resolve(),
        bundle=resolve_bundle(models, bundle),
        payments=payments,
        warm_up=warm_up,
        rates=tuple(map(int, rates)),
        seconds=seconds,
        keep=keep,
    )
    with as_sentence(BenchmarkError), out.steps() as step:
        found = profile_threads(settings, step)
    out.result(json_path, found.to_json(), lambda: _show(found, out))
    record("bench threads", found.to_json(LEAST_SHARE), out)


def _show(found: ThreadProfile, out: Output) -> None:
    out.table(("process", "thread", *found.uses), list(_rows(found)))
    early = {pace: latency.provisional_ms for pace, latency in found.latency.items()}
    out.table(
        ("pace", "provisional p50, ms", "p99, ms"),
        [(pace, f"{ms['p50']:.1f}", f"{ms['p99']:.1f}") for pace, ms in early.items()],
    )
    out.say(f"Calibration loop: {found.calibrations.median_ms:.0f} ms")


def _rows(found: ThreadProfile) -> Iterator[tuple[str, ...]]:
    """Yield each thread's share at each pace, then what was idle or of other programs."""
    uses = list(found.uses.values())
    shares = {
        pace: {one: use.share(one) for one in use.seconds} for pace, use in found.uses.items()
    }
    for process, thread, each in shown(shares):
        yield process, thread, *map(_percent, each)
    yield "elsewhere", "", *(_percent(use.elsewhere) for use in uses)
    yield "idle", "", *(_percent(use.idle) for use in uses)


def _percent(share: float) -> str:
    return f"{share:.1%}"
