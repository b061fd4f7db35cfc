"""Tables of the models: published protocols, studies, kinds of attack, and a streamed data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from benchmarks.figures.cells import MISSING, at, count, percent
from benchmarks.figures.table import Results, Row, Table
from harness.targets import Target
from training.metrics.figures import AUC, AVERAGE_PRECISION, BRIER, CARD_PRECISION, RECALL

HANDBOOK: Final = "evaluate handbook"
SPARKOV: Final = "evaluate sparkov"
WORLD: Final = "evaluate world"
STREAMED: Final = "bench handbook"
STUDIES: Final = {study: f"{HANDBOOK} study {study}" for study in ("models", "balance", "size")}

COMMANDS: Final = {
    HANDBOOK: "./cardwatch evaluate handbook --train-days 35 --record",
    SPARKOV: "./cardwatch evaluate sparkov --resamples 200 --record",
    WORLD: "./cardwatch evaluate world --payments 200000 --record",
    STREAMED: "./cardwatch bench handbook --all-labels --record",
    **{
        run: f"./cardwatch evaluate handbook --study {study} --study-rows 300000 --jobs 1 --record"
        for study, run in STUDIES.items()
    },
}
"""The run of each name, with the command that records it."""

AIMS: Final = {
    HANDBOOK: {
        AUC: Target(AUC, "", (0.89,), at_least=True),
        AVERAGE_PRECISION: Target(AVERAGE_PRECISION, "", (0.765,), at_least=True),
        CARD_PRECISION: Target(CARD_PRECISION, "", (0.315,), at_least=True),
    },
    SPARKOV: {
        AVERAGE_PRECISION: Target(AVERAGE_PRECISION, "", (0.97,), at_least=True),
        RECALL: Target(RECALL, "", (0.95,), at_least=True),
    },
}
"""The goal of each figure of a data set."""

_NAMES: Final = {
    "ensemble": "**ensemble, one bundle**",
    "random_forest": "random forest of the ensemble alone",
    "xgboost": "XGBoost of the ensemble alone",
    "ensemble_35_days": "ensemble learnt from 35 days, not the protocol's 7",
    "baseline": "baseline: the Handbook's features, XGBoost",
}
_BEST: Final = "best of any configuration"


def _judged(results: Results, run: str, names: tuple[str, ...]) -> Iterator[Row]:
    """Yield a row for each model, then what others published, and the goals."""
    found = results[run]
    for model, figures in (at(found, "models") or {}).items():
        yield _NAMES.get(model, model), *(_cell(at(figures, name)) for name in names)
    for row in at(found, "published") or ():
        if row["name"] == _BEST:
            cells = (count(at(row, "figures", name), 3) for name in names)
            yield "best published, each figure of another model", *cells
    aims = AIMS[run]
    means = {name: at(found, "models", "ensemble", name, "mean") for name in names}
    yield "target of the ensemble", *(_aim(aims.get(name), means[name]) for name in names)


def _cell(told: Mapping[str, Any] | None) -> str:
    """Return a mean with its deviation over folds and its interval over cards.

    >>> _cell({"mean": 0.8867, "std": 0.0121, "ci95": [0.873, 0.901]})
    '0.8867 ± 0.0121 [0.873, 0.901]'
    """
    if not told:
        return MISSING
    spread = "" if told.get("std") is None else f" ± {told['std']:.4f}"
    interval = told.get("ci95")
    between = "" if interval is None else f" [{interval[0]:.3f}, {interval[1]:.3f}]"
    return f"{told['mean']:.4g}{spread}{between}"


def _aim(target: Target | None, value: float | None) -> str:
    return MISSING if target is None or value is None else target.verdict(value)


def _handbook(results: Results) -> Iterator[Row]:
    return _judged(results, HANDBOOK, (AUC, AVERAGE_PRECISION, CARD_PRECISION))


def _sparkov(results: Results) -> Iterator[Row]:
    return _judged(results, SPARKOV, (AUC, AVERAGE_PRECISION, RECALL))


def _studies(results: Results) -> Iterator[Row]:
    for study, run in STUDIES.items():
        for row in at(results[run], "rows") or ():
            metrics = row["metrics"]
            yield (
                study,
                row["label"],
                count(metrics[AUC], 3),
                count(metrics[AVERAGE_PRECISION], 3),
                count(metrics[BRIER], 4),
                count(row["microseconds"], 1),
            )


def _world(results: Results) -> Iterator[Row]:
    found = results[WORLD]
    pairs = zip(
        at(found, "by_payments", "rows") or (), at(found, "by_cases", "rows") or (), strict=True
    )
    for one, other in pairs:
        yield (
            f"`{one['scenario']}`",
            count(one["frauds"]),
            f"{percent(one['recall'])}, {percent(other['recall'])}",
            count(one["episodes"]),
            f"{percent(one['episodes_caught'])}, {percent(other['episodes_caught'])}",
        )


def _world_in_all(results: Results) -> Iterator[Row]:
    """Yield what holds for all kinds of attack together."""
    found = at(results[WORLD], "by_payments")
    yield "payments that are judged", count(at(found, "payments"))
    yield "frauds among them", count(at(found, "frauds"))
    yield "AUC", count(at(found, AUC), 3)
    yield "average precision", count(at(found, AVERAGE_PRECISION), 3)


def _streamed(results: Results) -> Iterator[Row]:
    found = results[STREAMED]
    for name, key in (
        ("AUC", "auc_roc"),
        ("average precision", "average_precision"),
        ("card precision at 100", "card_precision_at_100"),
    ):
        streamed, replayed = (at(found, side, key) for side in ("streamed", "replayed"))
        yield name, count(streamed, 3), count(replayed, 3)
    yield "payments compared with the replay", count(at(found, "parity", "payments")), ""
    for key in ("lost", "doubled", "features_differing", "scores_differing"):
        yield key.replace("_", " "), count(at(found, "parity", key)), ""


MODEL_TABLES: Final = {
    "evaluate-handbook": Table(
        ("model", "AUC", "average precision", "card precision at 100"),
        {HANDBOOK: COMMANDS[HANDBOOK]},
        _handbook,
    ),
    "evaluate-sparkov": Table(
        ("model", "AUC", "average precision", "recall at 0.1 % false positives"),
        {SPARKOV: COMMANDS[SPARKOV]},
        _sparkov,
    ),
    "studies": Table(
        ("study", "row", "AUC", "average precision", "Brier", "us a payment"),
        {run: COMMANDS[run] for run in STUDIES.values()},
        _studies,
    ),
    "world-in-all": Table(("figure", "measured"), {WORLD: COMMANDS[WORLD]}, _world_in_all),
    "world": Table(
        (
            "scenario",
            "frauds",
            "recall, by payments and by cases",
            "attacked cards",
            "alerted within five frauds, by payments and by cases",
        ),
        {WORLD: COMMANDS[WORLD]},
        _world,
    ),
    "handbook-stream": Table(
        ("figure", "streamed", "replayed offline"), {STREAMED: COMMANDS[STREAMED]}, _streamed
    ),
}
