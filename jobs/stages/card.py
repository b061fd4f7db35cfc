"""The card stage: decode, validate, dead letters, repeats, and the features of the card.

Plain payments are read, measured and handed on by compiled code, a batch at once. All other records
are decoded one by one, and meet the cards' states in their place among the plain ones.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from events.dead_letter import dead_letter, encode_dead_letter
from events.errors import EventError
from events.label import Label
from events.timestamps import are_record_times, is_record_time
from events.topics import TRANSACTIONS
from features import warm_up
from features.card.kernel import COMPACTED, LATE, UNCHECKED, WITHOUT_RATE
from features.card.rows import PAID_KEY, PAID_TIME, rows_of
from features.card.transition import REFUSED, CardStep, advance, advance_rows, step_of
from features.kernels.batch import Taken, Words, numbered
from features.money.rates import Rates
from features.plain.payments import (
    CARD,
    CURRENCY,
    MERCHANT,
    PlainPayments,
    Records,
    octets_at,
    texts_at,
)
from features.plain.reader import Reader
from jobs.flink_edge.outputs import Output, Outputs, without_keys
from jobs.flink_edge.records import PackedRecords
from jobs.flink_edge.wire import KafkaRecord
from jobs.stages.contained import States, contained
from scoring.messages import LabelOnItsWay, Refused, pack
from scoring.path import Repeated, payment_path, refusal
from scoring.plain.hand_over import packed
from scoring.plain.layout import mask_of, mask_table
from scoring.plain.warm import compile_hand_overs
from scoring.steps import Received, first_request, receive_one
from udfs.metrics import Counters

Found = Received | Label | EventError
"""A payment with its JSON, a label, or why a record is neither."""

Read = tuple[KafkaRecord, Found]

Counts = Counter[tuple[str, str | None]]
"""What is counted, by the name and the label of the counter."""

_MASKS: Final = mask_table({LATE: "late", COMPACTED: "compacted_card", WITHOUT_RATE: "no_rate"})
"""The flags of a decision by what the card's kernel says, whose further bits are of refusals."""
_RECORD_TIME: Final = mask_of(["record_time"])

_FEW: Final = 6
"""Fewer records than these are decoded one by one: columns would cost more than objects."""


