"""Subscriber with read_committed: live for the times, once more at the end to judge."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, TypeVar

from confluent_kafka import Consumer, Message, TopicPartition

from events.alert import Alert, decode_alert
from events.dead_letter import DeadLetter, decode_dead_letter
from events.decision import Decision, decode_decision
from events.receipt import LabelReceipt, decode_receipt
from events.topics import ALERTS, DEAD_LETTERS, DECISIONS, LABEL_RECEIPTS, OUTPUTS, Topic
from harness.offsets import Offsets, consumer_settings, end_offsets, read
from stack.clients.readable import Unreadable, readable

E = TypeVar("E")

Ends = Mapping[str, Offsets]
"""Topic to the end of each partition."""


class Answer(NamedTuple):
    """A decision, and where it lies in its topic."""

    partition: int
    offset: int
    decision: Decision


@dataclass(frozen=True)
class Seen:
    """The committed content of the output topics; a partition's decisions in its order."""

    answers: list[Answer]
    alerts: list[Alert]
    receipts: list[LabelReceipt]
    letters: list[DeadLetter]


class Arrival(NamedTuple):
    """One decision as it came: time.monotonic(), the payment's Kafka time, and its id."""

    at_s: float
    received_ms: int
    transaction_id: str


class Subscriber:
    """Follows the committed decisions behind `start`, in a thread of its own.

    >>> with Subscriber("127.0.0.1:9092", start) as subscriber:  # needs a broker  # doctest: +SKIP
    ...     subscriber.first_since(struck_ms)
    """

    def __init__(self, bootstrap: str, start: Offsets) -> None:
        self.arrivals: list[Arrival] = []
        self._unreadable = Unreadable()
        self._consumer = Consumer(consumer_settings(bootstrap, committed=True))
        self._consumer.assign([TopicPartition(DECISIONS.name, n, at) for n, at in start.items()])
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="subscriber", daemon=True)

    def __enter__(self) -> Subscriber:
        """Begin to follow."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop following the topic."""
        self._ended.set()
        self._thread.join()
        self._consumer.close()

    def first_since(self, received_ms: int, from_s: float = 0.0) -> float | None:
        """Return when the first decision came on a payment that Kafka got after `received_ms`.

        Kafka's time is the producer's; `from_s`, of time.monotonic(), leaves out what came before.
        """
        told = ((at, received) for at, received, _ in self.arrivals)
        return next((at for at, received in told if received > received_ms and at > from_s), None)

    def _follow(self) -> None:
        while not self._ended.is_set():
            message = self._consumer.poll(0.1)
            if message is None or message.error() is not None:
                continue  # a broker that is away comes back, and the client finds it
            for _, decision in readable([message], decode_decision, self._unreadable):
                self.arrivals.append(
                    Arrival(time.monotonic(), decision.received_ms, decision.transaction_id)
                )


def ends(bootstrap: str) -> Ends:
    """Return where the output topics end now, committed or not."""
    return {topic.name: end_offsets(bootstrap, topic.name, committed=False) for topic in OUTPUTS}


def see(bootstrap: str, start: Ends) -> Seen:
    """Read everything committed behind `start`; what cannot be read is left out."""

    def events(topic: Topic, decode: Callable[[bytes], E]) -> Iterator[tuple[Message, E]]:
        return readable(read(bootstrap, topic.name, start[topic.name]), decode)

    return Seen(
        answers=[
            Answer(message.partition() or 0, message.offset() or 0, decision)
            for message, decision in events(DECISIONS, decode_decision)
        ],
        alerts=[alert for _, alert in events(ALERTS, decode_alert)],
        receipts=[receipt for _, receipt in events(LABEL_RECEIPTS, decode_receipt)],
        letters=[letter for _, letter in events(DEAD_LETTERS, decode_dead_letter)],
    )
