"""The README's picture shows alerts of the demo's world as the command shows them."""

from __future__ import annotations

import html
import re

from cli.demo.command import DemoSettings
from cli.demo.picture import draw, first_alerts
from cli.stream.alert_line import line

FEW = DemoSettings(alerts=2, rate=1.0, history_days=8, cards=400, seed=1)


def test_the_picture_shows_the_first_alerts_as_the_command_does() -> None:
    alerts = list(first_alerts(FEW))
    assert len(alerts) == FEW.alerts
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", draw(FEW))
    shown = re.sub(r"\s+", "", html.unescape("".join(texts)))
    for alert in alerts:
        assert re.sub(r"\s+", "", line(alert).plain) in shown
