"""The edges of a busy merchant's windows are off by what features/merchant/compaction.py states."""

from typing import Final

import numpy as np
import numpy.typing as npt
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.catalogue import MERCHANT_FEATURES, slot
from features.windows import (
    DAY_MS,
    DELAYED_WINDOWS_MS,
    HOUR_MS,
    LABEL_DELAY_MS,
    MAX_MERCHANT_ROWS,
    MERCHANT_WINDOWS_MS,
    WIDEST_MERCHANT_BUCKET_MS,
    window_name,
)
from tests.unit.features.factories import NOON_MS, label, payment
from tests.unit.features.singly import pay_at, tell_at

Times = npt.NDArray[np.int64]

_PAYMENTS: Final = MAX_MERCHANT_ROWS + 700


def bounds(times: Times, begin_ms: int, end_ms: int, newest_ms: int) -> tuple[int, int]:
    """Return the least and the most that a count in (begin, end] may be, by the stated blur."""
    least = (times > begin_ms) & (times <= end_ms - blur_ms(newest_ms - end_ms))
    most = (times > begin_ms - blur_ms(newest_ms - begin_ms)) & (times <= end_ms)
    return int(least.sum()), int(most.sum())


def blur_ms(age_ms: int) -> float:
    return min(max(age_ms, 0) / 16, WIDEST_MERCHANT_BUCKET_MS)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([HOUR_MS, DAY_MS, 9 * DAY_MS, 60 * DAY_MS]))
@example(1, 60 * DAY_MS)
def test_counts_and_frauds_are_within_the_stated_blur(seed: int, span_ms: int) -> None:
    """Of payments in order and up to a day late, with frauds among them told at any time."""
    random = np.random.default_rng(seed)
    made = np.sort(random.integers(0, span_ms, _PAYMENTS)) + NOON_MS
    late = np.where(random.random(_PAYMENTS) < 0.1, random.integers(0, DAY_MS, _PAYMENTS), 0)
    times, is_fraud = made - late, random.random(_PAYMENTS) < 0.2
    checked, state, untold = 0, None, []
    for i in range(_PAYMENTS):
        step = pay_at(state, payment(int(times[i]), i))
        if step.compacted and (late[i] or i % 50 == 0):
            checked += 1
            frauds = times[:i][is_fraud[:i]]
            check(step.values, int(times[i]), times[:i], frauds, int(times[: i + 1].max()))
        state = step.state
        untold += [i] if is_fraud[i] else []
        if random.random() < 0.05 or i % 50 == 49 or (i + 1 < _PAYMENTS and late[i + 1]):
            for each in untold:
                at_ms = int(times[each])
                state = tell_at(state, label(at_ms, each, label_time_ms=at_ms)).state
            untold.clear()
    assert checked > 50


def check(
    values: npt.NDArray[np.float32], t: int, times: Times, frauds: Times, newest_ms: int
) -> None:
    """Check the windows of one payment, itself not among `times`."""
    for window_ms in MERCHANT_WINDOWS_MS:
        low, high = bounds(times, t - window_ms, t, newest_ms)
        got = values[slot(MERCHANT_FEATURES, f"merchant_count_{window_name(window_ms)}")] - 1
        assert low <= got <= high, (window_ms, low, got, high)
    end = t - LABEL_DELAY_MS
    for window_ms in DELAYED_WINDOWS_MS:
        low, high = bounds(frauds, end - window_ms, end, newest_ms)
        w = window_name(window_ms)
        got = values[slot(MERCHANT_FEATURES, f"merchant_delayed_frauds_{w}")]
        assert low <= got <= high, (window_ms, low, got, high)
        assert 0 <= values[slot(MERCHANT_FEATURES, f"merchant_delayed_fraud_share_{w}")] <= 1


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([HOUR_MS, 9 * DAY_MS, 50 * DAY_MS]))
def test_repeats_and_corrections_count_once_before_and_after_compaction(
    seed: int, span_ms: int
) -> None:
    """Labels of 200 payments in any order, some before their payment and some long after it."""
    random = np.random.default_rng(seed)
    times = np.sort(random.integers(0, span_ms, _PAYMENTS)) + NOON_MS
    labelled = random.choice(_PAYMENTS, 200, replace=False)
    newest: dict[int, tuple[int, bool]] = {}
    state, told = None, sorted(random.integers(0, _PAYMENTS, 700))
    for i, time_ms in enumerate(times.tolist()):
        while told and told[0] <= i:
            told.pop(0)
            which, day, is_fraud = (
                int(random.choice(labelled)),
                random.integers(60),
                random.random(),
            )
            given_ms = int(times[which]) + 1_000 * int(day)
            if given_ms >= newest.get(which, (0, False))[0]:
                newest[which] = given_ms, is_fraud < 0.5
            each = label(int(times[which]), which, is_fraud=is_fraud < 0.5, label_time_ms=given_ms)
            state = tell_at(state, each).state
        state = pay_at(state, payment(time_ms, i)).state
    after = pay_at(state, payment(int(times[-1]) + LABEL_DELAY_MS + 3 * HOUR_MS, "after"))
    assert after.compacted
    frauds = sum(is_fraud for _, is_fraud in newest.values())
    assert after.values[slot(MERCHANT_FEATURES, "merchant_delayed_frauds_60d")] == frauds
