"""Output of an evaluation: tables, JSON, and a page with plots."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from cli.console import Output
from cli.model.evaluate_study import StudyOptions
from training.evaluation.chosen import Chosen
from training.fit_settings import WeightsBy
from training.metrics.figures import AUC, AVERAGE_PRECISION, BRIER, CARD_PRECISION, RECALL
from training.metrics.results import Evaluation, ModelResult, PublishedRow

_SHOWN = {
    AUC: "AUC",
    AVERAGE_PRECISION: "average precision",
    CARD_PRECISION: "card precision at 100",
    RECALL: "recall at 0.1 % false positives",
    BRIER: "Brier score",
}
_KB = 1024


@dataclass(frozen=True)
class JudgeOptions(StudyOptions):
    """Options of one call of `evaluate`."""

    resamples: int
    seed: int
    weights_by: WeightsBy | None
    html_path: Path | None


def show(evaluation: Evaluation, chosen: Chosen, out: Output) -> None:
    """Print the folds, then each model's figures with the published ones below."""
    out.table(
        ("fold", "learnt from", "payments", "frauds", "judged on", "payments", "frauds"),
        [
            (
                fold.name,
                " to ".join(fold.train_days),
                f"{fold.train_payments:,}",
                f"{fold.train_frauds:,}",
                " to ".join(fold.test_days),
                f"{fold.test_payments:,}",
                f"{fold.test_frauds:,}",
            )
            for fold in evaluation.folds
        ],
        title=f"{evaluation.title}\n{evaluation.protocol}",
    )
    spread = "± deviation over folds, " if len(evaluation.folds) > 1 else ""
    out.table(
        ("model", *_SHOWN.values()),
        [
            *(
                (model.name, *(_cell(model, name) for name in _SHOWN))
                for model in evaluation.models
            ),
            *(
                (row.name, *(_published(row, name) for name in _SHOWN))
                for row in evaluation.published
            ),
        ],
        title=f"\nMean over folds {spread}[95 % interval over cards]",
    )
    if evaluation.against_best is not None:
        out.results.print(f"{evaluation.against_best}.")
    for model in evaluation.models:
        out.say(f"{model.name}: {model.description}")
    for source in sorted({row.source for row in evaluation.published}):
        names = ", ".join(row.name for row in evaluation.published if row.source == source)
        out.say(f"{names}: {source}")
    out.say(_settings(chosen))


def _cell(model: ModelResult, name: str) -> str:
    """Say a figure with its deviation over folds and its interval."""
    text = f"{model.mean(name):.4f}"
    deviation = model.deviation(name)
    if deviation is not None:
        text += f" ± {deviation:.4f}"
    if name in model.intervals:
        low, high = model.intervals[name]
        text += f" \\[{low:.3f}, {high:.3f}]"
    return text


def _published(row: PublishedRow, name: str) -> str:
    """Say a published figure with its deviation, - where there is none."""
    if name not in row.figures:
        return "-"
    spread = f" ± {row.spread[name]:.2f}" if name in row.spread else ""
    return f"{row.figures[name]:.3f}{spread}"


def _settings(chosen: Chosen) -> str:
    """Say where the settings of the ensemble come from."""
    found = chosen.found
    if found is None:
        return "Settings of the ensemble: the defaults; `./cardwatch tune` searches better ones."
    return (
        f"Settings of the ensemble: chosen by {found.objective} on {len(found.folds)} validation "
        f"folds in {found.trials} trials, {found.seconds:.0f} s, seed {found.seed}."
    )


def to_json(
    evaluation: Evaluation, chosen: Chosen, options: JudgeOptions, seconds: float
) -> dict[str, Any]:
    """Return what --json writes."""
    return {
        "title": evaluation.title,
        "protocol": evaluation.protocol,
        "folds": msgspec.to_builtins(evaluation.folds),
        "models": {model.name: _model(model) for model in evaluation.models},
        "against_best": msgspec.to_builtins(evaluation.against_best),
        "published": msgspec.to_builtins(evaluation.published),
        "settings": msgspec.to_builtins(chosen.settings),
        "settings_found": msgspec.to_builtins(chosen.found),
        "features": options.columns,
        "resamples": options.resamples,
        "seed": options.seed,
        "seconds": round(seconds, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB),
    }


def _model(model: ModelResult) -> dict[str, Any]:
    """Return a model's figures by name."""
    told: dict[str, Any] = {"description": model.description}
    for name in _SHOWN:
        told[name] = {
            "mean": model.mean(name),
            "std": model.deviation(name),
            "ci95": model.intervals.get(name),
            "folds": [fold[name] for fold in model.folds],
        }
    return told


def write_page(evaluation: Evaluation, path: Path) -> None:
    """Write the page with tables and plots."""
    from training.report import evaluation_page  # plots are slow to import

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(evaluation_page(evaluation), encoding="utf-8")
