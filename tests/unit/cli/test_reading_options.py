"""The options that say how a file is read: one set for every command that reads one."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from cli.model.evaluate import file_command as evaluate_file
from cli.model.train import command as train
from cli.model.train_history import FileSource
from cli.model.tune import file_command as tune_file
from cli.stream.mapping_options import ReadingOptions
from cli.stream.produce import file_command as produce_file
from producer.files.layouts import LayoutError
from tests.unit.producer.samples import GOOD_ROW, write_csv

COMMANDS = (produce_file, train, evaluate_file, tune_file)
NAMES = {one.name for one in fields(ReadingOptions)}


@pytest.mark.parametrize("command", COMMANDS, ids=("produce", "train", "evaluate", "tune"))
def test_every_command_that_reads_a_file_has_the_same_options(command: click.Command) -> None:
    def described(one: click.Command) -> dict[str, object]:
        return {
            option.name or "": option.to_info_dict()
            for option in one.params
            if option.name in NAMES
        }

    assert described(command) == described(produce_file)
    assert described(command).keys() == NAMES


def test_training_counts_numbers_from_the_start_that_is_given(tmp_path: Path) -> None:
    rows = [{**GOOD_ROW, "at": "86400"}]
    pairs = ("card_id=card", "timestamp=at", "amount=sum", "merchant_id=shop")
    reading = ReadingOptions(
        pairs=pairs,
        constants=("currency=EUR",),
        timestamp_unit="s",
        timestamp_start=datetime(2017, 12, 1, tzinfo=UTC),
    )
    table, _ = FileSource(write_csv(tmp_path / "own.csv", rows), reading).table()
    moment = datetime(2017, 12, 2, tzinfo=UTC)
    assert table["timestamp_ms"].to_pylist() == [int(moment.timestamp() * 1000)]


EUROPEAN = "card;at;sum;shop\nc1;2024-05-01 12:00:00;12,50;m1\n"
PAIRS = ("card_id=card", "timestamp=at", "amount=sum", "merchant_id=shop")


def test_training_reads_the_dialects_that_produce_reads_and_says_which(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(EUROPEAN + "c1;late;1,00;m1\n", "utf-16")
    told: list[str] = []
    source = FileSource(path, ReadingOptions(pairs=PAIRS, constants=("currency=EUR",)), True)
    table, skipped = source.table(told.append)
    assert table["amount_minor"].to_pylist() == [1250] and skipped == 1
    assert "delimiter semicolon, UTF-16, 4 columns, decimal comma" in told[0]
    assert told[1] == "2 rows read: 1 payments, 1 refused."


def test_training_does_not_learn_from_a_file_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(EUROPEAN + 'c1;2024-05-01 12:00:00;1,00;"m\n')
    source = FileSource(path, ReadingOptions(pairs=PAIRS, constants=("currency=EUR",)), True)
    with pytest.raises(LayoutError, match=r"row 2 \(line 3\).*; 1 rows before that were read"):
        source.table()
