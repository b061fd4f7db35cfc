"""The merchant stage: the features of the merchant, then score and decision."""

from collections.abc import Sequence
from datetime import timedelta

from pyflink.datastream import RuntimeContext

from events.label import Label
from events.topics import DEAD_LETTERS
from features import warm_up
from features.merchant.transition import MerchantStep
from features.money.rates import Rates
from jobs.finish import Finish
from jobs.flink_edge.stage import Fields, Stage
from jobs.flink_edge.state import entity_state
from scoring.messages import LabelOnItsWay, ScoringRequest, unpack_hand_over
from scoring.path import Entity, payment_path, visit
from scoring.steps import label_receipt, next_request
from udfs.metrics import Counters


class MerchantStage(Stage):
    """Hand-overs of the card stage in, records for Kafka out."""

    def __init__(self, ttl: timedelta, bundle: str, rates: Rates) -> None:
        self._ttl = ttl
        self._finish = Finish(bundle)
        self._rates = rates

    def open(self, runtime_context: RuntimeContext) -> None:
        """Open the state and load the bundle before the first payment."""
        warm_up()
        path = payment_path(self._rates)
        self._entity: Entity[MerchantStep] = path.entity("merchant")
        self._learning = path.learning
        self._state = runtime_context.get_state(entity_state("merchant", self._ttl))
        self._counters = Counters(runtime_context.get_metrics_group())
        self._finish.open(self._counters)

    def rows(self, value: bytes) -> Sequence[Fields]:
        """Take in one payment or one label, or let a dead letter pass."""
        message = unpack_hand_over(value)
        if isinstance(message, ScoringRequest):
            return self._payment(message)
        if isinstance(message, LabelOnItsWay):
            return (self._learn(message.label),)
        return ((DEAD_LETTERS.name, message.key, message.value),)

    def _payment(self, request: ScoringRequest) -> Sequence[Fields]:
        before, key = self._state.value(), request.payment.merchant_id
        states = {} if before is None else {key: before}
        (step,) = visit(self._entity, (request.payment,), states)
        assert isinstance(step, MerchantStep), "only the first entity refuses"
        self._state.update(states[key])
        if step.late:
            self._counters.add("late_merchant")
        return self._finish.rows(next_request(self._entity, request, step))

    def _learn(self, label: Label) -> Fields:
        step = self._learning.learn(self._state.value(), label)
        self._state.update(step.state)
        if step.payment == "unknown":
            self._counters.add("labels_without_payment")
        return label_receipt(label, step)
