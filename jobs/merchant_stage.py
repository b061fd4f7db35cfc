"""The merchant stage: the features of the merchant, then what the profile does with a request."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from pyflink.datastream import RuntimeContext

from events.label import Label
from events.topics import DEAD_LETTERS
from features import warm_up
from features.merchant.transition import MerchantStep
from features.money.rates import Rates
from jobs.flink_edge.direct import Fields
from jobs.flink_edge.stage import Stage
from jobs.flink_edge.state import entity_state
from scoring.messages import LabelOnItsWay, ScoringRequest, unpack_hand_over
from scoring.path import Entity, payment_path
from scoring.steps import label_receipt, next_request
from udfs.metrics import Counters


class Finish(Protocol):
    """Handling of a request whose features are complete, by profile."""

    def open(self, counters: Counters) -> None:
        """Prepare on the TaskManager."""

    def rows(self, request: ScoringRequest) -> Sequence[Fields]:
        """Return the rows to hand on (`jobs.flink_edge.rows.OUTGOING`)."""


class MerchantStage(Stage):
    """Hand-overs of the card stage in, what `finish` makes of them out."""

    name = "merchant stage"

    def __init__(self, ttl: timedelta, finish: Finish, rates: Rates, *, direct: bool) -> None:
        super().__init__(direct=direct)
        self._ttl = ttl
        self._finish = finish
        self._rates = rates

    def open(self, runtime_context: RuntimeContext) -> None:
        """Open the state and load what the profile needs before the first payment."""
        warm_up()
        path = payment_path(self._rates)
        self._entity: Entity[MerchantStep] = path.entity("merchant")
        self._learning = path.learning
        self._state = runtime_context.get_state(entity_state("merchant", self._ttl))
        self._counters = Counters(runtime_context.get_metrics_group())
        self._finish.open(self._counters)
        super().open(runtime_context)

    def rows(self, value: bytes) -> Sequence[Fields]:
        """Take in one payment or one label, or let a dead letter pass."""
        message = unpack_hand_over(value)
        if isinstance(message, ScoringRequest):
            return self._payment(message)
        if isinstance(message, LabelOnItsWay):
            return (self._learn(message.label),)
        return ((DEAD_LETTERS.name, message.key, message.value),)

    def _payment(self, request: ScoringRequest) -> Sequence[Fields]:
        step = self._entity.advance(self._state.value(), request.payment)
        assert isinstance(step, MerchantStep), "only the first entity refuses"
        self._state.update(step.state)
        if step.late:
            self._counters.add("late_merchant")
        return self._finish.rows(next_request(self._entity, request, step))

    def _learn(self, label: Label) -> Fields:
        step = self._learning.learn(self._state.value(), label)
        self._state.update(step.state)
        if step.payment == "unknown":
            self._counters.add("labels_without_payment")
        return label_receipt(label, step)
