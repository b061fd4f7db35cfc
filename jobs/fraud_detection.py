"""The fraud detection job: payments and labels in, decisions, alerts and dead letters out.

    flink run -d -py jobs/fraud_detection.py --bootstrap HOST:PORT --bundle onnx_models/ensemble/1

The way of a payment: Kafka key (the card) -> card stage -> merchant stage -> score -> Kafka.
Card first, because Kafka keeps the payments of a card in order, so the card's features are the
same at every parallelism, and because repeats and garbage end there. The two stages stand in slot
sharing groups of their own: two Python operators in one TaskManager share one interpreter lock.
With one subtask there is no exchange in front of the card stage (ADR 0020).
"""

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jobs import tables  # `flink run` puts only this file's folder on the path
from jobs.card_stage import CardStage
from jobs.flink_edge.rows import HAND_OVER, INCOMING, OUTGOING, key_in_java
from jobs.flink_edge.uids import name_table_operators
from jobs.merchant_stage import MerchantStage
from jobs.settings import JobSettings, parse_settings


def build(env: StreamExecutionEnvironment, settings: JobSettings) -> None:
    """Add the whole graph to the environment."""
    # TO BE REPLACED by the batch engine: until then both engines run the graph of plain PyFlink.
    table_env = StreamTableEnvironment.create(env)
    ttl = timedelta(days=settings.state_ttl_days)

    one_subtask = env.get_parallelism() == 1
    cards = key_in_java(tables.source(table_env, settings), INCOMING, stays=one_subtask)
    card_stage = (
        cards.process(_card_stage(settings, ttl), HAND_OVER).uid("card-stage").name("card stage")
    )
    merchants = key_in_java(card_stage, HAND_OVER)
    merchant_stage = (
        merchants.process(_merchant_stage(settings, ttl), OUTGOING)
        .uid("merchant-stage")
        .name("merchant stage")
        .slot_sharing_group("merchant")
    )
    tables.sink(table_env, table_env.from_data_stream(merchant_stage), settings)
    name_table_operators(env)


def _card_stage(settings: JobSettings, ttl: timedelta) -> CardStage:
    keep, unread = settings.keep_fields, settings.unread_deleted
    return CardStage(ttl, keep, settings.rates, unread_deleted=unread)


def _merchant_stage(settings: JobSettings, ttl: timedelta) -> MerchantStage:
    return MerchantStage(ttl, str(settings.bundle), settings.rates)


def main(arguments: Sequence[str]) -> None:
    """Build the job and hand it to the cluster that `flink run` talks to."""
    settings = parse_settings(arguments)
    env = StreamExecutionEnvironment.get_execution_environment()
    build(env, settings)
    env.execute(f"cardwatch fraud detection ({settings.engine})")


if __name__ == "__main__":
    main(sys.argv[1:])
