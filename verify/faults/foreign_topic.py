"""A topic that others write, and of which records are deleted while the job is away."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Final

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from events.topics import PARTITIONS, TRANSACTIONS
from harness.errors import BenchmarkError
from harness.offsets import end_offsets
from stack.submission.resume import look_ahead
from stack.submission.unread import Gap
from verify.faults.fault import Control, Fault, Kind, Moment
from verify.faults.scene import Scene
from verify.faults.upstream import (
    CODECS,
    ODD_TIMES_MS,
    Foreign,
    Upstream,
    foreign_payments,
    take_anything,
    without_payment,
)

_PAYMENTS: Final = 400
_CARDS: Final = 30
_SHARE: Final = 60
"""Payments with an odd time, of an aborted, of a committed and of an open transaction, each."""
_IN_A_CODEC: Final = 20
_REFUSED_AROUND: Final = 5
_OPEN_CARDS: Final = 3
"""Cards of the open transaction, so few that a partition is left whose records can be deleted."""
_OPEN_S: Final = 3.0
_AWAY_S: Final = 3.0


def foreign_topic(scene: Scene) -> None:
    """Write as others do, stop the job, delete what it has not read, and start it anew.

    One transaction is open from before the stop until after the start.
    """
    payments = foreign_payments(_PAYMENTS, _CARDS, scene.seed)
    take_anything(scene.stack.kafka)
    rest = _write_once(scene, payments)
    slow = _upstream(scene, "lz4", "slow")
    left_open = _of_few_cards(rest[:_SHARE])
    slow.begin(left_open)
    time.sleep(_OPEN_S)
    snapshot = scene.job.stop()
    scene.strike()
    time.sleep(_AWAY_S)
    kept = {sent.partition for sent in slow.written}
    partition = scene.random.choice([each for each in range(PARTITIONS) if each not in kept])
    unread = _delete_unread(scene, partition, snapshot)
    scene.job.start(snapshot)
    slow.commit()
    _upstream(scene, "zstd").send(rest[_SHARE:])
    _forget(scene, unread)
    scene.notes["aborted"], scene.notes["open"] = _SHARE, len(left_open)


def _write_once(scene: Scene, payments: Sequence[Foreign]) -> Sequence[Foreign]:
    """Write in each codec, at odd times, without a payment, aborted, committed; return the rest."""
    rest = payments
    for codec in CODECS:
        _upstream(scene, codec).send(rest[:_IN_A_CODEC])
        rest = rest[_IN_A_CODEC:]
    odd, rest = rest[:_SHARE], rest[_SHARE:]
    times = zip(odd, cycle(ODD_TIMES_MS), strict=False)
    _upstream(scene, "lz4").send(each._replace(time_ms=time_ms) for each, time_ms in times)
    for payment in odd[:_REFUSED_AROUND]:
        _upstream(scene, "none").send(without_payment(payment))
    both = _upstream(scene, "snappy", "aborts")
    both.begin(rest[:_SHARE])
    both.abort()
    both.begin(rest[_SHARE : 2 * _SHARE])
    both.commit()
    return rest[2 * _SHARE :]


def _upstream(scene: Scene, codec: str, transactions: str = "") -> Upstream:
    name = f"foreign-{transactions}" if transactions else ""
    return Upstream(scene.stack.kafka, scene.flow.log.append, codec, name)


def _of_few_cards(payments: Sequence[Foreign]) -> list[Foreign]:
    cards = list(dict.fromkeys(payment.key for payment in payments))[:_OPEN_CARDS]
    return [payment for payment in payments if payment.key in cards]


def _delete_unread(scene: Scene, partition: int, snapshot: Path) -> Gap:
    """Delete what a partition got of the stopped job; return it as `submit` would name it.

    BenchmarkError where it is not named, or as another gap than the one that was made.
    """
    kafka = scene.stack.kafka
    end = end_offsets(kafka, TRANSACTIONS.name, committed=False)[partition]
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0})
    [done] = admin.delete_records([TopicPartition(TRANSACTIONS.name, partition, end)]).values()
    done.result()
    found = look_ahead(scene.stack.install, scene.stack.layout, kafka, snapshot)
    places = [(gap.topic, gap.partition, gap.last, gap.cause) for gap in found.gaps]
    if places != [(TRANSACTIONS.name, partition, end - 1, "deleted")]:
        raise BenchmarkError(
            f"Expected the deleted records of partition {partition} up to offset {end - 1} named, "
            f"got {found.unknown or places}."
        )
    return found.gaps[0]


def _forget(scene: Scene, gap: Gap) -> None:
    """Take from the log what was deleted unread: the job can answer nothing of it."""
    gone = [
        sent
        for sent in list(scene.flow.log)
        if (sent.topic, sent.partition) == (gap.topic, gap.partition)
        and gap.first <= sent.offset <= gap.last
    ]
    for sent in gone:
        scene.flow.log.remove(sent)
    scene.notes["deleted unread"] = f"{len(gone)} of partition {gap.partition}"


FAULTS = (
    Fault(
        "foreign-topic",
        "Payments in each codec, at record times that cannot be one, of aborted and of open "
        "transactions. The job is stopped, and what one partition got meanwhile is deleted.",
        Kind.TRAFFIC,
        foreign_topic,
        moments=(Moment.RANDOM,),
        control=Control(
            "a job that reads what is not committed decides payments that were aborted",
            "exactly-once",
            arguments=("--isolation", "read_uncommitted"),
        ),
    ),
)
