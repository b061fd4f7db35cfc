"""A topic that others write: every codec, transactions, and times that cannot be one."""

from __future__ import annotations

import json
import time
from typing import Final, get_args

import numpy as np
import pytest
from confluent_kafka import KafkaError, Message, Producer

from events.dead_letter import decode_dead_letter
from events.decision import Decision, decision_features, decode_decision
from events.label import Label, encode_label
from events.topics import DEAD_LETTERS, DECISIONS, LABELS, MIB, TRANSACTIONS
from features.money.shipped import SHIPPED
from producer.sending.kafka import Compression
from stack.clients.reading import read_topic
from stack.health.look import look
from tests.counters import counted
from tests.running import RunningJob
from tests.waiting import wait_for
from verify.faults.upstream import LARGEST_BYTES, set_topic, take_anything
from verify.reading import read_payments

NOW_MS: Final = time.time_ns() // 1_000_000
TEN_YEARS_MS: Final = 10 * 365 * 86_400_000
CODECS: Final = get_args(Compression)
ODD_TIMES: Final = {
    "time-seconds": NOW_MS // 1000,
    "time-none": -1,
    "time-one": 1,
    "time-1999": 946_684_799_999,
    "time-ahead": NOW_MS + TEN_YEARS_MS,
    "time-2100": 4_102_444_800_000,
    "time-microseconds": 1000 * NOW_MS,
    "time-largest": 2**63 - 1,
}
"""Record times that cannot be one; the payments' own times are right."""
SOUND_TIMES: Final = {"time-2019": 1_577_836_798_500, "time-now": NOW_MS}
OPEN_PARTITION, OTHER_PARTITION = 0, 1


def payment(name: str, card: str, at_ms: int = NOW_MS, currency: str = "EUR") -> bytes:
    """Return a payment as another system spells it."""
    fields = {"transaction_id": name, "card_id": card, "timestamp": at_ms, "amount": "12.00"}
    return json.dumps(fields | {"currency": currency, "merchant_id": f"shop of {card}"}).encode()


@pytest.fixture(scope="module")
def job(own_job: RunningJob) -> RunningJob:
    """Return a job with a broker of its own: open transactions and odd times outlast a topic."""
    return own_job


@pytest.fixture(scope="module", autouse=True)
def _as_an_older_broker(job: RunningJob) -> None:
    """Let the topic take every record time."""
    take_anything(job.stack.kafka)


def decisions(job: RunningJob) -> dict[str, Decision]:
    """Return the committed decisions by their payment's id."""
    values = [message.value() or b"" for message in read_topic(job.stack.kafka, DECISIONS.name)]
    return {decision.transaction_id: decision for decision in map(decode_decision, values)}


def wait_until_decided(job: RunningJob, *names: str) -> dict[str, Decision]:
    """Return the committed decisions once there is one for each name."""
    wait_for(lambda: set(names) <= set(decisions(job)), f"decisions on {', '.join(names)}")
    return decisions(job)


def producer(job: RunningJob, **settings: str) -> Producer:
    """Return a client with the settings of librdkafka, a transaction begun where it has an id.

    It is idempotent: on a busy machine a request is sent again, and its records must not be twice.
    """
    options = {name.replace("_", "."): value for name, value in settings.items()}
    options |= {"bootstrap.servers": job.stack.kafka, "enable.idempotence": "true"}
    client = Producer(options, on_delivery=_delivered)
    if "transactional_id" in settings:
        client.init_transactions()
        client.begin_transaction()
    return client


def _delivered(error: KafkaError | None, _: Message) -> None:
    assert error is None, error


def test_every_codec_of_a_client_is_read(job: RunningJob) -> None:
    for codec in CODECS:
        client = producer(job, compression_type=codec)
        client.produce(TRANSACTIONS.name, payment(codec, codec) + b" " * 2_000, codec)
        client.flush()
    assert set(CODECS) <= set(wait_until_decided(job, *CODECS))


def test_an_aborted_payment_is_not_decided_and_counts_nowhere(job: RunningJob) -> None:
    """The one that is committed behind it is its card's and its merchant's first."""
    client = producer(job, transactional_id="aborting upstream")
    client.produce(TRANSACTIONS.name, payment("aborted", "card a"), "card a")
    client.flush()
    client.abort_transaction()
    client.begin_transaction()
    client.produce(TRANSACTIONS.name, payment("committed", "card a"), "card a")
    client.commit_transaction()
    found = wait_until_decided(job, "committed")
    assert "aborted" not in found
    first = found["committed"]
    assert (first.card_sequence, first.merchant_sequence) == (1, 1)
    asked = {each.transaction_id for each in read_payments(job.stack.kafka)}
    assert "committed" in asked and "aborted" not in asked, "the audit asks for no aborted payment"