class CardStage:
    """Kafka records under their card in, hand-overs under the key of the next entity out."""

    name = "card stage"
    state = "card"
    parts = None

    def __init__(self, rates: Rates, keep: frozenset[str], *, unread_deleted: int = 0) -> None:
        self._rates = rates
        self._keep = keep
        self._unread_deleted = unread_deleted

    def open(self, counters: Counters) -> None:
        """Compile the kernels before the first payment."""
        warm_up()
        compile_hand_overs()
        PackedRecords((), TRANSACTIONS.name)
        self._path = payment_path(self._rates)
        self._reader = Reader(self._rates)
        self._next_key = self._path.entities[1].key
        self._label_key = self._path.learning.key
        self._counters = counters
        if self._unread_deleted:
            # PyFlink 2.3.0 cannot tell which subtask this is: each shows the same number.
            counters.add("unread_deleted", count=self._unread_deleted)

    def process(self, bodies: Sequence[bytes], states: States) -> Sequence[Output]:
        """Take in records of the transactions and the labels topic."""
        return contained(self._take, bodies, states, self._failed)

    def _take(self, bodies: Sequence[bytes], states: States) -> Sequence[Output]:
        return (self._few if len(bodies) < _FEW else self._many)(bodies, states)

    def _few(self, bodies: Sequence[bytes], states: States) -> list[Output]:
        """Take in records one by one, as those among many that are not plain."""
        now_ms = time.time_ns() // 1_000_000
        counts: Counts = Counter()
        outputs = []
        found = [self._read(body) for body in bodies]
        payments = [one[0] for _, one in found if isinstance(one, tuple)]
        keys = [payment.card_id for payment in payments]
        steps = iter(advance(payments, keys, states, self._rates))
        for record, one in found:
            odd_time = not is_record_time(record.time_ms, now_ms)
            counts["record_time", None] += odd_time
            step = next(steps) if isinstance(one, tuple) else None
            if made := self._other(record, one, step, counts, odd_time=odd_time):
                outputs.append(made)
        self._count(counts)
        return outputs

    def _many(self, bodies: Sequence[bytes], states: States) -> Sequence[Output]:
        """Take in the plain payments of a batch at once, and the other records among them."""
        records = PackedRecords(bodies, TRANSACTIONS.name)
        payments = records.payments
        plain = self._reader.read(payments)
        others = {place: self._read(bodies[place]) for place in _places(~plain.is_plain)}
        visited = self._visit(payments, plain, others, states)
        for place in visited.places[visited.is_plain & visited.refused].tolist():
            others[place] = self._read(bodies[place])
        odd_time = ~are_record_times(records.time_ms, time.time_ns() // 1_000_000)

        counts: Counts = Counter()
        counts["record_time", None] += int(np.count_nonzero(odd_time))
        outputs: dict[int, Output] = {}
        if len(others) < len(bodies):
            places, handed = self._plain(records, plain, visited, odd_time, counts)
            if not others:
                self._count(counts)
                return handed
            outputs = dict(zip(places, handed, strict=True))
        for place, (record, one) in others.items():
            step = visited.step(place) if isinstance(one, tuple) else None
            if made := self._other(record, one, step, counts, odd_time=bool(odd_time[place])):
                outputs[place] = made
        self._count(counts)
        return [outputs[place] for place in sorted(outputs)]

    def _count(self, counts: Counts) -> None:
        for (name, label), count in counts.items():
            if count:
                self._counters.add(name, label, count=count)

    def _read(self, body: bytes) -> Read:
        record = KafkaRecord.unpack(body)
        keep = self._keep
        return record, receive_one(record.topic, record.time_ms, record.key, record.value, keep)

    def _visit(
        self, records: Records, plain: PlainPayments, others: Mapping[int, Read], states: States
    ) -> _Visited:
        """Take all payments of the batch to their cards, in the order of their arrival."""
        cards = dict(texts_at(records, plain, CARD, np.flatnonzero(plain.is_plain)))
        for place, (_, one) in others.items():
            if isinstance(one, tuple):
                cards[place] = one[0].card_id
                plain.rows[place] = rows_of([one[0]], [0], self._rates)
        places = np.array(sorted(cards), np.int64)
        keys, numbers = numbered([cards[place] for place in places.tolist()])
        rows = plain.rows[places]
        rows[:, PAID_KEY] = numbers
        taken = advance_rows(rows, keys, states, self._rates)
        return _Visited(places, plain.is_plain[places], taken)

    def _plain(
        self,
        batch: PackedRecords,
        plain: PlainPayments,
        visited: _Visited,
        odd_time: npt.NDArray[np.bool_],
        counts: Counts,
    ) -> tuple[list[int], Outputs]:
        """Return what the plain payments become and their places in the batch, and count them."""
        at, records = visited.places, batch.payments
        kept = np.flatnonzero(visited.is_plain & ~visited.refused)
        self._count_flags(records, plain, at[kept], visited.taken.flags[kept], counts)
        flags, received_ms = _MASKS[visited.taken.flags & len(_MASKS) - 1], batch.time_ms[at]
        odd = odd_time[at]
        if odd.any():
            flags[odd] |= _RECORD_TIME
            received_ms[odd] = plain.rows[at[odd], PAID_TIME]
        hand_overs = packed(
            records.at(at),
            plain.at(at),
            visited.taken.values,
            visited.taken.sequences,
            flags,
            received_ms,
            batch.partitions[at],
            batch.offsets[at],
            kept,
        )
        merchants = octets_at(records, plain, MERCHANT, at[kept])
        return at[kept].tolist(), Outputs(merchants, without_keys(len(kept)), hand_overs)

    def _count_flags(
        self, records: Records, plain: PlainPayments, at: Words, said: Words, counts: Counts
    ) -> None:
        """Count what the kernel says of plain payments, at their places in the batch."""
        if not said.any():
            return
        counts["late", None] += int(np.count_nonzero(said & LATE))
        counts["repeats_unchecked", None] += int(np.count_nonzero(said & UNCHECKED))
        for _, currency in texts_at(records, plain, CURRENCY, at[said & WITHOUT_RATE != 0]):
            counts["no_rate", currency] += 1

    def _other(
        self,
        record: KafkaRecord,
        one: Found,
        step: CardStep | None,
        counts: Counts,
        *,
        odd_time: bool,
    ) -> Output | None:
        """Return what any other record becomes, and count it."""
        if isinstance(one, EventError):
            return self._refused(record, one, counts)
        if isinstance(one, Label):
            counts["labels", None] += 1
            on_its_way = LabelOnItsWay(one, record.partition, record.offset)
            return Output(self._label_key(one), None, pack(on_its_way))
        assert step is not None, "a payment has been taken to its card"
        if step.accepted:
            return self._request(record, one, step, counts, odd_time=odd_time)
        why = refusal(one[0], step)
        if isinstance(why, Repeated):
            counts["repeated", None] += 1
            return None
        return self._refused(record, why, counts)

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


class _Visited(NamedTuple):
    """The payments of a batch at their cards, m of its records in their order.

    Attributes:
        places: Their places in the batch, int64[m].
        is_plain: bool[m].
        taken: What the kernel says of each.
    """

    places: Words
    is_plain: npt.NDArray[np.bool_]
    taken: Taken

    @property
    def refused(self) -> npt.NDArray[np.bool_]:
        """Whether each was not taken in, bool[m]."""
        found: npt.NDArray[np.bool_] = (self.taken.flags & REFUSED) != 0
        return found

    def step(self, place: int) -> CardStep:
        """Return the step of the payment at a place in the batch."""
        return step_of(self.taken, int(np.searchsorted(self.places, place)))


def _places(found: npt.NDArray[np.bool_]) -> list[int]:
    places: list[int] = np.flatnonzero(found).tolist()
    return places
