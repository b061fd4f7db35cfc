import gzip
import os
import signal
from pathlib import Path

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from events.transaction import parse_transaction
from producer.handbook.generator import generate
from producer.handbook.population import GeneratorSettings
from producer.sending.outfile import OutFileError
from producer.sending.run import INTERRUPTED, RunSettings, sort_by_time, to_file
from producer.stream.selection import Selection
from tests.unit.producer.samples import batch

SMALL = GeneratorSettings(customers=200, terminals=300, radius=20.0, days=3)
T0 = 1_700_000_000_000


@pytest.mark.parametrize("name", ["p.parquet", "p.csv", "p.csv.gz", "p.jsonl", "p.jsonl.gz"])
def test_every_form_holds_every_payment(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    summary = to_file(generate(SMALL), path, RunSettings())
    content = path.read_bytes()
    plain = gzip.decompress(content) if name.endswith(".gz") else content
    if name == "p.parquet":
        found = pq.read_table(path).num_rows
    elif ".csv" in name:
        found = pa_csv.read_csv(path).num_rows
    else:
        lines = plain.splitlines()
        cards = [line.split(b'"card_id":"')[1].split(b'"')[0] for line in lines]
        found = len([parse_transaction(li, c, T0) for li, c in zip(lines, cards, strict=True)])
    assert found == summary.payments > 1_000
    assert summary.bytes == len(content)


def test_selection_and_limit_hold_for_files_too(tmp_path: Path) -> None:
    settings = RunSettings(Selection(T0 + 10, T0 + 60, start_ms=T0 * 1), limit=3)
    summary = to_file(iter([batch(range(T0, T0 + 90, 10))]), tmp_path / "p.parquet", settings)
    assert summary.payments == 3
    times = pq.read_table(tmp_path / "p.parquet")["timestamp_ms"].to_pylist()
    assert times == [T0, T0 + 10, T0 + 20]


def test_the_same_seed_writes_the_same_file(tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):
        to_file(generate(SMALL), tmp_path / name, RunSettings())
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_an_interrupted_file_does_not_have_the_name_of_a_whole_one(tmp_path: Path) -> None:
    summary = to_file(
        generate(SMALL),
        tmp_path / "p.parquet",
        RunSettings(),
        on_tick=lambda _: os.kill(os.getpid(), signal.SIGINT),
    )
    assert summary.stopped == INTERRUPTED
    assert not (tmp_path / "p.parquet").exists()
    assert pq.read_table(tmp_path / "partial-p.parquet").num_rows == summary.payments > 0


def test_an_unknown_form_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(OutFileError, match="expected a name that ends in"):
        to_file(generate(SMALL), tmp_path / "p.xlsx", RunSettings())
    assert not list(tmp_path.iterdir())


def test_sorting_orders_by_time_and_keeps_equal_times_in_order() -> None:
    found = list(sort_by_time(iter([batch([30, 10]), batch([20, 10])])))
    assert [t for part in found for t in part["timestamp_ms"].to_pylist()] == [10, 10, 20, 30]
    ids = [name for part in found for name in part["transaction_id"].to_pylist()]
    assert ids == ["t1", "t1", "t0", "t0"]
