"""Records to Kafka: batched, idempotent, and every loss counted by name."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from events.topics import LABELS, TRANSACTIONS
from producer.errors import SendError

Acks = Literal["all", "1", "0"]
Compression = Literal["none", "lz4", "zstd", "snappy", "gzip"]

_QUEUE_RECORDS = 200_000
_QUEUE_KIB = 128 * 1024
_SLICE_S = 0.5
_TIMED_OUT = "_MSG_TIMED_OUT"


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Settings of sending. Idempotence asks for acks=all, and keeps a card's order.

    A record that is not confirmed within timeout_s has failed.
    """

    bootstrap: str
    transactions: str = TRANSACTIONS.name
    labels: str = LABELS.name
    acks: Acks = "all"
    idempotence: bool = True
    compression: Compression = "lz4"
    linger_ms: float = 5.0
    batch_bytes: int = 256 * 1024
    flush_every_s: float = 5.0
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        if self.idempotence and self.acks != "all":
            raise ValueError(
                f"acks: expected all with idempotence, got {self.acks}; add --no-idempotence"
            )

    def client(self) -> dict[str, str | int | float | bool]:
        """Return the settings in librdkafka's names.

        murmur2_random puts a key where Java clients put it, so that every writer of a topic
        agrees on the partition of a card.
        """
        return {
            "bootstrap.servers": self.bootstrap,
            "client.id": "cardwatch-producer",
            "acks": self.acks,
            "enable.idempotence": self.idempotence,
            "compression.type": self.compression,
            "linger.ms": self.linger_ms,
            "batch.size": self.batch_bytes,
            "partitioner": "murmur2_random",
            "queue.buffering.max.messages": _QUEUE_RECORDS,
            "queue.buffering.max.kbytes": _QUEUE_KIB,
            "delivery.timeout.ms": int(self.timeout_s * 1000),
            "delivery.report.only.error": True,
            "log_level": 2,
        }


class Sender:
    """Sends records to two topics and knows how many of each the broker has.

    Raises SendError where no broker answers or a topic is missing. A record counts as delivered
    once close() has flushed it without an error report. `on_delivered` gets every confirmed record
    with its partition and offset, which costs time; left out, the client reports only failures.
    """

    def __init__(
        self, settings: KafkaSettings, on_delivered: Callable[[Message], None] | None = None
    ) -> None:
        self._settings = settings
        self._topics = (settings.transactions, settings.labels)
        self._queued: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self._on_delivered = on_delivered
        client = settings.client() | {"delivery.report.only.error": on_delivered is None}
        self._producer = Producer({**client, "on_delivery": self._on_report})
        self._check_topics()

    def send(self, is_label: bool, key: bytes, value: bytes) -> None:
        """Queue one record; where the queue is full, wait until there is room."""
        topic = self._topics[is_label]
        while True:
            try:
                self._producer.produce(topic, value, key)
            except BufferError:
                self._producer.poll(0.05)
            except KafkaException as error:
                raise SendError(f"{self._settings.bootstrap}: {error.args[0].str()}") from None
            else:
                self._queued[topic] += 1
                return

    def poll(self, timeout_s: float) -> None:
        """Serve error reports for at most timeout_s seconds."""
        self._producer.poll(timeout_s)

    def flush(self) -> None:
        """Wait until everything queued has arrived; SendError where Kafka confirms no more."""
        if self._drain() or self.failures[_TIMED_OUT]:
            raise SendError(
                f"Kafka at {self._settings.bootstrap}: expected every record confirmed within "
                f"{self._settings.timeout_s:g} s, got {self.failures[_TIMED_OUT]} that were not. "
                "See whether the broker runs, then send them again (the job drops repeats)."
            )

    def close(self) -> None:
        """Flush; what the time-out leaves in the queue is given up and counted as failed."""
        if self._drain():
            self._producer.purge()
            self._producer.flush(_SLICE_S)

    def _drain(self) -> int:
        """Wait for the queue to empty, in slices that let signals through; return what is left."""
        deadline = time.monotonic() + self._settings.timeout_s
        while (left := self._producer.flush(_SLICE_S)) and time.monotonic() < deadline:
            pass
        return left

    def delivered(self, is_label: bool) -> int:
        """Records of a topic that were queued and not reported as failed."""
        topic = self._topics[is_label]
        return self._queued[topic] - self._lost[topic]

    def _on_report(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._lost[message.topic() or ""] += 1
            self.failures[error.name()] += 1
        elif self._on_delivered is not None:
            self._on_delivered(message)

    def _check_topics(self) -> None:
        bootstrap = self._settings.bootstrap
        try:
            known = self._producer.list_topics(timeout=min(10.0, self._settings.timeout_s)).topics
        except KafkaException as error:
            raise SendError(
                f"Kafka at {bootstrap}: expected a broker, got {error.args[0].str()}; "
                "start one with ./cardwatch up or name another with --bootstrap"
            ) from None
        missing = [topic for topic in self._topics if topic not in known]
        if missing:
            raise SendError(
                f"Kafka at {bootstrap}: expected topic {' and '.join(missing)}, got none; "
                "./cardwatch up creates the topics"
            )
