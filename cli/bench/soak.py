"""`cardwatch bench soak`: does the job stay as it is for an hour?"""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.soak.run import Soak, SoakSettings, run
from cli.bench.options import (
    BENCH_FOLDER,
    ROOT,
    bundle_option,
    keep_option,
    models_option,
    own_folder_option,
    resolve_bundle,
)
from cli.console import Output
from cli.options import GroupedCommand, in_group, json_option, output_options
from harness.errors import BenchmarkError

DEFAULTS = SoakSettings(folder=BENCH_FOLDER, bundle=ROOT)
FLAT = 0.05

EXAMPLE = """\b
Examples:
  ./cardwatch bench soak --json soak.json --plot soak.svg     an hour at 70 % of the capacity
  ./cardwatch bench soak --minutes 5 --per-s 1000             a rough idea

The trend is the change over the run by the slope of Theil and Sen, without the first sixth."""


_measured = in_group("Measurement")


@click.command("soak", cls=GroupedCommand, epilog=EXAMPLE)
@_measured(
    "--minutes",
    type=click.FloatRange(0.5),
    default=DEFAULTS.minutes,
    help="Length of the run in minutes.",
)
@_measured(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=DEFAULTS.share,
    help="Share of the capacity to send; the capacity is measured first.",
)
@_measured(
    "--per-s", type=click.IntRange(1), help="Number of payments a second, instead of --share."
)
@_measured(
    "--every-s",
    type=click.FloatRange(1),
    default=DEFAULTS.every_s,
    help="Seconds between two samples.",
)
@_measured(
    "--payments",
    type=click.IntRange(1_000),
    default=DEFAULTS.payments,
    help="Number of payments that measure the capacity.",
)
@_measured(
    "--warm-up",
    type=click.IntRange(0),
    default=DEFAULTS.warm_up,
    help="Number of payments that warm the job up.",
)
@bundle_option
@models_option
@own_folder_option
@in_group("Stack of the run")(
    "--plot",
    "plot_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SVG file for the plot of the run.",
)
@keep_option
@json_option
@output_options
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
    try:
        with out.steps() as step:
            found = run(settings, step)
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from None
    if plot_path is not None:
        from benchmarks.soak.plot import plot  # matplotlib is slow to import

        plot_path.write_text(plot(found), encoding="utf-8")
    _tell(found, json_path, out)


def _tell(found: Soak, json_path: str | None, out: Output) -> None:
    if json_path:
        out.json(json_path, found.to_json())
    if json_path != "-":
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
    if not found.complete:
        raise click.ClickException(
            "Some payments have no decision, or more than one: these figures do not count."
        )
