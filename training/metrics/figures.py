"""The figures that a fold is judged by."""

from __future__ import annotations

from typing import Final

from sklearn.metrics import average_precision_score, roc_auc_score

from training.arrays import Floats, Ints
from training.data.split import DAY_MS
from training.fit_settings import Targets
from training.metrics.scores import brier_score, card_precision, recall_at_false_positives

AUC: Final = "auc_roc"
AVERAGE_PRECISION: Final = "average_precision"
CARD_PRECISION: Final = "card_precision_at_100"
RECALL: Final = "recall_at_0_1_percent_fpr"
BRIER: Final = "brier"
FIGURES: Final = (AUC, AVERAGE_PRECISION, CARD_PRECISION, RECALL, BRIER)
FALSE_POSITIVES: Final = 0.001


def judge(targets: Targets, scores: Floats, cards: Ints, times_ms: Ints) -> dict[str, float]:
    """Judge scores float32[n] against targets int8[n] of 0 and 1, both of which must occur.

    ``cards`` are numbers that stand for cards, ``times_ms`` epoch ms; a day is one of UTC. The
    Brier score is the mean squared difference of score and target: lower is better.
    """
    return {
        AUC: float(roc_auc_score(targets, scores)),
        AVERAGE_PRECISION: float(average_precision_score(targets, scores)),
        CARD_PRECISION: card_precision(targets, scores, cards, times_ms // DAY_MS),
        RECALL: recall_at_false_positives(targets, scores, FALSE_POSITIVES),
        BRIER: brier_score(targets, scores),
    }
