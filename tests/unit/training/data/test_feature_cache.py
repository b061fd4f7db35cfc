"""A cached replay is the replay itself, and anything else is made again."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.training.samples import payments_table
from training.data.feature_cache import KEPT_ENTRIES, cached_replay
from training.data.history import History
from training.data.replay import replay
from training.data.split import DAY_MS

START_MS = 1_600_000_000_000


def table(count: int = 40, step_ms: int = 3_600_000) -> pa.Table:
    return payments_table(
        cards=[f"card-{row % 5}" for row in range(count)],
        merchants=[f"shop-{row % 3}" for row in range(count)],
        times_ms=[START_MS + row * step_ms for row in range(count)],
        labels=[row % 7 == 0 for row in range(count)],
    )


def cached(payments: pa.Table, folder: Path, delay_ms: int = DAY_MS) -> tuple[History, bool]:
    """The history, and whether it came from the cache."""
    hits: list[Path] = []
    return cached_replay(payments, delay_ms, folder, on_hit=hits.append), bool(hits)


def same(one: History, other: History) -> bool:
    arrays = ("features", "targets", "times_ms", "cards")
    told = (one.names, one.repeats, one.reused) == (other.names, other.repeats, other.reused)
    return told and all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "features")
        for name in arrays
    )


def test_the_second_time_the_same_history_comes_from_disk(tmp_path: Path) -> None:
    first, hit = cached(table(), tmp_path)
    again, second_hit = cached(table(), tmp_path)
    assert (hit, second_hit) == (False, True)
    assert same(first, again) and same(again, replay(table(), DAY_MS))
    with pytest.raises(ValueError, match="read-only"):
        again.features[0] = 0.0


def test_what_was_left_out_comes_from_disk_too(tmp_path: Path) -> None:
    twice = pa.concat_tables([table(3).slice(0, 1), table(3)])
    cached(twice, tmp_path)
    again, hit = cached(twice, tmp_path)
    assert hit and again.repeats == 1 and len(again.targets) == 3


def test_kinds_of_payments_come_from_disk_too(tmp_path: Path) -> None:
    channels = pa.array(["web", None, "pos", "pos"] * 10)
    divided = table().append_column("channel", channels)
    cached(divided, tmp_path)
    again, hit = cached(divided, tmp_path)
    (kind,) = again.segments
    (wanted,) = replay(divided, DAY_MS).segments
    assert hit and (kind.name, kind.values) == (wanted.name, wanted.values)
    assert np.array_equal(kind.codes, wanted.codes)


@pytest.mark.parametrize("other", ["payments", "delay"])
def test_another_table_or_delay_is_another_entry(tmp_path: Path, other: str) -> None:
    cached(table(), tmp_path)
    payments = table(step_ms=7_200_000) if other == "payments" else table()
    delay_ms = 2 * DAY_MS if other == "delay" else DAY_MS
    found, hit = cached(payments, tmp_path, delay_ms)
    assert not hit and same(found, replay(payments, delay_ms))


@pytest.mark.parametrize("damage", ["one bit", "cut", "gone", "no json"])
def test_a_damaged_entry_is_made_again(tmp_path: Path, damage: str) -> None:
    cached(table(), tmp_path)
    (entry,) = tmp_path.iterdir()
    features = entry / "features.npy"
    data = bytearray(features.read_bytes())
    data[-1] ^= 1
    if damage == "one bit":
        features.write_bytes(bytes(data))
    elif damage == "cut":
        features.write_bytes(bytes(data[:-8]))
    elif damage == "gone":
        features.unlink()
    else:
        (entry / "entry.json").write_text("[]")
    found, hit = cached(table(), tmp_path)
    assert not hit and same(found, replay(table(), DAY_MS))
    assert cached(table(), tmp_path)[1]


def test_only_the_newest_entries_are_kept(tmp_path: Path) -> None:
    for days in range(1, KEPT_ENTRIES + 3):
        cached(table(), tmp_path, days * DAY_MS)
    assert len(list(tmp_path.iterdir())) == KEPT_ENTRIES
    assert cached(table(), tmp_path, (KEPT_ENTRIES + 2) * DAY_MS)[1]
