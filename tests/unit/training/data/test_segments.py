"""Kinds of payments: every payment in exactly one, and edges where they are said to be."""

import pyarrow as pa

from tests.unit.training.samples import floats, payments_table
from training.data.replay import replay
from training.data.segments import MISSING, MOST_VALUES, OTHER, feature_segments, table_segments
from training.data.split import DAY_MS

EPOCH_MS = 1_522_540_800_000


def test_amounts_belong_to_the_band_that_they_open() -> None:
    amounts = floats([[9.99], [10], [49.99], [50], [999], [1_000], [5_000]])
    [bands] = feature_segments(("amount",), amounts)
    assert [bands.values[code] for code in bands.codes] == [
        "below 10", "10 to 50", "10 to 50", "50 to 100", "500 to 1,000", "1,000 and more",
        "1,000 and more",
    ]  # fmt: skip


def test_a_card_is_new_up_to_its_fifth_payment() -> None:
    [cards] = feature_segments(("x", "card_count_30d"), floats([[0, 1], [0, 5], [0, 6]]))
    assert cards.codes.tolist() == [0, 0, 1]
    assert cards.values[0].startswith("new")


def test_columns_without_a_value_divide_nothing() -> None:
    table = pa.table({"channel": pa.array([None, None], pa.string()), "other": ["a", "b"]})
    assert table_segments(table) == ()


def test_rare_values_are_one_kind_and_missing_ones_another() -> None:
    names = [f"c{i}" for i in range(MOST_VALUES + 5) for _ in range(50 - i)]
    column = [*names, *[None] * 60]
    [category] = table_segments(pa.table({"merchant_category": column}))
    shown = [category.values[code] for code in category.codes]
    assert len(category.values) == MOST_VALUES + 1
    assert shown[-1] == MISSING and shown[0] == "c0"
    assert category.values[-1] == OTHER == shown[len(names) - 1]
    assert all(one in (name, OTHER) for one, name in zip(shown, names, strict=False))


def test_replay_keeps_kinds_beside_their_payments() -> None:
    table = payments_table(
        ["a", "a", "b"], ["m"] * 3, [EPOCH_MS + row for row in range(3)], labels=[True, None, False]
    )
    table = table.set_column(0, "transaction_id", pa.array(["t0", "t0", "t2"]))
    history = replay(table.append_column("channel", pa.array(["web", "pos", "atm"])), DAY_MS)
    [channel] = history.segments
    assert [channel.values[code] for code in channel.codes] == ["web", "atm"]
    [kept] = history.labelled().segments
    assert len(kept.codes) == 2
