"""Which label counts, where, and how many are remembered: orders of arrival, strangers, buckets."""

from itertools import permutations
from typing import Any, Final

import numpy as np
import pytest

from events.label import Label
from events.transaction import Transaction
from features.catalogue import MERCHANT_FEATURES, slot
from features.merchant.state import state_size
from features.merchant.transition import LabelStep, MerchantStep
from features.windows import (
    DAY_MS,
    HOUR_MS,
    LABEL_DELAY_MS,
    MAX_LABELS,
    MAX_LABELS_OF_A_KIND,
    MAX_MERCHANT_ROWS,
    MERCHANT_HISTORY_MS,
)
from tests.unit.features.factories import NOON_MS, label, payment
from tests.unit.features.singly import pay_at, tell_at

T: Final = NOON_MS
NOW: Final = T + 10 * DAY_MS


def after(*events: Transaction | Label, state: bytes | None = None) -> bytes:
    """Return the state after payments and labels in their order of arrival."""
    for event in events:
        step: MerchantStep | LabelStep
        step = tell_at(state, event) if isinstance(event, Label) else pay_at(state, event)
        state = step.state
    assert state is not None
    return state


def seen(state: bytes | None, name: str, t: int = NOW) -> float:
    """Return a feature of a payment at a time."""
    step = pay_at(state, payment(t, "now"))
    return float(step.values[slot(MERCHANT_FEATURES, f"merchant_{name}")])


def told(day: int, *, is_fraud: bool, **given: Any) -> Label:
    """Return a label of the payment at T, given so many days later."""
    return label(T, is_fraud=is_fraud, label_time_ms=T + day * DAY_MS, **given)


LABELS = {"fraud": told(7, is_fraud=True), "cleared": told(9, is_fraud=False)}


@pytest.mark.parametrize("order", list(permutations(["payment", "fraud", "cleared"])))
def test_the_newest_label_counts_in_any_order(order: tuple[str, ...]) -> None:
    events = [payment(T) if name == "payment" else LABELS[name] for name in order]
    assert seen(after(*events), "delayed_frauds_30d") == 0


@pytest.mark.parametrize("order", list(permutations(["payment", "cleared", "fraud again"])))
def test_a_newer_fraud_counts_after_a_correction_in_any_order(order: tuple[str, ...]) -> None:
    again = told(10, is_fraud=True)
    events: dict[str, Transaction | Label]
    events = {"payment": payment(T), "cleared": LABELS["cleared"], "fraud again": again}
    state = after(*(events[name] for name in order))
    assert seen(state, "delayed_frauds_30d") == 1
    assert seen(state, "delayed_frauds_30d", NOW - 1) == 0


@pytest.mark.parametrize("is_fraud", [True, False])
def test_of_equally_new_labels_the_last_to_arrive_counts(is_fraud: bool) -> None:
    state = after(payment(T), told(8, is_fraud=not is_fraud), told(8, is_fraud=is_fraud))
    assert seen(state, "delayed_frauds_30d") == is_fraud


def test_labels_of_unknown_payments_count_nowhere_and_their_receipts_say_so() -> None:
    state = after(payment(T))
    for ghost in range(5):
        step = tell_at(state, told(1, is_fraud=True, identity=f"ghost{ghost}"))
        assert step.payment == "unknown"
        state = step.state
    assert seen(state, "delayed_count_30d") == 1
    assert seen(state, "delayed_frauds_30d") == 0
    assert seen(state, "delayed_fraud_share_30d") == 0
    assert seen(state, "fraud_run") == 0
    assert seen(state, "days_since_good") == 10
    assert np.isnan(seen(state, "days_since_fraud"))


def test_a_fraud_of_a_payment_that_never_came_leaves_its_neighbours_genuine() -> None:
    genuine = [payment(NOW - 20 * DAY_MS), payment(NOW - 10 * DAY_MS)]
    state = after(*genuine, label(NOW - 12 * DAY_MS, "never came"))
    assert seen(state, "fraud_run") == 0
    assert seen(state, "days_since_good") == 10


def test_a_label_before_its_payment_counts_from_the_payment_on() -> None:
    early, late = (
        after(told(1, is_fraud=True), payment(T)),
        after(payment(T), told(1, is_fraud=True)),
    )
    names = [feature.name.removeprefix("merchant_") for feature in MERCHANT_FEATURES]
    for name in names:
        np.testing.assert_equal(seen(early, name), seen(late, name))
    assert seen(early, "fraud_run") == 1
    assert tell_at(early, told(2, is_fraud=True)).payment == "known"


@pytest.mark.parametrize("given", [{"card_id": "card-2"}, {"timestamp_ms": T + 1}])
def test_a_label_that_names_another_card_or_moment_is_of_an_unknown_payment(
    given: dict[str, Any],
) -> None:
    step = tell_at(after(payment(T)), told(1, is_fraud=True, identity=T, **given))
    assert step.payment == "unknown"
    assert seen(step.state, "delayed_frauds_30d") == 0


def test_a_label_at_another_merchant_than_its_payment_is_of_an_unknown_payment() -> None:
    assert tell_at(None, told(1, is_fraud=True)).payment == "unknown"
    assert seen(tell_at(None, told(1, is_fraud=True)).state, "delayed_frauds_30d") == 0


def test_a_label_waits_as_long_as_its_payment_would_be_kept() -> None:
    for ahead_ms, frauds in ((MERCHANT_HISTORY_MS - 1, 1), (MERCHANT_HISTORY_MS, 0)):
        waiting = after(told(1, is_fraud=True), payment(T + ahead_ms, "ahead"))
        assert seen(after(payment(T), state=waiting), "delayed_frauds_30d") == frauds


