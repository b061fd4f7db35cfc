"""`cardwatch parity`: the proof that the stream computes what training computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cli.bench.options import resolve_bundle, result_options, stack_options
from cli.console import Output, as_sentence
from cli.options import GroupedCommand, in_group
from cli.recording import Recorder
from features.catalogue import CARD_FEATURES, FEATURE_NAMES
from harness.errors import BenchmarkError
from jobs.settings import DEFAULT_ENGINE, ENGINES, Engine
from producer.files.data_sets import LAYOUTS
from producer.files.layouts import LayoutError
from producer.values.rejects import RowRefusedError
from verify.parity.compare import ParityReport
from verify.parity.difference import Difference
from verify.parity.run import ParityResults, ParitySettings, run

EXAMPLE = """\b
Examples:
  ./cardwatch parity
  ./cardwatch parity --engine pyflink --payments 100000 --json parity.json
  ./cardwatch parity --data handbook.parquet --layout handbook --payments 50000

\b
What it proves:
  The payments arrive in disorder: interleaved out of order, 2 % late by up to three days, 3 %
  sent twice, labels late and taken back. Every feature and score of every decision is compared
  bit for bit with a replay in the order of the sequence numbers in decisions and label receipts.
  The card's features are also compared with a replay that knows only the order of the topic.
  -v shows every feature.

\b
Exit status 1:
  a bit differs, or a decision is missing, doubled or out of order"""

_BY_FEATURE = ("features", "card_features_by_topic_order", "scores")
"""Keys with a difference for each feature, all of them nothing in a run that is recorded."""

_payments = in_group("Payments")
_job = in_group("Job")


@click.command("parity", cls=GroupedCommand, epilog=EXAMPLE)
@_payments(
    "--payments", type=click.IntRange(1), default=20_000, help="Number of payments to stream."
)
@_payments(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV or Parquet file of payments in order of time, of which a share of the cards is "
    "taken. Default: the world of `produce world`.",
)
@_payments(
    "--layout", type=click.Choice(tuple(LAYOUTS)), help="Name of the data set that --data holds."
)
@_payments(
    "--seed", type=click.IntRange(0), default=0, help="Seed of the payments and of the disorder."
)
@_job("--engine", type=click.Choice(ENGINES), default=DEFAULT_ENGINE, help="Engine of the job.")
@_job(
    "--parallelism", type=click.IntRange(1), default=2, help="Parallelism of each stage of the job."
)
@stack_options
@result_options
def command(
    payments: int,
    parallelism: int,
    engine: Engine,
    data: Path | None,
    layout: str | None,
    seed: int,
    bundle: str,
    models: Path,
    folder: Path,
    keep: bool,
    json_path: str | None,
    record: Recorder,
    out: Output,
) -> None:
    """Prove that the stream computes, bit for bit, what training computes.

    Needs nothing: payments go through the real job on a stack of its own, and an offline replay
    computes the same features and scores. Prints how many differ.
    """
    if (data is None) != (layout is None):
        raise click.UsageError("--data and --layout go together: a file, and how its columns mean.")
    settings = ParitySettings(
        folder=folder.resolve(),
        bundle=resolve_bundle(models, bundle),
        payments=payments,
        parallelism=parallelism,
        engine=engine,
        data=data,
        layout=layout,
        seed=seed,
        keep=keep,
    )
    with as_sentence(BenchmarkError, LayoutError, RowRefusedError), out.steps() as step:
        results = run(settings, step)
    told = to_json(results, settings)
    out.result(json_path, told, lambda: show(results, out))
    if not results.report.equal:
        raise click.ClickException("The stream and its offline replays differ: see the table.")
    record("parity", told, out, without=_BY_FEATURE)


def to_json(results: ParityResults, settings: ParitySettings) -> dict[str, Any]:
    """Return what --json writes."""
    report, sent = results.report, results.sent
    return {
        "payments": report.payments,
        "features_differing": sum(report.features_differing.values()),
        "scores_differing": report.scores_differing,
        "card_features_differing_by_topic_order": sum(report.card_features_differing.values()),
        "lost": len(report.lost),
        "doubled": len(report.doubled),
        "unknown": len(report.unknown),
        "out_of_order": len(report.out_of_order),
        "misplaced": report.misplaced,
        "labels": report.labels,
        "labels_lost": report.labels_lost,
        "labels_doubled": report.labels_doubled,
        "receipts_differing": report.receipts_differing,
        "equal": report.equal,
        "model": results.model,
        "sent": {
            "late": sent.late,
            "repeats": sent.repeats,
            "late_labels": sent.late_labels,
            "corrections": sent.corrections,
        },
        "settings": {
            "parallelism": settings.parallelism,
            "engine": settings.engine,
            "data": settings.data.name if settings.data else "world",
            "seed": settings.seed,
        },
        "features": _plain(report.features),
        "card_features_by_topic_order": _plain(report.card_features),
        "scores": _plain(report.scores),
    }


def _plain(found: Mapping[str, Difference]) -> dict[str, dict[str, float]]:
    return {name: asdict(each) for name, each in found.items()}


def show(results: ParityResults, out: Output) -> None:
    """Print what was lost or doubled, then the table of differences."""
    report, sent = results.report, results.sent
    out.table(
        ("", ""),
        [
            ("payments", f"{report.payments:,}"),
            ("late, sent twice", f"{sent.late:,}, {sent.repeats:,}"),
            ("labels", f"{report.labels:,}"),
            ("late, corrections", f"{sent.late_labels:,}, {sent.corrections:,}"),
            ("lost, doubled, unknown", _counts(report.lost, report.doubled, report.unknown)),
            ("labels lost, doubled", f"{report.labels_lost}, {report.labels_doubled}"),
            ("receipts that differ", report.receipts_differing),
            ("out of order", _some(report.out_of_order)),
            ("not at their place in the topic", report.misplaced),
        ],
        title=f"{results.model}: the stream against its offline replays",
    )
    columns = ("", "compared", "differing", "largest difference", "missing on one side")
    out.table(columns, _rows(report, out.verbose))


def _rows(report: ParityReport, every: bool) -> list[tuple[str, ...]]:
    """Return a line for each group, and one for each feature that differs, or for every one."""
    card, own = len(CARD_FEATURES), report.features
    groups = {
        "payment and card features, by sequence": {k: own[k] for k in FEATURE_NAMES[:card]},
        "merchant features, by sequence": {k: own[k] for k in FEATURE_NAMES[card:]},
        "payment and card features, by topic order": report.card_features,
        "scores": report.scores,
    }
    rows = []
    for title, found in groups.items():
        rows.append(_row(f"{len(found)} {title}", _total(found)))
        shown = {k: one for k, one in found.items() if every or one.differing}
        rows.extend(_row(f"  {name}", one) for name, one in shown.items())
    return rows


def _total(found: Mapping[str, Difference]) -> Difference:
    """Sum up the columns of a group."""
    columns = found.values()
    return Difference(
        compared=sum(one.compared for one in columns),
        differing=sum(one.differing for one in columns),
        largest=max((one.largest for one in columns), default=0.0),
        one_missing=sum(one.one_missing for one in columns),
    )


def _row(name: str, one: Difference) -> tuple[str, ...]:
    return name, f"{one.compared:,}", f"{one.differing:,}", f"{one.largest:g}", str(one.one_missing)


def _counts(*names: list[str]) -> str:
    return ", ".join(str(len(each)) for each in names)


def _some(names: list[str]) -> str:
    """Name the first few."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{len(names)}{': ' if names else ''}{', '.join(names[:3])}{more}"
