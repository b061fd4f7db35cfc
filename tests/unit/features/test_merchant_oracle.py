"""The merchant's features against the naive oracle, at every step of random histories."""

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features import merchant
from features.definition import MERCHANT_FEATURES
from features.merchant_plan import EDGES_MS
from features.windows import DAY_MS, HOUR_MS, LABEL_DELAY_MS, MERCHANT_HISTORY_MS
from tests.unit.features.factories import NOON_MS, label
from tests.unit.features.oracle import MerchantOracle

STEPS = st.one_of(
    st.sampled_from([edge + nudge for edge in (0, *EDGES_MS) for nudge in (-1, 0, 1)]),
    st.integers(0, HOUR_MS),
    st.sampled_from([-HOUR_MS, -DAY_MS - 1, -LABEL_DELAY_MS, -MERCHANT_HISTORY_MS]),
)
PAYMENT = st.tuples(st.just("payment"), STEPS, st.integers(0, 2**40 - 1))
LABEL = st.tuples(
    st.just("label"),
    st.sampled_from([0, -1, -LABEL_DELAY_MS, -8 * DAY_MS, 5, -MERCHANT_HISTORY_MS]),
    st.tuples(
        st.integers(0, 12), st.booleans(), st.sampled_from([0, 1, LABEL_DELAY_MS, 30 * DAY_MS])
    ),
)
TOLD = st.tuples(
    st.just("told"),
    st.integers(0, 6),
    st.tuples(st.integers(0, 40), st.just(True), st.sampled_from([0, DAY_MS])),
)
"""A fraud at the time of one of the newest payments, so that runs of them come about."""


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(PAYMENT, LABEL), min_size=1, max_size=30))
def test_each_step_equals_the_oracle(history: list[tuple[str, int, Any]]) -> None:
    follow(history)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(PAYMENT, TOLD), min_size=8, max_size=40))
def test_runs_of_known_frauds_equal_the_oracle(history: list[tuple[str, int, Any]]) -> None:
    follow(history)


def follow(history: list[tuple[str, int, Any]]) -> None:
    """Advance merchant and oracle side by side."""
    state, oracle, newest = None, MerchantOracle(), NOON_MS
    for kind, step_ms, what in history:
        times = sorted(t for t, _ in oracle.payments)
        time_ms = newest + step_ms
        if kind == "told":
            time_ms = times[-1 - step_ms] if step_ms < len(times) else newest
        if kind != "payment":
            identity, is_fraud, delay_ms = what
            one = label(time_ms, identity, is_fraud=is_fraud, label_time_ms=time_ms + delay_ms)
            oracle.learn(one)
            step = merchant.learn(state, one)
            assert len(step.values) == 0
        else:
            late = oracle.newest_ms is not None and time_ms < oracle.newest_ms - DAY_MS
            expected = oracle.advance(time_ms, Fraction(what, 100))
            step = merchant.advance(state, time_ms, what, "EUR")
            assert step.late == late
            check(step.values, expected)
            newest = max(newest, time_ms)
        assert step.sequence == oracle.sequence
        assert not step.compacted
        state = step.state


def check(values: np.ndarray[Any, np.dtype[np.float32]], expected: dict[str, float]) -> None:
    assert {feature.name for feature in MERCHANT_FEATURES} == set(expected)
    for feature, got in zip(MERCHANT_FEATURES, values, strict=True):
        np.testing.assert_allclose(got, expected[feature.name], rtol=2e-6, err_msg=feature.name)
