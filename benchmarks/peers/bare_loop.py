r"""The ceiling: consume, compute, produce in one process, with nothing that survives a crash.

    python -m benchmarks.peers.bare_loop --bootstrap HOST:PORT --bundle BUNDLE \
        --payments 300000 --warm-up 100000
    python -m benchmarks.peers.bare_loop --bootstrap HOST:PORT --bundle BUNDLE --endless

The same parsing, features, scores, decisions and alerts as the job, in a plain loop over batches:
what a poll brings is read, taken in and scored in one call each. A poll waits for one message and
takes those that are there. Offsets and output commit in one Kafka transaction each second, but the
state is a dict in memory: a restart would lose it, so this is what the job is measured against and
not a way to do its work.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import psutil
from confluent_kafka import OFFSET_STORED, Consumer, Message, Producer, TopicPartition

from events.errors import EventError
from events.label import Label
from events.topics import ALERTS, DECISIONS, LABEL_RECEIPTS, LABELS, TRANSACTIONS
from features import warm_up
from harness.cpu import cpu_seconds
from harness.rates import median_rate
from scoring.answer import answer_batch
from scoring.loader import Bundle, load_bundle
from scoring.messages import ScoringRequest
from scoring.path import learn, payment_path
from scoring.steps import Received, Record, label_receipt, receive, walk

OUTPUT_TOPICS: Final = tuple(
    replace(topic, name=f"bench-{topic.name}") for topic in (DECISIONS, ALERTS, LABEL_RECEIPTS)
)

_BATCH = 1_000
_WAIT_S = 0.1  # so that the commit is not late where nothing comes
_COMMIT_EVERY_S = 1.0
_IDLE_S = 20.0


class BareLoop:
    """State in dicts, one consumer, one transactional producer."""

    def __init__(
        self, consumer: Consumer, producer: Producer, bundle: Bundle, outputs: Sequence[str]
    ) -> None:
        """`outputs` names the topics of decisions, alerts and receipts."""
        self._bundle = bundle
        self._path = payment_path(bundle.rates)
        self._states: dict[str, dict[str, bytes]] = {one.name: {} for one in self._path.entities}
        self._learner = next(one.name for one in self._path.entities if one.learning)
        self._consumer = consumer
        self._producer = producer
        self._decisions, self._alerts, self._receipts = outputs
        self.decided_ms: list[int] = []

    def run(self, payments: float, idle_s: float = _IDLE_S) -> None:
        """Decide so many payments; TimeoutError where none come for so long."""
        self._producer.begin_transaction()
        commit_s = came_s = time.monotonic()
        while len(self.decided_ms) < payments:
            messages = self._poll()
            self._take(messages)
            self._producer.poll(0)
            now_s = time.monotonic()
            came_s = now_s if messages else came_s
            if now_s - came_s > idle_s:
                raise TimeoutError(f"{len(self.decided_ms)} of {payments} payments came")
            if now_s - commit_s >= _COMMIT_EVERY_S:
                self._commit()
                self._producer.begin_transaction()
                commit_s = time.monotonic()
        self._commit()

    def _poll(self) -> list[Message]:
        """Return the messages that are there; wait for the first, and not for others to come."""
        first = self._consumer.consume(1, _WAIT_S)
        return first + self._consumer.consume(_BATCH - 1, 0) if first else first

    def _take(self, messages: Iterable[Message]) -> None:
        """Take in what a poll brought: its payments in one call, then its labels.

        Kafka has no order between two topics, and each keeps its own.
        """
        records = [_record(message) for message in messages]
        payments: list[tuple[Received, int]] = []
        labels: list[Label] = []
        for (_, received_ms, _, _), found in zip(records, receive(records), strict=True):
            if isinstance(found, EventError):
                raise found
            if isinstance(found, Label):
                labels.append(found)
            else:
                payments.append((found, received_ms))
        self._answer(payments)
        self._learn(labels)

    def _answer(self, received: Sequence[tuple[Received, int]]) -> None:
        walked = walk(self._path, received, self._states)
        requests = [one for one in walked if isinstance(one, ScoringRequest)]
        for request, found in zip(requests, answer_batch(requests, self._bundle), strict=True):
            key = request.payment.card_id.encode()
            self._produce(self._decisions, found.decision, key)
            if found.alert is not None:
                self._produce(self._alerts, found.alert, key)
            self.decided_ms.append(found.decided_ms)

    def _learn(self, labels: Sequence[Label]) -> None:
        steps = learn(self._path.learning, labels, self._states[self._learner])
        for label, step in zip(labels, steps, strict=True):
            _, key, value = label_receipt(label, step)
            self._produce(self._receipts, value, key)

    def _produce(self, topic: str, value: bytes, key: bytes) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key)
                return
            except BufferError:  # the queue is full: let the broker take some
                self._producer.poll(0.01)

    def _commit(self) -> None:
        """Commit the output and how far the input was read, together."""
        places = self._consumer.position(self._consumer.assignment())
        read = [place for place in places if place.offset >= 0]
        if read:
            group = self._consumer.consumer_group_metadata()
            self._producer.send_offsets_to_transaction(read, group)
        self._producer.commit_transaction()


def _record(message: Message) -> Record:
    return message.topic() or "", message.timestamp()[1], message.key(), message.value()


def _consumer(bootstrap: str) -> Consumer:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench-bare-loop",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "log_level": 0,
        }
    )
    topics = consumer.list_topics(timeout=10).topics
    consumer.assign(
        [
            TopicPartition(name, number, OFFSET_STORED)
            for name in (TRANSACTIONS.name, LABELS.name)
            for number in topics[name].partitions
        ]
    )
    return consumer


def _producer(bootstrap: str) -> Producer:
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "transactional.id": "bench-bare-loop",
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "queue.buffering.max.messages": 200_000,
            "queue.buffering.max.kbytes": 256 * 1024,
            "delivery.report.only.error": True,
            "log_level": 0,
        }
    )
    producer.init_transactions(30)
    return producer


def main(arguments: Sequence[str]) -> None:
    """Run the loop over what waits in the topics and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.bare_loop")
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--bundle", required=True)
    parser.add_argument("--payments", type=int, default=0, help="measured payments")
    parser.add_argument("--warm-up", type=int, default=0, help="payments before those")
    parser.add_argument("--endless", action="store_true", help="run until killed, measure nothing")
    given = parser.parse_args(arguments)
    warm_up()
    bundle = load_bundle(given.bundle)
    topics = (DECISIONS, ALERTS, LABEL_RECEIPTS) if given.endless else OUTPUT_TOPICS
    consumer, producer = _consumer(given.bootstrap), _producer(given.bootstrap)
    loop = BareLoop(consumer, producer, bundle, [topic.name for topic in topics])
    if given.endless:
        loop.run(math.inf, math.inf)
    loop.run(given.warm_up)
    before_s = cpu_seconds(psutil.Process())
    loop.run(given.warm_up + given.payments)
    used_s = cpu_seconds(psutil.Process()) - before_s
    measured = loop.decided_ms[given.warm_up :]
    found = {
        "payments": len(measured),
        "tx_per_s": median_rate(measured),
        "cpu_us_per_payment": 1e6 * used_s / len(measured),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
