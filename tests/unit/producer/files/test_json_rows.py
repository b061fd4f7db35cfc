"""JSON lines as files: what --to-file writes is read again, and every line is accounted for."""

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from events.table import table_schema
from producer.files.data_sets import CARDWATCH
from producer.files.form import FileForm
from producer.files.layouts import LayoutError, with_options
from producer.files.mapping import payments_of
from producer.files.reading import open_file
from producer.handbook.generator import generate
from producer.handbook.population import GeneratorSettings
from producer.sending.run import RunSettings, to_file
from producer.values.rejects import Reject
from tests.unit.producer.samples import TOKENIZER, batch

SMALL = GeneratorSettings(customers=200, terminals=300, radius=20.0, days=2)


@pytest.mark.parametrize("end", ["parquet", "csv", "csv.gz", "jsonl", "jsonl.gz"])
def test_what_is_written_to_a_file_is_read_again(tmp_path: Path, end: str) -> None:
    path = tmp_path / f"p.{end}"
    to_file(generate(SMALL), path, RunSettings())
    written = pa.Table.from_batches(generate(SMALL))
    found = pa.Table.from_batches(payments_of(open_file(path, CARDWATCH), TOKENIZER))
    assert found.num_rows == written.num_rows
    for name in table_schema().names:
        if name != "is_fraud" or "json" not in end:  # a payment of the topic has no label
            assert found[name].equals(written[name].cast(found[name].type)), name


@pytest.mark.parametrize("end", ["parquet", "csv", "jsonl"])
def test_attributes_are_read_again_without_a_map(tmp_path: Path, end: str) -> None:
    rows = batch([1_700_000_000_000, 1_700_000_001_000]).to_pylist()
    rows[0]["attributes.V1"], rows[1]["attributes.V2"] = 1.5, -2.0
    path = tmp_path / f"p.{end}"
    table = pa.RecordBatch.from_pylist(rows, schema=table_schema(("V1", "V2")))
    to_file(iter([table]), path, RunSettings())
    found = pa.Table.from_batches(payments_of(open_file(path, CARDWATCH), TOKENIZER))
    assert found["attributes.V1"].to_pylist() == [1.5, None]
    assert found["attributes.V2"].to_pylist() == [None, -2.0]


def test_names_within_objects_are_mapped_by_their_way(tmp_path: Path) -> None:
    layout = with_options(
        None,
        ["card_id=card.id", "timestamp=at", "amount=sum", "merchant_id=shop"],
        ["currency=EUR"],
    )
    path = tmp_path / "own.json.gz"
    line = '{"card": {"id": "c1"}, "at": "2024-05-01T10:00:00Z", "sum": 0.10, "shop": 7}\n'
    path.write_bytes(gzip.compress(line.encode()))
    [found] = payments_of(open_file(path, layout), TOKENIZER)
    assert found["card_id"].to_pylist() == ["c1"]
    assert found["amount_minor"].to_pylist() == [10]
    assert found["merchant_id"].to_pylist() == ["7"]


def test_a_line_that_is_no_payment_is_refused_with_its_number(tmp_path: Path) -> None:
    good = (
        '{"transaction_id":"t","card_id":"c","timestamp":1714564800000,"amount":1.50,'
        '"currency":"EUR","merchant_id":"m"}\n'
    )
    path = tmp_path / "p.jsonl"
    more = good.replace("}", ',"attributes":{"late":1}}')
    path.write_text(good + "\n" + "[1]\n" + "{bad\n" + good.replace('"c"', '{"a":1}') + good)
    rejects: list[Reject] = []
    file = open_file(path, CARDWATCH)
    assert sum(one.num_rows for one in payments_of(file, TOKENIZER, rejects.append)) == 2
    assert [(one.row, one.code) for one in rejects] == [
        (2, "not_an_object"),
        (3, "not_json"),
        (4, "wrong_type"),
    ]
    assert "line 4" in rejects[1].sentence or "line 4" in rejects[0].sentence
    path.write_text(good * 40_000 + more)
    rejects.clear()
    file = open_file(path, CARDWATCH)
    assert sum(one.num_rows for one in payments_of(file, TOKENIZER, rejects.append)) == 40_000
    assert [(one.row, one.code) for one in rejects] == [(40_001, "bad_attributes")]
    assert "--map attributes.NAME" in rejects[0].sentence


@pytest.mark.parametrize("end", ["parquet", "csv", "jsonl"])
def test_rows_at_the_start_are_skipped_and_counted_in_every_kind_of_file(
    tmp_path: Path, end: str
) -> None:
    path = tmp_path / f"p.{end}"
    to_file(iter([batch(range(1_700_000_000_000, 1_700_000_005_000, 1_000))]), path, RunSettings())
    file = open_file(path, CARDWATCH, FileForm(skip_rows=2))
    found = [one for part in payments_of(file, TOKENIZER) for one in part.to_pylist()]
    assert [one["transaction_id"] for one in found] == ["t2", "t3", "t4"]
    assert (file.account.rows, file.account.skipped) == (5, 2)


@pytest.mark.parametrize(
    ("end", "form"),
    [
        ("parquet", FileForm(delimiter=";")),
        ("parquet", FileForm(encoding="cp1252")),
        ("parquet", FileForm(quotes="none")),
        ("jsonl", FileForm(delimiter=";")),
        ("jsonl", FileForm(quotes="multiline")),
    ],
)
def test_an_option_that_does_nothing_for_a_kind_of_file_is_refused(
    tmp_path: Path, end: str, form: FileForm
) -> None:
    path = tmp_path / f"p.{end}"
    to_file(iter([batch([1_700_000_000_000])]), path, RunSettings())
    with pytest.raises(LayoutError, match="which has none; leave out --"):
        open_file(path, CARDWATCH, form)
