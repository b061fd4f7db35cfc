"""Follow the alerts of a running job with kafka-python, without a line of Cardwatch.

    python examples/follow_alerts.py 127.0.0.1:9092                 every alert within milliseconds
    python examples/follow_alerts.py 127.0.0.1:9092 --committed     every alert once it is final

Each alert is one line: its time, its risk level, its probability, its amount, its card, and the
sentences that say why. `./cardwatch status` prints the address of the broker.

An early alert belongs to a Kafka transaction that is still open. After a restart the job writes
such an alert again, under the same transaction_id, so this program leaves out an id that it knows.
A committed alert comes about a second later and never twice.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaConsumer


def main() -> None:
    """Print alerts until there are enough of them, or Ctrl-C."""
    options = _options()
    for number, alert in enumerate(follow(options), start=1):
        sys.stdout.write(f"{line(alert)}\n")
        sys.stdout.flush()
        if number == options.count:
            return


def follow(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield each alert once, as the JSON object that docs/schemas/alert.json describes."""
    consumer = KafkaConsumer(
        "alerts",
        bootstrap_servers=options.bootstrap,
        isolation_level="read_committed" if options.committed else "read_uncommitted",
        auto_offset_reset="earliest" if options.from_start else "latest",
        group_id=None,  # no place is remembered; a service gives its own name here
    )
    known: set[str] = set()
    for record in consumer:
        alert = json.loads(record.value)
        if alert["transaction_id"] not in known:
            known.add(alert["transaction_id"])
            yield alert


def line(alert: dict[str, Any]) -> str:
    """Return an alert as one line."""
    at = datetime.fromtimestamp(alert["timestamp_ms"] / 1000, UTC)
    why = "; ".join(reason["sentence"] for reason in alert["reasons"])
    return (
        f"{at:%Y-%m-%d %H:%M:%S}  {alert['risk_level']:6}  {alert['probability']:.3f}  "
        f"{alert['amount_minor']} minor units of {alert['currency']}  {alert['card_id']}  {why}"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Follow the alerts of a running job.")
    parser.add_argument("bootstrap", help="Address of the broker, as host:port.")
    parser.add_argument(
        "--committed", action="store_true", help="Committed alerts only, about a second later."
    )
    parser.add_argument(
        "--from-start", action="store_true", help="Alerts from the start of the topic on."
    )
    parser.add_argument("--count", type=int, help="Number of alerts after which to end.")
    return parser.parse_args()


if __name__ == "__main__":
    main()
