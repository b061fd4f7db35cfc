"""Command line of the job as one frozen object."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal, cast

from events.card_data.names import card_data_named
from events.topics import DEAD_LETTERS
from events.transaction import FIELDS
from features.money.rates import Rates, RatesError
from scoring.bundle.files import BundleError
from scoring.bundle.rates_file import rates_of

Engine = Literal["batch", "pyflink"]
ENGINES: tuple[Engine, ...] = ("batch", "pyflink")
DEFAULT_ENGINE: Final[Engine] = "batch"

Delivery = Literal["exactly-once", "at-least-once", "none"]
DELIVERIES: tuple[Delivery, ...] = ("exactly-once", "at-least-once", "none")

Isolation = Literal["read_committed", "read_uncommitted"]
ISOLATIONS: tuple[Isolation, ...] = ("read_committed", "read_uncommitted")

_PRODUCER_BATCH_BYTES: Final = 128 * 1024
"""A decision has 1.4 KB. Kafka's default of 16 KiB makes ten times the requests of a backlog, which
take the broker three times the CPU; a payment alone does not wait for others either way."""

_OWN_PROPERTIES: Final[Mapping[str, str]] = {
    "bootstrap.servers": "--bootstrap",
    "group.id": "--group-id",
    "isolation.level": "--isolation",
    "enable.auto.commit": "",
    "auto.offset.reset": "",
    "acks": "",
    "enable.idempotence": "",
    "transactional.id": "--transaction-prefix",
    "transaction.timeout.ms": "--transaction-timeout-ms",
}
"""Kafka's properties that nobody may set beside the job, and the argument for it."""


@dataclass(frozen=True)
class JobSettings:
    """Settings of one submission.

    `engine` batch hands batches of payments to Python through a small Java edge; pyflink hands on
    record by record and needs no jar of ours. State and answers are the same.
    `batch_size` bounds the records of one batch of the batch engine.
    `transaction_timeout_ms` bounds how long a transaction of the sink may stay open: more than a
    checkpoint interval and the longest restart together, and at most the broker's maximum.
    `transaction_prefix` must be stable over restarts and unique to this job on its broker.
    `delivery` other than exactly-once writes without transactions: decisions are visible at once,
    and a restart writes some twice (at-least-once) or loses some (none).
    `isolation` is the source's: with read_committed, payments of an aborted transaction are never
    decided, and an open transaction holds back what is behind it in its partition (ADR 0027).
    `keep_fields` are names of fields that this release does not know and that decisions carry.
    The properties are of Kafka's consumer in the source and of its producer in the sink.
    `rates` are read where the job is submitted and go with the graph to every TaskManager, so a
    restart decides by the same ones.
    `unread_deleted` counts the records that the job will never read, for its metric of that name.
    """

    bootstrap: str
    bundle: Path
    engine: Engine
    group_id: str
    transaction_prefix: str
    transaction_timeout_ms: int
    delivery: Delivery
    isolation: Isolation
    consumer_properties: Mapping[str, str]
    producer_properties: Mapping[str, str]
    batch_size: int
    state_ttl_days: int
    keep_fields: frozenset[str]
    rates: Rates
    unread_deleted: int = 0

    @property
    def source_properties(self) -> dict[str, str]:
        """Properties of Kafka's consumer in the source."""
        return {"isolation.level": self.isolation, **self.consumer_properties}

    @property
    def sink_properties(self) -> dict[str, str]:
        """Properties of Kafka's producer in the sink."""
        return {
            "transaction.timeout.ms": str(self.transaction_timeout_ms),
            "linger.ms": "1",
            "batch.size": str(_PRODUCER_BATCH_BYTES),
            "max.request.size": str(DEAD_LETTERS.max_message_bytes),
            **self.producer_properties,
        }


