"""Bytes of state for a card: of a typical one, and as checkpoints hold them."""

from __future__ import annotations

from events.transaction import Transaction
from features.card import transition as card
from features.money.shipped import SHIPPED
from stack.clients.flink import FlinkClient

_PAYMENTS, _DAYS = 60, 30
_DAY_MS = 86_400_000
_CARD_STAGE = "card stage"


def typical_card_bytes(payments: int = _PAYMENTS, days: int = _DAYS) -> int:
    """Return the packed size of a card with so many payments, evenly over so many days."""
    states: dict[str, bytes] = {}
    paid = [_payment(number, number * days * _DAY_MS // payments) for number in range(payments)]
    card.advance(paid, [one.card_id for one in paid], states, SHIPPED)
    return sum(map(len, states.values()))


def checkpoint_bytes_per_card(flink: FlinkClient, job_id: str, cards: int) -> float | None:
    """Return the card stage's share of the last checkpoint over its cards, None before the first.

    It holds the keys and what Flink adds, beside the packed states.
    """
    last = flink.latest_checkpoint(job_id)
    if last is None or not cards:
        return None
    stages = [one["id"] for one in flink.job(job_id)["vertices"] if _CARD_STAGE in one["name"]]
    tasks = flink.get(f"/jobs/{job_id}/checkpoints/details/{last.id}")["tasks"]
    return float(sum(tasks[stage]["state_size"] for stage in stages)) / cards


def _payment(number: int, at_ms: int) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}",
        card_id="card",
        timestamp_ms=1_700_000_000_000 + at_ms,
        amount_minor=1_000 + number,
        currency="EUR",
        merchant_id=f"merchant-{number % 20}",
        merchant_category=None,
        channel=None,
        country=None,
        city=None,
        lat=None,
        lon=None,
        customer_id=None,
        device_id=None,
        ip_token=None,
        attributes={},
    )
