"""The history that `train` learns from: a file, a world or the simulation, as one table."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.compute as pc
from rich.markup import escape

from cli.stream.mapping_options import ReadingOptions
from cli.stream.produce_options import Duration, epoch_ms
from producer.files.mapping import payments_of
from producer.handbook.generator import generate
from producer.handbook.population import GeneratorSettings
from producer.sending.run import sort_by_time
from producer.values.rejects import Reject, RowRefusedError, refuse_first
from producer.values.tally import Tally
from producer.values.tokens import KEY_BYTES, Tokenizer
from producer.world.generate import generate as generate_world
from producer.world.settings import WorldSettings
from training.errors import TrainingError

Tell = Callable[[str], None]

_TOKEN_KEY = bytes(KEY_BYTES)
"""Tokens of a training run stay in memory, so they need no secret; a fixed key repeats a run."""


@dataclass(frozen=True)
class FileSource:
    """A file of payments and how its columns are read."""

    path: Path
    reading: ReadingOptions
    skip_bad_rows: bool = False

    def __str__(self) -> str:
        return self.path.name

    def table(self, tell: Tell = lambda _: None) -> tuple[pa.Table, int]:
        """Return the payments and how many rows were left out, and tell what became of each row.

        Raises LayoutError for columns that do not fit and for a file that breaks off,
        RowRefusedError for a bad row.
        """
        reading, tally = self.reading, Tally()
        file, second = reading.open(self.path, reading.columns(), reading.form())
        tell(escape(f"Read {self.path.name} as {file.recognised}."))
        skipped: list[Reject] = []
        on_reject = skipped.append if self.skip_bad_rows else refuse_first
        batches = payments_of(file, Tokenizer(_TOKEN_KEY), on_reject, tally=tally, second=second)
        try:
            table = pa.Table.from_batches(sort_by_time(batches) if reading.sort else batches)
        except RowRefusedError as error:
            raise RowRefusedError(f"{error} Or leave such rows out: --skip-bad-rows.") from None
        tell(f"{file.account}.")
        for line in tally.lines():
            tell(f"{line}.")
        return table, len(skipped)


@dataclass(frozen=True)
class GeneratedSource:
    """A simulation of the Fraud Detection Handbook."""

    settings: GeneratorSettings

    def __str__(self) -> str:
        one = self.settings
        return (
            f"generator: {one.customers} customers, {one.terminals} terminals, radius "
            f"{one.radius:g}, {one.days} days, seed {one.seed}"
        )

    def table(self, _tell: Tell = lambda _: None) -> tuple[pa.Table, int]:
        """Return the payments; none is left out."""
        batches: Iterator[pa.RecordBatch] = generate(self.settings)
        return pa.Table.from_batches(batches), 0


@dataclass(frozen=True)
class WorldSource:
    """A world of people, merchants and attacks."""

    settings: WorldSettings

    def __str__(self) -> str:
        one = self.settings
        attacks = ", ".join(f"{name} {weight:g}" for name, weight in one.attacks.items())
        return (
            f"world: {one.users} users, {one.merchants} merchants, {one.payments} payments, "
            f"{one.fraud_share:.2%} fraud, {one.days} days from {one.start:%Y-%m-%d}, "
            f"seed {one.seed}, attacks {attacks}"
        )

    def table(self, _tell: Tell = lambda _: None) -> tuple[pa.Table, int]:
        """Return the payments; none is left out."""
        return pa.Table.from_batches(generate_world(self.settings)), 0


def until(table: pa.Table, moment: datetime | None) -> pa.Table:
    """Keep the payments before a time; all of them for None.

    Raises TrainingError where none is left of some.
    """
    if moment is None:
        return table
    kept = table.filter(pc.less(table["timestamp_ms"], epoch_ms(moment)))
    if table.num_rows and not kept.num_rows:
        first = datetime.fromtimestamp(pc.min(table["timestamp_ms"]).as_py() / 1000, tz=UTC)
        raise TrainingError(
            f"No payment is before --until {moment:%Y-%m-%d %H:%M}: the first is of "
            f"{first:%Y-%m-%d %H:%M} UTC, so give a later time."
        )
    return kept


def command_line(context: click.Context, leave_out: frozenset[str]) -> str:
    """Return the call with what was given, a path by its name alone."""
    words = ["./cardwatch", *context.command_path.removeprefix("./cardwatch ").split()]
    for option in context.command.params:
        name = option.name or ""
        source = context.get_parameter_source(name)
        if name in leave_out or source is None or source.name.startswith("DEFAULT"):
            continue
        value = context.params.get(name)
        for one in value if isinstance(value, tuple) else [value]:
            if isinstance(option, click.Option):
                words.append(option.secondary_opts[0] if one is False else option.opts[0])
            if not isinstance(one, bool):
                words.append(_word(option, one))
    return shlex.join(words)


def _word(option: click.Parameter, value: object) -> str:
    """Return a value as it can be given again."""
    if isinstance(option.type, Duration):
        return f"{value}ms"
    return value.name if isinstance(value, Path) else str(value)
