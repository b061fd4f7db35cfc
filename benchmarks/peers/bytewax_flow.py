"""The work in Bytewax: keyed twice, state in a dictionary, snapshots in SQLite.

    python -m bytewax.run "benchmarks.peers.bytewax_flow:flow(BOOTSTRAP, BUNDLE)" -r FOLDER -s 1

Bytewax snapshots changed state and the consumed offsets every second and, after a crash, begins
again at the last snapshot: its Kafka sink has no transactions, so what was written since is written
again. A payment's state is right all the same.

Batches are as Bytewax has them. A step without state gets whole batches (`flat_map_batch`), so
records are read, and payments scored, in one call for what the source's poll brought. A step with
state gets a batch for each key (`stateful_batch`), and among many cards most of these hold one
payment. A coarser key would make them larger, but a key's state is snapshot as a whole: the state
of all cards each second, whether they paid or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic

from benchmarks.peers.work import (
    HandedOver,
    Read,
    Taken,
    at_cards,
    at_merchants,
    card_of,
    merchant_of,
    read,
    records_of,
)
from events.topics import LABELS, TRANSACTIONS
from features import warm_up
from scoring.loader import load_bundle
from scoring.path import States

In = TypeVar("In")
Made = TypeVar("Made")

_SINK: Final = {"partitioner": "murmur2_random", "linger.ms": "1", "acks": "all"}


class Logic(StatefulBatchLogic[In, Made, dict[str, bytes]]):  # type: ignore[misc]  # not in the environment that is type-checked
    """One step of the work for the batches of one key, and the key's state."""

    def __init__(
        self, step: Callable[[Sequence[In], States], list[Made]], states: dict[str, bytes] | None
    ) -> None:
        self._step = step
        self._states = states or {}

    def on_batch(self, values: list[In]) -> tuple[list[Made], bool]:
        """Take the batch; a key that has no state yet, as a label's card, is forgotten."""
        return self._step(values, self._states), not self._states

    def snapshot(self) -> dict[str, bytes]:
        """Return the state under its key."""
        return dict(self._states)


def flow(bootstrap: str, bundle_path: str) -> Dataflow:
    """Return the dataflow between the topics of a broker."""
    warm_up()
    bundle = load_bundle(bundle_path)

    def answer(batch: list[tuple[str, Taken]]) -> list[KafkaSinkMessage[bytes, bytes]]:
        records = records_of((taken for _, taken in batch), bundle)
        return [KafkaSinkMessage(one.key, one.value, topic=one.topic) for one in records]

    graph = Dataflow("cardwatch_peer")
    topics = [TRANSACTIONS.name, LABELS.name]
    incoming = kop.input("in", graph, brokers=[bootstrap], topics=topics)
    cards = op.flat_map_batch("by_card", incoming.oks, _by_card)
    handed = op.stateful_batch("card", cards, lambda states: Logic(at_cards, states))
    merchants = op.flat_map_batch("by_merchant", handed, _by_merchant)
    taken = op.stateful_batch("merchant", merchants, lambda states: Logic(at_merchants, states))
    records = op.flat_map_batch("answer", taken, answer)
    kop.output("out", records, brokers=[bootstrap], topic=None, add_config=_SINK)
    return graph


def _by_card(batch: list[KafkaSourceMessage[bytes, bytes]]) -> list[tuple[str, Read]]:
    """Read a batch of records and key them."""
    records = [(one.topic, one.timestamp[1], one.key, one.value) for one in batch]
    return [(card_of(one), one) for one in read(records)]


def _by_merchant(batch: list[tuple[str, HandedOver]]) -> list[tuple[str, HandedOver]]:
    """Key hand-overs by their merchants."""
    return [(merchant_of(one), one) for _, one in batch]