def test_an_open_transaction_is_decided_once_it_is_committed(job: RunningJob) -> None:
    """It holds back what is behind it in its partition, and nothing in another."""
    client, other = producer(job, transactional_id="slow upstream"), producer(job)
    client.produce(TRANSACTIONS.name, payment("open", "card o"), "card o", OPEN_PARTITION)
    client.flush()
    for name, partition in (("behind", OPEN_PARTITION), ("beside", OTHER_PARTITION)):
        other.produce(TRANSACTIONS.name, payment(name, name), name, partition)
    other.flush()
    found = wait_until_decided(job, "beside")
    assert not {"open", "behind"} & set(found)
    [note] = look(job.stack, broker_serves=True).notes
    assert note.startswith(f"transactions, partition {OPEN_PARTITION}: up to 2 records are in a")
    client.commit_transaction()
    wait_until_decided(job, "open", "behind")
    assert look(job.stack, broker_serves=True).problems == ()


def test_a_record_time_that_cannot_be_one_does_not_count_against_the_payment(
    job: RunningJob,
) -> None:
    """The payment's own time stands in; the decision says so, and a counter counts it."""
    client = producer(job)
    for name, record_ms in (ODD_TIMES | SOUND_TIMES).items():
        client.produce(TRANSACTIONS.name, payment(name, name), name, timestamp=record_ms)
    mark = Label("time-now", "time-now", "shop of time-now", NOW_MS, True, NOW_MS, "bank")
    client.produce(LABELS.name, encode_label(mark), "time-now", timestamp=NOW_MS // 1000)
    ahead = NOW_MS + TEN_YEARS_MS
    client.produce(TRANSACTIONS.name, payment("ahead", "f", ahead), "f", timestamp=NOW_MS)
    client.flush()
    found = wait_until_decided(job, *ODD_TIMES, "time-now")
    assert {name for name in ODD_TIMES if found[name].flags != ["record_time"]} == set()
    assert {found[name].received_ms for name in ODD_TIMES} == {NOW_MS}
    assert (found["time-now"].flags, found["time-now"].received_ms) == ([], NOW_MS)
    assert "time-2019" not in found and "ahead" not in found, "a sound time bounds the payment's"
    odd = len(ODD_TIMES) + 1
    wait_for(
        lambda: counted(job.stack.flink, job.job_id, "card stage", "record_time") == odd,
        f"{odd} record times, a label's too",
    )
    assert counted(job.stack.flink, job.job_id, "card stage", "labels") == 1


def test_a_payment_without_a_rate_is_decided_and_noted(job: RunningJob) -> None:
    """The decisions say which rates they were made with, and `status` names the currency."""
    client = producer(job)
    for currency in ("XOF", "JPY"):
        client.produce(TRANSACTIONS.name, payment(currency, "abroad", NOW_MS, currency), "abroad")
    client.flush()
    found = wait_until_decided(job, "XOF", "JPY")
    assert (found["XOF"].flags, found["JPY"].flags) == (["no_rate"], [])
    amounts = [decision_features(found[name])[0] for name in ("XOF", "JPY")]
    assert np.isnan(amounts[0]) and 0 < amounts[1] < 1
    told = {(one.reference_currency, one.rates_date) for one in found.values()}
    assert told == {(SHIPPED.reference, SHIPPED.date)}
    wait_for(
        lambda: any("XOF 1" in note for note in look(job.stack, broker_serves=True).notes),
        "the note",
    )


def test_tombstones_records_without_a_key_and_huge_ones_become_dead_letters(
    job: RunningJob,
) -> None:
    """Headers and a partitioner of the sender's own change nothing."""
    client = producer(job, message_max_bytes=str(LARGEST_BYTES))
    refused = {
        "tombstone": ("empty", b"card t", None),
        "empty value": ("empty", b"card t", b""),
        "no key": ("missing_key", None, payment("no key", "card t")),
        "six mebibytes": ("too_large", b"card t", b" " * (6 * MIB)),
        "empty key": ("key_mismatch", b"", payment("empty key", "card t")),
    }
    for _, key, value in refused.values():
        client.produce(TRANSACTIONS.name, value, key)
    headers: list[tuple[str, str | bytes | None]] = [("trace", b"\xff\x00"), ("empty", None)]
    placed = payment("elsewhere", "card t")
    client.produce(TRANSACTIONS.name, placed, "card t", OTHER_PARTITION, headers=headers)
    client.flush()
    wait_until_decided(job, "elsewhere")

    def codes() -> list[str]:
        letters = read_topic(job.stack.kafka, DEAD_LETTERS.name)
        return [decode_dead_letter(letter.value() or b"").code for letter in letters]

    wanted = sorted([code for code, _, _ in refused.values()] + ["bad_timestamp"] * 2)
    wait_for(lambda: len(codes()) >= len(wanted), lambda: f"{wanted}, got {codes()}")
    assert sorted(codes()) == wanted
    assert job.stack.flink.exception(job.job_id) == ""


def test_a_topic_that_kafka_compacts_is_a_problem_of_status(job: RunningJob) -> None:
    """It keeps the newest payment of a card only, read or not."""
    set_topic(job.stack.kafka, {"cleanup.policy": "compact"})
    [problem] = look(job.stack, broker_serves=True).problems
    set_topic(job.stack.kafka, {"cleanup.policy": "delete"})
    assert problem.startswith("Topic transactions is compacted")
