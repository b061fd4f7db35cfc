"""What the comparison with peers rests on: the same work, and a judge that sees what it should."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path

import msgspec
import psutil
import pytest
from click.testing import CliRunner

from benchmarks.peers import report
from benchmarks.peers.catalogue import PEERS, environment_of
from benchmarks.peers.driver import Peer, Processes, Scene, wait_while_working
from benchmarks.peers.environment import HERE, Environment
from benchmarks.peers.judge import judge
from benchmarks.peers.measure import PeerResult, recovery_s
from benchmarks.peers.work import (
    Out,
    card_step,
    merchant_records,
    merchant_step,
    pack_out,
    score_batch,
)
from cli.bench.command import command
from events.decision import Decision, decode_decision
from events.label import parse_label
from events.receipt import decode_receipt
from events.topics import DECISIONS, LABEL_RECEIPTS, LABELS, TRANSACTIONS
from events.transaction import parse_transaction
from harness.errors import BenchmarkError
from harness.latency import LatencyProbe
from harness.load import Load
from stack.services.embedded import Stack
from stack.settings import StackSettings
from tests.unit.scoring.scene import shipped, small_stream
from verify.parity.compare import Stream

_PAYMENTS = 300
_NOW_MS = 2_000_000_000_000


class _Loop:
    """The least that a system does around the work: two dictionaries."""

    def __init__(self) -> None:
        self.cards: dict[bytes, bytes | None] = {}
        self.merchants: dict[str, bytes] = {}
        self.packed: list[bytes] = []

    def take(self, topic: str, key: bytes, value: bytes) -> list[Out]:
        own = card_step(self.cards.get(key), topic, key, value, _NOW_MS)
        self.cards[key] = own.state
        if own.merchant_id is None:
            return []
        out = merchant_step(self.merchants.get(own.merchant_id), own.handed)
        self.merchants[own.merchant_id] = out.state
        if out.request is not None:
            self.packed.append(pack_out(out).value)
        return merchant_records(out, shipped())


@pytest.fixture(scope="module")
def loop_and_stream() -> tuple[_Loop, Stream]:
    """Payments and labels of the load, and what the work makes of them."""
    loop, outs, payments, labels = _Loop(), list[Out](), [], []
    for record in Load().take(_PAYMENTS):
        topic = LABELS.name if record.is_label else TRANSACTIONS.name
        if record.is_label:
            labels.append(parse_label(record.value, record.key))
        else:
            payments.append(parse_transaction(record.value, record.key, _NOW_MS))
        outs += loop.take(topic, record.key, record.value)
    decisions = [decode_decision(out.value) for out in outs if out.topic == DECISIONS.name]
    receipts = [decode_receipt(out.value) for out in outs if out.topic == LABEL_RECEIPTS.name]
    return loop, Stream(payments, labels, decisions, receipts)


def test_the_work_of_the_peers_is_the_work_of_the_job(
    loop_and_stream: tuple[_Loop, Stream],
) -> None:
    """Both replays of the parity proof agree with it bit for bit."""
    found = judge(loop_and_stream[1], shipped())
    assert found.payments == _PAYMENTS
    assert dataclasses.asdict(found) == {
        **dict.fromkeys(dataclasses.asdict(found), 0),
        "payments": _PAYMENTS,
    }


def test_scores_of_a_batch_are_those_of_single_payments(
    loop_and_stream: tuple[_Loop, Stream],
) -> None:
    loop, stream = loop_and_stream
    outs = [out for each in score_batch(loop.packed, shipped()) for out in each]
    batched = [decode_decision(out.value) for out in outs if out.topic == DECISIONS.name]
    assert [each.probability for each in batched] == [each.probability for each in stream.decisions]


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
    assert peer.about and peer.guarantee and peer.configuration
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
