"""`cardwatch bench compare`: two ways of running the job against each other, in both orders."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from benchmarks.comparison import (
    DIRECT,
    ORDINARY,
    Comparison,
    ComparisonSettings,
    Variant,
    compare,
)
from benchmarks.errors import BenchmarkError
from cli.bench_options import (
    BENCH_FOLDER,
    ROOT,
    bundle_option,
    keep_option,
    models_option,
    own_folder_option,
    resolve_bundle,
)
from cli.console import Output
from cli.options import json_option, option, output_options
from jobs.settings import PROFILES, Profile

DEFAULTS = ComparisonSettings(folder=BENCH_FOLDER, bundle=ROOT)

EXAMPLE = """\b
Examples:
  ./cardwatch bench compare                                  both return paths (docs/adr/0018)
  ./cardwatch bench compare --a "--linger-ms 1" --b "--linger-ms 5"
  ./cardwatch bench compare --profile throughput --a "--batch-size 512" --b "--batch-size 64"

What --a and --b take are arguments of jobs/fraud_detection.py."""


@click.command("compare", epilog=EXAMPLE)
@own_folder_option
@bundle_option
@models_option
@option("--a", "first", default=" ".join(ORDINARY.arguments), help="Job arguments of one variant.")
@option("--b", "second", default=" ".join(DIRECT.arguments), help="Job arguments of the other.")
@option("--profile", type=click.Choice(PROFILES), default=DEFAULTS.profile, help="Of the job.")
@option("--payments", type=click.IntRange(1_000), default=DEFAULTS.payments, help="In each run.")
@option("--warm-up", type=click.IntRange(0), default=DEFAULTS.warm_up, help="Payments before them.")
@option("--heating", type=click.IntRange(0), default=DEFAULTS.heating, help="Unmeasured runs.")
@keep_option
@json_option
@output_options
def compare_command(
    folder: Path,
    bundle: str,
    models: Path,
    first: str,
    second: str,
    profile: Profile,
    payments: int,
    warm_up: int,
    heating: int,
    keep: bool,
    json_path: str | None,
    out: Output,
) -> None:
    """Measure two variants of the job on one warm stack, in the order A B B A.

    The exit status is 1 where a decision was lost or doubled.
    """
    settings = ComparisonSettings(
        folder=folder.resolve(),
        bundle=resolve_bundle(models, bundle),
        variants=(_variant(first), _variant(second)),
        payments=payments,
        warm_up=warm_up,
        heating=heating,
        profile=profile,
        keep=keep,
    )
    try:
        with out.steps() as step:
            found = compare(settings, step)
    except BenchmarkError as error:
        raise click.ClickException(str(error)) from None
    _tell(found, json_path, out)


def _variant(arguments: str) -> Variant:
    return Variant(arguments.strip() or "as shipped", tuple(shlex.split(arguments)))


def _tell(found: Comparison, json_path: str | None, out: Output) -> None:
    if json_path:
        out.json(json_path, found.to_json())
    if json_path != "-":
        out.table(
            ("variant", "payments/s", "CPU us a payment", "broker's", "runs, payments/s"),
            [
                (
                    name,
                    f"{found.tx_per_s(name):,.0f}",
                    f"{found.cpu_us_per_payment(name):.0f}",
                    f"{found.cpu_us_per_payment(name, 'broker'):.0f}",
                    ", ".join(f"{run.tx_per_s:,.0f}" for run in runs),
                )
                for name, runs in found.runs.items()
            ],
        )
        out.say(f"Calibration loop: {found.calibrations.median_ms:.0f} ms")
    if not found.complete:
        raise click.ClickException(
            "Some payments have no decision, or more than one: these figures do not count."
        )
