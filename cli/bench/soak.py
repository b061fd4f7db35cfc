"""`cardwatch bench soak`: does the job stay as it is for an hour?"""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.soak.run import Soak, SoakSettings, run
from cli.bench.options import (
    BENCH_FOLDER,
    ROOT,
    measured,
    payments_option,
    refuse_incomplete,
    resolve_bundle,
    result_options,
    stack_options,
    warm_up_option,
)
from cli.console import Output, as_sentence
from cli.options import GroupedCommand, in_group
from cli.recording import Recorder
from harness.errors import BenchmarkError

DEFAULTS = SoakSettings(folder=BENCH_FOLDER, bundle=ROOT)
FLAT = 0.05

EXAMPLE = """\b
Examples:
  ./cardwatch bench soak --json soak.json --plot soak.svg     an hour at 70 % of the capacity
  ./cardwatch bench soak --minutes 5 --per-s 1000             a rough idea

The trend is the change over the run by the slope of Theil and Sen, without the first sixth."""


@click.command("soak", cls=GroupedCommand, epilog=EXAMPLE)
@measured(
    "--minutes",
    type=click.FloatRange(0.5),
    default=DEFAULTS.minutes,
    help="Length of the run in minutes.",
)
@measured(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=DEFAULTS.share,
    help="Share of the capacity to send; the capacity is measured first.",
)
@measured(
    "--per-s", type=click.IntRange(1), help="Number of payments a second, instead of --share."
)
@measured(
    "--every-s",
    type=click.FloatRange(1),
    default=DEFAULTS.every_s,
    help="Seconds between two samples.",
)
@payments_option(DEFAULTS.payments, "Number of payments that measure the capacity.")
@warm_up_option(DEFAULTS.warm_up, "Number of payments that warm the job up.")
@stack_options
@in_group("Stack of the run")(
    "--plot",
    "plot_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SVG file for the plot of the run.",
)
@result_options
def soak_command(
    folder: Path,
    bundle: str,
    models: Path,
    minutes: float,
    share: float,
    per_s: int | None,
    every_s: float,
    payments: int,
    warm_up: int,
    plot_path: Path | None,
    keep: bool,
    json_path: str | None,
    record: Recorder,
    out: Output,
) -> None:
    """Run the job for an hour at a steady rate, and watch whether it stays as it is.

    Prints the trend of memory, checkpoints, latency and CPU. Exits with 1 where a decision was lost
    or doubled.
    """
    settings = SoakSettings(
        folder=folder.resolve(),
        bundle=resolve_bundle(models, bundle),
        minutes=minutes,
        share=share,
        per_s=per_s,
        every_s=every_s,
        payments=payments,
        warm_up=warm_up,
        keep=keep,
    )
    with as_sentence(BenchmarkError), out.steps() as step:
        found = run(settings, step)
    if plot_path is not None:
        from benchmarks.soak.plot import plot  # matplotlib is slow to import

        plot_path.write_text(plot(found), encoding="utf-8")
    told = found.to_json()
    out.result(json_path, told, lambda: _show(found, out))
    refuse_incomplete(complete=found.complete)
    record("bench soak", told, out, without=["samples"])


def _show(found: Soak, out: Output) -> None:
    out.table(
        ("figure", "median", "change over the run", "between, at 95 %", ""),
        [
            (
                name,
                f"{one.median:,.1f}",
                f"{one.change:+.1%}",
                f"{one.low:+.1%} and {one.high:+.1%}",
                "" if one.is_flat(FLAT) else "grows",
            )
            for name, one in found.trends().items()
        ],
    )
    out.say(
        f"{found.sent:,} payments at {found.per_s:,}/s of {found.capacity_per_s:,.0f}/s: "
        f"{found.decided:,} decided, {found.out_of_place} out of order. Calibration loop: "
        f"{found.calibrations.median_ms:.0f} ms"
    )
