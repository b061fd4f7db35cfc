"""The work in Quix Streams: two stateful dataframes with a topic of hand-overs between them.

    python -m benchmarks.peers.quix_streams BOOTSTRAP BUNDLE STATE_FOLDER NUMBER

State is in RocksDB with a changelog topic; with processing_guarantee exactly-once the output, the
changelog and the consumed offsets commit in one Kafka transaction. Payments and labels come from
two topics and meet again at the merchant, so the repartition is a topic of our own, as `group_by`
makes one. NUMBER tells apart processes that share the partitions.

Records are taken one by one, since Quix Streams has no batches to give: `Application` polls and
processes one record at a time, and a stateful function is called with one value and its key's
state. Its windows collect values, and its batching sinks have them, but either waits: a window
until it is full or over, a sink until the commit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

from quixstreams import Application, State
from quixstreams.models import Topic
from quixstreams.models.serializers import SerializationContext, Serializer

from benchmarks.peers.work import (
    Out,
    at_cards,
    at_merchants,
    merchant_of,
    read,
    records_of,
    states_of,
    unpacked,
)
from events.topics import ALERTS, DECISIONS, LABEL_RECEIPTS, LABELS, TRANSACTIONS
from features import warm_up
from scoring.loader import Bundle, load_bundle
from scoring.messages import pack

HANDED: Final = "handed-over"
COMMIT_S: Final = 1.0
"""The job's checkpoint interval; 5 s is the default."""

_TRANSACTION_TIMEOUT_MS: Final = 20_000
_SESSION_TIMEOUT_MS: Final = 6_000
_BYTES: Final = {"key_deserializer": "bytes", "value_deserializer": "bytes"}

Handed = tuple[str, bytes]
"""The merchant, and what it is handed."""


class _HandedBytes(Serializer):  # type: ignore[misc]  # not in the environment that is type-checked
    """Write the second of a pair: the merchant travels as the key."""

    def __call__(self, value: Handed, ctx: SerializationContext) -> bytes:  # noqa: ARG002
        return value[1]


class _OutBytes(Serializer):  # type: ignore[misc]  # as above
    """Write a record's value; its topic and key have been taken from it."""

    def __call__(self, value: Out, ctx: SerializationContext) -> bytes:  # noqa: ARG002
        return value.value


def build(app: Application, bundle: Bundle) -> None:
    """Add both stages to the application."""
    outputs = {
        each.name: app.topic(each.name, value_serializer=_OutBytes())
        for each in (DECISIONS, ALERTS, LABEL_RECEIPTS)
    }
    handed = app.topic(HANDED, key_serializer="str", value_serializer=_HandedBytes(), **_BYTES)

    def take_payment(
        value: bytes, key: bytes, time_ms: int, _headers: Any, state: State
    ) -> list[Handed]:
        card = key.decode()
        states = states_of(card, state.get_bytes("card"))
        handed = at_cards(read([(TRANSACTIONS.name, time_ms, key, value)]), states)
        if handed:
            state.set_bytes("card", states[card])
        return [(merchant_of(one), pack(one)) for one in handed]

    def take_label(value: bytes, key: bytes, time_ms: int, _headers: Any) -> Handed:
        [one] = at_cards(read([(LABELS.name, time_ms, key, value)]), {})
        return merchant_of(one), pack(one)

    def take_handed(
        value: bytes, key: bytes, _time_ms: int, _headers: Any, state: State
    ) -> Iterable[Out]:
        merchant = key.decode()
        states = states_of(merchant, state.get_bytes("merchant"))
        taken = at_merchants([unpacked(value)], states)
        state.set_bytes("merchant", states[merchant])
        return records_of(taken, bundle)

    payments = app.dataframe(app.topic(TRANSACTIONS.name, **_BYTES))
    labels = app.dataframe(app.topic(LABELS.name, **_BYTES))
    payments = payments.apply(take_payment, stateful=True, metadata=True, expand=True)
    for stream in (payments, labels.apply(take_label, metadata=True)):
        stream.to_topic(handed, key=lambda pair: pair[0])
    answers = app.dataframe(handed).apply(take_handed, stateful=True, metadata=True, expand=True)
    answers.to_topic(lambda out, *_: _of(outputs, out), key=lambda out: out.key)


def _of(outputs: dict[str, Topic], out: Out) -> Topic:
    return outputs[out.topic]


def main(arguments: Sequence[str]) -> None:
    """Run until SIGTERM."""
    bootstrap, bundle, folder, number = arguments
    warm_up()
    app = Application(
        broker_address=bootstrap,
        consumer_group="peer-quix",
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=COMMIT_S,
        state_dir=folder,
        consumer_poll_timeout=0.05,
        # A member that is known by name takes its partitions back at once; without one the group
        # waits for the session of the member that died.
        consumer_extra_config={
            "group.instance.id": f"peer-quix-{number}",
            "session.timeout.ms": _SESSION_TIMEOUT_MS,
        },
        # A name that a restart has again ends the transaction that a crash left open.
        producer_extra_config={
            "transactional.id": f"peer-quix-{number}",
            "transaction.timeout.ms": _TRANSACTION_TIMEOUT_MS,
            "linger.ms": 1,
        },
    )
    build(app, load_bundle(bundle))
    app.run()


if __name__ == "__main__":
    main(sys.argv[1:])
