"""Parts of a card on the test part: confusion at the thresholds, and each kind of payment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from events.levels import LEVELS
from training.arrays import Floats
from training.data.segments import Segments
from training.fit_settings import Targets

FEWEST_FRAUDS = 10
SAMPLE_ROWS = 1_000
"""How many payments of the test part the mean contributions of a card are taken over."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Measured:
    """The test part as the models that were judged saw it.

    ``targets`` is int8[n] of 0 and 1, or of -1 alone where there are no labels; ``scores``
    float32[n] of the whole ensemble, ``models`` the same of each member; ``segments`` divide the n
    payments.
    """

    targets: Targets
    scores: Floats
    models: Mapping[str, Floats]
    segments: tuple[Segments, ...] = ()

    @property
    def labelled(self) -> bool:
        """Say whether it is known which payments are frauds."""
        return bool((self.targets >= 0).all())

    def curves(self) -> dict[str, Floats]:
        """Return every score by name, the ensemble first."""
        return {"ensemble": self.scores, **self.models}


@dataclass(frozen=True)
class LevelRow:
    """One risk level: payments in it, frauds among them, and what alerting from it on up gives.

    What needs labels is None without them, and what is a share of nothing.
    """

    level: str
    payments: int
    frauds: int | None
    alerts: int
    precision: float | None
    recall: float | None
    false_positive_rate: float | None


@dataclass(frozen=True)
class SegmentRow:
    """One kind of payment, as in a LevelRow; average precision is None below ten frauds too."""

    value: str
    payments: int
    frauds: int | None
    alerts: int
    precision: float | None
    recall: float | None
    average_precision: float | None


def confusion(measured: Measured, medium: float, high: float) -> list[LevelRow]:
    """Count payments and frauds at each level, HIGH first."""
    placed = np.digitize(measured.scores, [medium, high])
    rows = []
    for place in (2, 1, 0):
        alerts = _Counts.of(measured, placed >= place)
        here = _Counts.of(measured, placed == place)
        rows.append(
            LevelRow(
                level=LEVELS[place],
                payments=here.payments,
                frauds=here.frauds,
                alerts=alerts.payments,
                precision=_ratio(alerts.frauds, alerts.payments),
                recall=_ratio(alerts.frauds, _Counts.of(measured).frauds),
                false_positive_rate=_ratio(alerts.good, _Counts.of(measured).good),
            )
        )
    return rows


def segment_rows(measured: Measured, medium: float) -> Iterator[tuple[str, list[SegmentRow]]]:
    """Yield each division's name and one row for each kind that occurs; alerts are from MEDIUM."""
    for one in measured.segments:
        kinds = [(value, one.codes == code) for code, value in enumerate(one.values)]
        yield one.name, [_row(measured, value, here, medium) for value, here in kinds if here.any()]


def _row(measured: Measured, value: str, here: Mask, medium: float) -> SegmentRow:
    counts = _Counts.of(measured, here)
    alerts = _Counts.of(measured, here & (measured.scores >= medium))
    enough = counts.frauds is not None and counts.frauds >= FEWEST_FRAUDS
    return SegmentRow(
        value=value,
        payments=counts.payments,
        frauds=counts.frauds,
        alerts=alerts.payments,
        precision=_ratio(alerts.frauds, alerts.payments),
        recall=_ratio(alerts.frauds, counts.frauds),
        average_precision=float(
            average_precision_score(measured.targets[here], measured.scores[here])
        )
        if enough
        else None,
    )


@dataclass(frozen=True)
class _Counts:
    """Some payments, and how many are frauds and good ones; None without labels."""

    payments: int
    frauds: int | None
    good: int | None

    @classmethod
    def of(cls, measured: Measured, here: Mask | slice = slice(None)) -> _Counts:
        """Count the payments of a mask, all of them without one."""
        targets = measured.targets[here]
        if not measured.labelled:
            return cls(len(targets), None, None)
        frauds = int(targets.sum())
        return cls(len(targets), frauds, len(targets) - frauds)


def _ratio(part: int | None, whole: int | None) -> float | None:
    """Return part / whole, None where there is no whole or one of them is not known."""
    return part / whole if part is not None and whole else None
