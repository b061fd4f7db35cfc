"""The payments that are measured: one simulation, continued from measurement to measurement."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from producer.generator import generate
from producer.kafka import KafkaSettings, Sender
from producer.labels import LabelSettings
from producer.population import GeneratorSettings
from producer.records import Record, Records
from producer.selection import Selection

_DAYS = 2_000  # more than any run sends: days are drawn as they are reached
_SEED = 11


class _Named(msgspec.Struct):
    transaction_id: str


_decoder = msgspec.json.Decoder(_Named)


class Load:
    """Payments of the Handbook simulation in order of time, with the labels of frauds.

    5,000 cards with two payments a day each: after a month a card's history has sixty. The labels
    arrive seven days late, of frauds only, as chargebacks do.
    """

    def __init__(self) -> None:
        days = generate(GeneratorSettings(days=_DAYS, seed=_SEED))
        self._records = iter(Records(days, Selection(), LabelSettings(which="fraud")))
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
