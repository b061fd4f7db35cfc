"""The figure of validation by which weights and a combination are chosen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sklearn.metrics import average_precision_score, roc_auc_score

from training.fit_settings import Targets, WeightsBy
from training.metrics import brier_score, card_precision
from training.split import DAY_MS
from training.trees import Floats, Ints

Goodness = Callable[[Floats], float]
"""From scores float32[n] to a figure of which more is better."""


def goodness(by: WeightsBy, targets: Targets, cards: Ints, times_ms: Ints) -> Goodness:
    """Return what judges scores of labelled payments, int8[n] of 0 and 1, by a figure.

    ``cards`` are numbers that stand for cards, ``times_ms`` epoch ms. The Brier score counts
    negative, since less of it is better.
    """
    match by:
        case "average_precision":
            return partial(average_precision_score, targets)
        case "auc_roc":
            return partial(roc_auc_score, targets)
        case "brier":
            return lambda scores: -brier_score(targets, scores)
        case "card_precision_at_100":
            days = times_ms // DAY_MS
            return lambda scores: card_precision(targets, scores, cards, days)