def test_the_newest_256_labels_of_a_kind_wait() -> None:
    state = after(*(told(1, is_fraud=True, identity=i) for i in range(MAX_LABELS_OF_A_KIND + 1)))
    state = after(*(told(1, is_fraud=False, identity=-i) for i in range(1, 10_000)), state=state)
    assert seen(after(payment(T, 0), state=state), "delayed_frauds_30d") == 0
    for identity in (1, MAX_LABELS_OF_A_KIND):
        assert seen(after(payment(T, identity), state=state), "delayed_frauds_30d") == 1


def test_labels_that_change_their_minds_stay_bounded() -> None:
    """A label that is told again goes to another kind, which must not outgrow its limit."""
    state = None
    for turn in range(4):
        for i in range(MAX_LABELS_OF_A_KIND):
            state = after(told(turn, is_fraud=turn % 2 == 0, identity=(turn // 2, i)), state=state)
    assert state is not None
    assert len(state) <= state_size.py_func(0, MAX_LABELS)  # type: ignore[attr-defined]


GAP_MS = 1_000


def compacted(count: int = MAX_MERCHANT_ROWS, *events: Label) -> bytes:
    """Return a busy merchant: payments a second apart up to T, labels, then enough to compact."""
    paid = [payment(T - i * GAP_MS, i) for i in reversed(range(count))]
    return after(*paid, *events, payment(T + DAY_MS, "next"))


def of_bucket(number: int, day: int = 1, *, is_fraud: bool = True) -> Label:
    """Return a label of the payment so many seconds before T."""
    at_ms = T - number * GAP_MS
    return label(at_ms, number, is_fraud=is_fraud, label_time_ms=at_ms + day * DAY_MS)


def test_a_label_of_a_payment_in_a_bucket_counts_once_and_is_taken_back() -> None:
    state = compacted()
    step = tell_at(state, of_bucket(1_500))
    assert step.payment == "compacted"
    assert seen(step.state, "delayed_frauds_30d") == 1
    again = tell_at(step.state, of_bucket(1_500, 2))
    assert again.payment == "compacted"
    assert seen(again.state, "delayed_frauds_30d") == 1
    cleared = tell_at(again.state, of_bucket(1_500, 4, is_fraud=False)).state
    assert seen(cleared, "delayed_frauds_30d") == 0
    assert seen(tell_at(cleared, of_bucket(1_500, 3)).state, "delayed_frauds_30d") == 0
    assert seen(tell_at(cleared, of_bucket(1_500, 5)).state, "delayed_frauds_30d") == 1


def test_labels_told_before_compaction_are_remembered_after_it() -> None:
    state = compacted(MAX_MERCHANT_ROWS, of_bucket(1_500, 3, is_fraud=False), of_bucket(1_501, 3))
    assert seen(state, "delayed_frauds_30d") == 1
    state = after(of_bucket(1_500, 2), of_bucket(1_501, 2, is_fraud=False), state=state)
    assert seen(state, "delayed_frauds_30d") == 1, "both are older than what is remembered"
    assert seen(after(of_bucket(1_501, 2), state=state), "delayed_frauds_30d") == 1


def test_a_bucket_has_no_more_frauds_than_payments() -> None:
    """Six thousand ids of no payment at all, at a moment inside one bucket."""
    state, answers = compacted(), []
    for ghost in range(6_000):
        step = tell_at(state, label(T - 1_500 * GAP_MS - 1, ghost))
        state = step.state
        answers.append(step.payment)
    assert answers[0] == "compacted" and answers[-1] == "unknown"
    for days in (1, 7, 14, 30, 60):
        window = "24h" if days == 1 else f"{days}d"
        assert 0 <= seen(state, f"delayed_fraud_share_{window}") <= 1
    assert 0 < seen(state, "delayed_fraud_share_30d") < 0.1
    assert len(state) <= state_size.py_func(MAX_MERCHANT_ROWS, MAX_LABELS)  # type: ignore[attr-defined]


def test_all_payments_of_a_busy_merchant_can_be_frauds() -> None:
    state = after(label(T + DAY_MS, "next"), state=compacted())
    for number in range(MAX_MERCHANT_ROWS):
        state = tell_at(state, of_bucket(number)).state
    assert seen(state, "delayed_frauds_30d") == MAX_MERCHANT_ROWS + 1
    assert seen(state, "delayed_fraud_share_30d") == 1
    assert seen(state, "fraud_run") == MAX_MERCHANT_ROWS + 1


def test_a_moment_before_every_bucket_is_of_an_unknown_payment() -> None:
    long_before = label(T - 40 * DAY_MS)
    assert tell_at(compacted(), long_before).payment == "unknown"


def test_a_payment_that_comes_after_its_label_was_counted_takes_the_label_with_it() -> None:
    at_ms = T - 1_500 * GAP_MS - 1
    counted = tell_at(compacted(), label(at_ms, "straggler"))
    assert counted.payment == "compacted"
    state = after(payment(at_ms, "straggler"), state=counted.state)
    assert seen(state, "delayed_frauds_30d") == 1
    cleared = tell_at(state, label(at_ms, "straggler", is_fraud=False))
    assert cleared.payment == "known"
    assert seen(cleared.state, "delayed_frauds_30d") == 0


def test_a_bucket_is_forgotten_with_its_frauds() -> None:
    state = after(of_bucket(1_500), state=compacted())
    step = pay_at(state, payment(T + MERCHANT_HISTORY_MS + HOUR_MS, "later"))
    assert not pay_at(step.state, payment(T + LABEL_DELAY_MS, "late")).compacted
    assert len(step.state) == state_size.py_func(2, 0)  # type: ignore[attr-defined]
