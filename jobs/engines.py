"""The two ways to carry payments through the graph: in batches, or one by one in plain PyFlink.

Both have the same stages, uids and states, so each resumes the savepoints of the other, and the
same answers bit for bit. The batch engine is the fast one (ADR 0041); plain PyFlink needs no jar of
ours and is what the batch engine is held to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, Protocol

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.data_stream import DataStream
from pyflink.table import StreamTableEnvironment

from events.topics import INPUTS, OUTPUTS
from jobs.flink_edge import batches, tables
from jobs.flink_edge.one_by_one import OneByOne
from jobs.flink_edge.rows import HAND_OVER, INCOMING, OUTGOING, key_in_java
from jobs.flink_edge.uids import SINK, SOURCE, name_table_operators
from jobs.flink_edge.wire import Stage
from jobs.settings import Engine, JobSettings

CARD_STAGE: Final = "card-stage"
MERCHANT_STAGE: Final = "merchant-stage"
"""Uids of the stages: a savepoint finds their state by them."""

MERCHANT_SLOT: Final = "merchant"
"""Slot sharing group of the merchant stage: stages of one process share an interpreter lock."""


class Graph(Protocol):
    """The operators of the job, in the order in which they are added."""

    def source(self) -> DataStream:
        """Return the records of payments and labels."""

    def card_stage(self, records: DataStream, stage: Stage) -> DataStream:
        """Return what the stage hands on, under the key of the next one."""

    def merchant_stage(self, handed_over: DataStream, stage: Stage) -> DataStream:
        """Return the records for Kafka that the stage makes."""

    def sink(self, records: DataStream) -> None:
        """Write records in one Kafka transaction for each checkpoint."""


class Batches:
    """Batches through the Java edge: one crossing into Python for each batch and stage."""

    def __init__(self, env: StreamExecutionEnvironment, settings: JobSettings) -> None:
        self._env = env
        self._settings = settings
        self._ttl = timedelta(days=settings.state_ttl_days)

    def source(self) -> DataStream:
        """Return what each poll of Kafka brought, as batches."""
        return batches.source(
            self._env,
            INPUTS,
            uid=SOURCE,
            bootstrap=self._settings.bootstrap,
            group_id=self._settings.group_id,
            properties=self._settings.source_properties,
            most=self._settings.batch_size,
        )

    def card_stage(self, records: DataStream, stage: Stage) -> DataStream:
        """Return what the stage makes of each batch."""
        return batches.stage(records, stage, uid=CARD_STAGE, ttl=self._ttl)

    def merchant_stage(self, handed_over: DataStream, stage: Stage) -> DataStream:
        """Return the records that the stage makes of each batch.

        One subtask has both stages in one thread: a hand-over between two costs more than they win.
        """
        made = batches.last_stage(handed_over, stage, uid=MERCHANT_STAGE, ttl=self._ttl)
        if self._env.get_parallelism() == 1:
            return made
        return made.slot_sharing_group(MERCHANT_SLOT)

    def sink(self, records: DataStream) -> None:
        """Write the records of a batch one by one."""
        batches.sink(
            records,
            OUTPUTS,
            uid=SINK,
            bootstrap=self._settings.bootstrap,
            delivery=self._settings.delivery,
            transaction_prefix=self._settings.transaction_prefix,
            properties=self._settings.sink_properties,
        )


class PlainPyFlink:
    """Records one by one, with tables at both ends and a process function for each stage."""

    def __init__(self, env: StreamExecutionEnvironment, settings: JobSettings) -> None:
        self._env = env
        self._settings = settings
        self._ttl = timedelta(days=settings.state_ttl_days)
        self._tables = StreamTableEnvironment.create(env)

    def source(self) -> DataStream:
        """Return the records as rows."""
        return tables.source(self._tables, self._settings)

    def card_stage(self, records: DataStream, stage: Stage) -> DataStream:
        """Return what the stage makes of each record; one subtask needs no exchange (ADR 0020)."""
        keyed = key_in_java(records, INCOMING, stays=self._env.get_parallelism() == 1)
        made = keyed.process(OneByOne(stage, self._ttl, last=False), HAND_OVER)
        return made.uid(CARD_STAGE).name(stage.name)

    def merchant_stage(self, handed_over: DataStream, stage: Stage) -> DataStream:
        """Return the records that the stage makes of each message."""
        keyed = key_in_java(handed_over, HAND_OVER)
        made = keyed.process(OneByOne(stage, self._ttl, last=True), OUTGOING)
        return made.uid(MERCHANT_STAGE).name(stage.name).slot_sharing_group(MERCHANT_SLOT)

    def sink(self, records: DataStream) -> None:
        """Write the records, and name what tables have added: the graph is complete."""
        tables.sink(self._tables, self._tables.from_data_stream(records), self._settings)
        name_table_operators(self._env)


GRAPHS: Final[Mapping[Engine, Callable[[StreamExecutionEnvironment, JobSettings], Graph]]] = {
    "batch": Batches,
    "pyflink": PlainPyFlink,
}
