"""The card stage: decode, validate, dead letters, repeats, and the features of the card."""

from collections.abc import Iterator
from datetime import timedelta

from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from events.dead_letter import dead_letter, encode_dead_letter
from events.errors import EventError
from events.label import parse_label
from events.topics import LABELS
from events.transaction import parse_transaction
from features import card, warm_up
from jobs.hand_over import CardLabel, CardResult, Refused, pack
from jobs.state import entity_state
from udfs.metrics import Counters


class CardStage(KeyedProcessFunction):  # type: ignore[misc]  # pyflink ships no types
    """Kafka records under their card in, hand-overs under their merchant out."""

    def __init__(self, ttl: timedelta) -> None:
        self._ttl = ttl

    def open(self, runtime_context: RuntimeContext) -> None:
        """Take hold of the state and compile the kernels before the first payment."""
        warm_up()
        self._state = runtime_context.get_state(entity_state("card", self._ttl))
        self._counters = Counters(runtime_context.get_metrics_group())

    def process_element(self, value: Row, ctx: KeyedProcessFunction.Context) -> Iterator[Row]:
        """Take in one record of the transactions or the labels topic."""
        topic, _partition, _offset, time_ms, key, body = value
        try:
            if topic == LABELS.name:
                yield self._label(key, body)
            else:
                result = self._payment(time_ms, key, body)
                if result is not None:
                    yield result
        except EventError as error:
            yield self._refused(value, error, ctx.get_current_key())

    def _payment(self, time_ms: int, key: bytes | None, body: bytes | None) -> Row | None:
        # The record's own time, not the clock: a replay of the topic judges it alike.
        payment = parse_transaction(body, key, time_ms)
        step = card.advance(self._state.value(), payment)
        if step.repeated:
            self._counters.add("repeated")
            return None
        self._state.update(step.state)
        if step.late:
            self._counters.add("late")
        assert body is not None
        result = CardResult(
            payment=payment,
            original=body,
            features=step.values.tobytes(),
            sequence=step.sequence,
            late=step.late,
            compacted=step.compacted,
            received_ms=time_ms,
        )
        return Row(payment.merchant_id, pack(result))

    def _label(self, key: bytes | None, body: bytes | None) -> Row:
        label = parse_label(body, key)
        self._counters.add("labels")
        return Row(label.merchant_id, pack(CardLabel(label)))

    def _refused(self, record: Row, error: EventError, card_key: str) -> Row:
        topic, partition, offset, time_ms, key, body = record
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
        return Row(card_key, pack(Refused(key, encode_dead_letter(letter))))
