"""The README's picture of alerts: `python -m cli.demo.picture docs/images/alerts.svg`.

The alerts are those that the demo's world begins with. They are computed in this process, without
a stack, and drawn as `./cardwatch alerts` shows them. Renew the picture with each new bundle.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from rich.console import Console

from cli.demo.command import DemoSettings, demo_world
from cli.stack.submit import ROOT
from cli.stream.alert_line import heading, line
from events.alert import Alert, decode_alert
from events.table import payments
from events.transaction import encode_transaction
from features.windows import DAY_MS, LABEL_DELAY_MS
from producer.world.generate import generate
from scoring.answer import answer_scored
from scoring.loader import find_bundle, load_bundle
from scoring.messages import ScoringRequest
from training.data.replay import replay

SHOWN: Final = DemoSettings(alerts=8, rate=300.0, history_days=30, cards=5_000, seed=1)
_COLUMNS: Final = 150


def draw(settings: DemoSettings) -> str:
    """Return the first alerts behind the history as an SVG of a terminal."""
    console = Console(
        record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False
    )
    console.print("$ ./cardwatch alerts", style="bold")
    console.print(heading())
    for alert in first_alerts(settings):
        console.print(line(alert))
    return console.export_svg(title="cardwatch", unique_id="alerts")


def first_alerts(settings: DemoSettings) -> Iterator[Alert]:
    """Yield as many alerts as the demo shows, in order of time."""
    world = demo_world(settings)
    table = pa.Table.from_batches(generate(world))
    history = replay(table, LABEL_DELAY_MS)
    bundle = load_bundle(find_bundle(ROOT / "onnx_models", "ensemble"))
    scores = bundle.scorer.score(history.features)
    present = history.times_ms >= world.start_ms + settings.history_days * DAY_MS
    alarming = scores.probability >= bundle.manifest.thresholds.medium
    rows = np.flatnonzero(present & alarming)[: settings.alerts]
    for row, paid in zip(rows.tolist(), payments(table.take(rows)), strict=True):
        values = history.features[row]
        request = ScoringRequest(
            payment=paid,
            original=encode_transaction(paid),
            features=values.tobytes(),
            sequences={"card": 0, "merchant": 0},
            flags=[],
            received_ms=paid.timestamp_ms,
            reference_currency=bundle.rates.reference,
            rates_date=bundle.rates.date,
        )
        given = [scores.probability, *scores.models.values()]
        found = [[float(one[row]) for one in given]]
        [made] = answer_scored([request], values[None], found, bundle, 0)
        if made.alert is not None:
            yield decode_alert(made.alert)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(draw(SHOWN), encoding="utf-8")
