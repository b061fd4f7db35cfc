"""The network between the TaskManagers and the broker breaks, or is bad."""

from __future__ import annotations

import time
from functools import partial

from harness.errors import BenchmarkError
from verify.faults.fault import Fault, Kind
from verify.faults.network import Cable, behind_a_cable, cable
from verify.faults.relay import Way
from verify.faults.scene import Scene
from verify.faults.traffic import Traffic

_SHORTEST_S, _LONGEST_S = 10.0, 45.0
"""A client gives a request up after 30 s: partitions are shorter and longer than that."""
_SLOW_S = 30.0
_CUT = Way(cut=True)
_SLOW = Way(delay_ms=200.0, loss=0.01)


def cut(scene: Scene, *, to_broker: bool, from_broker: bool) -> None:
    """Drop every packet of one direction or of both for a while, then none."""
    lasts_s = scene.random.uniform(_SHORTEST_S, _LONGEST_S)
    line = cable(scene.stack.settings.folder)
    _disturb(scene, line, _CUT if to_broker else Way(), _CUT if from_broker else Way(), lasts_s)


def slow(scene: Scene) -> None:
    """Delay every packet by 200 ms each way and lose one in a hundred, for 30 s."""
    _disturb(scene, cable(scene.stack.settings.folder), _SLOW, _SLOW, _SLOW_S)


def _disturb(scene: Scene, line: Cable, to_broker: Way, from_broker: Way, lasts_s: float) -> None:
    before = _dropped(line.set(to_broker=to_broker, from_broker=from_broker))
    try:
        time.sleep(lasts_s)
    finally:
        dropped = _dropped(line.set()) - before
        scene.strike()
    scene.notes["lasted_s"] = round(lasts_s, 1)
    scene.notes["packets_dropped"] = dropped
    if not dropped:
        raise BenchmarkError("The cable dropped no packet: the fault hit nothing.")


def _dropped(counted: dict[str, dict[str, float]]) -> int:
    return sum(int(way["dropped"]) for way in counted.values())


def _partition(name: str, about: str, *, to_broker: bool, from_broker: bool) -> Fault:
    return Fault(
        name,
        f"{about}, for 10 to 45 s.",
        Kind.NETWORK,
        partial(cut, to_broker=to_broker, from_broker=from_broker),
        traffic=Traffic(payments=15_000),
        place=behind_a_cable,
    )


FAULTS = (
    _partition(
        "partition",
        "No packet passes between the TaskManagers and the broker",
        to_broker=True,
        from_broker=True,
    ),
    _partition(
        "partition-to-broker",
        "No packet of the TaskManagers reaches the broker",
        to_broker=True,
        from_broker=False,
    ),
    _partition(
        "partition-from-broker",
        "No packet of the broker reaches the TaskManagers",
        to_broker=False,
        from_broker=True,
    ),
    Fault(
        "slow-network",
        "200 ms more on each way between the TaskManagers and the broker, and one packet in a "
        "hundred lost, for 30 s.",
        Kind.NETWORK,
        slow,
        traffic=Traffic(payments=2_400, per_s=50.0),
        place=behind_a_cable,
    ),
)
