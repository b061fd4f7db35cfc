"""The work in PyFlink as its documentation writes it: process mode, key_by, a pandas UDF.

    flink run -py benchmarks/peers/pyflink_documented.py BOOTSTRAP BUNDLE

Every stage is Python: parse and key, a KeyedProcessFunction for the card, one for the merchant,
then the score as a pandas UDF on the Table API. Python runs in worker processes beside the
TaskManagers, which reach their state through gRPC. Source and sink are those of the job.

The pandas UDF takes batches. The functions with state take records one by one: `process_element`
is the whole of their interface, and pandas functions have no keyed state of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflink.datastream.data_stream import DataStream
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.table import StreamTableEnvironment, Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from udfs.beam_worker import let_numba_load

let_numba_load()  # before what follows imports the compiled kernels

from benchmarks.peers.work import (  # noqa: E402
    at_cards,
    at_merchants,
    merchant_of,
    packed_out,
    read,
    states_of,
    unpacked,
)
from events.topics import ALERTS, DECISIONS  # noqa: E402
from jobs.flink_edge import tables  # noqa: E402
from jobs.flink_edge.rows import HAND_OVER, INCOMING, OUTGOING  # noqa: E402
from jobs.settings import parse_settings  # noqa: E402
from scoring.messages import pack  # noqa: E402
from udfs.score_udf import score_udf  # noqa: E402

STATE = Types.PICKLED_BYTE_ARRAY()

_SCORED = f"""
SELECT `topic`, `key`, score(`value`) AS `answer` FROM requests WHERE `topic` = '{DECISIONS.name}'
"""  # noqa: S608  # the topic's name is ours

# What needs no score passes by; an answer makes a row for its decision, and one for its alert.
_ANSWERED = f"""
SELECT r.t AS `topic`, r.k AS `key`, r.v AS `value`
FROM answers a CROSS JOIN UNNEST(ARRAY[
  ROW(a.`topic`, a.`key`, a.`answer`.`decision`),
  ROW('{ALERTS.name}', a.`key`, a.`answer`.`alert`)
]) AS r(t, k, v)
WHERE r.v IS NOT NULL
UNION ALL SELECT `topic`, `key`, `value` FROM requests WHERE `topic` <> '{DECISIONS.name}'
"""  # noqa: S608  # the topic's name is ours


class Card(KeyedProcessFunction):  # type: ignore[misc]  # pyflink ships no types
    """Records under their card in, hand-overs with their merchant out."""

    def open(self, runtime_context: RuntimeContext) -> None:
        """Take hold of the state."""
        self._state = runtime_context.get_state(ValueStateDescriptor("card", STATE))

    def process_element(self, value: Row, _: KeyedProcessFunction.Context) -> Iterator[Any]:
        """Take one record of the transactions or the labels topic."""
        card, (topic, _partition, _offset, time_ms, key, body) = value
        before = self._state.value()
        states = states_of(card, before)
        handed = at_cards(read([(topic, time_ms, key, body)]), states)
        if states.get(card) is not before:
            self._state.update(states[card])
        for one in handed:
            yield Row(merchant_of(one), pack(one))


class Merchant(KeyedProcessFunction):  # type: ignore[misc]  # pyflink ships no types
    """Hand-overs under their merchant in, requests to score and receipts out."""

    def open(self, runtime_context: RuntimeContext) -> None:
        """Take hold of the state."""
        self._state = runtime_context.get_state(ValueStateDescriptor("merchant", STATE))

    def process_element(self, value: Any, _: KeyedProcessFunction.Context) -> Iterator[Row]:
        """Take one payment or one label."""
        merchant, packed = value
        states = states_of(merchant, self._state.value())
        [one] = at_merchants([unpacked(bytes(packed))], states)
        self._state.update(states[merchant])
        yield Row(*packed_out(one))


def _scored(table_env: StreamTableEnvironment, requests: DataStream, score: Any) -> Table:
    """Return the answers to packed requests, scored in Arrow batches by the UDF `score`.

    Operators in front of the UDF are not chained to it; behind it only Java runs.
    """
    table_env.create_temporary_function("score", score)
    stream = table_env.from_data_stream(requests.disable_chaining())
    table_env.create_temporary_view("requests", stream)
    table_env.create_temporary_view("answers", table_env.sql_query(_SCORED))
    return table_env.sql_query(_ANSWERED)


def main(arguments: Sequence[str]) -> None:
    """Build the graph and hand it to the cluster."""
    settings = parse_settings(arguments)
    env = StreamExecutionEnvironment.get_execution_environment()
    table_env = StreamTableEnvironment.create(env)
    incoming = tables.source(table_env, settings)
    incoming._j_data_stream.getTransformation().setOutputType(INCOMING.get_java_type_info())
    handed = incoming.key_by(lambda row: row[0], key_type=Types.STRING()).process(Card(), HAND_OVER)
    requests = handed.key_by(lambda pair: pair[0], key_type=Types.STRING()).process(
        Merchant(), OUTGOING
    )
    answers = _scored(table_env, requests, score_udf(str(settings.bundle)))
    tables.sink(table_env, answers, settings)
    env.execute("cardwatch peer: PyFlink as documented")


if __name__ == "__main__":
    # Under its name, so that a worker imports the module and does not get it pickled.
    from benchmarks.peers import pyflink_documented

    pyflink_documented.main(sys.argv[1:])
