"""What the fault suite puts beneath a stack does what it says, and leaves nothing behind."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from stack.settings import StackSettings
from tests.waiting import wait_for
from verify.faults.clocks import set_clock, wound
from verify.faults.disks import fill, small_disk
from verify.faults.fault import Place
from verify.faults.ground import UnfitError
from verify.faults.network import behind_a_cable, cable
from verify.faults.relay import Way

_ECHO = (
    "import socket, sys; here = socket.create_connection((sys.argv[1], int(sys.argv[2])));"
    "[here.sendall(here.recv(1)) for _ in range(99)]"
)
_TELL_TIME = (
    "import sys, time;"
    "[print(time.time(), time.monotonic(), flush=True) for _ in iter(sys.stdin.readline, '')]"
)


@contextmanager
def prepared(place: Place, settings: StackSettings) -> Iterator[StackSettings]:
    """Enter a ground, or skip where this machine does not offer it."""
    with ExitStack() as at_end:
        try:
            placed = at_end.enter_context(place(settings))
        except UnfitError as lacking:
            pytest.skip(str(lacking))
        yield placed


def _round_trip_s(peer: socket.socket) -> float:
    began = time.monotonic()
    peer.sendall(b"x")
    assert peer.recv(1) == b"x"
    return time.monotonic() - began


def _fastest_s(peer: socket.socket) -> float:
    """Return the shortest of some round trips: a busy machine makes one longer, none shorter."""
    return min(_round_trip_s(peer) for _ in range(10))


def test_packets_are_delayed_and_cut_between_a_taskmanager_and_the_broker(tmp_path: Path) -> None:
    with prepared(behind_a_cable, StackSettings(tmp_path)) as placed:
        line, host = cable(placed.folder), placed.host("broker")
        with socket.create_server((host, 0)) as server:
            port = str(server.getsockname()[1])
            inside = [*placed.prefixes["taskmanager-1"], sys.executable, "-c", _ECHO, host, port]
            with subprocess.Popen(inside) as taskmanager:
                peer, _ = server.accept()
                with peer:
                    assert _fastest_s(peer) < 0.1
                    line.set(to_broker=Way(delay_ms=100), from_broker=Way(delay_ms=50))
                    assert 0.15 <= _fastest_s(peer) < 0.4
                    line.set(from_broker=Way(cut=True))
                    peer.settimeout(0.3)
                    with pytest.raises(TimeoutError):
                        _round_trip_s(peer)
                    assert line.set()["from_broker"]["dropped"] > 0
                    peer.settimeout(60)
                    assert peer.recv(1) == b"x"
                taskmanager.kill()
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    assert placed.prefixes["taskmanager-1"][3] not in names.split()


def test_a_full_disk_takes_nothing_until_the_ballast_is_gone(tmp_path: Path) -> None:
    settings = StackSettings(tmp_path / "stack")
    with prepared(small_disk(lambda layout: layout.checkpoints), settings):
        folder = settings.folder / "checkpoints"
        ballast = fill(folder)
        with pytest.raises(OSError, match="No space left"):
            (folder / "checkpoint").write_bytes(bytes(4096))
        ballast.unlink()
        (folder / "checkpoint").write_bytes(bytes(4096))
    assert not settings.folder.exists()


def test_a_clock_jumps_while_its_process_runs_and_spans_stay_true(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    set_clock(file, 0)
    try:
        command = [*wound(file), sys.executable, "-c", _TELL_TIME]
    except UnfitError as lacking:
        pytest.skip(str(lacking))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None

        def clocks() -> tuple[float, float]:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            wall, monotonic = process.stdout.readline().split()
            return float(wall) - time.time(), float(monotonic) - time.monotonic()

        before = clocks()
        set_clock(file, 300)
        wait_for(lambda: clocks()[0] > 1, "the clock jumps")
        after = clocks()
        process.stdin.close()
    assert abs(before[0]) < 1
    assert 299 < after[0] < 301
    assert abs(after[1] - before[1]) < 1
