"""The card stage: decode, validate, dead letters, repeats, and the features of the card."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

from events.dead_letter import dead_letter, encode_dead_letter
from events.errors import EventError
from events.label import Label
from events.timestamps import is_record_time
from features import warm_up
from features.card.transition import CardStep
from features.money.rates import Rates
from jobs.flink_edge.wire import KafkaRecord, Output
from jobs.stages.contained import States, contained
from scoring.messages import LabelOnItsWay, Refused, pack
from scoring.path import Entity, Refusal, Repeated, payment_path, visit
from scoring.steps import Received, first_request, receive_one
from udfs.metrics import Counters

Found = Received | Label | EventError
"""A payment with its JSON, a label, or why a record is neither."""

Counts = Counter[tuple[str, str | None]]
"""What is counted, by the name and the label of the counter."""


class CardStage:
    """Kafka records under their card in, hand-overs under the key of the next entity out."""

    name = "card stage"
    state = "card"

    def __init__(self, rates: Rates, keep: frozenset[str], *, unread_deleted: int = 0) -> None:
        self._rates = rates
        self._keep = keep
        self._unread_deleted = unread_deleted

    def open(self, counters: Counters) -> None:
        """Compile the kernels before the first payment."""
        warm_up()
        self._path = payment_path(self._rates)
        self._entity: Entity[CardStep] = self._path.entities[0]
        self._next_key = self._path.entities[1].key
        self._label_key = self._path.learning.key
        self._counters = counters
        if self._unread_deleted:
            # PyFlink 2.3.0 cannot tell which subtask this is: each shows the same number.
            counters.add("unread_deleted", count=self._unread_deleted)

    def process(self, bodies: Sequence[bytes], states: States) -> list[Output]:
        """Take in records of the transactions and the labels topic."""
        return contained(self._take, bodies, states, self._failed)

    def _take(self, bodies: Sequence[bytes], states: States) -> list[Output]:
        records = [KafkaRecord.unpack(body) for body in bodies]
        found = [self._read(record) for record in records]
        payments = [one[0] for one in found if isinstance(one, tuple)]
        steps = iter(visit(self._entity, payments, states))
        counts: Counts = Counter()
        outputs = list(self._outputs(records, found, steps, counts))
        self._count(counts)
        return outputs

    def _count(self, counts: Counts) -> None:
        for (name, label), count in counts.items():
            self._counters.add(name, label, count=count)

    def _read(self, record: KafkaRecord) -> Found:
        return receive_one(record.topic, record.time_ms, record.key, record.value, self._keep)

    def _outputs(
        self,
        records: Sequence[KafkaRecord],
        found: Sequence[Found],
        steps: Iterator[CardStep | Refusal],
        counts: Counts,
    ) -> Iterator[Output]:
        """Yield what each record becomes, and count it."""
        now_ms = time.time_ns() // 1_000_000
        for record, one in zip(records, found, strict=True):
            odd_time = not is_record_time(record.time_ms, now_ms)
            if odd_time:
                counts["record_time", None] += 1
            if isinstance(one, tuple):
                step = next(steps)
                if isinstance(step, CardStep):
                    yield self._request(record, one, step, counts, odd_time=odd_time)
                elif isinstance(step, Repeated):
                    counts["repeated", None] += 1
                else:
                    yield self._refused(record, step, counts)
            elif isinstance(one, Label):
                counts["labels", None] += 1
                on_its_way = LabelOnItsWay(one, record.partition, record.offset)
                yield Output(self._label_key(one), None, pack(on_its_way))
            else:
                yield self._refused(record, one, counts)

    def _request(
        self,
        record: KafkaRecord,
        received: Received,
        step: CardStep,
        counts: Counts,
        *,
        odd_time: bool,
    ) -> Output:
        payment = received[0]
        if step.late:
            counts["late", None] += 1
        if step.unchecked:
            counts["repeats_unchecked", None] += 1
        if step.no_rate:
            counts["no_rate", payment.currency] += 1
        request = first_request(
            self._path,
            received,
            step,
            record.time_ms,
            odd_record_time=odd_time,
            place=(record.partition, record.offset),
        )
        return Output(self._next_key(payment), None, pack(request))

    def _refused(self, record: KafkaRecord, error: EventError, counts: Counts) -> Output:
        counts["dead_letters", error.code] += 1
        letter = dead_letter(
            error,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            value=record.value,
            time_ms=record.time_ms,
        )
        place = letter.key or b""
        refused = Refused(letter.key, encode_dead_letter(letter))
        return Output(place.decode(errors="replace"), None, pack(refused))

    def _failed(self, body: bytes, error: EventError) -> list[Output]:
        counts: Counts = Counter()
        output = self._refused(KafkaRecord.unpack(body), error, counts)
        self._count(counts)
        return [output]
