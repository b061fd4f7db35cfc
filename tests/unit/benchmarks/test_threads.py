"""Who took the cores' time: counted by the kernel for real threads of a real process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from benchmarks.threads import ENDED, Use, watch
from tests.waiting import wait_for

_TWO_OF_A_POOL_AND_ONE_THAT_ENDS = """
import os, threading, time

def spin(name, seconds):
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as comm:
        comm.write(name)
    os.write(1, (name + "\\n").encode())
    while time.thread_time() < seconds:
        pass

for name, seconds in ("pool-1", 60), ("pool-2", 60), ("short", 0.5):
    threading.Thread(target=spin, args=(name, seconds), daemon=True).start()
time.sleep(600)
"""


@pytest.fixture
def spinning() -> Iterator[int]:
    """A process with two threads of a pool that spin, and one that ends.

    They count what they got of the processor, which on a busy machine takes longer.
    """
    command = [sys.executable, "-c", _TWO_OF_A_POOL_AND_ONE_THAT_ENDS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            begun = {process.stdout.readline().strip() for _ in range(3)}
            assert begun == {"pool-1", "pool-2", "short"}
            yield process.pid
        finally:
            process.kill()


def test_threads_of_a_pool_are_one_and_those_that_ended_are_not_lost(spinning: int) -> None:
    process = psutil.Process(spinning)
    before = process.num_threads()

    def short_has_ended() -> bool:
        return bool(process.num_threads() < before and process.cpu_times().user > 2)

    began = time.monotonic()
    use = watch({"busy": spinning}, lambda: wait_for(short_has_ended, "2 s of processor"))
    assert 0 < use.elapsed_s <= time.monotonic() - began
    pool, ended = use.seconds["busy", "pool"], use.seconds["busy", ENDED]
    assert 0.2 < pool < use.cores * use.elapsed_s
    assert 0 < ended < pool
    assert use.turns["busy", "pool"] > 0
    assert not any(thread == "short" for _, thread in use.seconds)


def test_shares_are_of_all_cores_together() -> None:
    use = Use(
        elapsed_s=10.0,
        cores=2,
        idle_s=4.0,
        seconds={("broker", "java"): 6.0, ("measurement", "python"): 2.0},
        turns={},
    )
    assert use.share(("broker", "java")) == 0.3
    assert use.share(("broker", "unknown")) == 0
    assert use.idle == 0.2
    assert use.elsewhere == pytest.approx(0.4)
