"""Replay is the stream's own transitions in order of time, with labels as late as they are."""

import time

import numpy as np
import pyarrow as pa
import pytest

from events.label import Label
from events.table import check_table, payments
from features.catalogue import CARD_FEATURES, FEATURE_NAMES
from tests.unit.features.singly import pay_at, pay_by, tell_at
from tests.unit.training.samples import floats, payments_table
from training.arrays import Floats
from training.data.replay import replay
from training.errors import TrainingError

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_600_000_000_000
DELAY_MS = 7 * DAY_MS


def some_payments(count: int = 400) -> pa.Table:
    random = np.random.default_rng(4)
    times = START_MS + np.sort(random.integers(0, 40 * DAY_MS, count))
    return payments_table(
        cards=[f"card-{i}" for i in random.integers(0, 12, count)],
        merchants=[f"shop-{i}" for i in random.integers(0, 9, count)],
        times_ms=times.tolist(),
        labels=[None if draw < 0.1 else bool(draw > 0.7) for draw in random.random(count)],
        amounts=random.integers(100, 90_000, count).tolist(),
    )


def by_hand(table: pa.Table) -> Floats:
    """Payments and labels merged into one list of events, each given to its entity."""
    rows = list(payments(check_table(table)))
    events: list[tuple[int, int, int, bool]] = [
        (payment.timestamp_ms, 1, row, False) for row, payment in enumerate(rows)
    ]
    for row, (payment, fraud) in enumerate(zip(rows, table["is_fraud"].to_pylist(), strict=True)):
        if fraud is not None:
            events.append((payment.timestamp_ms + DELAY_MS, 0, row, fraud))
    cards: dict[str, bytes] = {}
    merchants: dict[str, bytes] = {}
    found = []
    for at, is_payment, row, fraud in sorted(events):
        payment = rows[row]
        shop = payment.merchant_id
        if not is_payment:
            label = Label(
                payment.transaction_id, payment.card_id, shop, payment.timestamp_ms, fraud, at, "t"
            )
            merchants[shop] = tell_at(merchants[shop], label).state
            continue
        own = pay_by(cards.get(payment.card_id), payment)
        cards[payment.card_id] = own.state
        there = pay_at(merchants.get(shop), payment)
        merchants[shop] = there.state
        found.append(np.concatenate([own.values, there.values]))
    return np.array(found)


def test_features_are_those_of_the_transitions() -> None:
    table = some_payments()
    history = replay(table, DELAY_MS)
    assert history.names == FEATURE_NAMES
    assert history.features.tobytes() == by_hand(table).tobytes()


def test_labels_are_known_only_after_their_delay() -> None:
    times = [START_MS + day * DAY_MS for day in (0, 6, 8, 9)]
    table = payments_table(list("abcd"), ["shop"] * 4, times, [True, False, False, False])
    share = FEATURE_NAMES.index("merchant_delayed_frauds_7d")
    assert replay(table, DELAY_MS).features[:, share].tolist() == [0, 0, 1, 1]
    later = replay(table, 9 * DAY_MS)
    assert later.features[:, share].tolist() == [0, 0, 0, 1]


def test_targets_times_and_cards_follow_the_rows() -> None:
    table = payments_table(list("aba"), list("xyz"), [START_MS] * 3, [True, None, False])
    history = replay(table, DELAY_MS)
    assert history.targets.tolist() == [1, -1, 0]
    assert history.cards.tolist() == [0, 1, 0]
    assert history.times_ms.tolist() == [START_MS] * 3


def under_ids(*ids: str, times_ms: list[int]) -> pa.Table:
    """Return payments of two cards, the last one of the second, under these ids."""
    count = len(ids)
    table = payments_table(["a"] * (count - 1) + ["b"], ["x"] * (count - 1) + ["y"], times_ms)
    return table.set_column(0, "transaction_id", [list(ids)])


def test_a_repeated_payment_is_left_out_and_counted() -> None:
    repeated = under_ids("t0", "t0", "t2", times_ms=[START_MS, START_MS, START_MS + 2])
    history = replay(repeated, DELAY_MS)
    assert history.times_ms.tolist() == [START_MS, START_MS + 2]
    assert (history.repeats, history.reused) == (1, 0)
    count = FEATURE_NAMES.index("merchant_count_24h")
    assert count >= len(CARD_FEATURES)
    assert history.features[:, count].tolist() == [1, 1]


def test_another_payment_under_a_known_id_is_left_out_and_counted_apart() -> None:
    times_ms = [START_MS, START_MS + 1, START_MS + 2, START_MS + 2, START_MS + 3]
    history = replay(under_ids("t0", "t0", "t0", "t1", "t1", times_ms=times_ms), DELAY_MS)
    assert history.times_ms.tolist() == [START_MS, START_MS + 2, START_MS + 3]
    assert (history.repeats, history.reused) == (0, 2)
    assert history.before(START_MS + 3).left_out == (
        "Left out 0 repeats and 2 payments under an id that another payment of the card has."
    )


def test_nothing_is_told_where_nothing_was_left_out() -> None:
    assert replay(some_payments(20), DELAY_MS).left_out == ""


def test_attributes_are_columns_after_the_features() -> None:
    table = payments_table(list("ab"), list("xy"), [START_MS, START_MS])
    table = table.append_column("attributes.V1", [[0.5, None]])
    history = replay(table, DELAY_MS)
    assert history.names[-1] == "attributes.V1"
    np.testing.assert_array_equal(history.features[:, -1], floats([0.5, np.nan]))


def test_progress_ends_with_the_number_of_payments() -> None:
    heard: list[int] = []
    replay(some_payments(50), DELAY_MS, heard.append)
    assert heard[-1] == 50


def test_times_that_fall_are_refused() -> None:
    table = payments_table(list("abc"), list("xyz"), [START_MS, START_MS + 5, START_MS + 4])
    with pytest.raises(TrainingError, match=r"Row 2 .* sort the file"):
        replay(table, DELAY_MS)


def test_an_empty_history_is_refused() -> None:
    with pytest.raises(TrainingError, match="no payment"):
        replay(payments_table([], [], []), DELAY_MS)


def test_replay_is_fast_enough_to_be_usable() -> None:
    table = some_payments(5_000)
    replay(table, DELAY_MS)
    started = time.process_time()
    replay(table, DELAY_MS)
    assert (time.process_time() - started) / 5_000 < 500e-6
