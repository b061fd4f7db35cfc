"""What the comparison with peers rests on: the same work, and a judge that sees what it should."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec
import psutil
import pytest
from click.testing import CliRunner

from benchmarks.peers import report
from benchmarks.peers.bare_loop import BareLoop
from benchmarks.peers.catalogue import PEERS, environment_of
from benchmarks.peers.driver import Peer, Processes, Scene, wait_while_working
from benchmarks.peers.environment import HERE, Environment
from benchmarks.peers.judge import judge
from benchmarks.peers.measure import PeerResult, recovery_s
from benchmarks.peers.work import (
    Out,
    Taken,
    at_cards,
    at_merchants,
    card_of,
    merchant_of,
    packed_out,
    read,
    records_of,
    states_of,
    unpacked,
    unpacked_out,
)
from cli.bench.command import command
from events.alert import decode_alert
from events.decision import Decision, decode_decision
from events.errors import EventError
from events.label import Label, encode_label, parse_label
from events.receipt import decode_receipt
from events.topics import DECISIONS, LABEL_RECEIPTS, LABELS, TRANSACTIONS
from events.transaction import parse_transaction
from harness.errors import BenchmarkError
from harness.latency import LatencyProbe
from harness.load import Load
from scoring.messages import pack
from scoring.path import States
from scoring.steps import Record
from stack.services.embedded import Stack
from stack.settings import StackSettings
from tests.running import MODELS
from tests.unit.scoring.scene import shipped, small_stream
from verify.parity.compare import Stream

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Producer

In = TypeVar("In")
Made = TypeVar("Made")

_PAYMENTS = 300
_NOW_MS = 2_000_000_000_000


class _OneByOne:
    """The least that a system does around the work: two dictionaries, bytes in between."""

    def __init__(self) -> None:
        self.cards: dict[str, bytes] = {}
        self.merchants: dict[str, bytes] = {}

    def take(self, record: Record) -> list[Out]:
        """Take one record through both steps, each with the state of its key alone."""
        [one] = read([record])
        found = []
        for handed in self._stepped(at_cards, one, card_of(one), self.cards):
            handed_on = unpacked(pack(handed))
            found += self._stepped(at_merchants, handed_on, merchant_of(handed_on), self.merchants)
        return records_of(map(unpacked_out, map(packed_out, found)), shipped())

    @staticmethod
    def _stepped(
        step: Callable[[list[In], States], list[Made]], one: In, key: str, kept: dict[str, bytes]
    ) -> list[Made]:
        states = states_of(key, kept.get(key))
        made = step([one], states)
        kept.update(states)
        return made


def _in_batches(records: Sequence[Record], size: int) -> tuple[list[Out], list[dict[str, bytes]]]:
    """Take records through the work in batches of many keys, and return the states as well."""
    cards: dict[str, bytes] = {}
    merchants: dict[str, bytes] = {}
    outs: list[Out] = []
    for first in range(0, len(records), size):
        handed = at_cards(read(records[first : first + size]), cards)
        taken: list[Taken] = at_merchants(handed, merchants)
        outs += records_of(taken, shipped())
    return outs, [cards, merchants]


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """Payments of the load, and labels of some of them."""
    found: list[Record] = []
    for record in Load().take(_PAYMENTS):
        found.append((TRANSACTIONS.name, _NOW_MS, record.key, record.value))
    for place in range(_PAYMENTS - 20, 100, -40):
        found.insert(place + 15, _label_of(found[place - 40]))
    return found


def _label_of(record: Record) -> Record:
    payment = parse_transaction(record[3], record[2], _NOW_MS)
    label = Label(
        payment.transaction_id,
        payment.card_id,
        payment.merchant_id,
        payment.timestamp_ms,
        is_fraud=True,
        label_time_ms=payment.timestamp_ms + 60_000,
        source="chargeback",
    )
    return LABELS.name, _NOW_MS, record[2], encode_label(label)


@pytest.fixture(scope="module")
def one_by_one(records: list[Record]) -> tuple[_OneByOne, list[Out]]:
    """The work of a system without batches, and what comes out."""
    system = _OneByOne()
    return system, [out for record in records for out in system.take(record)]


def _stream(records: Sequence[Record], outs: Sequence[Out]) -> Stream:
    return Stream(
        [parse_transaction(one[3], one[2], _NOW_MS) for one in records if one[0] != LABELS.name],
        [parse_label(one[3], one[2]) for one in records if one[0] == LABELS.name],
        [decode_decision(out.value) for out in outs if out.topic == DECISIONS.name],
        [decode_receipt(out.value) for out in outs if out.topic == LABEL_RECEIPTS.name],
    )


def test_the_work_of_the_peers_is_the_work_of_the_job(
    records: list[Record], one_by_one: tuple[_OneByOne, list[Out]]
) -> None:
    """Both replays of the parity proof agree with it bit for bit."""
    stream = _stream(records, one_by_one[1])
    found = judge(stream, shipped())
    assert len(stream.receipts) == len(stream.labels) > 3
    assert found.payments == _PAYMENTS
    assert dataclasses.asdict(found) == {
        **dict.fromkeys(dataclasses.asdict(found), 0),
        "payments": _PAYMENTS,
    }


@pytest.mark.parametrize("size", [7, 1_000])
def test_batches_of_many_keys_are_judged_like_single_records(
    records: list[Record], size: int
) -> None:
    """Labels come behind the payments of their batch, which is one of the orders that Kafka has."""
    stream = _stream(records, _in_batches(records, size)[0])
    found = judge(stream, shipped())
    assert len(stream.receipts) == len(stream.labels)
    assert dataclasses.asdict(found) == {
        **dict.fromkeys(dataclasses.asdict(found), 0),
        "payments": _PAYMENTS,
    }


def test_batches_of_payments_make_the_bits_of_single_payments(records: list[Record]) -> None:
    payments = [one for one in records if one[0] != LABELS.name]
    system = _OneByOne()
    singly = [out for record in payments for out in system.take(record)]
    together, states = _in_batches(payments, 50)
    assert states == [system.cards, system.merchants]
    assert [_timeless(out) for out in together] == [_timeless(out) for out in singly]


def _timeless(out: Out) -> object:
    """Return a decision, or an alert, without the time at which it was made."""
    if out.topic == DECISIONS.name:
        return _changed(decode_decision(out.value), decided_ms=0)
    return msgspec.structs.replace(decode_alert(out.value), decided_ms=0)


def test_a_repeated_payment_goes_nowhere(records: list[Record]) -> None:
    cards: dict[str, bytes] = {}
    first = read(records[:5])
    assert len(at_cards([*first, first[2]], cards)) == 5
    before = dict(cards)
    assert at_cards(first, cards) == []
    assert cards == before


def test_a_record_that_does_not_parse_ends_the_peer(records: list[Record]) -> None:
    topic, time_ms, key, _ = records[0]
    with pytest.raises(EventError):
        read([records[1], (topic, time_ms, key, b"{}")])


class _Message:
    """A message of Kafka's client, at an offset of the one partition."""

    def __init__(self, record: Record, offset: int) -> None:
        self._record = record
        self._offset = offset

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def topic(self) -> str:
        return self._record[0]

    def timestamp(self) -> tuple[int, int]:
        return 1, self._record[1]

    def key(self) -> bytes | None:
        return self._record[2]

    def value(self) -> bytes | None:
        return self._record[3]


