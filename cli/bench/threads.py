"""`cardwatch bench threads`: who takes the cores' time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from benchmarks.thread_run import ThreadProfile, ThreadSettings, profile_threads
from cli.bench.options import (
    BENCH_FOLDER,
    ROOT,
    Listed,
    bundle_option,
    keep_option,
    models_option,
    own_folder_option,
    resolve_bundle,
)
from cli.console import Output
from cli.options import GroupedCommand, in_group, json_option, output_options
from harness.errors import BenchmarkError

DEFAULTS = ThreadSettings(folder=BENCH_FOLDER, bundle=ROOT)
_SHOWN = 0.01
"""Threads that take less of the cores at every pace are one row of their process."""

EXAMPLE = """\b
Examples:
  ./cardwatch bench threads                           at full load, at 500/s and at 2,000/s
  ./cardwatch bench threads --rates 1000 --json threads.json

The JSON has every thread, and how often a second it got a core."""


_measured = in_group("Measurement")


@click.command("threads", cls=GroupedCommand, epilog=EXAMPLE)
@_measured(
    "--payments",
    type=click.IntRange(1_000),
    default=DEFAULTS.payments,
    help="Number of payments in the backlog.",
)
@_measured(
    "--warm-up",
    type=click.IntRange(0),
    default=DEFAULTS.warm_up,
    help="Number of payments before the measured ones.",
)
@_measured(
    "--rates",
    type=Listed(),
    default=",".join(map(str, DEFAULTS.rates)),
    help="Payments a second of the steady loads.",
)
@_measured(
    "--seconds",
    type=click.IntRange(1),
    default=DEFAULTS.seconds,
    help="Seconds measured at each rate.",
)
@bundle_option
@models_option
@own_folder_option
@keep_option
@json_option
@output_options
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
    out: Output,
) -> None:
    """Measure which threads of broker, cluster and measurement take the time of the cores.

    The job runs in the latency profile, while a backlog is decided and at steady rates. Shares are
    of all cores together. Idle time is a row of its own: where it is next to nothing, payments wait
    for a core. Prints a table.
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
    try:
        with out.steps() as step:
            found = profile_threads(settings, step)
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from None
    if json_path:
        out.json(json_path, found.to_json())
    if json_path != "-":
        out.table(("process", "thread", *found.uses), list(_rows(found)))
        early = {pace: latency.provisional_ms for pace, latency in found.latency.items()}
        out.table(
            ("pace", "provisional p50, ms", "p99, ms"),
            [(pace, f"{ms['p50']:.1f}", f"{ms['p99']:.1f}") for pace, ms in early.items()],
        )
        out.say(f"Calibration loop: {found.calibrations.median_ms:.0f} ms")


def _rows(found: ThreadProfile) -> Iterator[tuple[str, ...]]:
    """Yield each thread's share at each pace, the processes and their threads by size."""
    uses = list(found.uses.values())
    threads = {thread for use in uses for thread in use.seconds}
    processes = {process for process, _ in threads}

    def largest(process: str) -> float:
        return max(sum(use.share(one) for one in threads if one[0] == process) for use in uses)

    for process in sorted(processes, key=largest, reverse=True):
        own = sorted(one for one in threads if one[0] == process)
        shares = {thread: [use.share((process, thread)) for use in uses] for _, thread in own}
        shown = {thread: each for thread, each in shares.items() if max(each) >= _SHOWN}
        for thread, each in sorted(shown.items(), key=lambda item: -max(item[1])):
            yield process, thread, *map(_percent, each)
        rest = [each for thread, each in shares.items() if thread not in shown]
        if rest:
            yield (
                process,
                "all others",
                *(_percent(sum(column)) for column in zip(*rest, strict=True)),
            )
    yield "elsewhere", "", *(_percent(use.elsewhere) for use in uses)
    yield "idle", "", *(_percent(use.idle) for use in uses)


def _percent(share: float) -> str:
    return f"{share:.1%}"
