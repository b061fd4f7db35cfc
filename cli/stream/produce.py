"""`cardwatch produce`: payments and labels from a generator or a file to Kafka."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click
from msgspec.structs import replace
from rich.markup import escape

from cli.console import Output
from cli.options import GroupedGroup, in_group
from cli.stream.mapping_options import PaymentsPath, ReadingOptions, reading_options
from cli.stream.produce_options import Moment, SendOptions, send_options
from cli.stream.produce_run import EXIT_INTERRUPTED, finish, run
from cli.stream.world_options import WORLD, WorldOptions, world_options
from producer.files.data_sets import LAYOUTS
from producer.files.form import AccountError
from producer.files.layouts import LayoutError
from producer.files.mapping import payments_of
from producer.handbook.generator import generate
from producer.handbook.population import GeneratorSettings
from producer.sending.feed import Source
from producer.sending.run import sort_by_time
from producer.stream.repeats import Repeats
from producer.stream.selection import until
from producer.values.rejects import RejectFile, rejects_of
from producer.values.tally import Tally
from producer.values.tokens import (
    KEY_VARIABLE,
    Tokenizer,
    TokenKeyError,
    key_from_text,
    read_or_create_key,
)
from producer.world.generate import generate as generate_world

EXAMPLE = """\b
Examples:
  ./cardwatch produce world
  ./cardwatch produce generate --days 30
  ./cardwatch produce file payments.csv.gz --layout kaggle --rate 500"""

GENERATE_EXAMPLE = """\b
Examples:
  ./cardwatch produce generate --days 30 --seed 7
  ./cardwatch produce generate --rate 500 --shift-to-now
  ./cardwatch produce generate --days 60 --to-file payments.parquet"""

WORLD_EXAMPLE = """\b
Examples:
  ./cardwatch produce world --rate 300 --shift-to-now
  ./cardwatch produce world --payments 1000000 --users 50000 --to-file world.parquet
  ./cardwatch produce world --attacks card_testing:2,slow_fraud:1 --with-scenario \\
      --to-file two.parquet"""

_REUSED = (
    "An id belongs to one payment: map another column with --map transaction_id=COLUMN, or leave "
    "transaction_id out, so that rows are numbered."
)
_LAYOUT_LINES = "\n".join(
    f"  {name:9} {layout.about.split('. ')[0]}" for name, layout in LAYOUTS.items()
)

FILE_EXAMPLE = f"""\b
Examples:
  ./cardwatch produce file handbook.parquet --layout handbook --ordered --until 2018-05-01
  ./cardwatch produce file fraudTrain.csv --layout kaggle --speed 60x --shift-to-now
  ./cardwatch produce file own.csv.gz --map card_id=card --map timestamp=at \\
      --map amount=sum --map merchant_id=shop --map is_fraud=bad --constant currency=EUR

\b
Layouts:
{_LAYOUT_LINES}

