"""The card stage: decode, validate, dead letters, repeats, and the features of the card."""

import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from pyflink.datastream import RuntimeContext

from events.dead_letter import dead_letter, encode_dead_letter
from events.errors import EventError
from events.label import Label
from events.timestamps import is_record_time
from features import warm_up
from features.card.transition import CardStep
from features.money.rates import Rates
from jobs.flink_edge.stage import Fields, Stage
from jobs.flink_edge.state import entity_state
from scoring.messages import LabelOnItsWay, Refused, pack
from scoring.path import Entity, Repeated, payment_path, visit
from scoring.steps import first_request, receive_one
from udfs.metrics import Counters


class CardStage(Stage):
    """Kafka records under their card in, hand-overs under the key of the next entity out."""

    def __init__(
        self, ttl: timedelta, keep: frozenset[str], rates: Rates, *, unread_deleted: int = 0
    ) -> None:
        self._ttl = ttl
        self._keep = keep
        self._rates = rates
        self._unread_deleted = unread_deleted

    def open(self, runtime_context: RuntimeContext) -> None:
        """Open the state and compile the kernels before the first payment."""
        warm_up()
        self._path = payment_path(self._rates)
        self._entity: Entity[CardStep] = self._path.entity("card")
        self._next_key = self._path.after("card").key
        self._label_key = self._path.learning.key
        self._state = runtime_context.get_state(entity_state("card", self._ttl))
        self._counters = Counters(runtime_context.get_metrics_group())
        if self._unread_deleted:
            # PyFlink 2.3.0 cannot tell which subtask this is: each shows the same number.
            self._counters.add("unread_deleted", count=self._unread_deleted)

    def rows(self, value: Iterable[Any]) -> Sequence[Fields]:
        """Take in one record (`rows.RECORD`) of the transactions or the labels topic."""
        topic, _, _, time_ms, key, body = value
        odd_time = not is_record_time(time_ms, time.time_ns() // 1_000_000)
        if odd_time:
            self._counters.add("record_time")
        received = receive_one(topic, time_ms, key, body, self._keep)
        if not isinstance(received, tuple):
            return self._aside(received, value)
        payment = received[0]
        before = self._state.value()
        states = {} if before is None else {payment.card_id: before}
        (step,) = visit(self._entity, (payment,), states)
        if not isinstance(step, CardStep):
            return self._aside(step, value)
        self._state.update(states[payment.card_id])
        if step.late:
            self._counters.add("late")
        if step.unchecked:
            self._counters.add("repeats_unchecked")
        if step.no_rate:
            self._counters.add("no_rate", payment.currency)
        request = first_request(self._path, received, step, time_ms, odd_record_time=odd_time)
        return ((self._next_key(payment), pack(request)),)

    def _aside(
        self, found: Label | Repeated | EventError, record: Iterable[Any]
    ) -> Sequence[Fields]:
        """Return what becomes of a record that is no payment, or of a payment not taken in."""
        if isinstance(found, Label):
            self._counters.add("labels")
            return ((self._label_key(found), pack(LabelOnItsWay(found))),)
        if isinstance(found, Repeated):
            self._counters.add("repeated")
            return ()
        self._counters.add("dead_letters", found.code)
        topic, partition, offset, time_ms, key, body = record
        letter = dead_letter(
            found,
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
