"""Labels whose `timestamp` is cut to the second, the minute, the hour or the date."""

from itertools import permutations
from typing import Any, Final

import numpy as np
import pytest

from events.label import Label
from events.transaction import Transaction
from features.merchant.state import state_size
from features.windows import DAY_MS, HOUR_MS, MERCHANT_HISTORY_MS, MINUTE_MS, SECOND_MS
from tests.unit.features.factories import NOON_MS, label, payment
from tests.unit.features.singly import tell_at
from tests.unit.features.test_merchant_labels import GAP_MS, after, compacted, of_bucket, seen

T: Final = NOON_MS
NOW: Final = T + 10 * DAY_MS
MADE: Final = T + 3 * HOUR_MS + 25 * MINUTE_MS + 7 * SECOND_MS + 123
"""A payment's time that each precision cuts to another moment: 15:25:07.123."""

MIDNIGHT: Final = MADE // DAY_MS * DAY_MS

CUTS: Final = [SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS]


def cut(to_ms: int, **given: Any) -> Label:
    """Return a label of the payment at MADE whose time is cut; given a day later by default."""
    return label(MADE // to_ms * to_ms, MADE, **{"label_time_ms": MADE + DAY_MS} | given)


@pytest.mark.parametrize("to_ms", CUTS)
def test_a_label_with_a_cut_time_counts_as_one_with_the_payments_own_time(to_ms: int) -> None:
    step = tell_at(after(payment(MADE)), cut(to_ms))
    assert step.payment == "known"
    assert step.state == after(payment(MADE), cut(1))
    assert after(cut(to_ms), payment(MADE)) == after(cut(1), payment(MADE))
    assert seen(step.state, "delayed_frauds_30d") == 1
    assert seen(step.state, "days_since_fraud", MADE + 10 * DAY_MS) == 10


@pytest.mark.parametrize("to_ms", CUTS)
def test_a_cut_time_stands_for_no_more_than_it_leaves_open(to_ms: int) -> None:
    first_ms = MADE // to_ms * to_ms
    last_ms = first_ms + (DAY_MS if to_ms >= HOUR_MS else to_ms) - 1
    told = label(first_ms, "x", label_time_ms=last_ms + 1)
    for made_ms in (first_ms - 1, first_ms, last_ms, last_ms + 1):
        within = first_ms <= made_ms <= last_ms
        late = tell_at(after(payment(made_ms, "x")), told)
        assert late.payment == ("known" if within else "unknown")
        early = after(told, payment(made_ms, "x"))
        for state in (late.state, early):
            assert seen(state, "delayed_frauds_30d", made_ms + 10 * DAY_MS) == within


@pytest.mark.parametrize("other", [{"transaction_id": "another"}, {"card_id": "card-2"}])
def test_a_cut_time_finds_no_payment_of_another_id_or_card(other: dict[str, str]) -> None:
    assert tell_at(after(payment(MADE)), cut(DAY_MS, **other)).payment == "unknown"
    assert seen(after(cut(DAY_MS, **other), payment(MADE)), "delayed_frauds_30d") == 0


def test_the_payment_of_the_exact_moment_comes_before_others_in_the_span() -> None:
    paid = [payment(MIDNIGHT + i * HOUR_MS, "x") for i in (-1, 0, 1)]
    state = after(*paid, label(MIDNIGHT, "x"))
    assert seen(state, "days_since_fraud", MIDNIGHT + 8 * DAY_MS) == 8


def test_the_label_of_the_exact_moment_comes_before_others_whose_span_holds_it() -> None:
    mistaken = label(MADE + HOUR_MS, MADE)
    exact = cut(1, is_fraud=False)
    waiting = after(mistaken, exact, cut(DAY_MS), exact)
    assert seen(after(payment(MADE), state=waiting), "delayed_frauds_30d") == 0


@pytest.mark.parametrize("first", [1, *CUTS])
@pytest.mark.parametrize("second", [1, *CUTS])
def test_labels_of_any_precision_find_each_other_while_they_wait(first: int, second: int) -> None:
    fraud = cut(first)
    cleared = cut(second, is_fraud=False, label_time_ms=MADE + 2 * DAY_MS)
    for events in permutations((fraud, cleared)):
        waiting = after(*events)
        assert len(waiting) == state_size.py_func(0, 1)  # type: ignore[attr-defined]
        state = after(payment(MADE), state=waiting)
        assert seen(state, "delayed_frauds_30d") == 0
        again = cut(second, label_time_ms=MADE + 3 * DAY_MS)
        assert seen(after(again, payment(MADE), state=waiting), "delayed_frauds_30d") == 1


def test_a_label_of_a_date_given_before_the_payment_counts_from_the_payment_on() -> None:
    """The label says the day and was given at 08:00; the payment was made at 15:25."""
    given = cut(DAY_MS, label_time_ms=MIDNIGHT + 8 * HOUR_MS)
    for state in (after(payment(MADE), given), after(given, payment(MADE))):
        assert np.isnan(seen(state, "days_since_fraud", MADE - 1))
        assert seen(state, "days_since_fraud", MADE) == 0


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_labels_given_before_the_payment_keep_their_order(order: tuple[int, ...]) -> None:
    fraud = cut(DAY_MS, label_time_ms=MIDNIGHT + 8 * HOUR_MS)
    cleared = cut(DAY_MS, is_fraud=False, label_time_ms=MIDNIGHT + 9 * HOUR_MS)
    events: list[Transaction | Label] = [payment(MADE), fraud, cleared]
    assert seen(after(*(events[i] for i in order)), "delayed_frauds_30d") == 0


def test_a_label_of_a_date_waits_as_long_as_a_payment_of_that_day_would_be_kept() -> None:
    ahead = payment(MADE + MERCHANT_HISTORY_MS - 1, "ahead")
    for waiting in (after(cut(DAY_MS), ahead), after(ahead, cut(DAY_MS))):
        assert seen(after(payment(MADE), state=waiting), "delayed_frauds_30d") == 1


def test_a_correction_with_a_cut_time_takes_back_what_was_counted_in_a_bucket() -> None:
    """The fraud leaves the bucket of the payment, not the one that the date's moment is in."""
    busy = compacted()
    assert tell_at(busy, label(MIDNIGHT, "ghost")).payment == "unknown"
    made_ms = T - 1_500 * GAP_MS
    state = after(of_bucket(1_500), of_bucket(2_000), state=busy)
    assert seen(state, "delayed_frauds_30d") == 2
    cleared = label(made_ms // HOUR_MS * HOUR_MS, 1_500, is_fraud=False, label_time_ms=T + DAY_MS)
    step = tell_at(state, cleared)
    assert step.payment == "compacted"
    assert seen(step.state, "delayed_frauds_30d") == 1
    assert seen(step.state, "days_since_fraud") > (NOW - made_ms) / DAY_MS
    again = label(made_ms // MINUTE_MS * MINUTE_MS, 1_500, label_time_ms=T + 2 * DAY_MS)
    assert seen(after(again, state=step.state), "delayed_frauds_30d") == 2


def test_a_payment_takes_a_label_with_a_cut_time_out_of_the_bucket_it_was_counted_in() -> None:
    """The buckets of that age are half a minute wide: the payment's own bucket has no fraud."""
    made_ms = T - 601 * GAP_MS + 700
    counted = tell_at(compacted(), label(made_ms // MINUTE_MS * MINUTE_MS, "straggler"))
    assert counted.payment == "compacted"
    state = after(payment(made_ms, "straggler"), state=counted.state)
    assert seen(state, "delayed_frauds_30d") == 1
    second = label(made_ms // SECOND_MS * SECOND_MS, "straggler", is_fraud=False)
    cleared = tell_at(state, second)
    assert cleared.payment == "known"
    assert seen(cleared.state, "delayed_frauds_30d") == 0


def test_a_cut_time_older_than_the_history_is_counted_in_no_bucket() -> None:
    first_ms = T - 1_500 * GAP_MS
    for ahead_ms, payment_is in ((-1, "compacted"), (0, "unknown")):
        newest = payment(first_ms + MERCHANT_HISTORY_MS + ahead_ms, "newest")
        step = tell_at(after(newest, state=compacted()), label(first_ms, "ghost"))
        assert step.payment == payment_is
