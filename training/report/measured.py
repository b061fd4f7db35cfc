"""What a card says of the test part: confusion at the thresholds, and each kind of payment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, brier_score_loss

from training.fit import Targets
from training.segments import Segments
from training.trees import Floats

LEVELS = ("LOW", "MEDIUM", "HIGH")
FEWEST_FRAUDS = 10


@dataclass(frozen=True)
class Measured:
    """The test part as the models that were judged saw it.

    ``targets`` is int8[n] of 0 and 1, ``scores`` float32[n] of the whole ensemble, ``models`` the
    same of each member; ``segments`` divide the n payments.
    """

    targets: Targets
    scores: Floats
    models: Mapping[str, Floats]
    segments: tuple[Segments, ...] = ()

    def curves(self) -> dict[str, Floats]:
        """Return every score by name, the ensemble first."""
        return {"ensemble": self.scores, **self.models}

    def brier(self) -> dict[str, float]:
        """Return each score's mean squared difference from the target."""
        return {
            name: float(brier_score_loss(self.targets, np.clip(scores, 0, 1)))
            for name, scores in self.curves().items()
        }


@dataclass(frozen=True)
class LevelRow:
    """One risk level: payments in it, frauds among them, and what alerting from it on up gives."""

    level: str
    good: int
    frauds: int
    alerts: int
    precision: float | None
    recall: float
    false_positive_rate: float


@dataclass(frozen=True)
class SegmentRow:
    """One kind of payment; average precision is None below ten frauds, where it says little."""

    value: str
    payments: int
    frauds: int
    alerts: int
    precision: float | None
    recall: float | None
    average_precision: float | None


def confusion(measured: Measured, medium: float, high: float) -> list[LevelRow]:
    """Count frauds and good payments at each level, HIGH first."""
    frauds = measured.targets > 0
    placed = np.digitize(measured.scores, [medium, high])
    rows = []
    for place in (2, 1, 0):
        here, above = placed == place, placed >= place
        caught, alerts = int((above & frauds).sum()), int(above.sum())
        rows.append(
            LevelRow(
                level=LEVELS[place],
                good=int((here & ~frauds).sum()),
                frauds=int((here & frauds).sum()),
                alerts=alerts,
                precision=_ratio(caught, alerts),
                recall=caught / max(1, int(frauds.sum())),
                false_positive_rate=(alerts - caught) / max(1, int((~frauds).sum())),
            )
        )
    return rows


def segment_rows(measured: Measured, medium: float) -> Iterator[tuple[str, list[SegmentRow]]]:
    """Yield each division's name and one row for each kind that occurs; alerts are from MEDIUM."""
    for one in measured.segments:
        kinds = [(value, one.codes == code) for code, value in enumerate(one.values)]
        yield one.name, [_row(measured, value, here, medium) for value, here in kinds if here.any()]


def _row(measured: Measured, value: str, here: npt.NDArray[np.bool_], medium: float) -> SegmentRow:
    targets, scores = measured.targets[here], measured.scores[here]
    alerts, frauds = scores >= medium, int(targets.sum())
    caught = int(targets[alerts].sum())
    return SegmentRow(
        value=value,
        payments=len(targets),
        frauds=frauds,
        alerts=int(alerts.sum()),
        precision=_ratio(caught, int(alerts.sum())),
        recall=_ratio(caught, frauds),
        average_precision=float(average_precision_score(targets, scores))
        if frauds >= FEWEST_FRAUDS
        else None,
    )


def _ratio(part: int, whole: int) -> float | None:
    """Return part / whole, None where there is no whole."""
    return part / whole if whole else None
