"""Stored states of a merchant: those of every version go on, unknown and damaged ones end."""

from typing import Final

import numpy as np
import pytest

from features.catalogue import MERCHANT_FEATURES, slot
from features.merchant.state import EMPTY, HEAD_WORDS, ROW_BYTES, VERSION
from features.state import StateError, of_unit
from features.windows import DAY_MS, HOUR_MS, LABEL_DELAY_MS, MAX_LABELS_OF_A_KIND
from tests.unit.features.factories import NOON_MS, RATES, label, payment
from tests.unit.features.singly import AtMerchant, pay_at, tell_at
from tests.unit.features.test_state import stored

HOURS: Final = (0, 5, 3, 30, 30)


def merchant_of_five() -> bytes:
    """Return the state that merchant_v5.hex holds.

    Five payments, the third out of order; of the first a fraud, of the second a correction, and a
    fraud that waits for its payment.
    """
    state = None
    for i, hours in enumerate(HOURS):
        one = payment(NOON_MS + hours * HOUR_MS, i, amount_minor=1_000 * (i + 1))
        state = pay_at(state, one).state
    state = tell_at(state, label(NOON_MS, 0)).state
    state = tell_at(state, label(NOON_MS + 5 * HOUR_MS, 1, is_fraud=False)).state
    return tell_at(state, label(NOON_MS + HOUR_MS, "to come")).state


def of_older(sums: list[int], times_ms: list[int], counts: list[int], frauds: list[int]) -> bytes:
    """Return a state of version 2: rows, and frauds known a day later at these times."""
    base = times_ms[0] if times_ms else 0
    told = [word for n, t in enumerate(frauds) for word in (t, t + DAY_MS, n + 1, 1)]
    packed = [time_ms - base | count << 36 for time_ms, count in zip(times_ms, counts, strict=True)]
    rows = [word for row in zip(sums, packed, strict=True) for word in row]
    return np.array([2, base, 9, len(sums), len(frauds), *told, *rows], "<i8").tobytes()


def value(step: AtMerchant, name: str) -> float:
    return float(step.values[slot(MERCHANT_FEATURES, name)])


def settled(state: bytes, last_ms: int = NOON_MS) -> AtMerchant:
    """Return the step of a payment that sees everything up to a time as settled."""
    return pay_at(state, payment(last_ms + LABEL_DELAY_MS))


@pytest.mark.parametrize("name", ["merchant_v1", "merchant_v2"])
def test_a_merchant_stored_by_an_older_release_goes_on(name: str) -> None:
    step = pay_at(stored(name), payment(NOON_MS + 7 * DAY_MS))
    assert step.sequence == 7
    assert list(step.values[:4]) == [1, 1, 5, 6]
    assert value(step, "merchant_mean_30d") == pytest.approx((150 + 10) / 6)
    assert value(step, "merchant_days_since_fraud") == 7
    assert value(step, "merchant_delayed_frauds_24h") == 1


def test_a_merchant_of_version_3_is_taken_over_as_if_paid_in_the_reference_currency() -> None:
    later = payment(NOON_MS + 7 * DAY_MS)
    assert pay_at(stored("merchant_v3"), later).state == (
        pay_at(stored("merchant_v4"), later).state
    )


def test_a_merchant_of_version_4_goes_on() -> None:
    later = payment(NOON_MS + 7 * DAY_MS)
    before, now = (pay_at(stored(f"merchant_v{version}"), later) for version in (4, 5))
    np.testing.assert_array_equal(before.values, now.values)


def test_a_merchant_of_another_reference_currency_is_refused() -> None:
    with pytest.raises(StateError, match=r"merchant state holds amounts in EUR; .* USD\. Start"):
        pay_at(merchant_of_five(), payment(), RATES.based_on("USD"))
    with pytest.raises(StateError, match="merchant state holds amounts in EUR"):
        tell_at(merchant_of_five(), label(), RATES.based_on("USD"))


def test_the_layout_has_not_moved() -> None:
    assert merchant_of_five() == stored("merchant_v5")


def test_a_payment_of_version_2_has_its_labels_by_its_moment() -> None:
    state = of_older([500, 500], [NOON_MS, NOON_MS + 1], [1, 1], [])
    fraud = tell_at(state, label(NOON_MS, "any"))
    assert fraud.payment == "known"
    assert value(settled(fraud.state, NOON_MS + 1), "merchant_delayed_frauds_24h") == 1
    other = tell_at(fraud.state, label(NOON_MS, "another"))
    assert other.payment == "unknown", "the row has learnt its payment from the first label"
    taken = label(NOON_MS, "any", is_fraud=False)
    again = settled(tell_at(other.state, taken).state, NOON_MS + 1)
    assert value(again, "merchant_delayed_frauds_24h") == 0


