"""A job of two toy stages between the topics of payments and decisions, by either engine.

    flink run -d -py tests/flink/edge_job.py ENGINE FLAG --bootstrap HOST:PORT --bundle FOLDER ...

ENGINE is batch or pyflink, or bounded: batch, from what the topics hold now to ALERTS. What follows
FLAG are arguments of the real job, of which the ends use theirs. Each record is a word: `count`
numbers the words of its Kafka key and hands them on under the word, `write` numbers those of the
word and writes each to DECISIONS: a JSON list of key, number at the key, word, number of the word.
Words that begin so are special:

none    is counted and goes no further
two     is handed on twice
fail    fails the task while the file FLAG is there, which it removes
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from py4j.java_gateway import get_java_class
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.data_stream import DataStream
from pyflink.java_gateway import get_gateway
from pyflink.table import StreamTableEnvironment
from pyflink.util.java_utils import to_jarray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from events.topics import ALERTS, DECISIONS, LABELS, TRANSACTIONS, Topic
from jobs.flink_edge import batches, tables
from jobs.flink_edge.one_by_one import OneByOne
from jobs.flink_edge.outputs import Output
from jobs.flink_edge.rows import HAND_OVER, INCOMING, OUTGOING, key_in_java
from jobs.flink_edge.uids import name_table_operators
from jobs.flink_edge.wire import KafkaRecord
from jobs.settings import JobSettings, parse_settings
from udfs.metrics import Counters

TTL = timedelta(days=1)


class Count:
    """Number the words of each Kafka key."""

    name = "count"
    state = "card"
    parts = None

    def __init__(self, flag: str) -> None:
        self._flag = Path(flag)

    def open(self, counters: Counters) -> None:
        """Say that it was opened."""
        self._counters = counters
        counters.add("opened")

    def process(self, bodies: Sequence[bytes], states: dict[str, bytes]) -> list[Output]:
        """Hand each word on under itself."""
        outputs = []
        for record in map(KafkaRecord.unpack, bodies):
            key = (record.key or b"").decode(errors="replace")
            word = (record.value or b"").decode()
            kind = word.partition(" ")[0]
            self._counters.add("words", kind)
            number = states[key] = b"%d" % (int(states.get(key, b"0")) + 1)
            if kind == "fail" and self._flag.exists():
                self._flag.unlink()
                raise ValueError(f"no number for {word!r}")
            value = json.dumps([key, int(number), word]).encode()
            outputs += [Output(word, None, value)] * {"none": 0, "two": 2}.get(kind, 1)
        return outputs


class Write:
    """Number what arrives of each word, and write all of it."""

    name = "write"
    state = "merchant"
    parts = None

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def open(self, counters: Counters) -> None:
        """Nothing to prepare."""

    def process(self, bodies: Sequence[bytes], states: dict[str, bytes]) -> list[Output]:
        """Write each word."""
        outputs = []
        for body in bodies:
            key, number, word = json.loads(body)
            seen = states[word] = b"%d" % (int(states.get(word, b"0")) + 1)
            value = json.dumps([key, number, word, int(seen)]).encode()
            outputs.append(Output(self._topic, key.encode() or None, value))
        return outputs


def by_batches(env: StreamExecutionEnvironment, settings: JobSettings, flag: str) -> None:
    """Build the graph with the Java edge."""
    records = batches.source(
        env,
        [TRANSACTIONS, LABELS],
        uid="payments-and-labels",
        bootstrap=settings.bootstrap,
        group_id=settings.group_id,
        properties=settings.consumer_properties,
        most=64,
    )
    _stages(records, settings, flag, DECISIONS)


def bounded(env: StreamExecutionEnvironment, settings: JobSettings, flag: str) -> None:
    """Build the same graph with an end to its source."""
    jvm = get_gateway().jvm
    offsets = jvm.org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer
    kafka = jvm.org.apache.flink.connector.kafka
    value = kafka.source.reader.deserializer.KafkaRecordDeserializationSchema.valueOnly(
        get_java_class(
            jvm.org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.ByteArrayDeserializer
        )
    )
    source = (
        kafka.source.KafkaSource.builder()
        .setBootstrapServers(settings.bootstrap)
        .setTopics(to_jarray(jvm.java.lang.String, [TRANSACTIONS.name]))
        .setGroupId(settings.group_id)
        .setStartingOffsets(offsets.earliest())
        .setBounded(offsets.latest())
        .setDeserializer(value)
        .build()
    )
    edge = jvm.io.cardwatch.edge.Edge
    consumer = edge.consumer(settings.bootstrap, settings.group_id, jvm.java.util.Properties())
    j_env = env._j_stream_execution_environment
    records = DataStream(edge.source(j_env, "payments-and-labels", source, consumer, 64))
    _stages(records, settings, flag, ALERTS)


def _stages(records: DataStream, settings: JobSettings, flag: str, topic: Topic) -> None:
    words = batches.stage(records, Count(flag), uid="card-stage", ttl=TTL)
    written = batches.last_stage(words, Write(topic.name), uid="merchant-stage", ttl=TTL)
    batches.sink(
        written,
        [topic],
        uid="answers",
        bootstrap=settings.bootstrap,
        delivery=settings.delivery,
        transaction_prefix=settings.transaction_prefix,
        properties={"transaction.timeout.ms": settings.transaction_timeout_ms, "linger.ms": 1},
    )


def by_pyflink(env: StreamExecutionEnvironment, settings: JobSettings, flag: str) -> None:
    """Build the graph with a process function for each stage."""
    table_env = StreamTableEnvironment.create(env)
    records = key_in_java(tables.source(table_env, settings), INCOMING)
    words = records.process(OneByOne(Count(flag), TTL, last=False), HAND_OVER).uid("card-stage")
    keyed = key_in_java(words.name("count"), HAND_OVER)
    written = keyed.process(OneByOne(Write(DECISIONS.name), TTL, last=True), OUTGOING).uid(
        "merchant-stage"
    )
    tables.sink(table_env, table_env.from_data_stream(written.name("write")), settings)
    name_table_operators(env)


def main(arguments: Sequence[str]) -> None:
    """Build the job and submit it."""
    engine, flag, *own = arguments
    env = StreamExecutionEnvironment.get_execution_environment()
    build = {"batch": by_batches, "bounded": bounded, "pyflink": by_pyflink}[engine]
    build(env, parse_settings(own), flag)
    env.execute(f"toy stages by {engine}")


if __name__ == "__main__":
    main(sys.argv[1:])
