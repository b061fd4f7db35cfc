"""Output of `models`: bundles and comparisons as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from cli.console import Output
from cli.model.models_registry import Comparison, Entry, describe_member
from events.levels import ALERT_LEVELS
from scoring.bundle.manifest import Manifest, Period

MOST_FEATURES = 10


def show_list(entries: Sequence[Entry], out: Output) -> None:
    """Print a line for each bundle, and why one must not score."""
    if not entries:
        out.say("There is no bundle: train one with `./cardwatch train`.")
        return
    out.table(
        ("bundle", "trained on", "inputs", "AUC", "AP", *ALERT_LEVELS, "MB", "valid"),
        [_line(entry) for entry in entries],
    )
    for entry in entries:
        if entry.error:
            out.say(f"{entry.reference}: {entry.error}")


def show_bundle(entry: Entry, manifest: Manifest, out: Output) -> None:
    """Print a manifest for a person; the features are cut to those that matter most."""
    data = manifest.training
    periods = (("train", data.train), ("validation", data.validation), ("test", data.test))
    out.table(
        ("", ""),
        [
            ("bundle", f"{manifest.model}, format {manifest.format_version}"),
            ("trained on", data.source),
            *((name, _period(period)) for name, period in periods),
            ("last fit", "on everything labelled" if data.refit else "on the train part"),
            ("inputs", f"{len(manifest.features)} of feature set {manifest.feature_set}"),
            *((one.name, f"{one.kind}, {describe_member(one)}") for one in manifest.members),
            ("combination", manifest.combination.method),
            ("calibration", manifest.calibration.method if manifest.calibration else "none"),
            *(
                (f"{level} from", f"{edge:.4f}")
                for level, edge in manifest.thresholds.by_level.items()
            ),
            ("thresholds", manifest.thresholds.method),
            ("made by", manifest.reproduction.command),
            ("exporter", manifest.exporter),
            ("libraries", ", ".join(f"{k} {v}" for k, v in manifest.libraries.items())),
            ("card", entry.card or "none: this bundle was written without one"),
        ],
    )
    rows = [
        (name, *(f"{figures[name]:.4f}" for figures in manifest.metrics.values()))
        for name in manifest.metrics.get("ensemble", {})
    ]
    if rows:
        out.table(("on the test part", *manifest.metrics), rows)
    largest = sorted(manifest.features, key=lambda feature: -feature.importance)[:MOST_FEATURES]
    out.table(
        ("input", "unit", "share of gain"),
        [(one.name, one.unit, f"{one.importance:.1%}") for one in largest],
    )


def show_comparison(comparison: Comparison, out: Output) -> None:
    """Print two bundles side by side."""
    one, two = comparison.one, comparison.two
    rows = [
        (name, f"{left:.4f}", f"{right:.4f}", f"{right - left:+.4f}")
        for name, (left, right) in comparison.figures().items()
    ]
    left_of, right_of = one.thresholds.by_level, two.thresholds.by_level
    edges = [(f"{level} from", left_of[level], right_of[level]) for level in ALERT_LEVELS]
    rows += [(n, f"{left:.4f}", f"{right:.4f}", f"{right - left:+.4f}") for n, left, right in edges]
    rows += [(name, left, right, "") for name, (left, right) in comparison.members().items()]
    counts = len(one.features), len(two.features)
    rows.append(("inputs", str(counts[0]), str(counts[1]), f"{counts[1] - counts[0]:+d}"))
    out.table(("", one.model, two.model, "difference"), rows)
    for side in (one, two):
        out.results.print(f"{side.model}: {side.thresholds.method}")
    out.results.print(f"inputs added: {_names(comparison.features_added)}")
    out.results.print(f"inputs removed: {_names(comparison.features_removed)}")
    if not comparison.same_test:
        out.say(
            "They were judged on different payments, so the differences are not of the models "
            "alone: judge both on one file with `./cardwatch evaluate`."
        )


def show_verified(entries: Sequence[Entry], out: Output) -> None:
    """Print a line for each bundle that is whole."""
    for entry in entries:
        if entry.manifest is not None and entry.error is None:
            files = len(entry.manifest.files)
            out.results.print(
                f"{entry.reference}: manifest and {files} files as their hashes say, golden "
                f"scores within {entry.golden_difference:.1g}"
                if entry.sealed
                else f"{entry.reference}: {files} files as their hashes say, golden scores within "
                f"{entry.golden_difference:.1g}; format {entry.manifest.format_version} has no "
                "hash of the manifest"
            )


def _line(entry: Entry) -> tuple[object, ...]:
    """Return an entry's row of the list; dashes where its manifest cannot be read."""
    size, valid = f"{entry.size_bytes / 1e6:.2f}", "no" if entry.error else "yes"
    if entry.manifest is None:
        return (entry.reference, *["-"] * 6, size, valid)
    manifest = entry.manifest
    figures = manifest.metrics.get("ensemble", {})
    data = manifest.training
    return (
        entry.reference,
        f"{_day(data.train.first_ms)} to {_day(data.test.last_ms)}",
        len(manifest.features),
        *(
            f"{figures[name]:.4f}" if name in figures else "-"
            for name in ("auc_roc", "average_precision")
        ),
        f"{manifest.thresholds.medium:.4f}",
        f"{manifest.thresholds.high:.4f}",
        size,
        valid,
    )


def _period(period: Period) -> str:
    days = f"{_day(period.first_ms)} to {_day(period.last_ms)}"
    return f"{days}, {period.payments:,} payments, {period.frauds:,} frauds"


def _day(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).date().isoformat()


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
