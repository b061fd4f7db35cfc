"""Figures that the Fraud Detection Handbook published for its own data and protocol.

Le Borgne, Siblini, Lebichot, Bontempi: Reproducible Machine Learning for Credit Card Fraud
Detection - Practical Handbook, 2022. The rows are those of its summary tables called "Test
performance": for each figure the setting that was best by it on the validation folds, judged on the
four test folds, so the figures of one row need not come from one setting. The last row takes the
best figure of any configuration in those chapters, chosen on the test folds themselves.
"""

from __future__ import annotations

from typing import Final

from training.metrics.figures import AUC, AVERAGE_PRECISION, CARD_PRECISION
from training.metrics.results import PublishedRow

_NAMES: Final = (AUC, AVERAGE_PRECISION, CARD_PRECISION)
_SELECTION = "Handbook, Model selection"
_ENSEMBLES = "Handbook, Ensemble methods"
_NETWORK = "Handbook, Feed-forward neural networks"
_SEQUENCES = "Handbook, Sequential models"


def _row(
    name: str,
    source: str,
    figures: tuple[float, float, float],
    spread: tuple[float, float, float] | None = None,
) -> PublishedRow:
    spreads = dict(zip(_NAMES, spread, strict=True)) if spread else {}
    return PublishedRow(name, source, dict(zip(_NAMES, figures, strict=True)), spreads)


BEST_OF_ANY: Final = _row(
    "best of any configuration", "Handbook, chapters 5 to 7, each figure of another model",
    (0.879, 0.694, 0.305),
)  # fmt: skip

HANDBOOK: Final = (
    _row("Logistic regression", _NETWORK, (0.868, 0.623, 0.297), (0.02, 0.02, 0.01)),
    _row("Random forest", _SELECTION, (0.870, 0.678, 0.299), (0.02, 0.01, 0.01)),
    _row("XGBoost", _SELECTION, (0.869, 0.687, 0.303), (0.01, 0.01, 0.01)),
    _row("Balanced bagging", _ENSEMBLES, (0.879, 0.680, 0.305), (0.01, 0.01, 0.01)),
    _row("Balanced random forest", _ENSEMBLES, (0.872, 0.677, 0.302), (0.02, 0.01, 0.01)),
    _row("Weighted XGBoost", _ENSEMBLES, (0.872, 0.687, 0.300), (0.01, 0.01, 0.01)),
    _row("Neural network", _NETWORK, (0.876, 0.675, 0.303), (0.01, 0.01, 0.02)),
    _row("LSTM", _SEQUENCES, (0.876, 0.665, 0.297), (0.02, 0.02, 0.01)),
    _row("LSTM with attention", _SEQUENCES, (0.874, 0.667, 0.295), (0.02, 0.01, 0.01)),
    BEST_OF_ANY,
)
