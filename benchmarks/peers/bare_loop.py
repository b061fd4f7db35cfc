r"""The ceiling: consume, compute, produce in one process, with nothing that survives a crash.

    python -m benchmarks.peers.bare_loop --bootstrap HOST:PORT --bundle BUNDLE \
        --payments 300000 --warm-up 100000
    python -m benchmarks.peers.bare_loop --bootstrap HOST:PORT --bundle BUNDLE --endless

The job's own two stages, in a plain loop over batches. What a poll brings goes through each stage
in one call, as the Java edge would call it. A poll waits for one message and takes those that are
there. Offsets and output commit in one Kafka transaction each second, but the states are dicts in
memory and a restart would lose them. So the job is measured against this loop; the loop is not a
way to do its work.
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

from events.topics import DECISIONS, LABELS, OUTPUTS, TRANSACTIONS
from features.money.shipped import SHIPPED
from harness.cpu import cpu_seconds
from harness.rates import median_rate
from jobs.flink_edge.outputs import Output
from jobs.flink_edge.wire import KafkaRecord, Stage
from jobs.flink_edge.worker import Tally
from jobs.stages.card import CardStage
from jobs.stages.merchant import MerchantStage
from udfs.metrics import Counters
from udfs.scoring import Scoring

_PREFIX: Final = "bench-"

OUTPUT_TOPICS: Final = tuple(replace(topic, name=_PREFIX + topic.name) for topic in OUTPUTS)
"""Topics of a measured run, beside those that the job writes to."""

_BATCH = 1_000
_WAIT_S = 0.1  # so that the commit is not late where nothing comes
_COMMIT_EVERY_S = 1.0
_IDLE_S = 20.0


class _Keyed:
    """An open stage and the state of each key, as Flink has them."""

    def __init__(self, stage: Stage) -> None:
        stage.open(Counters(Tally()))
        self._stage = stage
        self._states: dict[str, bytes] = {}

    def take(self, keys: Iterable[str], bodies: Sequence[bytes]) -> Sequence[Output]:
        """Take in a batch of messages under their keys; no stage is called for none.

        The stage copies the states that it is given, so it is given those of the batch alone.
        """
        if not bodies:
            return []
        known = self._states
        states = {key: known[key] for key in {*keys} if key in known}
        outputs = self._stage.process(bodies, states)
        known.update(states)
        return outputs


class BareLoop:
    """Both stages with their states, one consumer, one transactional producer."""

    def __init__(
        self, consumer: Consumer, producer: Producer, bundle: str, prefix: str = ""
    ) -> None:
        """Open the stages with the bundle of a folder; `prefix` is that of the output topics."""
        self._cards = _Keyed(CardStage(SHIPPED, frozenset()))
        self._merchants = _Keyed(MerchantStage(Scoring(bundle), SHIPPED))
        self._consumer = consumer
        self._producer = producer
        self._prefix = prefix
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

    def _take(self, messages: Sequence[Message]) -> None:
        """Take in what a poll brought, and note when its payments were decided."""
        records = [_record(message) for message in messages]
        keys = [(record.key or b"").decode(errors="replace") for record in records]
        handed = self._cards.take(keys, [record.pack() for record in records])
        made = self._merchants.take([one.to for one in handed], [one.value for one in handed])
        decided = sum(one.to == DECISIONS.name for one in made)
        self.decided_ms += [time.time_ns() // 1_000_000] * decided
        for one in made:
            self._produce(one)

    def _produce(self, output: Output) -> None:
        while True:
            try:
                self._producer.produce(self._prefix + output.to, output.value, output.key)
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


def _record(message: Message) -> KafkaRecord:
    return KafkaRecord(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        message.key(),
        message.value(),
    )


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
    prefix = "" if given.endless else _PREFIX
    consumer, producer = _consumer(given.bootstrap), _producer(given.bootstrap)
    loop = BareLoop(consumer, producer, given.bundle, prefix)
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
