"""The work in Spark Structured Streaming: transformWithState twice, then the score.

    python -m benchmarks.peers.spark_streaming BOOTSTRAP BUNDLE FOLDER JARS

Each micro-batch is a job: shuffle by card, shuffle by merchant, score, write. State is in RocksDB
with a checkpoint for each batch. The Kafka sink has no transactions: a batch that a crash cut
short is written again as a whole.

Spark calls a processor once for each grouping key of a micro-batch, and calls back and forth for
each. So the grouping key is one of 16 places, a place has its cards in a map state, which is read
and written card by card, and one call takes all payments of a place. The processors take and give
rows. Payments are scored in Arrow batches.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import pandas as pd
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.streaming.stateful_processor import StatefulProcessor
from pyspark.sql.types import BinaryType, StringType, StructField, StructType

from benchmarks.peers.work import (
    Out,
    at_cards,
    at_merchants,
    card_of,
    merchant_of,
    packed_out,
    read,
    records_of,
    unpacked,
    unpacked_out,
)
from events.topics import LABELS, TRANSACTIONS
from scoring.loader import Bundle, load_bundle
from scoring.messages import pack
from scoring.path import States

_CORES: Final = 2
_OPTIONS: Final = {
    "spark.ui.enabled": "false",
    "spark.driver.memory": "2g",
    # A task for each core; the default of 200 is meant for a cluster.
    "spark.sql.shuffle.partitions": str(_CORES),
    # transformWithState asks for it; the changelog makes a batch's checkpoint small.
    "spark.sql.streaming.stateStore.providerClass": (
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    ),
    "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
}
_BATCH: Final = 10_000
"""Records in a micro-batch at most, so that a backlog is not one batch."""

_PLACES: Final = 16
"""Grouping keys: few enough for batches of hundreds. Spark's hash gives the two tasks 9 and 7."""

_KEY: Final = StructType([StructField("key", StringType())])
_STATE: Final = StructType([StructField("packed", BinaryType())])
_HANDED: Final = StructType(
    [StructField("merchant", StringType()), StructField("body", BinaryType())]
)
_RECORD: Final = StructType(
    [
        StructField("topic", StringType()),
        StructField("key", BinaryType()),
        StructField("value", BinaryType()),
    ]
)


class Card(StatefulProcessor):  # type: ignore[misc]  # not in the environment that is type-checked
    """The records of a place's cards in one micro-batch in, hand-overs out."""

    def init(self, handle: Any) -> None:
        """Take hold of the state."""
        self._states = handle.getMapState("cards", _KEY, _STATE)

    def handleInputRows(  # noqa: N802  # Spark's name
        self,
        key: Any,  # noqa: ARG002
        rows: Iterator[Row],
        timerValues: Any,  # noqa: ARG002, N803
    ) -> Iterator[Row]:
        """Take the records in the order of their partitions, which a shuffle does not keep."""
        records = read(
            [
                (row.topic, row.time_ms, _bytes(row.key), _bytes(row.value))
                for row in sorted(rows, key=lambda row: row.offset)
            ]
        )
        with _states(self._states, map(card_of, records)) as states:
            handed = at_cards(records, states)
        for one in handed:
            yield Row(merchant=merchant_of(one), body=pack(one))

    def close(self) -> None:
        """Nothing to close."""


class Merchant(StatefulProcessor):  # type: ignore[misc]  # as above
    """The hand-overs to a place's merchants in, requests to score and receipts out."""

    def init(self, handle: Any) -> None:
        """Take hold of the state."""
        self._states = handle.getMapState("merchants", _KEY, _STATE)

    def handleInputRows(  # noqa: N802  # Spark's name
        self,
        key: Any,  # noqa: ARG002
        rows: Iterator[Row],
        timerValues: Any,  # noqa: ARG002, N803
    ) -> Iterator[Row]:
        """Take what the cards have handed over, in any order."""
        handed = [unpacked(bytes(row.body)) for row in rows]
        with _states(self._states, map(merchant_of, handed)) as states:
            taken = at_merchants(handed, states)
        for one in taken:
            yield Row(**packed_out(one)._asdict())

    def close(self) -> None:
        """Nothing to close."""


@contextmanager
def _states(kept: Any, keys: Iterable[str]) -> Iterator[States]:
    """Read the states of keys from a map state, and write those that have changed."""
    before: dict[str, bytes] = {}
    for key in dict.fromkeys(keys):
        found = kept.getValue((key,))
        if found is not None:
            before[key] = bytes(found[0])
    states = dict(before)
    yield states
    for key, state in states.items():
        if state is not before.get(key):
            kept.updateValue((key,), (state,))


def _bytes(value: bytearray | None) -> bytes | None:
    """Return a record's key or value as bytes, None where there is none."""
    return None if value is None else bytes(value)


@cache
def _bundle(path: str) -> Bundle:
    """Load the bundle, once for each worker process."""
    return load_bundle(path)


def scored(records: DataFrame, bundle: str) -> DataFrame:
    """Score what is packed, in Arrow batches, and let receipts pass."""

    def score(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            packed = [
                Out(topic, bytes(key), bytes(value)) for topic, key, value in frame.to_numpy()
            ]
            records = records_of(map(unpacked_out, packed), _bundle(bundle))
            yield pd.DataFrame(records, columns=list(Out._fields))

    return records.mapInPandas(score, _RECORD)


def build(session: SparkSession, bootstrap: str, bundle: str) -> DataFrame:
    """Return the records to write."""
    incoming = (
        session.readStream.format("kafka")
        .option("kafka.bootstrap.servers", bootstrap)
        .option("subscribe", f"{TRANSACTIONS.name},{LABELS.name}")
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", _BATCH)
        .load()
        .selectExpr(
            _place("key"),
            "topic",
            "offset",
            "unix_millis(timestamp) AS time_ms",
            "key",
            "value",
        )
    )
    handed = incoming.groupBy("place").transformWithState(
        Card(), _HANDED, outputMode="Append", timeMode="None"
    )
    records = (
        handed.selectExpr(_place("merchant"), "body")
        .groupBy("place")
        .transformWithState(Merchant(), _RECORD, outputMode="Append", timeMode="None")
    )
    return scored(records, bundle)


def _place(key: str) -> str:
    """Return the expression of the place that a key's state is in."""
    return f"pmod(hash({key}), {_PLACES}) AS place"


def main(arguments: Sequence[str]) -> None:
    """Run until SIGTERM."""
    bootstrap, bundle, folder, jars = arguments
    builder = SparkSession.builder.master(f"local[{_CORES}]").appName("cardwatch-peer")
    for name, value in {**_OPTIONS, "spark.jars": jars}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")  # a warning for each new key is the default
    query = (
        build(session, bootstrap, bundle)
        .writeStream.format("kafka")
        .option("kafka.bootstrap.servers", bootstrap)
        .option("checkpointLocation", f"{folder}/checkpoint")
        .outputMode("append")
        .start()
    )
    query.awaitTermination()


if __name__ == "__main__":
    # Spark's workers look a cached function up in its module, and theirs is another __main__.
    from benchmarks.peers import spark_streaming

    spark_streaming.main(sys.argv[1:])
