"""The work in Spark Structured Streaming: transformWithState twice, then the score.

    python -m benchmarks.peers.spark_streaming BOOTSTRAP BUNDLE FOLDER JARS

Each micro-batch is a job: shuffle by card, shuffle by merchant, score, write. State is in RocksDB
with a checkpoint for each batch. The Kafka sink has no transactions: a batch that a crash cut
short is written again as a whole. The states take and give rows: in pandas each key of a batch
costs a frame of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

import pandas as pd
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.streaming.stateful_processor import StatefulProcessor
from pyspark.sql.types import BinaryType, StringType, StructField, StructType

from benchmarks.peers.work import Out, card_step, merchant_step, pack_out, score_batch
from events.topics import DECISIONS, LABELS, TRANSACTIONS
from scoring.loader import Bundle, load_bundle

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
    """A card's records of one micro-batch in, hand-overs out."""

    def init(self, handle: Any) -> None:
        """Take hold of the state."""
        self._state = handle.getValueState("card", _STATE)

    def handleInputRows(  # noqa: N802  # Spark's name
        self,
        key: Any,  # noqa: ARG002
        rows: Iterator[Row],
        timerValues: Any,  # noqa: ARG002, N803
    ) -> Iterator[Row]:
        """Step through the records in the order of their topic, which a shuffle does not keep."""
        state = _packed(self._state)
        for row in sorted(rows, key=lambda row: (row.topic, row.offset)):
            out = card_step(state, row.topic, _bytes(row.key), _bytes(row.value), row.time_ms)
            state = out.state
            if out.merchant_id is not None:
                yield Row(merchant=out.merchant_id, body=out.handed)
        if state is not None:
            self._state.update((state,))

    def close(self) -> None:
        """Nothing to close."""


class Merchant(StatefulProcessor):  # type: ignore[misc]  # as above
    """A merchant's hand-overs in, requests to score and receipts out."""

    def init(self, handle: Any) -> None:
        """Take hold of the state."""
        self._state = handle.getValueState("merchant", _STATE)

    def handleInputRows(  # noqa: N802  # Spark's name
        self,
        key: Any,  # noqa: ARG002
        rows: Iterator[Row],
        timerValues: Any,  # noqa: ARG002, N803
    ) -> Iterator[Row]:
        """Step through what the cards have handed over, in any order."""
        state = _packed(self._state)
        for row in rows:
            out = merchant_step(state, bytes(row.body))
            state = out.state
            yield Row(**pack_out(out)._asdict())
        self._state.update((state,))

    def close(self) -> None:
        """Nothing to close."""


def _packed(state: Any) -> bytes | None:
    """Return the bytes of a state, None where there is none yet."""
    found = state.get()
    return None if found is None else bytes(found[0])


def _bytes(value: bytearray | None) -> bytes | None:
    """Return a record's key or value as bytes, None where there is none."""
    return None if value is None else bytes(value)


@cache
def _bundle(path: str) -> Bundle:
    """Load the bundle, once for each worker process."""
    return load_bundle(path)


def scored(records: DataFrame, bundle: str) -> DataFrame:
    """Score what is packed, in Arrow batches; receipts pass by."""

    def score(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            waiting = frame["topic"] == DECISIONS.name
            packed = [bytes(each) for each in frame.loc[waiting, "value"]]
            outs = [out for found in score_batch(packed, _bundle(bundle)) for out in found]
            answers = pd.DataFrame(outs, columns=list(Out._fields))
            yield pd.concat([answers, frame[~waiting]])

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
            "decode(key, 'UTF-8') AS card",
            "topic",
            "offset",
            "unix_millis(timestamp) AS time_ms",
            "key",
            "value",
        )
    )
    handed = incoming.groupBy("card").transformWithState(
        Card(), _HANDED, outputMode="Append", timeMode="None"
    )
    records = handed.groupBy("merchant").transformWithState(
        Merchant(), _RECORD, outputMode="Append", timeMode="None"
    )
    return scored(records, bundle)


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
