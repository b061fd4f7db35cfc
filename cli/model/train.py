"""`cardwatch train`: history to a model bundle."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import click
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cli.console import Output
from cli.model.expectations import show_expectations
from cli.model.train_history import command_line, until
from cli.model.train_options import TrainOptions, train_options, write_settings
from cli.options import GroupedCommand
from events.errors import EventError
from features import warm_up
from features.money.rates import Rates, RatesError
from producer.files.form import AccountError
from producer.files.layouts import LayoutError
from producer.values.rejects import RowRefusedError
from scoring.bundle.manifest import Manifest
from scoring.loader import Bundle, BundleError, load_bundle
from scoring.path import payment_path
from training.data.history import History, table_sha256
from training.data.replay import replay
from training.errors import TrainingError
from training.packaging.pipeline import Origin, train
from training.packaging.tracking import Recorded, open_tracker

PLAIN_LINE_EVERY_S = 5.0
_NOT_PART_OF_THE_RECIPE = frozenset(
    {"out_folder", "version", "mlflow", "json_path", "quiet", "verbose"}
)

EXAMPLE = """\b
Examples:
  ./cardwatch train
  ./cardwatch train --data own.csv.gz --map card_id=card --map timestamp=at \\
      --map amount=sum --map merchant_id=shop --map is_fraud=bad --constant currency=EUR
  ./cardwatch train --data handbook.parquet --layout handbook --until 2018-06-01
  ./cardwatch train --models random_forest,xgboost,lightgbm --medium budget:200
  ./cardwatch train --data unlabelled.parquet --models isolation_forest
  ./cardwatch train --medium cost --high cost --review-cost 5 --block-cost 40
  ./cardwatch train --rates eurofxref-daily.xml --reference-currency USD

\b
Rarer settings of the models come from a file:
  ./cardwatch train --write-settings my.json      writes the defaults and explains each
  ./cardwatch train --settings my.json            reads them, after you changed the file
  echo '{"settings": {"forest_trees": 300}}' | ./cardwatch train --settings -

\b
Goals for --medium and --high, met on the validation part:
  share:0.01      alerts on 1 % of the payments
  budget:200      at most 200 alerts a day
  precision:0.9   as many alerts as 90 % frauds among the alerts allow
  recall:0.8      as few alerts as catch 80 % of the frauds
  cost            MEDIUM from where a review pays, HIGH from where blocking pays, by
                  --review-cost, --block-cost and --missed-share, in the reference currency

