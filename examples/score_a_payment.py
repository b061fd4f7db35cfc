"""Score payments in this process, without Flink and without Kafka.

    python examples/score_a_payment.py                    a month of ordinary payments, an odd night
    python examples/score_a_payment.py PAYMENTS.jsonl     one JSON object a line, in order of time

Each payment becomes one line: its id, its risk level, and its probability of fraud. An alert has
its reasons below. The answers are those that the job gives to the same payments, bit for bit.
Run it with the Python of ./cardwatch, .cardwatch/venv/bin/python, in the folder of the project.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from events.alert import decode_alert
from events.decision import decode_decision
from events.errors import EventError
from events.label import Label
from events.topics import TRANSACTIONS
from scoring.answer import Answer, answer_batch
from scoring.loader import Bundle, find_bundle, load_bundle
from scoring.messages import ScoringRequest
from scoring.path import Refusal, payment_path
from scoring.steps import receive_one, walk

MODELS = Path(__file__).resolve().parents[1] / "onnx_models"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def main() -> None:
    """Print the answer to each payment."""
    parser = argparse.ArgumentParser(description="Score payments without Flink and Kafka.")
    parser.add_argument("file", nargs="?", type=Path, help="Payments as JSON, one a line.")
    parser.add_argument("--bundle", default="ensemble", help="Model bundle, NAME or NAME/VERSION.")
    options = parser.parse_args()
    lines = options.file.read_bytes().splitlines() if options.file else made_up()
    for answer in scored(lines, load_bundle(find_bundle(MODELS, options.bundle))):
        sys.stdout.write(f"{told(answer)}\n")


def scored(lines: Iterable[bytes], bundle: Bundle) -> Iterator[Answer | Refusal]:
    """Yield the answer to each payment, or why there is none."""
    path = payment_path(bundle.rates)
    states: dict[str, dict[str, bytes]] = {one.name: {} for one in path.entities}
    now_ms = int(NOW.timestamp() * 1000)
    for line in lines:
        key = json.loads(line)["card_id"].encode()
        received = receive_one(TRANSACTIONS.name, now_ms, key, line)
        if isinstance(received, EventError):
            yield received
            continue
        assert not isinstance(received, Label), "labels come in another topic"
        [request] = walk(path, [(received, now_ms)], states)
        if isinstance(request, ScoringRequest):
            yield from answer_batch([request], bundle)
        else:
            yield request


def told(answer: Answer | Refusal) -> str:
    """Return an answer as text, an alert with its reasons."""
    if isinstance(answer, EventError):
        return f"refused: {answer.sentence}"
    if not isinstance(answer, Answer):
        return "repeated: the payment has its answer already"
    decision = decode_decision(answer.decision)
    line = f"{decision.transaction_id:12}  {decision.risk_level:6}  {decision.probability:.4f}"
    reasons = decode_alert(answer.alert).reasons if answer.alert else []
    return "\n".join([line, *(f"    {reason.sentence}" for reason in reasons)])


def made_up() -> Iterator[bytes]:
    """Yield a payment a day of one card, then twelve in an hour of a night far from home."""
    usual = {"card_id": "card-1", "currency": "EUR", "country": "DE", "city": "Berlin"}
    usual |= {"device_id": "phone", "channel": "pos", "merchant_category": "5411"}
    start = NOW - timedelta(days=31)
    for day in range(30):
        one = {"amount": 20 + day % 7, "merchant_id": f"shop-{day % 4}"}
        yield _payment(f"day-{day}", start + timedelta(days=day), usual | one)
    odd = {"country": "US", "city": "Miami", "device_id": "unknown", "channel": "online"}
    odd |= {"merchant_category": "5732"}
    night = NOW - timedelta(hours=9)
    for number in range(12):
        one = {"amount": 480 + 35 * number, "merchant_id": f"electronics-{number % 3}"}
        at = night + timedelta(minutes=4 * number)
        yield _payment(f"night-{number}", at, usual | odd | one)


def _payment(name: str, at: datetime, fields: dict[str, object]) -> bytes:
    return json.dumps({"transaction_id": name, "timestamp": at.isoformat(), **fields}).encode()


if __name__ == "__main__":
    main()
