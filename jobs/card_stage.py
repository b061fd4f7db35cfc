"""The card stage: decode, validate, dead letters, repeats, and the features of the card."""

import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from pyflink.datastream import RuntimeContext

from events.dead_letter import dead_letter, encode_dead_letter
from events.errors import EventError
from events.label import parse_label
from events.timestamps import is_record_time
from events.topics import LABELS
from events.transaction import receive_transaction
from features import warm_up
from features.card import transition as card
from jobs.flink_edge.direct import Fields
from jobs.flink_edge.stage import Stage
from jobs.flink_edge.state import entity_state
from scoring.messages import CardLabel, Refused, pack
from scoring.steps import card_result
from udfs.metrics import Counters


class CardStage(Stage):
    """Kafka records under their card in, hand-overs under their merchant out."""

    name = "card stage"

    def __init__(
        self, ttl: timedelta, keep: frozenset[str], *, direct: bool, unread_deleted: int = 0
    ) -> None:
        super().__init__(direct=direct)
        self._ttl = ttl
        self._keep = keep
        self._unread_deleted = unread_deleted

    def open(self, runtime_context: RuntimeContext) -> None:
        """Take hold of the state and compile the kernels before the first payment."""
        warm_up()
        self._state = runtime_context.get_state(entity_state("card", self._ttl))
        self._counters = Counters(runtime_context.get_metrics_group())
        if self._unread_deleted:
            # PyFlink 2.3.0 cannot tell which subtask this is: each shows the same number.
            self._counters.add("unread_deleted", count=self._unread_deleted)
        super().open(runtime_context)

    def rows(self, value: Iterable[Any]) -> Sequence[Fields]:
        """Take in one record (`rows.RECORD`) of the transactions or the labels topic."""
        topic, partition, offset, time_ms, key, body = value
        odd_time = not is_record_time(time_ms, time.time_ns() // 1_000_000)
        if odd_time:
            self._counters.add("record_time")
        try:
            if topic == LABELS.name:
                return (self._label(key, body),)
            return self._payment(time_ms, odd_time, key, body)
        except EventError as error:
            self._counters.add("dead_letters", error.code)
            letter = dead_letter(
                error,
                topic=topic,
                partition=partition,
                offset=offset,
                key=key,
                value=body,
                time_ms=time_ms,
            )
            place = letter.key or b""
            refused = Refused(letter.key, encode_dead_letter(letter))
            return ((place.decode(errors="replace"), pack(refused)),)

    def _payment(
        self, time_ms: int, odd_time: bool, key: bytes | None, body: bytes | None
    ) -> Sequence[Fields]:
        # Judged by the record's own time, not by the clock: a replay of the topic judges it alike.
        payment, original = receive_transaction(body, key, time_ms, self._keep)
        step = card.advance(self._state.value(), payment)
        if step.repeated:
            self._counters.add("repeated")
            return ()
        if step.reused:
            raise card.reused_id(payment, step)
        self._state.update(step.state)
        if step.late:
            self._counters.add("late")
        if step.unchecked:
            self._counters.add("repeats_unchecked")
        result = card_result(payment, original, step, time_ms, odd_record_time=odd_time)
        return ((payment.merchant_id, pack(result)),)

    def _label(self, key: bytes | None, body: bytes | None) -> Fields:
        label = parse_label(body, key)
        self._counters.add("labels")
        return label.merchant_id, pack(CardLabel(label))
