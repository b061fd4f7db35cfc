"""The merchant stage: the features of the merchant, the scores, the decision and its alert."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import cast

from events.dead_letter import dead_letter, encode_dead_letter
from events.errors import EventError
from events.label import encode_label
from events.topics import ALERTS, DEAD_LETTERS, DECISIONS, LABELS, TRANSACTIONS
from features import warm_up
from features.merchant.transition import MerchantStep
from features.money.rates import Rates
from jobs.flink_edge.wire import Output
from jobs.stages.contained import States, contained
from scoring.answer import Answer
from scoring.messages import LabelOnItsWay, Refused, ScoringRequest, unpack_hand_over
from scoring.path import Entity, learn, payment_path, visit
from scoring.steps import label_receipt, next_request
from udfs.metrics import Counters
from udfs.scoring import Scoring


class MerchantStage:
    """Hand-overs of the card stage in, records of the output topics out."""

    name = "merchant stage"
    state = "merchant"

    def __init__(self, scoring: Scoring, rates: Rates) -> None:
        self._scoring = scoring
        self._rates = rates

    def open(self, counters: Counters) -> None:
        """Compile the kernels and load the bundle before the first payment."""
        warm_up()
        path = payment_path(self._rates)
        self._entity: Entity[MerchantStep] = path.entities[1]
        self._learning = path.learning
        self._counters = counters
        self._scoring.open(counters)

    def process(self, bodies: Sequence[bytes], states: States) -> list[Output]:
        """Take in payments and labels, and let dead letters pass."""
        return contained(self._take, bodies, states, self._failed)

    def _take(self, bodies: Sequence[bytes], states: States) -> list[Output]:
        """Answer a batch: payments and labels meet a merchant's state in the batch's order."""
        requests: list[ScoringRequest] = []
        beside: list[Output] = []
        late, unknown = 0, 0
        for kind, run in groupby(map(unpack_hand_over, bodies), type):
            if kind is ScoringRequest:
                arrived = list(run)
                visited = visit(self._entity, [one.payment for one in arrived], states)
                steps = cast("list[MerchantStep]", visited)  # only the first entity refuses
                late += sum(step.late for step in steps)
                requests += [
                    next_request(self._entity, one, step)
                    for one, step in zip(arrived, steps, strict=True)
                ]
            elif kind is LabelOnItsWay:
                labels = [one.label for one in run]
                found = learn(self._learning, labels, states)
                unknown += sum(step.payment == "unknown" for step in found)
                beside += [
                    Output(*label_receipt(label, step))
                    for label, step in zip(labels, found, strict=True)
                ]
            else:
                beside += [Output(DEAD_LETTERS.name, one.key, one.value) for one in run]
        answers = self._scoring.answers(requests)
        if late:
            self._counters.add("late_merchant", count=late)
        if unknown:
            self._counters.add("labels_without_payment", count=unknown)
        return [*_records(requests, answers), *beside]

    def _failed(self, body: bytes, error: EventError) -> list[Output]:
        """Return the dead letter of a message whose record the card stage had taken in."""
        message = unpack_hand_over(body)
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


def _records(requests: Sequence[ScoringRequest], answers: Sequence[Answer]) -> Iterator[Output]:
    """Yield the decision of each payment and, at MEDIUM and HIGH, its alert."""
    for request, answer in zip(requests, answers, strict=True):
        key = request.payment.card_id.encode()
        yield Output(DECISIONS.name, key, answer.decision)
        if answer.alert is not None:
            yield Output(ALERTS.name, key, answer.alert)
