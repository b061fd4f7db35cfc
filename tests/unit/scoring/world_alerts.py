"""Two thousand alerts of a small world: the payments with the highest scores, explained.

The world has the proportions of the training's, so a card and a merchant have their usual. Run as a
program, it writes the sample that reviewers read: `python -m tests.unit.scoring.world_alerts`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from events.alert import Alert, decode_alert
from events.money import currency_exponent, format_amount
from events.table import payments
from features.windows import DAY_MS
from producer.world.generate import generate
from producer.world.settings import WorldSettings
from scoring.answer import answer_scored
from tests.unit.scoring.scene import request_for, shipped
from training.data.replay import replay

ALERTS: Final = 2_000
SAMPLE: Final = 50
SNAPSHOT: Final = Path(__file__).with_name("world_alerts.txt")
RENEW: Final = ".cardwatch/venv/bin/python -m tests.unit.scoring.world_alerts"

WORLD: Final = WorldSettings(
    users=3_000, merchants=1_500, payments=30_000, fraud_share=0.04, seed=33
)
"""Twice as many frauds as in training, so that few payments have as many alerts."""
_LABEL_DELAY_MS: Final = 7 * DAY_MS


class Explained(NamedTuple):
    """An alert, and the whole vector float32[f] that its reasons speak of."""

    alert: Alert
    values: npt.NDArray[np.float32]


@cache
def world_alerts() -> list[Explained]:
    """Return the payments of the world with the highest scores, in order of time, as alerts.

    Scores below the MEDIUM threshold count as MEDIUM, so that there are always as many.
    """
    bundle = shipped()
    table = pa.Table.from_batches(generate(WORLD))
    values = replay(table, _LABEL_DELAY_MS).features
    assert len(values) == table.num_rows, "the world repeats no payment"
    scores = bundle.scorer.score(values)
    rows = np.sort(np.argsort(-scores.probability, kind="stable")[:ALERTS])
    least = bundle.manifest.thresholds.medium
    explained = []
    for row, paid in zip(rows.tolist(), payments(table.take(rows)), strict=True):
        models = [float(one[row]) for one in scores.models.values()]
        raised = max(float(scores.probability[row]), least)
        request = request_for(paid, values[row])
        [given] = answer_scored([request], values[row][None], [[raised, *models]], bundle, 0)
        assert given.alert is not None
        explained.append(Explained(decode_alert(given.alert), values[row]))
    return explained


def sample() -> str:
    """Return every fortieth alert as a reviewer reads it."""
    alerts = [one.alert for one in world_alerts()[:: ALERTS // SAMPLE]]
    return "\n".join(_shown(number, alert) for number, alert in enumerate(alerts, start=1))


def _shown(number: int, alert: Alert) -> str:
    amount = format_amount(alert.amount_minor, currency_exponent(alert.currency))
    head = (
        f"{number}. {alert.risk_level} {alert.probability:.2f}, {amount} {alert.currency}, "
        f"{alert.merchant_category}"
    )
    told = (f"   {one.contribution:+.3f} {one.code}: {one.sentence}" for one in alert.reasons)
    return "\n".join([head, *told, ""])


if __name__ == "__main__":
    SNAPSHOT.write_text(sample(), encoding="utf-8")