def parse_settings(arguments: Sequence[str]) -> JobSettings:
    """Read the job's arguments, the bundle's rates or those of `--rates` among them.

    argparse ends the process with 2 where they are wrong.
    """
    parser = make_parser()
    found = parser.parse_args(arguments)
    try:
        rates = rates_of(found.bundle, found.rates)
    except (BundleError, RatesError) as error:
        parser.error(str(error))
    return _settings(found, rates)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the job's command line, with its arguments in groups."""
    parser = argparse.ArgumentParser(
        prog="flink run -py jobs/fraud_detection.py",
        description="Score card payments from Kafka and write decisions and alerts exactly once.",
        epilog="example: flink run -d -py jobs/fraud_detection.py "
        "--bootstrap 127.0.0.1:9092 --bundle onnx_models/ensemble/1",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_input(parser.add_argument_group("Kafka and payments"))
    _add_scoring(parser.add_argument_group("model and state"))
    _add_delivery(parser.add_argument_group("delivery"))
    _add_rare(parser.add_argument_group("rarely needed"))
    return parser


def _add_input(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--bootstrap", required=True, help="Addresses of Kafka brokers, host:port[,host:port]."
    )
    group.add_argument("--group-id", default="cardwatch", help="Name of the Kafka consumer group.")
    group.add_argument(
        "--isolation",
        choices=ISOLATIONS,
        default="read_committed",
        help="Treatment of senders' Kafka transactions. read_committed: a payment, and all behind "
        "it in the partition, waits for the end of its transaction; an aborted payment is not "
        "decided. read_uncommitted: every payment is decided at once, aborted payments too.",
    )
    group.add_argument(
        "--keep-field",
        action="append",
        type=_unknown_field,
        default=[],
        metavar="NAME",
        help="Unknown field of a payment that its decision keeps; all others are dropped. "
        "Repeatable.",
    )


def _add_scoring(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--bundle",
        type=_folder,
        required=True,
        help="Folder of the model bundle, at the same path on every TaskManager.",
    )
    group.add_argument(
        "--rates",
        type=Path,
        metavar="FILE",
        help="File of exchange rates in place of the bundle's, such as eurofxref-daily.xml of the "
        "European Central Bank; read once, where the job is submitted.",
    )
    group.add_argument(
        "--engine",
        choices=ENGINES,
        default=DEFAULT_ENGINE,
        help="Way of running the stages. batch: in batches of payments, through a small Java edge. "
        "pyflink: record by record in plain PyFlink, the slower reference; no jar of ours.",
    )
    group.add_argument(
        "--batch-size",
        type=_positive,
        default=256,
        help="Most records in one batch of the batch engine.",
    )
    group.add_argument(
        "--state-ttl-days",
        type=_positive,
        default=90,
        help="Days without an event after which a card or merchant is forgotten; more than the "
        "longest window.",
    )


def _add_delivery(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--delivery",
        choices=DELIVERIES,
        default="exactly-once",
        help="Guarantee for decisions. Anything but exactly-once doubles or loses decisions at a "
        "restart, and serves comparisons only.",
    )
    group.add_argument(
        "--transaction-prefix",
        default="cardwatch",
        help="Prefix of the transactional ids of the sink.",
    )
    group.add_argument(
        "--transaction-timeout-ms",
        type=_positive,
        default=900_000,
        help="Time-out of the sink's transactions in milliseconds, at most the broker's "
        "transaction.max.timeout.ms.",
    )


def _add_rare(group: argparse._ArgumentGroup) -> None:
    add_properties = partial(
        group.add_argument, action="append", type=_property, default=[], metavar="KEY=VALUE"
    )
    add_properties(
        "--consumer-property",
        help="Property of Kafka's consumer in the source, such as fetch.min.bytes=1. Repeatable.",
    )
    add_properties(
        "--producer-property",
        help="Property of Kafka's producer in the sink, such as linger.ms=1. Repeatable.",
    )
    group.add_argument(
        "--unread-deleted",
        type=int,
        default=0,
        help="Number of records that were deleted unread, for the metric of this name; "
        "`./cardwatch submit` counts the records.",
    )


def _settings(found: argparse.Namespace, rates: Rates) -> JobSettings:
    return JobSettings(
        bootstrap=found.bootstrap,
        bundle=found.bundle,
        engine=cast(Engine, found.engine),
        group_id=found.group_id,
        transaction_prefix=found.transaction_prefix,
        transaction_timeout_ms=found.transaction_timeout_ms,
        delivery=cast(Delivery, found.delivery),
        isolation=cast(Isolation, found.isolation),
        consumer_properties=dict(found.consumer_property),
        producer_properties=dict(found.producer_property),
        batch_size=found.batch_size,
        state_ttl_days=found.state_ttl_days,
        keep_fields=frozenset(found.keep_field),
        rates=rates,
        unread_deleted=found.unread_deleted,
    )


def _folder(text: str) -> Path:
    path = Path(text).resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a folder: name a bundle such as onnx_models/ensemble/1"
        )
    return path


def _property(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not key or not sign:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE: give one such as linger.ms=1")
    if key in _OWN_PROPERTIES:
        raise argparse.ArgumentTypeError(
            f"{key} is set by the job itself: leave it out"
            + (f" and use {_OWN_PROPERTIES[key]}" if _OWN_PROPERTIES[key] else "")
        )
    return key, value


def why_not_kept(name: str) -> str | None:
    """Return why decisions cannot be told to keep a field of this name; None where they can."""
    if name in FIELDS:
        return f"{name!r} is a field of every payment, which decisions always carry: leave it out"
    if card_data_named(name):
        return f"{name!r} names card data, which may not be kept: name another field"
    return None


def _unknown_field(text: str) -> str:
    if why := why_not_kept(text):
        raise argparse.ArgumentTypeError(why)
    return text


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not positive: give 1 or more")
    return number
