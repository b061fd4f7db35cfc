"""The cases that need the real job: what is sent to it, and what it answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from events.decision import decision_features
from events.topics import LABELS, TRANSACTIONS
from features.catalogue import FEATURE_NAMES
from tests.integration.cases.ground import EURO, Ground, call, payment, produce

_NOW = "2026-11-29T12:00:00Z"
_TEN_DAYS_AGO = "2026-11-19T12:00:00Z"


def _feature(ground: Ground, transaction_id: str, name: str) -> float:
    """Wait for a decision, and return one of its features."""
    (decision,) = ground.decided(transaction_id).of(transaction_id)
    return float(decision_features(decision)[FEATURE_NAMES.index(name)])


def _send_file(ground: Ground, path: Path, *options: object) -> None:
    """Send a case's file to the job; it is the user's right to do so, and the exit status is 0."""
    result = produce(path, EURO, "--labels", "none", "--bootstrap", ground.kafka, *options)
    assert result.exit_code == 0, result.output


def aborted_upstream_transaction(ground: Ground, case: Path) -> None:
    """A payment of an aborted transaction is none: the committed one is its card's first."""
    environment = {**os.environ, "BOOTSTRAP": ground.kafka}
    subprocess.run([sys.executable, case / "send.py"], env=environment, check=True)
    found = ground.decided("committed-1")
    assert found.of("committed-1")[0].card_sequence == 1
    assert found.of("aborted-1") == []


def card_number_in_another_field(ground: Ground, case: Path) -> None:
    """A card number in any field is refused, and what is kept of it is masked."""
    ground.send(TRANSACTIONS.name, "c1", (case / "payment.json").read_bytes())
    found = ground.answers(lambda now: any(b'"upf"' in (e.value or b"") for e in now.letters))
    (letter,) = (each for each in found.letters if b'"upf"' in (each.value or b""))
    assert letter.code in ("card_number", "card_data")
    assert b"4111" not in (letter.value or b"")
    assert found.of("upf") == []


def labels_for_unknown_payments(ground: Ground, _: Path) -> None:
    """Labels of payments that nobody sent count nowhere."""
    ground.pay("u1", payment("u-1", "um", _TEN_DAYS_AGO))
    ground.decided("u-1")
    ghosts = [_label(f"ghost{number}", "u1", "um") for number in range(5)]
    ground.send(LABELS.name, "u1", *ghosts)
    ground.pay("u1", payment("u-2", "um", _NOW))
    assert _feature(ground, "u-2", "merchant_delayed_count_30d") == 1
    assert _feature(ground, "u-2", "merchant_delayed_frauds_30d") == 0
    assert _feature(ground, "u-2", "merchant_fraud_run") == 0


def _label(transaction_id: str, card: str, merchant: str) -> dict[str, object]:
    return {
        "transaction_id": transaction_id,
        "card_id": card,
        "merchant_id": merchant,
        "timestamp": _TEN_DAYS_AGO,
        "is_fraud": True,
        "label_time": "2026-11-28T12:00:00Z",
        "source": "bank",
    }


def nested_payment_breaks_audit(ground: Ground, case: Path) -> None:
    """The deepest payment has a decision that our own readers can read, or is refused."""
    value = (case / "payment.json").read_bytes()
    name = json.loads(value)["transaction_id"]
    ground.send(TRANSACTIONS.name, "c1", value)
    ground.answers(
        lambda now: (
            bool(now.of(name)) or any(name.encode() in (each.value or b"") for each in now.letters)
        )
    )
    told = call("audit", "--folder", ground.folder, "--patience", "2")
    assert ("without a decision" in told.output and told.exception is None) or told.exit_code == 1


def older_label_wins(ground: Ground, case: Path) -> None:
    """The label with the newest label time counts, whatever order they came in."""
    ground.pay("w1", payment("w-1", "wm", _TEN_DAYS_AGO))
    ground.decided("w-1")
    ground.send(LABELS.name, "w1", *(case / "labels.jsonl").read_bytes().splitlines())
    ground.pay("w1", payment("w-2", "wm", _NOW))
    assert _feature(ground, "w-2", "merchant_delayed_frauds_30d") == 0


def reused_transaction_id(ground: Ground, case: Path) -> None:
    """Of ten payments under one id one is decided, and nine are dead letters with a reason."""
    arguments = (EURO, "--map=transaction_id=order", "--labels=none", "--bootstrap", ground.kafka)
    result = produce(case / "orders.csv", *arguments)
    assert "transaction_id" in result.output
    found = ground.answers(lambda now: sum(e.code == "id_reused" for e in now.letters) == 9)
    assert len(found.of("ORD-7")) == 1


def same_file_name_loses_payments(ground: Ground, case: Path) -> None:
    """Two files of one name, and two parts of one data set, lose no payment."""
    before = len(ground.answers(lambda _: True).decisions)
    sent = 0
    for day in ("day1", "day2"):
        path = case / day / "payments.csv"
        _send_file(ground, path)
        sent += len(path.read_text().splitlines()) - 1
    for part in ("part1", "part2"):
        path = case / f"creditcard.{part}.csv"
        arguments = ("--layout", "ulb", "--labels", "none", "--bootstrap", ground.kafka)
        assert call("produce", "file", path, *arguments).exit_code == 0
        sent += len(path.read_text().splitlines()) - 1
    found = ground.answers(lambda now: len(now.decisions) >= before + sent)
    ids = [each.transaction_id for each in found.decisions]
    assert len(ids) == len(set(ids))


def zstd_batch_stops_the_job(ground: Ground, case: Path) -> None:
    """Payments in a zstd batch are decided like all others."""
    _send_file(ground, case / "payments.csv", "--map=transaction_id=id", "--compression", "zstd")
    ground.decided(*(f"z-{number}" for number in range(5)))


STREAM_CASES = {
    function.__name__.replace("_", "-"): function
    for function in (
        aborted_upstream_transaction,
        card_number_in_another_field,
        labels_for_unknown_payments,
        nested_payment_breaks_audit,
        older_label_wins,
        reused_transaction_id,
        same_file_name_loses_payments,
        zstd_batch_stops_the_job,
    )
}
"""Each case by the name of its folder."""
