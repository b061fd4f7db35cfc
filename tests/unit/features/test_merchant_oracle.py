"""The merchant's features against the naive oracle, at every step of random histories."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from events.label import Label
from events.transaction import Transaction
from features.catalogue import MERCHANT_FEATURES
from features.merchant.plan import EDGES_MS
from features.windows import (
    DAY_MS,
    HOUR_MS,
    LABEL_DELAY_MS,
    MERCHANT_HISTORY_MS,
    MINUTE_MS,
    SECOND_MS,
)
from tests.unit.features.factories import NOON_MS, RATES, payment
from tests.unit.features.merchant_oracle import MerchantOracle
from tests.unit.features.singly import pay_at, tell_at

STEPS = st.one_of(
    st.sampled_from([edge + nudge for edge in (0, *EDGES_MS) for nudge in (-1, 0, 1)]),
    st.integers(0, HOUR_MS),
    st.sampled_from([-HOUR_MS, -DAY_MS, -DAY_MS - 1, -LABEL_DELAY_MS, -MERCHANT_HISTORY_MS]),
)
AMOUNT = st.tuples(st.integers(0, 2**40 - 1), st.sampled_from(["EUR", "JPY", "KWD", "CLF", "XOF"]))
PAYMENT = st.tuples(st.just("payment"), STEPS, AMOUNT)
"""A payment, so much after the newest."""

AWAITED = st.tuples(st.just("awaited"), STEPS, st.none())
"""A payment is made, so much after the newest, and does not arrive yet."""

ARRIVAL = st.tuples(st.just("arrival"), st.integers(0, 4), AMOUNT)
"""One of the newest awaited payments arrives."""

DELAY = st.sampled_from([0, 1, 9 * HOUR_MS, DAY_MS, LABEL_DELAY_MS, 30 * DAY_MS])
CUT = st.sampled_from([1, 1, SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS])
VERDICT = st.tuples(st.booleans(), DELAY, CUT)
"""What a label says, how long after its own `timestamp` it says so, and what that is cut to.

The delays from a cut `timestamp` on may end before the payment.
"""

TOLD = st.tuples(st.just("told"), st.integers(0, 6), VERDICT)
"""A label of one of the newest payments, which may not have arrived."""

FRAUD = st.tuples(
    st.just("told"), st.integers(0, 6), st.tuples(st.just(True), st.sampled_from([0, DAY_MS]), CUT)
)
"""A fraud among the newest payments, so that runs of them come about."""

STRANGER = st.tuples(st.sampled_from(["other id", "other card"]), st.integers(0, 6), VERDICT)
"""A label at the moment of one of the newest payments that names another."""

History = list[tuple[str, int, Any]]


@settings(max_examples=200)
@given(st.lists(st.one_of(PAYMENT, AWAITED, ARRIVAL, TOLD, STRANGER), min_size=1, max_size=40))
def test_each_step_equals_the_oracle(history: History) -> None:
    follow(history)


@settings(max_examples=200)
@given(st.lists(st.one_of(PAYMENT, FRAUD, STRANGER), min_size=8, max_size=40))
def test_runs_of_known_frauds_equal_the_oracle(history: History) -> None:
    follow(history)


def follow(history: History) -> None:
    """Advance merchant and oracle side by side; what is not late is exact over all that came."""
    state, oracle, newest = None, MerchantOracle(), NOON_MS
    made: list[Transaction] = []
    awaited: list[Transaction] = []
    for number, (kind, step, what) in enumerate(history):
        if kind in ("payment", "awaited"):
            made.append(payment(newest + step, number))
        if kind == "awaited":
            awaited.append(made[-1])
        elif kind == "payment" or (kind == "arrival" and step < len(awaited)):
            one = made[-1] if kind == "payment" else awaited.pop(-1 - step)
            newest = max(newest, one.timestamp_ms)
            state = pay(state, oracle, one, *what)
        elif kind != "arrival" and step < len(made):
            state = tell(state, oracle, label_of(made[-1 - step], kind, *what))


def pay(
    state: bytes | None, oracle: MerchantOracle, one: Transaction, minor: int, currency: str
) -> bytes:
    fields = {field: getattr(one, field) for field in one.__struct_fields__}
    one = Transaction(**fields | {"amount_minor": minor, "currency": currency})
    late = oracle.is_late(one.timestamp_ms)
    expected = oracle.advance(one)
    step = pay_at(state, one, RATES)
    check(step.values, expected)
    assert (step.sequence, step.late, step.compacted) == (oracle.sequence, late, False)
    return step.state


def tell(state: bytes | None, oracle: MerchantOracle, label: Label) -> bytes:
    expected = oracle.learn(label)
    step = tell_at(state, label, RATES)
    assert (step.payment, step.sequence) == (expected, oracle.sequence)
    return step.state


def label_of(one: Transaction, kind: str, is_fraud: bool, delay_ms: int, cut_ms: int) -> Label:
    identity = f"{one.transaction_id} twin" if kind == "other id" else one.transaction_id
    card = "card-2" if kind == "other card" else one.card_id
    time_ms = one.timestamp_ms // cut_ms * cut_ms
    return Label(identity, card, one.merchant_id, time_ms, is_fraud, time_ms + delay_ms, "bank")


def check(values: np.ndarray[Any, np.dtype[np.float32]], expected: dict[str, float]) -> None:
    assert {feature.name for feature in MERCHANT_FEATURES} == set(expected)
    for feature, got in zip(MERCHANT_FEATURES, values, strict=True):
        np.testing.assert_allclose(got, expected[feature.name], rtol=2e-6, err_msg=feature.name)