def test_a_payment_of_version_2_is_not_found_by_a_cut_time() -> None:
    state = of_older([500], [NOON_MS + 1], [1], [NOON_MS + 1])
    taken = tell_at(state, label(NOON_MS, "any", is_fraud=False))
    assert taken.payment == "unknown"
    assert value(settled(taken.state, NOON_MS + 1), "merchant_delayed_frauds_24h") == 1
    waiting = of_older([], [], [], [NOON_MS])
    state = pay_at(waiting, payment(NOON_MS + 1)).state
    assert value(settled(state, NOON_MS + 1), "merchant_delayed_frauds_24h") == 0


def test_a_fraud_of_version_2_at_the_exact_moment_comes_before_a_cut_time() -> None:
    made_ms = NOON_MS + 1
    waiting = of_older([], [], [], [made_ms])
    waiting = tell_at(waiting, label(NOON_MS, made_ms, is_fraud=False)).state
    state = pay_at(waiting, payment(made_ms)).state
    assert value(settled(state, made_ms), "merchant_delayed_frauds_24h") == 1


def test_a_fraud_of_version_2_is_taken_back_by_its_moment() -> None:
    state = of_older([500, 500], [NOON_MS, NOON_MS], [1, 1], [NOON_MS])
    assert value(settled(state), "merchant_delayed_frauds_24h") == 1
    taken = tell_at(state, label(NOON_MS, "any", is_fraud=False)).state
    assert value(settled(taken), "merchant_delayed_frauds_24h") == 1, "the genuine twin agrees"
    taken = tell_at(taken, label(NOON_MS, "other", is_fraud=False)).state
    assert value(settled(taken), "merchant_delayed_frauds_24h") == 0


def test_a_fraud_of_version_2_without_a_payment_waits_for_one_of_its_moment() -> None:
    state = of_older([500], [NOON_MS], [1], [NOON_MS + 1])
    step = settled(state, NOON_MS + 1)
    assert value(step, "merchant_delayed_frauds_24h") == 0
    state = pay_at(state, payment(NOON_MS + 1)).state
    assert value(settled(state, NOON_MS + 1), "merchant_delayed_frauds_24h") == 1


def test_frauds_of_version_2_fill_buckets_as_far_as_they_have_payments() -> None:
    times = [NOON_MS - 20 * DAY_MS, NOON_MS]
    frauds = [times[0] - 1] * 5
    step = settled(of_older([900, 100], times, [3, 1], frauds), times[0])
    assert step.compacted
    assert value(step, "merchant_delayed_frauds_24h") == 3
    assert value(step, "merchant_delayed_fraud_share_24h") == 1


def test_many_waiting_frauds_of_version_2_are_bounded() -> None:
    state = of_older([], [], [], [NOON_MS + i for i in range(1_000)])
    step = tell_at(state, label(NOON_MS))
    assert len(step.state) == 8 * HEAD_WORDS + 24 * MAX_LABELS_OF_A_KIND


def test_the_largest_sum_of_version_2_ends_where_sums_end() -> None:
    state = of_older([2**62], [NOON_MS], [1], [])
    mean = value(pay_at(state, payment(NOON_MS + 1)), "merchant_mean_30d")
    assert mean == pytest.approx((2**63 - 1) / 1e8 / 2)


@pytest.mark.parametrize("version", [0, 6, 255])
def test_an_unknown_version_is_refused_with_both_sides_named(version: int) -> None:
    foreign = bytes([version]) + merchant_of_five()[1:]
    expected = f"merchant state has schema version {version}.*reads 1, 2, 3, 4, 5"
    with pytest.raises(StateError, match=expected):
        pay_at(foreign, payment())
    with pytest.raises(StateError, match=expected):
        tell_at(foreign, label())


@pytest.mark.parametrize("name", [f"merchant_v{version}" for version in range(1, VERSION + 1)])
@pytest.mark.parametrize("cut", [0, 1, 7, 39, 47, 95, 120])
def test_a_state_that_was_cut_is_refused(name: str, cut: int) -> None:
    with pytest.raises(StateError, match="merchant state"):
        pay_at(stored(name)[:cut], payment())
    with pytest.raises(StateError, match="merchant state"):
        tell_at(stored(name)[:cut], label())


@pytest.mark.parametrize("counts", [(5_000, 0), (0, 5_000), (-1, 0), (0, -1)])
def test_a_merchant_with_more_than_it_can_keep_is_refused(counts: tuple[int, int]) -> None:
    head = np.frombuffer(of_unit(EMPTY, RATES.unit), "<i8").copy()
    head[3:5] = counts
    with pytest.raises(StateError, match="does not have the rows that its header says"):
        pay_at(head.tobytes() + b"\0" * ROW_BYTES * max(counts), payment())