\b
What happens:
  The history is divided by time: train 60 %, a gap of --label-delay, validation 20 %, test 20 %.
  Weights, calibration and thresholds come from validation, the printed figures from test.
  Then the models are fitted again on all payments. The bundle is written only if its ONNX graph
  gives the same scores as the fitted models."""


@dataclass(frozen=True)
class _Replayed:
    """A replayed history with its cost."""

    history: History
    payments_per_s: float
    skipped_rows: int


@click.command("train", cls=GroupedCommand, epilog=EXAMPLE)
@train_options
@click.pass_context
def command(context: click.Context, options: TrainOptions, out: Output) -> None:
    """Train fraud models on past payments and write a model bundle for the job.

    Needs nothing: without --data the history is a generated world. With --data it needs a file of
    payments with labels. Writes a folder such as onnx_models/ensemble/2, which `./cardwatch submit`
    takes. Prints figures of the test part, the alert thresholds and the most used features.
    """
    if options.write_settings is not None:
        write_settings(options, out)
        return
    settings, source, destination = options.settings(), options.source(), options.destination()
    recipe = command_line(context, _NOT_PART_OF_THE_RECIPE)
    started = time.perf_counter()
    replayed: _Replayed | None = None
    try:
        settings.check()
        destination.resolve()
        place = options.mlflow_place()
        tracker = open_tracker(place) if place is not None else None
        with out.steps() as step:
            step(f"read {source}")
            table, skipped = source.table(out.say)
            table = until(table, options.until)
            replayed = _replay(table, skipped, options, step)
            origin = Origin(
                str(source), table_sha256(table), recipe, options.file_content(settings.fit)
            )
            folder = train(replayed.history, settings, origin, destination, step)
            bundle = load_bundle(folder)
            recorded = tracker.record(folder, bundle.manifest) if tracker else None
    except (
        TrainingError,
        EventError,
        LayoutError,
        AccountError,
        RowRefusedError,
        BundleError,
        RatesError,
    ) as error:
        left_out = replayed.history.left_out if replayed else ""
        raise click.ClickException(f"{error} {left_out}".rstrip()) from None
    seconds = time.perf_counter() - started
    if options.json_path:
        out.json(options.json_path, _to_json(bundle, replayed, recorded, seconds))
    if options.json_path != "-":
        _show(bundle, replayed, seconds, out)
        if recorded:
            out.say(
                f"Recorded in MLflow at {recorded.store}: run {recorded.run_id}, model "
                f"{recorded.model} version {recorded.version}"
            )


def _replay(
    table: pa.Table, skipped: int, options: TrainOptions, step: Callable[[str], None]
) -> _Replayed:
    """Replay the table; progress is a line every five seconds."""
    warm_up()
    started = next_line = time.perf_counter()

    def tell(done: int) -> None:
        nonlocal next_line
        now = time.perf_counter()
        if now >= next_line:
            next_line = now + PLAIN_LINE_EVERY_S
            step(f"replay {done:,} of {table.num_rows:,} payments, {done / (now - started):,.0f}/s")

    _tell_without_rate(table, options.rates(), step)
    history = replay(table, options.label_delay, tell, payment_path(options.rates()))
    if options.only_known_labels:
        history = _known_at_the_end(history, options.label_delay)
    rate = len(history.times_ms) / (time.perf_counter() - started)
    return _Replayed(history, rate, skipped)


def _tell_without_rate(table: pa.Table, rates: Rates, step: Callable[[str], None]) -> None:
    """Say how many payments have no rate, by currency: they are learnt from without amount."""
    counted = pc.value_counts(table["currency"]).to_pylist()
    without = {one["values"]: one["counts"] for one in counted}
    many = [f"{code} {count:,}" for code, count in without.items() if code not in rates.currencies]
    if many:
        step(
            f"no rate for payments in {', '.join(many)}, which are learnt from without their "
            f"amounts: a table that has these currencies goes to --rates"
        )


def _known_at_the_end(history: History, delay_ms: int) -> History:
    """Forget the labels that had not arrived at the end; TrainingError where that is all."""
    known = history.known_at(int(history.times_ms[-1]), delay_ms)
    if (history.targets >= 0).any() and not (known.targets >= 0).any():
        raise TrainingError(
            "With --only-known-labels no label is left, since none had arrived when the history "
            "ends: give a longer history, or a shorter --label-delay."
        )
    return known


def _to_json(
    bundle: Bundle, replayed: _Replayed, recorded: Recorded | None, seconds: float
) -> dict[str, object]:
    """Return what --json writes."""
    manifest = bundle.manifest
    known = replayed.history.targets[replayed.history.targets >= 0]
    return {
        "model": manifest.model,
        "path": str(bundle.path),
        "payments": len(replayed.history.targets),
        "payments_labelled": len(known),
        "frauds": int(known.sum()),
        "rows_skipped": replayed.skipped_rows,
        "payments_repeated": replayed.history.repeats,
        "payments_id_reused": replayed.history.reused,
        "features": len(manifest.features),
        "replay_payments_per_s": round(replayed.payments_per_s),
        "seconds": round(seconds, 1),
        "training": msgspec.to_builtins(manifest.training),
        "thresholds": msgspec.to_builtins(manifest.thresholds),
        "metrics": manifest.metrics,
        "against_best": msgspec.to_builtins(manifest.against_best),
        "parity": msgspec.to_builtins(manifest.parity),
        "exporter": manifest.exporter,
        "reference_currency": manifest.reference_currency,
        "rates_date": manifest.rates_date,
        "mlflow": asdict(recorded) if recorded else None,
    }


def _show(bundle: Bundle, replayed: _Replayed, seconds: float, out: Output) -> None:
    """Print the figures of the test part, the thresholds, and where the bundle is."""
    manifest = bundle.manifest
    if manifest.metrics:
        _show_metrics(manifest, out)
    show_expectations(manifest.thresholds, out)
    largest = sorted(manifest.features, key=lambda feature: -feature.importance)[:5]
    out.say(f"Most used features: {', '.join(feature.name for feature in largest)}")
    size = sum(path.stat().st_size for path in bundle.path.iterdir())
    out.say(
        f"{bundle.path}: {len(manifest.features)} features, {size / 1e6:.2f} MB, largest "
        f"difference to the fitted models {np.float32(manifest.parity.max_difference):.1g}, "
        f"{replayed.payments_per_s:,.0f} payments/s replayed, {seconds:.0f} s in all"
    )
    if replayed.history.left_out:
        out.say(replayed.history.left_out)


def _show_metrics(manifest: Manifest, out: Output) -> None:
    """Print the figures of the test part for the ensemble and for each model."""
    metrics = manifest.metrics
    test = manifest.training.test
    title = f"{manifest.model} on the test part: {test.payments:,} payments, {test.frauds:,} frauds"
    if manifest.training.refit:
        title += ", before the last fit"
    names = list(metrics["ensemble"])
    rows = [(name, *(f"{metrics[model][name]:.4f}" for model in metrics)) for name in names]
    out.table(("", *metrics), rows, title=title)
    weights = ", ".join(f"{member.name} {member.weight:.2f}" for member in manifest.members)
    out.say(f"Combined by {manifest.combination.method}: {weights}")
    if manifest.against_best is not None:
        out.say(f"{manifest.against_best}.")
    idle = [member.name for member in manifest.members if not member.weight]
    if idle:
        out.say(
            f"Without weight: {', '.join(idle)}. The score is in each decision and changes none; "
            "leave the model out with --models to save its time."
        )
    calibration = manifest.calibration
    if calibration is not None:
        out.say(
            f"Calibrated by {calibration.method}: Brier score {calibration.brier_before:.5f} "
            f"before, {calibration.brier_after:.5f} after"
        )