\b
Exit status:
  0  every payment was sent
  1  a row was refused without --rejects, payments share an id without --accept-reused-ids,
     Kafka did not take a record, or the stream ran ahead of the clock
  {EXIT_INTERRUPTED}  ended by Ctrl-C"""

_simulation = in_group("Simulation")
_rows = in_group("Rows of the file")


@click.group("produce", cls=GroupedGroup, epilog=EXAMPLE)
def command() -> None:
    """Send payments and their labels to Kafka, from a file or a generator.

    A label says later whether a payment was fraud. With --label-delay 7d it is sent seven days of
    payments after its payment. With --from and --until, labels are those whose time lies between.
    So two runs that follow each other send what one run would have sent.

    Needs a running stack (`./cardwatch up`), another broker (--bootstrap), or --to-file. Prints how
    many payments and labels were sent.
    """


@command.command("generate", epilog=GENERATE_EXAMPLE)
@_simulation(
    "--customers", default=GeneratorSettings().customers, help="Number of cards, one a customer."
)
@_simulation("--terminals", default=GeneratorSettings().terminals, help="Number of merchants.")
@_simulation(
    "--radius",
    default=GeneratorSettings().radius,
    help="Maximum distance from a card to its merchants, on a map of 100 by 100.",
)
@_simulation("--days", default=GeneratorSettings().days, help="Number of days to simulate.")
@_simulation(
    "--first-day",
    type=Moment(),
    default="2018-04-01",
    help="Date of the first day, which begins at midnight UTC.",
)
@_simulation(
    "--seed",
    default=GeneratorSettings().seed,
    help="Seed of the simulation: the same seed, the same payments.",
)
@_simulation("--with-scenario", is_flag=True, help="Add the fraud scenario to a file's columns.")
@send_options
def generate_command(
    customers: int,
    terminals: int,
    radius: float,
    days: int,
    first_day: datetime,
    seed: int,
    with_scenario: bool,
    options: SendOptions,
    out: Output,
) -> None:
    """Send the payments of the Fraud Detection Handbook's simulation.

    Customers pay at merchants near them, some 9,600 times a day at the default size. 0.8 % of the
    payments are frauds, of three kinds. Needs a running stack, or --to-file. Prints how many
    payments and labels were sent.
    """
    try:
        settings = GeneratorSettings(customers, terminals, radius, days, first_day, seed)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    batches = generate(settings, with_scenario and options.to_file is not None)
    summary = run(until(batches, options.run_settings().selection), options, out)
    finish(summary, options, out, accepted=True)


@command.command("world", epilog=WORLD_EXAMPLE)
@world_options
@in_group(WORLD)(
    "--with-scenario",
    is_flag=True,
    help="Add the kind of attack and its episode to a file's columns.",
)
@send_options
def world_command(
    with_scenario: bool, world: WorldOptions, options: SendOptions, out: Output
) -> None:
    """Send the payments of a generated world of people, merchants and attacks.

    People have homes, habits, devices and trips. Fraud comes as six kinds of attack; see
    docs/world.md. Without options the world has the size that `train` uses. Needs a running stack,
    or --to-file. Prints how many payments and labels were sent.
    """
    batches = generate_world(world.settings(), with_scenario and options.to_file is not None)
    summary = run(until(batches, options.run_settings().selection), options, out)
    finish(summary, options, out, accepted=True)


@command.command("file", epilog=FILE_EXAMPLE)
@click.argument("path", type=PaymentsPath())
@reading_options
@_rows(
    "--skip-rows",
    type=click.IntRange(min=0),
    default=0,
    help="Number of rows at the file's start to leave out with their labels, so that a run goes "
    "on where an earlier run ended.",
)
@_rows(
    "--ordered",
    is_flag=True,
    help="Read no further than --until, since the file is in order of time.",
)
@_rows(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the refused rows, which are then accepted. Default: NAME.rejects.jsonl.",
)
@_rows(
    "--accept-reused-ids",
    is_flag=True,
    help="Accept that payments share a transaction_id; the job decides one payment of a card.",
)
@_rows(
    "--token-key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"File with the key of the card tokens, in hexadecimal. Default: ${KEY_VARIABLE}, else a "
    "key is made.",
)
@send_options
def file_command(
    path: Path,
    reading: ReadingOptions,
    skip_rows: int,
    ordered: bool,
    rejects: Path | None,
    accept_reused_ids: bool,
    token_key_file: Path | None,
    options: SendOptions,
    out: Output,
) -> None:
    """Send the payments of a file, or of standard input (-).

    PATH holds CSV or JSON lines, also packed by gzip, bzip2 or xz, or Parquet. The content says
    which (docs/files.md); docs/values.md says how values are read. Columns that are not mapped are
    not read. Keyed tokens replace card numbers before anything is sent.

    Rows that are no payments are not sent. They are counted, and written to a file with row number
    and reason. Needs a running stack, or --to-file. Prints how many payments and labels were sent.
    """
    try:
        columns, form = reading.columns(), reading.form(skip_rows)
    except LayoutError as error:
        raise click.UsageError(str(error)) from None
    selection = options.run_settings().selection
    tally = Tally()
    with RejectFile(rejects or rejects_of(path), append=skip_rows > 0) as refused:
        try:
            tokenizer = Tokenizer(_token_key(token_key_file, options, out))
            file, second = reading.open(path, columns, form)
            out.say(escape(f"Read as {file.recognised}."))
            batches = payments_of(file, tokenizer, refused.add, tally=tally, second=second)
            if "transaction_id" not in columns.numbered:
                batches = Repeats(tally).watch(batches)
            batches = sort_by_time(batches) if reading.sort else batches
            batches = until(batches, selection) if ordered or reading.sort else batches
            summary = run(batches, options, out, Source(file.account, lambda: refused.by_code))
        except (LayoutError, TokenKeyError, AccountError) as error:
            raise click.ClickException(str(error)) from None
    if refused.first is not None:
        first = refused.first
        out.say(f"Rows refused: {refused.count}, see {refused.path}; the first is row {first.row}:")
        out.remarks.print(f"  {first.sentence}", markup=False)
    for line in tally.lines():
        out.say(f"{line}.")
    reused = tally.counts["reused"] and not accept_reused_ids
    if reused:
        out.say(_REUSED)
    accepted = not reused and (rejects is not None or not refused.count)
    finish(replace(summary, remarks=dict(tally.counts)), options, out, accepted=accepted)


def _token_key(path: Path | None, options: SendOptions, out: Output) -> bytes:
    """Return the key of the card tokens: from a file, the environment, or made once."""
    if path is not None:
        return key_from_text(path.read_text(encoding="ascii", errors="replace"), str(path))
    if given := os.environ.get(KEY_VARIABLE):
        return key_from_text(given, f"${KEY_VARIABLE}")
    kept = options.folder / "token.key"
    key, made = read_or_create_key(kept)
    if made:
        out.say(f"Made a key for card tokens: {kept}. Keep it: another key makes other tokens.")
    return key
