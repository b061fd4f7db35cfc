"""Decisions against the truth."""

from __future__ import annotations

from dataclasses import dataclass

from events.levels import ALERT_LEVELS
from scoring.bundle.manifest import Thresholds
from training.arrays import Floats, Ints
from training.fit_settings import Targets
from training.metrics.scores import evaluate


@dataclass(frozen=True)
class Judgement:
    """Ranking quality of the scores, and what each level catches.

    `precision` and `recall` are of everything at a level or above it; None where nothing is.
    """

    payments: int
    frauds: int
    average_precision: float
    auc_roc: float
    card_precision_at_100: float
    flagged: dict[str, int]
    precision: dict[str, float | None]
    recall: dict[str, float]


def judge(
    targets: Targets, scores: Floats, cards: Ints, times_ms: Ints, thresholds: Thresholds
) -> Judgement:
    """Judge n payments in order of time: int8[n] truth, float32[n] scores, cards, epoch ms.

    Both frauds and good payments must be among them.
    """
    found = evaluate(targets, scores, cards, times_ms)
    frauds = int(targets.sum())
    flagged = {level: scores >= edge for level, edge in thresholds.by_level.items()}
    hits = {level: int(targets[rows].sum()) for level, rows in flagged.items()}
    counts = {level: int(rows.sum()) for level, rows in flagged.items()}
    return Judgement(
        payments=len(targets),
        frauds=frauds,
        average_precision=found["average_precision"],
        auc_roc=found["auc_roc"],
        card_precision_at_100=found["card_precision_at_100"],
        flagged=counts,
        precision={lv: hits[lv] / counts[lv] if counts[lv] else None for lv in ALERT_LEVELS},
        recall={lv: hits[lv] / frauds for lv in ALERT_LEVELS},
    )
