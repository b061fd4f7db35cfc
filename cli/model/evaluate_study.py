"""`evaluate --study`: what models, balance and size cost and give, before the judged days."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from cli.console import Output, as_sentence
from cli.model.evaluation_data import SOURCE_ERRORS, DataSet, Step, load_history
from cli.recording import Recorder
from training.data.history import History
from training.data.prepare import Prepared, prepare
from training.errors import TrainingError
from training.evaluation.candidates import Columns, column_numbers
from training.evaluation.chosen import read_chosen
from training.evaluation.protocol import day
from training.evaluation.studies import Parts, StudyRow, balance_study, models_study, size_study
from training.fit_settings import FitSettings
from training.models.registry import MODELS

Study = Literal["models", "balance", "size"]
STUDIES: Final[dict[Study, Callable[[Parts, FitSettings, Step], list[StudyRow]]]] = {
    "models": models_study,
    "balance": balance_study,
    "size": size_study,
}
STUDY_ROWS: Final = 150_000


@dataclass(frozen=True)
class StudyOptions:
    """Options of a study: subject, number of payments and models, as given."""

    study: Study | None
    study_rows: int
    columns: Columns
    settings: Path | None
    jobs: int
    json_path: str | None


def run_study(
    data: DataSet, study: Study, options: StudyOptions, record: Recorder, out: Output
) -> None:
    """Study on the latest payments before the days that `evaluate` judges, print, write JSON."""
    started = time.perf_counter()
    with as_sentence(*SOURCE_ERRORS), out.steps() as step:
        settings = _settings(study, read_chosen(options.settings or data.settings).settings)
        settings = replace(settings, jobs=options.jobs)
        prepared = _prepared(data, load_history(data, step, out.say), options)
        parts = Parts(*(prepared.part(name) for name in ("train", "validation", "test")))
        rows = STUDIES[study](parts, settings, step)
    seconds = time.perf_counter() - started
    title = f"{data.source}: {study}"
    told: dict[str, Any] = {
        "title": title,
        "parts": msgspec.to_builtins(prepared.periods),
        "settings": msgspec.to_builtins(settings),
        "rows": msgspec.to_builtins(rows),
        "seconds": round(seconds, 1),
    }
    heading = f"{title}\n{_division(prepared)}"
    out.result(options.json_path, told, lambda: _show(heading, rows, out))
    out.say(f"{seconds:.0f} s in all.")
    record(f"evaluate {data.name} study {study}", told, out)


def _settings(study: Study, chosen: FitSettings) -> FitSettings:
    """Return settings whose weights are chosen on validation; every model for a study of them."""
    models = tuple(MODELS) if study == "models" else chosen.models
    return replace(chosen, models=models, weights=None, max_features=None)


def _prepared(data: DataSet, history: History, options: StudyOptions) -> Prepared:
    """Divide the latest payments before the judged days, without what comes after them."""
    earlier = history.before(data.test_begins_ms(history)).rows(slice(-options.study_rows, None))
    columns = column_numbers(earlier, options.columns)
    names = tuple(earlier.names[at] for at in columns)
    chosen = replace(earlier, names=names, features=earlier.features[:, columns])
    try:
        return prepare(chosen, data.label_delay_ms)
    except TrainingError as error:
        raise TrainingError(
            f"{error} The study has the latest {len(chosen.targets):,} payments before the judged "
            "days: raise --study-rows where there are more."
        ) from None


def _division(prepared: Prepared) -> str:
    """Say which payments were learnt from, chosen on and judged on."""
    told = [
        f"{name} {day(period.first_ms)} to {day(period.last_ms)}, {period.payments:,} payments "
        f"with {period.frauds:,} frauds"
        for name, period in prepared.periods.items()
    ]
    return f"before the days that `evaluate` judges: {'; '.join(told)}"


def _show(title: str, rows: list[StudyRow], out: Output) -> None:
    """Print a line for each model that was tried."""
    out.table(
        ("", "features", "trees", "leaves", "AUC", "AP", "Brier", "us a row", "fit s"),
        [
            (
                row.label,
                row.features,
                f"{row.trees:,}",
                f"{row.leaves:,}",
                f"{row.metrics['auc_roc']:.4f}",
                f"{row.metrics['average_precision']:.4f}",
                f"{row.metrics['brier']:.5f}",
                f"{row.microseconds:.1f}",
                f"{row.fit_seconds:.1f}",
            )
            for row in rows
        ],
        title=title,
    )
