"""Somebody else's system that writes payments: its codecs, transactions and record times.

What the job has to answer goes into the producer's log of the run. Payments of a transaction go
there when it is committed, those of an aborted one never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, get_args

import msgspec
from confluent_kafka import Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from events.topics import MIB, TRANSACTIONS
from events.transaction import encode_transaction, parse_transaction
from harness.errors import BenchmarkError
from producer.sending.kafka import Compression, KafkaSettings
from verify.faults.producer_log import Sent
from verify.faults.traffic import Traffic, records

CODECS: Final = get_args(Compression)
LARGEST_MS: Final = 2**63 - 1
ODD_TIMES_MS: Final = (-1, 1, 1_700_000_000, 946_684_799_999, 4_102_444_800_000, LARGEST_MS)
"""No time, a number, seconds, the last millisecond of 1999, the year 2100, the largest number."""

LARGEST_BYTES: Final = 8 * MIB
"""Of a record in the foreign topic: more than a dead letter could hold as a whole."""

_CONFIRMED_WITHIN_S: Final = 60.0
_OTHER_WORLD: Final = 20_000


class Foreign(NamedTuple):
    """A record as another system writes it; `time_ms` 0 leaves its time to the client."""

    key: bytes | None
    value: bytes | None
    time_ms: int = 0


def foreign_payments(count: int, cards: int, seed: int) -> list[Foreign]:
    """Return payments of a world of their own, whose ids no other traffic of a run has."""
    made = []
    for record in records(Traffic(payments=count, cards=cards), _OTHER_WORLD + seed):
        if record.is_label:
            continue
        payment = parse_transaction(record.value, record.key, record.time_ms)
        name = f"foreign{seed}-{payment.transaction_id}"
        renamed = msgspec.structs.replace(payment, transaction_id=name)
        made.append(Foreign(record.key, encode_transaction(renamed)))
    return made


def without_payment(payment: Foreign) -> list[Foreign]:
    """Return records around a payment that hold none: tombstone, no value, no key, 6 MiB."""
    key, value, _ = payment
    huge = b" " * (6 * MIB)
    return [Foreign(key, None), Foreign(key, b""), Foreign(None, value), Foreign(key, huge)]


def take_anything(bootstrap: str) -> None:
    """Let the transactions topic take every record time and larger records, as others' topics do.

    Brokers before 4.0 take every time by default.
    """
    set_topic(
        bootstrap,
        {
            "message.timestamp.after.max.ms": str(LARGEST_MS),
            "max.message.bytes": str(LARGEST_BYTES),
        },
    )


def set_topic(bootstrap: str, options: Mapping[str, str]) -> None:
    """Change options of the transactions topic, as its owner would."""
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in options.items()
    ]
    topic = ConfigResource(ResourceType.TOPIC, TRANSACTIONS.name, incremental_configs=entries)
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    admin.incremental_alter_configs([topic])[topic].result()


class Upstream:
    """Writes to the transactions topic, and logs what the job has to answer.

    >>> upstream = Upstream(bootstrap, log.append, "zstd")  # needs a broker  # doctest: +SKIP
    >>> upstream.send(payments)  # needs a broker  # doctest: +SKIP
    """

    def __init__(
        self, bootstrap: str, log: Callable[[Sent], None], codec: str, transactional_id: str = ""
    ) -> None:
        self._log = log
        self._confirmed: list[Sent] = []
        settings = KafkaSettings(bootstrap, timeout_s=_CONFIRMED_WITHIN_S).client()
        settings |= {"compression.type": codec, "delivery.report.only.error": False}
        settings["message.max.bytes"] = LARGEST_BYTES
        if transactional_id:
            settings["transactional.id"] = transactional_id
        self._producer = Producer({**settings, "on_delivery": self._on_delivery})
        if transactional_id:
            self._producer.init_transactions(_CONFIRMED_WITHIN_S)

    @property
    def written(self) -> Sequence[Sent]:
        """Records of the topic in a transaction that is still open."""
        return tuple(self._confirmed)

    def send(self, sent: Iterable[Foreign]) -> None:
        """Send records outside of transactions and log them."""
        self._write(sent)
        self._asked()

    def begin(self, sent: Iterable[Foreign]) -> None:
        """Begin a transaction and write records in it: the broker has them, nobody may read."""
        self._producer.begin_transaction()
        self._write(sent)

    def commit(self) -> None:
        """Commit the transaction: its records have to be answered from now on."""
        self._producer.commit_transaction(_CONFIRMED_WITHIN_S)
        self._asked()

    def abort(self) -> None:
        """Abort the transaction: its records are to be answered by nothing."""
        self._producer.abort_transaction(_CONFIRMED_WITHIN_S)
        self._confirmed.clear()

    def _write(self, sent: Iterable[Foreign]) -> None:
        for key, value, time_ms in sent:
            self._producer.produce(TRANSACTIONS.name, value, key, timestamp=time_ms)
        if self._producer.flush(_CONFIRMED_WITHIN_S):
            raise BenchmarkError(
                "Expected every record of the upstream confirmed by the broker, got some that "
                "were not: the run says nothing; repeat it."
            )

    def _asked(self) -> None:
        for sent in self._confirmed:
            self._log(sent)
        self._confirmed.clear()

    def _on_delivery(self, error: object, message: Message) -> None:
        if error is None:
            self._confirmed.append(Sent.of(message))