class _Broker:
    """Consumer and producer of the bare loop, over messages that are there from the beginning."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._left = [_Message(record, offset) for offset, record in enumerate(records)]
        self.waits: list[tuple[int, float]] = []
        self.sent: list[Out] = []
        self.commits = 0

    def consume(self, most: int, timeout_s: float) -> list[_Message]:
        self.waits.append((most, timeout_s))
        taken, self._left = self._left[:most], self._left[most:]
        return taken

    def assignment(self) -> list[object]:
        return []

    def position(self, _: list[object]) -> list[object]:
        return []

    def produce(self, topic: str, value: bytes, key: bytes) -> None:
        self.sent.append(Out(topic, key, value))

    def poll(self, _: float) -> None:
        pass

    def begin_transaction(self) -> None:
        pass

    def commit_transaction(self) -> None:
        self.commits += 1


def test_the_bare_loop_takes_what_is_there_at_once(records: list[Record]) -> None:
    """It waits for a first message only, and what comes out is judged as that of the others."""
    broker = _Broker(records)
    bundle = str(MODELS / "ensemble" / "1")
    loop = BareLoop(cast("Consumer", broker), cast("Producer", broker), bundle)
    loop.run(_PAYMENTS)
    assert [most for most, timeout_s in broker.waits if timeout_s] == [1]
    assert len(set(loop.decided_ms)) == 1, "one call for what the poll brought"
    found = judge(_stream(records, broker.sent), shipped())
    assert (found.lost, found.doubled, found.wrong, found.scores_differing) == (0, 0, 0, 0)
    assert found.sequences_broken == 0
    assert broker.commits == 1


def _changed(decision: Decision, **changes: object) -> Decision:
    return msgspec.structs.replace(decision, **changes)


def test_the_judge_counts_lost_and_doubled() -> None:
    stream = small_stream()
    repeated = stream.decisions[7]
    moved = _changed(stream.decisions[9], probability=0.5)
    odd = dataclasses.replace(stream, decisions=[*stream.decisions[1:], repeated, moved])
    found = judge(odd, shipped())
    assert (found.lost, found.doubled, found.contradictory) == (1, 2, 1)


def test_the_judge_sees_a_state_that_was_lost() -> None:
    """A card that begins anew after a crash has other features, though no decision is missing."""
    before, after = small_stream(30), small_stream()
    fresh = small_stream(60 - 30)
    late = [
        _changed(each, features=young.features)
        for each, young in zip(after.decisions[30:], fresh.decisions, strict=True)
    ]
    found = judge(dataclasses.replace(after, decisions=[*before.decisions, *late]), shipped())
    assert (found.lost, found.doubled) == (0, 0)
    assert found.wrong and found.wrong > 20


def test_features_that_a_peer_does_not_compute_are_not_judged() -> None:
    found = judge(small_stream(), None)
    assert (found.lost, found.wrong, found.scores_differing) == (0, None, None)


def test_recovery_counts_from_the_kill_to_a_payment_sent_after_it() -> None:
    probe = LatencyProbe("127.0.0.1:1", committed=True)
    for name, seen_ns in (("before", 2_500_000_000), ("after", 5_000_000_000)):
        probe._note(b'{"transaction_id": "%s", "received_ms": 0}' % name.encode(), seen_ns)
    due_ns = {"before": 1_000_000_000, "after": 2_100_000_000}
    assert recovery_s(probe, due_ns, killed_ns=2_000_000_000) == 3.0
    assert recovery_s(probe, {"before": 1}, killed_ns=2_000_000_000) is None


def _scene(folder: Path) -> Scene:
    stack = Stack(StackSettings(folder / "stack"))
    return Scene(stack, folder, folder, Environment("none", home=folder))


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


_PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"


def test_a_kill_ends_what_a_peer_has_started_too(tmp_path: Path) -> None:
    peer = Processes([_python(_PARENT)], _scene(tmp_path))
    peer.start()
    parent = psutil.Process(peer.pids()[0])
    wait_while_working(peer, lambda: bool(parent.children()), 20, "the child")
    child = parent.children()[0]
    peer.kill()
    assert peer.pids() == []
    psutil.wait_procs([child], timeout=60)
    assert not child.is_running()


def test_a_peer_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    peer = Processes([_python("raise SystemExit('no such broker')")], _scene(tmp_path))
    peer.start()
    with pytest.raises(BenchmarkError, match="ended with status 1: no such broker"):
        wait_while_working(peer, lambda: False, 20, "a first decision")
    peer.stop()


def test_a_peer_that_does_nothing_is_not_waited_for(tmp_path: Path) -> None:
    peer = Processes([_python("import time; time.sleep(600)")], _scene(tmp_path))
    peer.start()
    started_s = time.monotonic()
    with pytest.raises(BenchmarkError, match="for a first decision, and it did not come"):
        wait_while_working(peer, lambda: False, 0.2, "a first decision")
    peer.stop()
    assert time.monotonic() - started_s < 300


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)
def test_a_declaration_says_what_a_reader_needs(peer: Peer) -> None:
    """Each name finds its environment, and a lock has a hash for every package."""
    assert peer.about and peer.guarantee and peer.configuration and peer.batches
    lock = environment_of(peer).lock
    if lock.is_file():
        lines = [line for line in lock.read_text().splitlines() if line and line[0].isalpha()]
        assert lines
        assert all("==" in line and line.endswith("\\") for line in lines)
        assert "://" not in lock.read_text()


def test_every_lock_belongs_to_a_peer() -> None:
    locks = {path.stem for path in (HERE / "requirements").glob("*.lock")}
    assert locks <= PEERS.keys()


def test_an_environment_is_out_of_date_when_its_lock_changes(tmp_path: Path) -> None:
    lock = tmp_path / "sources" / "requirements" / "one.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("# nothing to install\n")
    one = Environment("one", home=tmp_path / "home", sources=tmp_path / "sources")
    assert not one.ready()
    one.prepare(lambda _: None)
    assert one.ready()
    assert (one.folder / "venv" / "bin" / "python").exists()
    lock.write_text("# nothing else\n")
    assert not one.ready()


def test_packages_that_cannot_be_installed_are_one_sentence(tmp_path: Path) -> None:
    lock = tmp_path / "requirements" / "one.lock"
    lock.parent.mkdir()
    lock.write_text("cardwatch-has-no-such-package\n")
    one = Environment("one", home=tmp_path / "home", sources=tmp_path)
    with pytest.raises(BenchmarkError, match="Peer one: installing its packages failed: ERROR"):
        one.prepare(lambda _: None)
    assert not one.ready()


def test_a_peer_without_figures_has_dashes_and_a_reason() -> None:
    failed = PeerResult("quix", problem="no broker")
    assert set(report.rows([failed])[0][1:]) == {"-"}
    assert "PROBLEM: no broker" in report.remarks([failed])[0]
    assert report.to_json([failed])["quix"]["tx_per_s"] is None


def test_an_unknown_peer_is_named() -> None:
    result = CliRunner().invoke(command, ["peers", "--peer", "storm"])
    assert result.exit_code == 2
    assert "storm" in result.output
