"""Long merchants in parts: the whole comes back, and a payment writes little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.label import Label
from events.transaction import Transaction
from features.merchant import transition as merchant
from features.merchant.pages import (
    PAGE_RECORDS,
    RECORD_BYTES,
)
from features.merchant.parts import MerchantParts
from features.parts import Changes, Page
from features.state import StateError
from features.windows import DAY_MS, HOUR_MS, MAX_MERCHANT_ROWS, MERCHANT_HISTORY_MS, MINUTE_MS
from tests.unit.features.factories import NOON_MS, RATES, label, payment
from tests.unit.features.test_merchant_state import of_older

MOST_WRITTEN: Final = 4_096
KEY: Final = "the shop"

Event = Transaction | Label


class Kept:
    """A merchant's value and pages as Flink keeps them, and its whole state beside them."""

    def __init__(self, parts: MerchantParts | None = None) -> None:
        self.parts = parts or MerchantParts()
        self.values: dict[str, bytes] = {}
        self.pages: dict[Page, bytes] = {}
        self.whole: dict[str, bytes] = {}

    def read(self) -> dict[str, bytes]:
        """Return the whole state from value and pages."""
        wanted = {page: self.pages[page] for page in self.parts.wanted(self.values)}
        return self.parts.join(self.values, wanted)

    def take(self, events: Sequence[Event]) -> Changes:
        """Take a batch to the merchant, and write what has changed."""
        before = self.read()
        after = dict(before)
        for event in events:
            if isinstance(event, Label):
                after[KEY] = merchant.learn(after.get(KEY), event, RATES).state
            else:
                merchant.advance([event], [KEY], after, RATES)
        changes = self.parts.split(before, after)
        self.write(changes)
        self.whole = after
        return changes

    def write(self, changes: Changes) -> None:
        self.values |= changes.values
        for page, content in changes.pages.items():
            if content is None:
                del self.pages[page]
            else:
                self.pages[page] = content

    def start_again(self) -> None:
        """Forget what is held in memory, as after a failure."""
        self.parts = MerchantParts()


def written(changes: Changes) -> int:
    """Return how many bytes changes write."""
    return sum(map(len, [*changes.values.values(), *filter(None, changes.pages.values())]))


def history(count: int, gap_ms: int = 20 * MINUTE_MS) -> list[Event]:
    return [payment(NOON_MS + n * gap_ms, n) for n in range(count)]


def long_merchant(count: int = 1_500) -> Kept:
    """Return a merchant with many payments, over 21 days where nothing else is said."""
    kept = Kept()
    kept.take(history(count))
    return kept


