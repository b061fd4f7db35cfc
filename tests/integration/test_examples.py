"""examples/follow_alerts.py against the real job: kafka-python reads what the job writes."""

from __future__ import annotations

import subprocess
import sys

from events.alert import decode_alert
from events.topics import ALERTS
from stack.clients.reading import read_topic
from stack.installation import ROOT
from tests.running import RunningJob
from tests.traffic import send_days, simulation
from tests.waiting import PATIENCE_S

SOME = 5


def test_alerts_are_followed_early_and_committed(job: RunningJob) -> None:
    """Each line is one alert of the topic, with its reasons."""
    job.wait_until_decided(send_days(job.stack.kafka, simulation(days=10), 0, 10))
    for which in ((), ("--committed",)):
        _is_told(_followed(job, *which), job)


def _followed(job: RunningJob, *which: str) -> list[str]:
    """Return the first lines that the example prints."""
    program = [sys.executable, str(ROOT / "examples" / "follow_alerts.py"), job.stack.kafka]
    told = subprocess.run(
        [*program, "--from-start", "--count", str(SOME), *which],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()


def _is_told(lines: list[str], job: RunningJob) -> None:
    """Hold lines against the alerts of the topic."""
    assert len(set(lines)) == SOME
    messages = read_topic(job.stack.kafka, ALERTS.name)
    alerts = [decode_alert(message.value() or b"") for message in messages]
    wanted = {
        (one.risk_level, f"{one.probability:.3f}", str(one.amount_minor), one.card_id)
        for one in alerts
    }
    sentences = {"; ".join(reason.sentence for reason in one.reasons) for one in alerts}
    for line in lines:
        _, _, level, probability, amount, _, _, _, _, card, *why = line.split()
        assert (level, probability, amount, card) in wanted
        assert line.partition(f"{card}  ")[2] in sentences and why
