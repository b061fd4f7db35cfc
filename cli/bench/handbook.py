"""`cardwatch bench handbook`: the Handbook's data through the running job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from benchmarks.handbook import HandbookResults, HandbookSettings, run
from benchmarks.judgement import Judgement
from cli.bench.options import (
    BENCH_FOLDER,
    JOB,
    ROOT,
    keep_option,
    own_folder_option,
    result_options,
)
from cli.console import Output, as_sentence
from cli.options import GroupedCommand, in_group
from cli.recording import Recorder
from events.levels import ALERT_LEVELS
from harness.calibration import Calibrations
from harness.errors import BenchmarkError
from harness.machine import provenance
from jobs.settings import ENGINES, Engine
from producer.files.layouts import LayoutError
from producer.values.rejects import RowRefusedError
from stack.installation import Installation
from training.errors import TrainingError

DATA = ROOT.parent / "shared" / "data" / "handbook.parquet"
DEFAULTS = HandbookSettings(data=DATA, folder=BENCH_FOLDER)

EXAMPLE = """\b
Example:
  ./cardwatch bench handbook --data handbook.parquet --json handbook.json

\b
The first days go through the job as history, as fast as it goes, and train a bundle. The days
after the history are sent at --rate and judged. Labels follow their payments by seven days."""

_days = in_group("Days and pace")


@click.command("handbook", cls=GroupedCommand, epilog=EXAMPLE)
@_days(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=DATA,
    show_default="../shared/data/handbook.parquet",
    help="File of the Handbook's simulated transactions.",
)
@_days(
    "--history-days",
    type=click.IntRange(1),
    default=DEFAULTS.history_days,
    help="Number of days to learn from.",
)
@_days(
    "--days",
    type=click.IntRange(1),
    default=DEFAULTS.stream_days,
    help="Number of days to stream and judge.",
)
@_days(
    "--rate",
    type=float,
    default=DEFAULTS.per_s,
    help="Number of streamed payments a second; 0 sends as fast as possible.",
)
@in_group(JOB)(
    "--engine", type=click.Choice(ENGINES), default=DEFAULTS.engine, help="Engine of the job."
)
@in_group(JOB)(
    "--only-known-labels/--all-labels",
    default=True,
    help="Learn from labels that had come when the history ends, or from all labels.",
)
@own_folder_option
@keep_option
@result_options
def handbook_command(
    data: Path,
    folder: Path,
    history_days: int,
    days: int,
    rate: float,
    engine: Engine,
    only_known_labels: bool,
    keep: bool,
    json_path: str | None,
    record: Recorder,
    out: Output,
) -> None:
    """Stream the Fraud Detection Handbook's data through the running job and judge the decisions.

    Needs the Handbook's file (--data). Learns from 30 days and streams the next 14. Prints figures
    of the stream beside those of an offline replay. Exits with 1 where the two differ in one bit.
    """
    settings = HandbookSettings(
        data=data,
        folder=folder.resolve(),
        history_days=history_days,
        stream_days=days,
        only_known_labels=only_known_labels,
        engine=engine,
        per_s=rate or None,
        keep=keep,
    )
    calibrations = Calibrations()
    with (
        as_sentence(BenchmarkError, TrainingError, LayoutError, RowRefusedError),
        out.steps() as step,
        calibrations.around("handbook"),
    ):
        results = run(settings, step)
    told = _to_json(results, settings, calibrations)
    out.result(json_path, told, lambda: _show(results, out))
    if not results.parity.equal:
        raise click.ClickException("The stream and its offline replay differ: see `parity`.")
    record("bench handbook", told, out)


def _to_json(
    results: HandbookResults, settings: HandbookSettings, calibrations: Calibrations
) -> dict[str, Any]:
    parity = results.parity
    return {
        **msgspec.to_builtins(results),
        "parity": {
            "payments": parity.payments,
            "lost": len(parity.lost),
            "doubled": len(parity.doubled),
            "unknown": len(parity.unknown),
            "out_of_order": len(parity.out_of_order),
            "features_differing": sum(parity.features_differing.values()),
            "scores_differing": parity.scores_differing,
        },
        "settings": {
            "history_days": settings.history_days,
            "stream_days": settings.stream_days,
            "label_delay_ms": settings.label_delay_ms,
            "only_known_labels": settings.only_known_labels,
            "engine": settings.engine,
            "rate_tx_per_s": settings.per_s,
        },
        "calibration_ms": round(calibrations.median_ms, 1),
        **msgspec.to_builtins(provenance(Installation())),
    }


def _show(results: HandbookResults, out: Output) -> None:
    """Print both judgements side by side, then parity, speed and alerts."""
    streamed, replayed = _figures(results.streamed), _figures(results.replayed)
    title = f"{results.streamed_payments:,} payments decided by {results.model}"
    out.table(
        ("", "streamed", "replayed offline"),
        [(name, streamed[name], replayed[name]) for name in streamed],
        title=title,
    )
    parity = results.parity
    out.table(
        ("", ""),
        [
            ("payments compared with the replay", f"{parity.payments:,}"),
            ("lost, doubled", f"{len(parity.lost)}, {len(parity.doubled)}"),
            ("features differing", sum(parity.features_differing.values())),
            ("scores differing", parity.scores_differing),
            ("history decided, payments/s", f"{results.history_tx_per_s:,.0f}"),
            ("stream decided, payments/s", f"{results.stream_tx_per_s:,.0f}"),
            *((f"{level} alerts", f"{count:,}") for level, count in results.alerts.items()),
        ],
    )


def _figures(one: Judgement) -> dict[str, str]:
    figures = {
        "payments": f"{one.payments:,}",
        "frauds": f"{one.frauds:,}",
        "average precision": f"{one.average_precision:.3f}",
        "AUC": f"{one.auc_roc:.3f}",
        "card precision at 100": f"{one.card_precision_at_100:.3f}",
    }
    for level in ALERT_LEVELS:
        precision = one.precision[level]
        figures[f"flagged at {level} or above"] = f"{one.flagged[level]:,}"
        figures[f"precision at {level}"] = "-" if precision is None else f"{precision:.3f}"
        figures[f"recall at {level}"] = f"{one.recall[level]:.3f}"
    return figures
