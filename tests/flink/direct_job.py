"""A job of two stages and three ends, for the tests of both return paths.

    flink run -d -py tests/flink/direct_job.py PATH FILE WORD...

PATH is direct, ordinary, or unknown: direct, with a PyFlink that is another than the known one.

Every word goes through a stage that gives none, one or two rows of it, or fails; a second stage
behind another key writes what it gets to FILE, one JSON line each. The stream ends with its words.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from pyflink.common import Row, Types, WatermarkStrategy
from pyflink.common.watermark_strategy import TimestampAssigner
from pyflink.datastream import KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from jobs.flink_edge import direct
from jobs.flink_edge.rows import key_in_java
from jobs.flink_edge.stage import Stage
from jobs.flink_edge.state import entity_state

WORDS = Types.ROW_NAMED(["word", "body"], [Types.STRING(), Types.STRING()])


class Numbered(TimestampAssigner):  # type: ignore[misc]  # pyflink ships no types
    """The number behind a word is its time."""

    def extract_timestamp(self, value: Row, _: int) -> int:
        """Return 7 for "word 7"."""
        return int(value[1].rpartition(" ")[2])


class Repeat(Stage):
    """As many rows as the word says; the last field counts the words of its key."""

    name = "repeat"

    def __init__(self, path: str) -> None:
        super().__init__(direct=path != "ordinary")
        self._known = path != "unknown"

    def open(self, runtime_context: RuntimeContext) -> None:
        """Take hold of the count."""
        self._count = runtime_context.get_state(entity_state("count", timedelta(days=1)))
        known = direct.KNOWN_VERSION
        direct.KNOWN_VERSION = known if self._known else "0.0.0"  # type: ignore[misc]
        super().open(runtime_context)
        direct.KNOWN_VERSION = known  # type: ignore[misc]

    def rows(self, value: str) -> Sequence[direct.Fields]:
        """Return a row of key and text for each that is wanted."""
        seen = int(self._count.value() or b"0") + 1
        self._count.update(b"%d" % seen)
        word = value.partition(" ")[0]
        if word == "fail":
            raise ValueError(f"no row of {value!r}")
        wanted = {"none": 0, "two": 2}.get(word, 1)
        return [(word, f"{value} {seen} {each}") for each in range(wanted)]


class Write(KeyedProcessFunction):  # type: ignore[misc]  # pyflink ships no types
    """Write what arrives, with its key and its time, to a file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def process_element(self, value: str, ctx: KeyedProcessFunction.Context) -> list[Any]:
        """Append one line."""
        with Path(self._path).open("a") as file:
            file.write(json.dumps([ctx.get_current_key(), value, ctx.timestamp()]) + "\n")
        return []


def main(arguments: Sequence[str]) -> None:
    """Build the job and submit it."""
    path, file, *words = arguments
    env = StreamExecutionEnvironment.get_execution_environment()
    rows = [(word.partition(" ")[0], word) for word in words]
    times = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(Numbered())
    given = env.from_collection(rows, type_info=WORDS).assign_timestamps_and_watermarks(times)
    # Its assigner is a Python operator, whose output is keyed here like any other stage's.
    repeated = key_in_java(given, WORDS).process(Repeat(path), WORDS).name("repeat")
    written = key_in_java(repeated, WORDS).process(Write(file), WORDS).name("write")
    written.print()
    env.execute("both return paths")


if __name__ == "__main__":
    main(sys.argv[1:])
