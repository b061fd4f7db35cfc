"""The merchant stage: the features of the merchant, the scores, the decision and its alert.

Plain payments are measured, scored and answered by compiled code, a batch at once. What else there
is meets the merchants' states in its place among them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final, cast

import numpy as np

from events.dead_letter import dead_letter, encode_dead_letter
from events.errors import EventError
from events.label import encode_label
from events.topics import ALERTS, DEAD_LETTERS, DECISIONS, LABELS, TRANSACTIONS
from features import warm_up
from features.kernels.batch import numbered
from features.merchant import kernel as merchant
from features.merchant.parts import MerchantParts
from features.merchant.transition import MerchantStep, advance_rows
from features.money.rates import Rates
from features.parts import Parts
from jobs.flink_edge.outputs import Output, Outputs
from jobs.stages.contained import States, contained
from scoring.answer import Answer
from scoring.messages import LabelOnItsWay, Refused, ScoringRequest, unpack_hand_over
from scoring.path import Entity, learn, payment_path, visit
from scoring.plain.answers import Complete, PlainAnswered
from scoring.plain.hand_over import Requests, unpack_one
from scoring.plain.layout import mask_table, plain_places
from scoring.steps import label_receipt, next_request
from udfs.metrics import Counters
from udfs.scoring import Scoring

_MASKS: Final = mask_table(
    {merchant.LATE: "late_merchant", merchant.COMPACTED: "compacted_merchant"}
)
"""The flags of a decision by what the merchant's kernel says."""


_DECISIONS: Final = DECISIONS.name.encode()


class MerchantStage:
    """Hand-overs of the card stage in, records of the output topics out."""

    name = "merchant stage"
    state = "merchant"

    def __init__(self, scoring: Scoring, rates: Rates) -> None:
        self.parts: Parts | None = MerchantParts()
        self._scoring = scoring
        self._rates = rates

    def open(self, counters: Counters) -> None:
        """Compile the kernels and load the bundle before the first payment."""
        warm_up()
        path = payment_path(self._rates)
        self._entity: Entity[MerchantStep] = path.entities[1]
        self._learning = path.learning
        self._counters = counters
        self._scoring.open(counters, self._rates)
        self._none = Complete(Requests(()), self._rates)

    def process(self, bodies: Sequence[bytes], states: States) -> Sequence[Output]:
        """Take in payments and labels, and let dead letters pass."""
        return contained(self._take, bodies, states, self._failed)

    def _take(self, bodies: Sequence[bytes], states: States) -> Sequence[Output]:
        """Answer a batch: payments and labels meet a merchant's state in the batch's order."""
        batch = _Payments(bodies, states, self._entity, self._rates, self._none)
        beside: list[tuple[int, Output]] = []
        unknown = 0
        for place in batch.not_plain:
            message = unpack_hand_over(bodies[place])
            if isinstance(message, ScoringRequest):
                batch.add(place, message)
            elif isinstance(message, LabelOnItsWay):
                batch.let_pass(place, self._learning.key(message.label))
                [step] = learn(self._learning, [message.label], states)
                unknown += step.payment == "unknown"
                beside.append((place, Output(*label_receipt(message.label, step))))
            else:
                beside.append((place, Output(DEAD_LETTERS.name, message.key, message.value)))
        batch.all_meet()
        plain, others = self._scoring.answers_with_plain(batch.plain, batch.others)
        if batch.late:
            self._counters.add("late_merchant", count=batch.late)
        if unknown:
            self._counters.add("labels_without_payment", count=unknown)
        decided = _decided(batch.plain.requests.cards, plain)
        if not batch.not_plain:
            return decided
        to_others = _records(batch.places, map(_card_of, batch.others), others)
        places = [*batch.plain_places, *map(batch.plain_places.__getitem__, plain.alerts)]
        made = [*zip(places, decided, strict=True), *to_others, *beside]
        made.sort(key=itemgetter(0))
        return [output for _, output in made]

    def _failed(self, body: bytes, error: EventError) -> list[Output]:
        """Return the dead letter of a message whose record the card stage had taken in."""
        message = unpack_one(body, self._rates)
        if isinstance(message, Refused):
            return [Output(DEAD_LETTERS.name, message.key, message.value)]
        if isinstance(message, LabelOnItsWay):
            topic, value, time_ms = LABELS, encode_label(message.label), message.label.label_time_ms
            card = message.label.card_id
        else:
            topic, value, time_ms = TRANSACTIONS, message.original, message.received_ms
            card = message.payment.card_id
        letter = dead_letter(
            error,
            topic=topic.name,
            partition=message.partition,
            offset=message.offset,
            key=card.encode(),
            value=value,
            time_ms=time_ms,
        )
        self._counters.add("dead_letters", error.code)
        return [Output(DEAD_LETTERS.name, letter.key, encode_dead_letter(letter))]


