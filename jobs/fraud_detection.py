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

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.data_stream import DataStream
from pyflink.table import StreamTableEnvironment, Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jobs import tables  # `flink run` puts only this file's folder on the path
from jobs.card_stage import CardStage
from jobs.finish import PassOn, ScoreHere
from jobs.flink_edge.rows import HAND_OVER, INCOMING, OUTGOING, key_in_java
from jobs.flink_edge.uids import name_table_operators
from jobs.merchant_stage import MerchantStage
from jobs.settings import JobSettings, parse_settings
from udfs.score_udf import score_udf


def build(env: StreamExecutionEnvironment, settings: JobSettings) -> None:
    """Add the whole graph to the environment."""
    table_env = StreamTableEnvironment.create(env)
    options = table_env.get_config()
    options.set("python.fn-execution.arrow.batch.size", str(settings.batch_size))
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
    tables.sink(table_env, _answers(table_env, merchant_stage, settings), settings)
    name_table_operators(env)


def _card_stage(settings: JobSettings, ttl: timedelta) -> CardStage:
    keep, unread = settings.keep_fields, settings.unread_deleted
    return CardStage(ttl, keep, settings.rates, direct=settings.direct, unread_deleted=unread)


def _merchant_stage(settings: JobSettings, ttl: timedelta) -> MerchantStage:
    bundle = str(settings.bundle)
    finish = ScoreHere(bundle) if settings.profile == "latency" else PassOn()
    return MerchantStage(ttl, finish, settings.rates, direct=settings.direct)


def _answers(
    table_env: StreamTableEnvironment, merchant_stage: DataStream, settings: JobSettings
) -> Table:
    """Return what goes to Kafka: as it comes, or with decisions scored behind the merchant."""
    if settings.profile == "latency":
        return table_env.from_data_stream(merchant_stage)
    return tables.scored(table_env, merchant_stage, score_udf(str(settings.bundle)))


def main(arguments: Sequence[str]) -> None:
    """Build the job and hand it to the cluster that `flink run` talks to."""
    settings = parse_settings(arguments)
    options = Configuration()
    options.set_integer("python.fn-execution.bundle.size", settings.batch_size)
    options.set_integer("python.fn-execution.bundle.time", settings.batch_ms)
    env = StreamExecutionEnvironment.get_execution_environment(options)
    build(env, settings)
    env.execute(f"cardwatch fraud detection ({settings.profile})")


if __name__ == "__main__":
    main(sys.argv[1:])
