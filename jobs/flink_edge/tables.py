"""The Kafka ends of the job as tables: bytes in, bytes out, in one transaction.

One source reads payments and labels, so that undecodable bytes reach our own code with their
topic, partition and offset. One sink writes every output topic, chosen row by row: a decision,
its alert, and the dead letters beside them commit together or not at all.
"""

from collections.abc import Mapping
from typing import Any, Final

from py4j.java_gateway import get_java_class
from pyflink.datastream.data_stream import DataStream
from pyflink.java_gateway import get_gateway
from pyflink.table import StreamTableEnvironment, Table

from events.topics import (
    LABELS,
    OUTPUTS,
    TRANSACTIONS,
    Topic,
)
from jobs.settings import JobSettings

_SOURCE = """
CREATE TEMPORARY TABLE incoming (
  `key` BYTES, `value` BYTES,
  `topic` STRING METADATA VIRTUAL, `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL, `timestamp` TIMESTAMP_LTZ(3) METADATA VIRTUAL
) WITH ({options})
"""

_SINK = """
CREATE TEMPORARY TABLE outgoing (
  `topic` STRING NOT NULL METADATA, `key` BYTES, `value` BYTES
) WITH ({options})
"""

# A key that is no UTF-8 decodes with replacement characters: garbage keeps to one card's place.
_ROWS = """
SELECT COALESCE(DECODE(`key`, 'UTF-8'), '') AS card,
  ROW(`topic`, `partition`, `offset`, `timestamp`, `key`, `value`) AS record
FROM incoming
"""

_RAW: Final = {
    "connector": "kafka",
    "key.format": "raw",
    "key.fields": "key",
    "value.format": "raw",
    "value.fields-include": "EXCEPT_KEY",
}


def _options(options: Mapping[str, object]) -> str:
    quoted = {name: str(value).replace("'", "''") for name, value in options.items()}
    return ", ".join(f"'{name}' = '{value}'" for name, value in quoted.items())


def _properties(properties: Mapping[str, str]) -> dict[str, str]:
    return {f"properties.{key}": value for key, value in properties.items()}


def _names(*topics: Topic) -> str:
    return ";".join(topic.name for topic in topics)


def source(tables: StreamTableEnvironment, settings: JobSettings) -> DataStream:
    """Return the rows of `jobs.flink_edge.rows.INCOMING` from the topics of payments and labels."""
    options = _RAW | {
        "topic": _names(TRANSACTIONS, LABELS),
        "properties.bootstrap.servers": settings.bootstrap,
        "properties.group.id": settings.group_id,
        "scan.startup.mode": "earliest-offset",
        **_properties(settings.source_properties),
    }
    tables.execute_sql(_SOURCE.format(options=_options(options)))
    return _with_milliseconds(tables, tables.sql_query(_ROWS))


def _with_milliseconds(tables: StreamTableEnvironment, rows: Table) -> DataStream:
    """Return the source's rows with the record's time as the number that Kafka holds.

    SQL has no function for the milliseconds of a timestamp, and its differences are 32-bit numbers
    that wrap around for times that only a mistake can mean. The table's own conversion is exact
    for each of them; PyFlink does not offer it.
    """
    jvm = get_gateway().jvm
    types = jvm.org.apache.flink.table.api.DataTypes

    def row(**fields: Any) -> Any:
        named = jvm.java.util.ArrayList()
        for name, kind in fields.items():
            named.add(types.FIELD(name, kind))
        return types.ROW(named)

    time = types.TIMESTAMP_LTZ(3).bridgedTo(get_java_class(jvm.java.lang.Long))
    record = row(
        topic=types.STRING(),
        partition=types.INT(),
        offset=types.BIGINT(),
        time_ms=time,
        key=types.BYTES(),
        value=types.BYTES(),
    )
    stream = tables._j_tenv.toDataStream(rows._j_table, row(card=types.STRING(), record=record))
    return DataStream(stream)


def sink(tables: StreamTableEnvironment, outgoing: Table, settings: JobSettings) -> None:
    """Write rows of `jobs.flink_edge.rows.OUTGOING` in one Kafka transaction for each checkpoint.

    Without exactly-once (`settings.delivery`) there are no transactions.
    """
    options = _RAW | {
        "topic": _names(*OUTPUTS),
        "properties.bootstrap.servers": settings.bootstrap,
        "sink.delivery-guarantee": settings.delivery,
        "sink.transactional-id-prefix": settings.transaction_prefix,
        # The other way, a new id for each checkpoint, leaves the broker 600,000 of them a week,
        # each of which it remembers for seven days.
        "sink.transaction-naming-strategy": "POOLING",
        **_properties(settings.sink_properties),
    }
    tables.execute_sql(_SINK.format(options=_options(options)))
    statements = tables.create_statement_set()
    statements.add_insert("outgoing", outgoing)
    statements.attach_as_datastream()
