"""The graph of batches: a source, stages and a sink of the Java edge (jobs/java/), by py4j."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import cloudpickle
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.data_stream import DataStream
from pyflink.java_gateway import get_gateway

from events.topics import Topic
from jobs.flink_edge.state import pages_ttl
from jobs.flink_edge.wire import Stage


def source(
    env: StreamExecutionEnvironment,
    topics: Sequence[Topic],
    *,
    uid: str,
    bootstrap: str,
    group_id: str,
    properties: Mapping[str, object],
    most: int,
) -> DataStream:
    """Read topics from their start as batches of packed `KafkaRecord`s, under their keys as text.

    Args:
        env: The environment that the graph is added to.
        topics: Topics to read.
        uid: Uid and name of the operator.
        bootstrap: Addresses of the brokers.
        group_id: Consumer group that offsets are committed for.
        properties: More properties of Kafka's consumer.
        most: Most records in a batch.
    """
    return DataStream(
        _edge().source(
            env._j_stream_execution_environment,
            uid,
            bootstrap,
            _names(topics),
            group_id,
            most,
            _properties({"max.poll.records": most, **properties}),
        )
    )


def stage(batches: DataStream, stage: Stage, *, uid: str, ttl: timedelta) -> DataStream:
    """Add a stage whose outputs are messages of another stage, by key.

    With one subtask it is chained to what is in front of it, where both are in one slot sharing
    group; with more, each batch is divided for the subtasks of its keys.

    Args:
        batches: The source's batches or another stage's.
        stage: The stage, to be pickled.
        uid: Uid of the operator, which savepoints find its state by.
        ttl: Time after which the state of an idle key is forgotten.
    """
    return _stage(_edge().stage, batches, stage, uid, ttl)


def last_stage(batches: DataStream, stage: Stage, *, uid: str, ttl: timedelta) -> DataStream:
    """Add a stage as `stage` does, whose outputs are records for Kafka, by topic."""
    return _stage(_edge().lastStage, batches, stage, uid, ttl)


def sink(
    records: DataStream,
    topics: Sequence[Topic],
    *,
    uid: str,
    bootstrap: str,
    delivery: str,
    transaction_prefix: str,
    properties: Mapping[str, object],
) -> None:
    """Write the records of the last stage, in one Kafka transaction for each checkpoint.

    Args:
        records: The last stage's records.
        topics: All topics that the last stage names.
        uid: Uid and name of the operator.
        bootstrap: Addresses of the brokers.
        delivery: Guarantee: exactly-once, at-least-once or none; only the first has transactions.
        transaction_prefix: Prefix of the transactional ids.
        properties: Properties of Kafka's producer.
    """
    _edge().sink(
        records._j_data_stream,
        uid,
        bootstrap,
        _names(topics),
        delivery,
        transaction_prefix,
        _properties(properties),
    )


def _stage(add: Any, batches: DataStream, stage: Stage, uid: str, ttl: timedelta) -> DataStream:
    pages = 0 if stage.parts is None else _milliseconds(pages_ttl(ttl))
    state = _edge().state(stage.state, _milliseconds(ttl), pages)
    pickled = cloudpickle.dumps(stage)
    return DataStream(add(batches._j_data_stream, uid, stage.name, state, pickled))


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


def _edge() -> Any:
    return get_gateway().jvm.io.cardwatch.edge.Edge


def _names(topics: Sequence[Topic]) -> Any:
    names = get_gateway().jvm.java.util.ArrayList()
    for topic in topics:
        names.add(topic.name)
    return names


def _properties(given: Mapping[str, object]) -> Any:
    properties = get_gateway().jvm.java.util.Properties()
    for key, value in given.items():
        properties.setProperty(key, str(value))
    return properties
