"""A stage in plain PyFlink: each record is a batch of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from jobs.flink_edge.state import entity_state
from jobs.flink_edge.wire import KafkaRecord, Stage
from udfs.metrics import Counters


class OneByOne(KeyedProcessFunction):  # type: ignore[misc]  # pyflink ships no types
    """A stage as a keyed process function.

    Values are rows of a Kafka record (`rows.RECORD`) or bodies. What it gives are rows for Kafka
    (`rows.OUTGOING`) where it is the `last` stage, and else rows for another one.
    """

    def __init__(self, stage: Stage, ttl: timedelta, *, last: bool) -> None:
        self._stage = stage
        self._ttl = ttl
        self._last = last

    def open(self, context: RuntimeContext) -> None:
        """Open the state and the stage."""
        self._state = context.get_state(entity_state(self._stage.state, self._ttl))
        self._stage.open(Counters(context.get_metrics_group()))

    def process_element(
        self, value: bytes | Iterable[Any], context: KeyedProcessFunction.Context
    ) -> Iterator[Row]:
        """Hand on what the stage makes of one record."""
        body = value if isinstance(value, bytes) else KafkaRecord(*value).pack()
        key: str = context.get_current_key()  # the one field of the key's row
        state = self._state.value()
        states = {} if state is None else {key: state}
        outputs = self._stage.process([body], states)
        if states.get(key) is not state:
            self._state.update(states[key])
        for output in outputs:
            if self._last:
                yield Row(output.to, output.key, output.value)
            else:
                yield Row(output.to, output.value)