class _Payments:
    """The payments of a batch at their merchants, plain ones and others.

    Both kinds wait, so that many meet their merchants in one call, until something else comes for a
    merchant that one of them is for. So what comes for one merchant keeps its order.

    Attributes:
        plain: The plain ones, complete when all have met their merchants.
        others: The others, likewise.
        plain_places: Places of the plain ones in the batch.
        not_plain: All other places of the batch.
        places: Places of the others.
        late: How many were late at their merchants.
    """

    def __init__(
        self,
        bodies: Sequence[bytes],
        states: States,
        entity: Entity[MerchantStep],
        rates: Rates,
        none: Complete,
    ) -> None:
        """Take a batch; `none` are no plain payments, which are not made anew for each batch."""
        self._states = states
        self._entity = entity
        self._rates = rates
        self.plain_places = plain_places(bodies)
        self.not_plain: list[int] = []
        if len(self.plain_places) < len(bodies):
            self.not_plain = sorted({*range(len(bodies))} - {*self.plain_places})
        self.plain = none
        if self.plain_places:
            some = [bodies[place] for place in self.plain_places] if self.not_plain else bodies
            self.plain = Complete(Requests(some), rates)
        self.others: list[ScoringRequest] = []
        self.places: list[int] = []
        self.late = 0
        self._plain_met = 0
        self._met = 0

    def add(self, place: int, request: ScoringRequest) -> None:
        """Add one that is not plain."""
        self._plain_let_pass(place, request.payment.merchant_id)
        self.places.append(place)
        self.others.append(request)

    def let_pass(self, place: int, merchant_id: str) -> None:
        """Let the payments before a place meet a merchant before anything else does."""
        self._plain_let_pass(place, merchant_id)
        if merchant_id in self._waiting():
            self._meet()

    def all_meet(self) -> None:
        """Let all payments meet their merchants."""
        self._plain_meet(len(self.plain_places))
        self._meet()

    def _plain_let_pass(self, place: int, merchant_id: str) -> None:
        before = bisect_left(self.plain_places, place)
        if merchant_id in self.plain.requests.merchants[self._plain_met : before]:
            self._plain_meet(before)

    def _plain_meet(self, before: int) -> None:
        """Let the plain ones that wait meet their merchants, up to one of them.

        Where one that is not plain waits for a merchant of theirs, it came first: had it come
        behind, the plain one would wait no longer.
        """
        numbers = range(self._plain_met, before)
        self._plain_met = before
        merchants = self.plain.requests.merchants[numbers.start : numbers.stop]
        if not merchants:
            return
        if not self._waiting().isdisjoint(merchants):
            self._meet()
        keys, places = numbered(merchants)
        rows = self.plain.requests.merchant_rows(numbers, places)
        taken = advance_rows(rows, keys, self._states, self._rates)
        self.late += int(np.count_nonzero(taken.flags & merchant.LATE))
        part = slice(numbers.start, numbers.stop)
        self.plain.visited(part, taken.values, taken.sequences, _MASKS[taken.flags])

    def _waiting(self) -> set[str]:
        """Return the merchants that the others wait for."""
        return {one.payment.merchant_id for one in self.others[self._met :]}

    def _meet(self) -> None:
        """Let the others that wait meet their merchants."""
        numbers = range(self._met, len(self.others))
        self._met = len(self.others)
        paid = [self.others[number].payment for number in numbers]
        # Only the first entity of a path refuses a payment.
        steps = cast("list[MerchantStep]", visit(self._entity, paid, self._states))
        self.late += sum(step.late for step in steps)
        for number, step in zip(numbers, steps, strict=True):
            self.others[number] = next_request(self._entity, self.others[number], step)


def _card_of(request: ScoringRequest) -> bytes:
    return request.payment.card_id.encode()


def _decided(cards: Sequence[bytes], answered: PlainAnswered) -> Outputs:
    """Return the decisions on plain payments, then the alerts; their topics have no order."""
    return Outputs(
        [_DECISIONS] * len(cards),
        cards,
        answered.decisions,
        [Output(ALERTS.name, cards[place], one) for place, one in answered.alerts.items()],
    )


def _records(
    places: Iterable[int], cards: Iterable[bytes], answers: Iterable[Answer]
) -> Iterator[tuple[int, Output]]:
    """Yield the decision of each payment and, at MEDIUM and HIGH, its alert, with its place."""
    for place, card, answer in zip(places, cards, answers, strict=True):
        yield place, Output(DECISIONS.name, card, answer.decision)
        if answer.alert is not None:
            yield place, Output(ALERTS.name, card, answer.alert)