GAPS: Final = st.one_of(
    st.integers(0, HOUR_MS),
    st.sampled_from([0, DAY_MS, 10 * DAY_MS, -DAY_MS, -9 * DAY_MS, -MERCHANT_HISTORY_MS]),
)
EVENTS: Final = st.tuples(
    GAPS, st.sampled_from(["payment"] * 3 + ["label", "early"]), st.booleans()
)
BATCHES: Final = st.lists(st.lists(EVENTS, min_size=1, max_size=40), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([0, 20, 60, 300, 1_500, 2_040]), BATCHES, st.lists(st.booleans(), min_size=12)
)
def test_value_and_pages_are_the_whole_state_whatever_comes(
    count: int, batches: list[list[tuple[int, str, bool]]], restarts: list[bool]
) -> None:
    kept = Kept()
    kept.take(history(count))
    now_ms, n = NOON_MS + count * 20 * MINUTE_MS, count
    for batch, restart in zip(batches, restarts, strict=False):
        events: list[Event] = []
        for gap_ms, what, is_fraud in batch:
            time_ms, n = now_ms + gap_ms, n + 1
            now_ms = max(now_ms, time_ms)
            if what == "payment":
                events.append(payment(time_ms, n))
            else:
                about = n % max(count, 1) if what == "label" else n
                made_ms = NOON_MS + about * 20 * MINUTE_MS if what == "label" else time_ms
                events.append(label(made_ms, about, is_fraud=is_fraud))
        if restart:
            kept.start_again()
        kept.take(events)
        if restart:
            kept.start_again()
        assert kept.read() == kept.whole
        assert len(kept.pages) <= 2 * (len(kept.whole[KEY]) // (RECORD_BYTES * PAGE_RECORDS) + 2)


def test_a_short_merchant_is_one_value() -> None:
    kept = Kept()
    kept.take(history(168))
    assert kept.values == kept.whole and not kept.pages
    assert len(kept.values[KEY]) <= MOST_WRITTEN
    kept.take([payment(NOON_MS + 3 * DAY_MS)])
    assert len(kept.pages) == 4 and len(kept.values[KEY]) < 1_000


def test_payments_in_order_write_one_kilobyte_and_seldom_a_page() -> None:
    kept = long_merchant()
    times = [NOON_MS + 22 * DAY_MS + n * HOUR_MS for n in range(400)]
    sizes = [written(kept.take([payment(time_ms)])) for time_ms in times]
    assert max(sizes) <= 2_600
    assert sum(sizes) / len(sizes) <= 1_200
    assert len(kept.whole[KEY]) > 40_000


@pytest.mark.parametrize("days", [0.001, 3.3, 10, 20.99], ids=str)
def test_a_late_payment_writes_the_page_that_it_belongs_to(days: float) -> None:
    kept = long_merchant()
    sizes = []
    for n in range(100):
        late = payment(NOON_MS + int((days + n / 10_000) * DAY_MS))
        sizes.append(written(kept.take([late])))
    assert max(sizes) <= MOST_WRITTEN
    kept.start_again()
    assert kept.read() == kept.whole


def test_payments_that_leave_the_history_are_skipped_and_their_pages_deleted() -> None:
    kept = long_merchant()
    before = len(kept.pages)
    for n in range(300):
        late = NOON_MS + MERCHANT_HISTORY_MS + n * 20 * MINUTE_MS
        changes = kept.take([payment(late)])
        assert written(changes) <= MOST_WRITTEN
    assert len(kept.pages) <= before
    kept.start_again()
    assert kept.read() == kept.whole


def test_a_label_writes_the_page_of_its_payment() -> None:
    kept = long_merchant()
    changes = kept.take([label(NOON_MS + 700 * 20 * MINUTE_MS, 700)])
    assert len(changes.pages) == 1
    assert written(changes) <= MOST_WRITTEN


def test_labels_that_wait_go_into_pages_too() -> None:
    kept = long_merchant()
    for n in range(250):
        changes = kept.take([label(NOON_MS + 40 * DAY_MS, f"to come {n}")])
        assert written(changes) <= MOST_WRITTEN
    for n in range(250):
        changes = kept.take([payment(NOON_MS + 40 * DAY_MS, f"to come {n}")])
        assert written(changes) <= MOST_WRITTEN
    kept.start_again()
    assert kept.read() == kept.whole


def test_a_compaction_finds_the_pages_again_that_it_has_left_alone() -> None:
    kept = long_merchant(MAX_MERCHANT_ROWS - 1)
    kept.take([payment(NOON_MS + 30 * DAY_MS)])
    changes = kept.take([payment(NOON_MS + 30 * DAY_MS + 1)])
    assert len(changes.pages) > 5, "the older ones are merged"
    kept.start_again()
    assert kept.read() == kept.whole


def test_pages_are_written_anew_when_the_base_of_times_moves() -> None:
    kept = Kept()
    gap_ms = 6 * HOUR_MS  # so that 272 payments are in the history
    for first in range(0, 1_640, 40):
        kept.take([payment(NOON_MS + n * gap_ms, n) for n in range(first, first + 40)])
        kept.start_again()
        assert kept.read() == kept.whole
    first_base, base = NOON_MS - 2**35, int.from_bytes(kept.whole[KEY][8:16], "little")
    assert base > first_base


def test_a_long_state_of_an_older_version_goes_into_parts_when_a_payment_comes() -> None:
    times = [NOON_MS + n * HOUR_MS for n in range(1_000)]
    older = of_older([500] * 1_000, times, [1] * 1_000, [])
    kept = Kept()
    kept.values = {KEY: older}
    assert kept.read() == {KEY: older}
    kept.take([payment(times[-1] + 1)])
    assert len(kept.pages) > 15 and len(kept.values[KEY]) < MOST_WRITTEN


def test_pages_are_read_once_and_again_when_they_are_not_held_any_more() -> None:
    kept = long_merchant()
    assert not kept.parts.wanted(kept.values)
    other = Kept(MerchantParts(held_bytes=1_000))
    other.take(history(1_500))
    assert len(other.parts.wanted(other.values)) == len(other.pages)
    assert other.take([payment(NOON_MS + 40 * DAY_MS)])
    assert other.read() == other.whole


def test_a_merchant_that_was_forgotten_begins_anew() -> None:
    """Flink forgets the value of an idle key; its pages go later."""
    kept = long_merchant()
    kept.values.clear()
    kept.take([payment(NOON_MS + 200 * DAY_MS)])
    assert kept.values == kept.whole and len(kept.whole[KEY]) < 100


def test_what_is_held_is_not_taken_for_another_state() -> None:
    """The value decides: here it is that of a checkpoint before what is held."""
    kept = long_merchant()
    values, pages, whole = dict(kept.values), dict(kept.pages), dict(kept.whole)
    kept.take([payment(NOON_MS + 40 * DAY_MS)])
    kept.values, kept.pages = values, pages
    assert kept.read() == whole


def test_a_missing_page_is_refused() -> None:
    kept = long_merchant()
    pages = dict(kept.pages)
    del pages[KEY, 7]
    with pytest.raises(StateError, match=r"state of 'the shop' lacks page 7: .*Restore the job"):
        MerchantParts().join(kept.values, pages)


def test_a_page_of_another_size_is_refused() -> None:
    kept = long_merchant()
    pages = kept.pages | {(KEY, 7): kept.pages[KEY, 7][:-1]}
    with pytest.raises(StateError, match=r"has a page of another size"):
        MerchantParts().join(kept.values, pages)


@pytest.mark.parametrize("size", [1, 47, 49, 60, 200, -1])
def test_a_value_that_was_cut_is_refused(size: int) -> None:
    value = long_merchant().values[KEY][:size]
    with pytest.raises(StateError, match=r"merchant state of .* bytes does not have the rows"):
        MerchantParts().wanted({KEY: value})
