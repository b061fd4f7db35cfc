"""The payments that are measured: one simulation, continued from measurement to measurement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from events.timestamps import EARLIEST_MS
from producer.sending.kafka import KafkaSettings, Sender
from producer.stream.labels import LabelSettings
from producer.stream.records import Record, Records
from producer.stream.selection import Selection
from producer.world.generate import generate
from producer.world.settings import WorldSettings

_USERS = 40_000
PAYMENTS_A_DAY = 6_700
_START = datetime.fromtimestamp(EARLIEST_MS / 1000, UTC)
"""The earliest time that a payment may have: those of a run of hours fill decades, and what lies
ahead of the clock is refused."""
_DAYS = 365
"""More than most runs of minutes send; days are drawn as they are reached."""


class _Named(msgspec.Struct):
    transaction_id: str


_decoder = msgspec.json.Decoder(_Named)


class Load:
    """Payments of the world in order of time, with the labels of frauds.

    40,000 cards in the proportions in which the shipped bundle was trained, so that it raises an
    alert for about one payment in twenty; of a world that it does not know it flags most, and
    reasons would be much of what is measured. The labels arrive seven days late, of frauds only,
    as chargebacks do.
    """

    def __init__(self, days: int = _DAYS) -> None:
        world = WorldSettings(
            users=_USERS,
            merchants=_USERS // 2,
            payments=PAYMENTS_A_DAY * days,
            days=days,
            start=_START,
            seed=11,
        )
        self._records = iter(Records(generate(world), Selection(), LabelSettings(which="fraud")))
        self.payments = 0

    def take(self, payments: int) -> Iterator[Record]:
        """Yield records until so many payments have been among them."""
        wanted = self.payments + payments
        while self.payments < wanted:
            record = next(self._records)
            self.payments += not record.is_label
            yield record

    def take_payments(self, payments: int) -> list[Record]:
        """Return so many payments, without the labels between them."""
        return [record for record in self.take(payments) if not record.is_label]


def days_of(payments: int) -> int:
    """Return the days of a load with so many payments, a year at least.

    >>> days_of(60_000), days_of(5_000_000)
    (365, 748)
    """
    return max(_DAYS, payments // PAYMENTS_A_DAY + 2)


def days_until(now: datetime) -> int:
    """Return how many days of the load lie before a time.

    >>> days_until(datetime(2000, 3, 1, tzinfo=UTC))
    60
    """
    return (now - _START).days


def send_all(bootstrap: str, records: Iterator[Record]) -> None:
    """Send records as fast as it goes and wait until the broker has them."""
    sender = Sender(KafkaSettings(bootstrap))
    try:
        for record in records:
            sender.send(record.is_label, record.key, record.value)
    finally:
        sender.close()
    if sender.failures:
        raise RuntimeError(f"Kafka at {bootstrap} did not take every record: {sender.failures}")


def transaction_id(record: Record) -> str:
    """Return the id of an encoded payment."""
    return _decoder.decode(record.value).transaction_id
