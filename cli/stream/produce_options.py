"""The options that every command of `produce` shares, and their types."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import click

from cli.options import folder_option, gathered, in_group, json_option, output_options
from events.topics import LABELS, TRANSACTIONS
from producer.sending.kafka import Acks, Compression, KafkaSettings
from producer.sending.outfile import ENDS
from producer.sending.pacing import Pace
from producer.sending.run import RunSettings
from producer.stream.labels import LabelSettings
from producer.stream.selection import NEVER_MS, Selection
from stack.services.embedded import Stack

_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Duration(click.ParamType[int]):
    """A length of time such as 7d, 12h, 30m, 10s or 250ms, in milliseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the duration in milliseconds."""
        match = re.fullmatch(r"([0-9]+)(ms|s|m|h|d)", str(value))
        if match is None:
            self.fail(f"expected a duration such as 7d, 12h or 30m, got {value!r}", param, ctx)
        return int(match[1]) * _UNIT_MS[match[2]]


class Moment(click.ParamType[datetime]):
    """A date, or a date and time; UTC where it has no offset."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return a time with an offset."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"expected 2018-05-01 or 2018-05-01T12:00:00Z, got {value!r}", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Speed(click.ParamType[float]):
    """A multiple of recorded time such as 60x."""

    name = "speed"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the factor."""
        match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)x?", str(value))
        if match is None or float(match[1]) == 0:
            self.fail(f"expected a speed such as 60x, got {value!r}", param, ctx)
        return float(match[1])


@dataclass(frozen=True, slots=True)
class SendOptions:
    """The shared options of one call, as they were given."""

    folder: Path
    to_file: Path | None
    json_path: str | None
    bootstrap: str | None
    rate: float | None
    speed: float | None
    from_time: datetime | None
    until_time: datetime | None
    start: datetime | None
    shift_to_now: bool
    limit: int | None
    labels: str
    label_delay: int
    drain_labels: bool
    acks: Acks
    idempotence: bool
    compression: Compression
    linger_ms: float
    flush_every: int
    transactions_topic: str
    labels_topic: str

    def run_settings(self) -> RunSettings:
        """Return what is sent and how fast; UsageError where options contradict each other."""
        if self.shift_to_now and self.start:
            raise click.UsageError("Either --start or --shift-to-now: leave one out.")
        if self.to_file and (self.rate or self.speed):
            raise click.UsageError("A file is written as fast as it goes: leave out the pace.")
        try:
            return RunSettings(
                Selection(
                    -NEVER_MS if self.from_time is None else epoch_ms(self.from_time),
                    NEVER_MS if self.until_time is None else epoch_ms(self.until_time),
                    self._start_ms(),
                ),
                LabelSettings(self.labels, self.label_delay, self.drain_labels),  # type: ignore[arg-type]  # click.Choice made sure
                Pace(self.rate, self.speed),
                self.limit,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    def _start_ms(self) -> int | None:
        if self.shift_to_now:
            return time.time_ns() // 1_000_000
        return None if self.start is None else epoch_ms(self.start)

    def kafka_settings(self) -> KafkaSettings:
        """Return where and how records go: the running stack unless --bootstrap says otherwise."""
        try:
            return KafkaSettings(
                self.bootstrap or Stack.attach(self.folder).kafka,
                transactions=self.transactions_topic,
                labels=self.labels_topic,
                acks=self.acks,
                idempotence=self.idempotence,
                compression=self.compression,
                linger_ms=self.linger_ms,
                flush_every_s=self.flush_every / 1000,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from None


def epoch_ms(moment: datetime) -> int:
    """Return a time in epoch milliseconds."""
    return int(moment.timestamp() * 1000)


_TO = in_group("Destination")
_WHICH = in_group("Choice and pace of payments")
_LABELS = in_group("Labels")
_PRODUCER = in_group("Kafka producer (rarely needed)")
_OPTIONS = (
    _TO(
        "--to-file",
        type=click.Path(dir_okay=False, path_type=Path),
        show_envvar=False,
        help=f"File to write in place of Kafka, with one of the endings {', '.join(ENDS)}.",
    ),
    _TO(
        "--bootstrap",
        metavar="HOST:PORT",
        help="Address of the Kafka broker. Default: the running stack's.",
    ),
    folder_option,
    _WHICH(
        "--rate",
        type=click.FloatRange(min=0, min_open=True),
        help="Number of payments a second. Default: as many as Kafka takes.",
    ),
    _WHICH("--speed", type=Speed(), help="Speed as a multiple of recorded time, such as 60x."),
    _WHICH("--from", "from_time", type=Moment(), help="First recorded time that is sent."),
    _WHICH("--until", "until_time", type=Moment(), help="Recorded time at which sending ends."),
    _WHICH("--start", type=Moment(), help="New time of the first payment; all times move along."),
    _WHICH("--shift-to-now", is_flag=True, help="Move all times so that the first payment is now."),
    _WHICH("--limit", type=click.IntRange(min=1), help="Number of payments to stop after."),
    _LABELS(
        "--labels",
        type=click.Choice(("all", "fraud", "none")),
        default="all",
        help="Payments that get a label: all, frauds only, or none.",
    ),
    _LABELS(
        "--label-delay", type=Duration(), default="7d", help="Time from a payment to its label."
    ),
    _LABELS(
        "--drain-labels", is_flag=True, help="Send labels that are not due at the end as well."
    ),
    _PRODUCER(
        "--acks",
        type=click.Choice(get_args(Acks)),
        default="all",
        help="Number of brokers that confirm a record.",
    ),
    _PRODUCER(
        "--idempotence/--no-idempotence",
        default=True,
        help="Avoid doubles and reordering when a send is retried.",
    ),
    _PRODUCER(
        "--compression",
        type=click.Choice(get_args(Compression)),
        default="lz4",
        help="Codec of the batches that are sent.",
    ),
    _PRODUCER(
        "--linger-ms",
        type=click.FloatRange(min=0),
        default=5.0,
        help="Milliseconds to wait for a batch to fill.",
    ),
    _PRODUCER("--flush-every", type=Duration(), default="5s", help="Longest time without a flush."),
    _PRODUCER(
        "--transactions-topic", default=TRANSACTIONS.name, help="Kafka topic of the payments."
    ),
    _PRODUCER("--labels-topic", default=LABELS.name, help="Kafka topic of the labels."),
    json_option,
    output_options,
)


send_options = gathered(SendOptions, "options", *_OPTIONS)
"""Adds the shared options; the command gets them as one `options: SendOptions`, and `out`."""
