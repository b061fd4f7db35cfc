"""A stage in plain PyFlink: each record is a batch of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from features.parts import Parts
from jobs.flink_edge.outputs import Output
from jobs.flink_edge.state import entity_pages, entity_state
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
        if self._stage.parts is not None:
            self._pages = context.get_map_state(entity_pages(self._stage.state, self._ttl))
        self._stage.open(Counters(context.get_metrics_group()))

    def process_element(
        self, value: bytes | Iterable[Any], context: KeyedProcessFunction.Context
    ) -> Iterator[Row]:
        """Hand on what the stage makes of one record."""
        body = value if isinstance(value, bytes) else KafkaRecord(*value).pack()
        key: str = context.get_current_key()  # the one field of the key's row
        kept: bytes | None = self._state.value()
        values = {} if kept is None else {key: kept}
        parts = self._stage.parts
        outputs = (
            self._stage.process([body], values)
            if parts is None
            else self._process_parts(parts, body, values)
        )
        if values.get(key) is not kept:
            self._state.update(values[key])
        for output in outputs:
            if self._last:
                yield Row(output.to, output.key, output.value)
            else:
                yield Row(output.to, output.value)

    def _process_parts(
        self, parts: Parts, body: bytes, values: dict[str, bytes]
    ) -> Sequence[Output]:
        """Take in one record whose key may have its state in parts; change its value in place."""
        wanted = ((page, self._pages.get(page[1])) for page in parts.wanted(values))
        before = parts.join(values, {page: found for page, found in wanted if found is not None})
        after = dict(before)
        outputs = self._stage.process([body], after)
        changes = parts.split(before, after)
        values.update(changes.values)
        for (_, number), content in changes.pages.items():
            if content is None:
                self._pages.remove(number)
            else:
                self._pages.put(number, content)
        return outputs
