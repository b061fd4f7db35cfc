"""The options that say how a file is read: one set for every command that reads one."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from cli.evaluate import file_command as evaluate_file
from cli.mapping_options import ReadingOptions
from cli.produce import file_command as produce_file
from cli.train import command as train
from cli.train_history import FileSource
from cli.tune import file_command as tune_file
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
