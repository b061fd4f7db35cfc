"""Re-scoring job: past decisions in, files of what another bundle would have decided out.

    flink run -d -py jobs/rescoring.py --bootstrap HOST:PORT --bundle onnx_models/ensemble/2 \
        --to /tmp/rescored --until 0:1200 --until 1:1174

`./cardwatch rescore` submits the job and knows the ends of the topic's partitions. The job is
bounded: it reads committed decisions from the beginning of the topic to these ends, and finishes.
It has no state, no consumer group and no topic to write to, so it cannot disturb the running job.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyflink.table import EnvironmentSettings, Schema, Table, TableDescriptor, TableEnvironment
from pyflink.table.expressions import col

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from events.topics import DECISIONS  # `flink run` puts only this file's folder on the path
from udfs.rescore_udf import RESCORED, rescore_udf

JOB_NAME = "cardwatch re-scoring"


@dataclass(frozen=True)
class RescoringSettings:
    """Settings of one re-scoring: where decisions come from, the bundle, and where files go to.

    `until` has for each partition of the decisions topic the offset behind its last record.
    """

    bootstrap: str
    bundle: Path
    to: Path
    until: tuple[tuple[int, int], ...]
    batch_size: int


def parse_settings(arguments: Sequence[str]) -> RescoringSettings:
    """Read the job's arguments; argparse ends the process with 2 where they are wrong."""
    parser = argparse.ArgumentParser(
        prog="flink run -py jobs/rescoring.py",
        description="Score past decisions with another bundle and write the result as JSON lines.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--bootstrap", required=True, help="Addresses of Kafka brokers, host:port[,host:port]."
    )
    parser.add_argument(
        "--bundle",
        type=Path,
        required=True,
        help="Folder of the model bundle, at the same path on every TaskManager.",
    )
    parser.add_argument(
        "--to", type=Path, required=True, help="Folder for the files, on the TaskManager."
    )
    parser.add_argument(
        "--until",
        type=_end,
        action="append",
        required=True,
        metavar="PARTITION:OFFSET",
        help="End of a partition of the decisions topic: the offset behind its last record. "
        "Repeatable.",
    )
    parser.add_argument(
        "--batch-size", type=int, default=512, help="Number of decisions in one Arrow batch."
    )
    found = parser.parse_args(arguments)
    return RescoringSettings(
        found.bootstrap, found.bundle, found.to, tuple(found.until), found.batch_size
    )


def _end(text: str) -> tuple[int, int]:
    partition, colon, offset = text.partition(":")
    if not colon or not partition.isdecimal() or not offset.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not PARTITION:OFFSET: give one such as 0:42")
    return int(partition), int(offset)


def decisions(settings: RescoringSettings) -> TableDescriptor:
    """Describe the records of the decisions topic as a bounded table of one column, `value`."""
    ends = ";".join(f"partition:{number},offset:{end}" for number, end in settings.until)
    return (
        TableDescriptor.for_connector("kafka")
        .schema(Schema.new_builder().column("value", "BYTES").build())
        .option("topic", DECISIONS.name)
        .option("value.format", "raw")
        .option("properties.bootstrap.servers", settings.bootstrap)
        .option("properties.isolation.level", "read_committed")
        .option("scan.startup.mode", "earliest-offset")
        .option("scan.bounded.mode", "specific-offsets")
        .option("scan.bounded.specific-offsets", ends)
        .build()
    )


def files(settings: RescoringSettings) -> TableDescriptor:
    """Describe the files: JSON lines with the fields of `scoring.rescoring.Rescored`."""
    return (
        TableDescriptor.for_connector("filesystem")
        .schema(Schema.new_builder().from_row_data_type(RESCORED).build())
        .option("path", settings.to.absolute().as_uri())
        .format("json")
        .build()
    )


def rescored(tables: TableEnvironment, settings: RescoringSettings) -> Table:
    """Return the decisions, scored again in Arrow batches."""
    tables.create_temporary_table("decisions", decisions(settings))
    score = rescore_udf(str(settings.bundle))
    found = tables.from_path("decisions").select(score(col("value")).alias("found"))
    return found.select(col("found").flatten)


def main(arguments: Sequence[str]) -> None:
    """Build the job and hand it to the cluster that `flink run` talks to."""
    settings = parse_settings(arguments)
    tables = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
    options = tables.get_config()
    options.set("pipeline.name", JOB_NAME)
    options.set("restart-strategy.type", "none")  # its caller waits: a failure is told at once
    options.set("parallelism.default", "1")  # one subtask for each step, all in one slot
    options.set("python.fn-execution.arrow.batch.size", str(settings.batch_size))
    rescored(tables, settings).execute_insert(files(settings))


if __name__ == "__main__":
    main(sys.argv[1:])
