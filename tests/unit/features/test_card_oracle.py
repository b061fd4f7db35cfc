"""The card's features against the naive oracle, at every step of random histories."""

import math
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalogue import CARD_FEATURES, slot
from features.windows import CARD_HISTORY_MS, CARD_WINDOWS_MS, HOUR_MS
from tests.unit.features.factories import NOON_MS, RATES, payment
from tests.unit.features.oracle import CATEGORY_GROUPS, HOMES, CardOracle
from tests.unit.features.singly import pay_by

OUTLIER: Final = "card_amount_outlier_30d"
EDGES = [0, HOUR_MS * 6, CARD_HISTORY_MS, *CARD_WINDOWS_MS]
STEPS = st.one_of(
    st.sampled_from([step + nudge for step in EDGES for nudge in (-1, 0, 1)]),
    st.integers(0, HOUR_MS),
    st.integers(-2 * HOUR_MS, 0),
    st.sampled_from([-edge + nudge for edge in EDGES for nudge in (-1, 0, 1)]),
)
AMOUNTS = st.one_of(st.integers(0, 50_000), st.sampled_from([0, 1, 999, 2**40 - 1]))
PLACES = st.sampled_from([(None, None), (48.2, 16.37), (48.2, 16.38), (-33.9, 151.2), (0.0, 180.0)])


ZONES = [
    *("Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kathmandu", "Asia/Kolkata"),
    *("Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns"),
]
"""Clocks that change in summer and in winter, by half an hour, or not at all; from +14 to -11."""

CHANGES = [
    datetime(2024, month, day, hour, tzinfo=UTC)
    for month, day, hour in ((3, 10, 7), (3, 31, 1), (4, 6, 15), (10, 27, 1), (11, 3, 6))
]
"""Moments at which the clocks of New York, Europe and Lord Howe Island change."""

UNCHANGED = [
    *({}, {"city": "Linz"}, {"country": None}, {"device_id": "d9", "lat": 1.0, "lon": 2.0}),
    *({"time_zone": "Asia/Tokyo"}, {"home_country": "NP"}),
]
"""What a repeat may have otherwise: its content is time, amount, currency and merchant."""


STARTS = [NOON_MS, *(int(day.timestamp()) * 1000 for day in CHANGES)]
"""Noon, and moments at which an hour is skipped or comes again."""


@st.composite
def rows(draw: st.DrawFn, newest: int, number: int) -> dict[str, Any]:
    """Draw a payment at an edge of a window, near or far, in a currency with a rate or without."""
    lat, lon = draw(PLACES)
    return {
        "time_ms": newest + draw(STEPS),
        "identity": draw(st.one_of(st.just(number), st.integers(0, 40))),
        "amount_minor": draw(AMOUNTS),
        "currency": draw(st.sampled_from(["EUR", "EUR", "JPY", "KWD", "CLF", "XOF"])),
        "merchant_id": draw(st.sampled_from(["m1", "m2", "m3", "m4"])),
        "merchant_category": draw(st.sampled_from(sorted(CATEGORY_GROUPS, key=str))),
        "city": draw(st.sampled_from([None, "Wien", "Graz"])),
        "country": draw(st.sampled_from([None, "AT", "DE"])),
        "time_zone": draw(st.one_of(st.none(), st.sampled_from(ZONES))),
        "home_country": draw(st.one_of(st.none(), st.sampled_from(sorted(HOMES)))),
        "device_id": draw(st.sampled_from([None, "d1", "d2"])),
        "lat": lat,
        "lon": lon,
    }


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Payments with ties, disorder, lateness, repeats, reused ids, unknown names, currencies."""
    history: list[dict[str, Any]] = []
    newest = draw(st.sampled_from(STARTS))
    for number in range(draw(st.integers(1, 20))):
        one = draw(rows(newest, 100 + number))
        if history and draw(st.integers(0, 3)) == 0:
            before = draw(st.sampled_from(history))
            content = st.sampled_from(["time_ms", "amount_minor", "currency", "merchant_id"])
            changed = draw(st.sets(content, max_size=2))
            otherwise = draw(st.sampled_from(UNCHANGED))
            one = before | otherwise | {name: one[name] for name in changed}
        newest = max(newest, one["time_ms"])
        history.append(one)
    return history


@settings(max_examples=150)
@given(histories())
def test_each_step_equals_the_oracle(history: list[dict[str, Any]]) -> None:
    state, oracle = None, CardOracle()
    for row in history:
        one = payment(**row)
        differing, late = oracle.differing(one), oracle.is_late(one)
        step = pay_by(state, one, RATES)
        assert step.repeated == (differing == set())
        assert step.reused == bool(differing)
        assert set(step.differing) == (differing or set())
        assert step.late == late
        assert not step.compacted and not step.unchecked
        assert step.no_rate == (step.accepted and one.currency == "XOF")
        if step.accepted:
            check(step.values, oracle.advance(one))
        else:
            assert step.state == state and len(step.values) == 0
        assert step.sequence == len(oracle.accepted)
        state = step.state


def check(values: np.ndarray[Any, np.dtype[np.float32]], expected: dict[str, float]) -> None:
    """Compare by name; float32 holds 7 digits, a deviation of huge amounts somewhat fewer.

    Ten payments of which one is not 0 have their largest at 3 deviations exactly, where float64
    may fall on either side of an outlier.
    """
    assert {feature.name for feature in CARD_FEATURES} == set(expected)
    if math.isclose(expected["card_amount_z_30d"], 3, rel_tol=1e-9):
        expected |= {OUTLIER: values[slot(CARD_FEATURES, OUTLIER)]}
    largest = np.nan_to_num(expected["card_max_30d"])
    for feature, got in zip(CARD_FEATURES, values, strict=True):
        slack = 1e-9 * largest if feature.aggregate == "std" else 1e-6
        np.testing.assert_allclose(
            got, expected[feature.name], rtol=2e-6, atol=slack, err_msg=feature.name
        )
