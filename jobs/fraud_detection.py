"""The fraud detection job: payments and labels in, decisions, alerts and dead letters out.

    flink run -d -py jobs/fraud_detection.py --bootstrap HOST:PORT --bundle onnx_models/ensemble/1

The way of a payment: Kafka key (the card) -> card stage -> merchant stage with its scores -> Kafka.
Card first, because Kafka keeps the payments of a card in order, so the card's features are the
same at every parallelism, and because repeats and garbage end there.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from pyflink.datastream import StreamExecutionEnvironment

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jobs.engines import GRAPHS  # `flink run` puts only this file's folder on the path
from jobs.settings import JobSettings, parse_settings
from jobs.stages.card import CardStage
from jobs.stages.merchant import MerchantStage
from udfs.scoring import Scoring


def build(env: StreamExecutionEnvironment, settings: JobSettings) -> None:
    """Add the whole graph to the environment."""
    cards = CardStage(settings.rates, settings.keep_fields, unread_deleted=settings.unread_deleted)
    merchants = MerchantStage(Scoring(str(settings.bundle)), settings.rates)

    graph = GRAPHS[settings.engine](env, settings)
    records = graph.source()
    handed_over = graph.card_stage(records, cards)
    answers = graph.merchant_stage(handed_over, merchants)
    graph.sink(answers)


def main(arguments: Sequence[str]) -> None:
    """Build the job and hand it to the cluster that `flink run` talks to."""
    settings = parse_settings(arguments)
    env = StreamExecutionEnvironment.get_execution_environment()
    build(env, settings)
    env.execute(f"cardwatch fraud detection ({settings.engine})")


if __name__ == "__main__":
    main(sys.argv[1:])
