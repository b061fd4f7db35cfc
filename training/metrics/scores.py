"""Ranking quality of scores: the figures of the manifest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    roc_auc_score,
    roc_curve,
)

from training.arrays import Floats, Ints
from training.fit_settings import Targets

CARDS_A_DAY = 100
TOP_SHARE = 0.001
_DAY_MS = 86_400_000


def evaluate(targets: Targets, scores: Floats, cards: Ints, times_ms: Ints) -> dict[str, float]:
    """Judge scores float32[n] against targets int8[n]; cards are numbers, times epoch ms.

    Returns AUC, average precision, precision among the top thousandth of payments, recall where
    1 % of good payments are flagged, card precision at 100 a day, and the Brier score, which alone
    is better when lower. Both classes must occur.
    """
    return {
        "auc_roc": float(roc_auc_score(targets, scores)),
        "average_precision": float(average_precision_score(targets, scores)),
        "precision_at_top_0_1_percent": precision_at_share(targets, scores, TOP_SHARE),
        "recall_at_1_percent_fpr": recall_at_false_positives(targets, scores, 0.01),
        "card_precision_at_100": card_precision(targets, scores, cards, times_ms // _DAY_MS),
        "brier": brier_score(targets, scores),
    }


def brier_score(targets: Targets, scores: Floats) -> float:
    """Return the mean squared difference of scores float32[n] from 0 to 1 and targets.

    >>> brier_score(np.int8([0, 1]), np.float32([0.5, 1.0]))
    0.125
    """
    return float(brier_score_loss(targets, scores))


def precision_at_share(targets: Targets, scores: Floats, share: float) -> float:
    """Return the precision among the highest share of n payments, at least one payment.

    >>> precision_at_share(np.int8([0, 1, 0, 1]), np.float32([0.1, 0.9, 0.8, 0.2]), 0.5)
    0.5
    """
    top = max(1, round(share * len(targets)))
    return float(targets[np.argsort(-scores, kind="stable")[:top]].mean())


def recall_at_false_positives(targets: Targets, scores: Floats, rate: float) -> float:
    """Return the highest recall among thresholds with at most this false-positive rate."""
    false_positives, recalls, _ = roc_curve(targets, scores, drop_intermediate=False)
    return float(recalls[false_positives <= rate].max())


def card_precision(
    targets: Targets,
    scores: Floats,
    cards: Ints,
    days: npt.NDArray[np.int64],
    cards_a_day: int = CARDS_A_DAY,
) -> float:
    """Return the mean over days of the share of compromised cards among the day's top cards.

    A card counts with its highest score of the day; a card caught on one day is not looked at on
    later days. (Fraud Detection Handbook, chapter 4, card precision top-k.)
    """
    caught: set[int] = set()
    precisions = []
    for day in np.unique(days):
        rows = np.flatnonzero(days == day)
        rows = rows[~np.isin(cards[rows], list(caught))] if caught else rows
        top, hit = _top_cards(targets[rows], scores[rows], cards[rows], cards_a_day)
        caught.update(top[hit].tolist())
        precisions.append(hit.sum() / cards_a_day)
    return float(np.mean(precisions))


def _top_cards(
    targets: Targets, scores: Floats, cards: Ints, count: int
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the day's top cards by highest score, and which of them had a fraud that day."""
    names, places = np.unique(cards, return_inverse=True)
    best = np.full(len(names), -np.inf, dtype=np.float32)
    np.maximum.at(best, places, scores)
    compromised = np.zeros(len(names), dtype=np.bool_)
    np.logical_or.at(compromised, places, targets > 0)
    top = np.argsort(-best, kind="stable")[:count]
    return names[top], compromised[top]
