"""The work in Bytewax: keyed twice, state in a dictionary, snapshots in SQLite.

    python -m bytewax.run "benchmarks.peers.bytewax_flow:flow(BOOTSTRAP, BUNDLE)" -r FOLDER -s 1

Bytewax snapshots changed state and the consumed offsets every second and, after a crash, begins
again at the last snapshot: its Kafka sink has no transactions, so what was written since is written
again. A payment's state is right all the same.
"""

from __future__ import annotations

from typing import Final

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow

from benchmarks.peers.work import Out, card_step, merchant_records, merchant_step
from events.topics import LABELS, TRANSACTIONS
from features import warm_up
from scoring.loader import load_bundle

State = bytes | None

_SINK: Final = {"partitioner": "murmur2_random", "linger.ms": "1", "acks": "all"}


def flow(bootstrap: str, bundle_path: str) -> Dataflow:
    """Return the dataflow between the topics of a broker."""
    warm_up()
    bundle = load_bundle(bundle_path)

    def take_record(
        state: State, message: KafkaSourceMessage[bytes, bytes]
    ) -> tuple[State, list[tuple[str, bytes]]]:
        assert message.topic is not None and message.timestamp is not None
        out = card_step(state, message.topic, message.key, message.value, message.timestamp[1])
        handed = [] if out.merchant_id is None else [(out.merchant_id, out.handed)]
        return out.state, handed

    def take_handed(state: State, handed: bytes) -> tuple[State, list[Out]]:
        out = merchant_step(state, handed)
        return out.state, merchant_records(out, bundle)

    graph = Dataflow("cardwatch_peer")
    topics = [TRANSACTIONS.name, LABELS.name]
    incoming = kop.input("in", graph, brokers=[bootstrap], topics=topics)
    cards = op.key_on("by_card", incoming.oks, lambda message: message.key.decode())
    handed = op.stateful_flat_map("card", cards, take_record)
    merchants = op.map("by_merchant", handed, lambda pair: pair[1])
    answers = op.stateful_flat_map("merchant", merchants, take_handed)
    records = op.map("record", answers, lambda pair: _message(pair[1]))
    kop.output("out", records, brokers=[bootstrap], topic=None, add_config=_SINK)
    return graph


def _message(out: Out) -> KafkaSinkMessage[bytes, bytes]:
    return KafkaSinkMessage(out.key, out.value, topic=out.topic)
