"""A checkout without one of its jars says so before a process starts."""

from pathlib import Path

import pytest

from stack.errors import StackError
from stack.installation import Installation

JARS = (
    "kafka/kafka_2.13-4.3.1.jar",
    "flink/flink-sql-connector-kafka-5.jar",
    "flink/cardwatch-edge.jar",
)


def test_all_jars_are_enough(tmp_path: Path) -> None:
    _put(tmp_path, *JARS)
    Installation(jars=tmp_path).check_jars()


@pytest.mark.parametrize("absent", JARS)
def test_a_jar_that_is_absent_is_missed(tmp_path: Path, absent: str) -> None:
    _put(tmp_path, *(jar for jar in JARS if jar != absent))
    with pytest.raises(StackError, match=f"not in {tmp_path / absent.partition('/')[0]}: run"):
        Installation(jars=tmp_path).check_jars()


def _put(folder: Path, *jars: str) -> None:
    for jar in jars:
        (folder / jar).parent.mkdir(exist_ok=True)
        (folder / jar).touch()
