"""A cable between two network devices of this machine, that can delay, drop and cut packets.

    python -m verify.faults.relay NEAR FAR --seed 3

A program of its own: it makes two TUN devices, says so, and hands the packets that the kernel
routes into one out of the other. Linux' own netem does as much, where the kernel has it; TUN is
everywhere. It takes one line of JSON for each change and answers each with what it has counted;
it ends with its standard input.
"""

from __future__ import annotations

import argparse
import fcntl
import heapq
import itertools
import json
import os
import random
import select
import struct
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_LONGEST_PACKET = 65_536
_AT_ONCE = 64


@dataclass(frozen=True)
class Way:
    """Treatment of the packets of one direction.

    Attributes:
        delay_ms: Each is handed on so much later, in order.
        loss: Share of them that is dropped, 0 to 1.
        cut: Whether all of them are.
    """

    delay_ms: float = 0.0
    loss: float = 0.0
    cut: bool = False


@dataclass
class Direction:
    """Packets from one device to another, and what has become of them so far."""

    source: int
    target: int
    random: random.Random
    way: Way = Way()
    passed: int = 0
    dropped: int = 0
    _waiting: list[tuple[float, int, bytes]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def take(self, packet: bytes, now: float) -> None:
        """Drop a packet, or put it on its way."""
        if self.way.cut or self.random.random() < self.way.loss:
            self.dropped += 1
        else:
            due = now + self.way.delay_ms / 1000
            heapq.heappush(self._waiting, (due, next(self._numbers), packet))

    def hand_on(self, now: float) -> list[bytes]:
        """Return the packets that have arrived by now."""
        arrived = []
        while self._waiting and self._waiting[0][0] <= now:
            arrived.append(heapq.heappop(self._waiting)[2])
        self.passed += len(arrived)
        return arrived

    def due_s(self) -> float | None:
        """Return when the next packet arrives, None where none is on its way."""
        return self._waiting[0][0] if self._waiting else None


def open_tun(name: str) -> int:
    """Make a TUN device, which lives as long as the file descriptor that is returned."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return device


@dataclass(frozen=True)
class Cable:
    """Both directions, by their names in commands and answers."""

    ways: Mapping[str, Direction]

    def run(self, commands: int) -> None:
        """Hand on packets and obey commands until there are no more of them."""
        by_source = {way.source: way for way in self.ways.values()}
        while True:
            ready, _, _ = select.select([commands, *by_source], [], [], self._patience_s())
            for source in ready:
                if source != commands:
                    _take_all(by_source[source])
                elif not self._obey(os.read(commands, _LONGEST_PACKET)):
                    return
            now = time.monotonic()
            for way in by_source.values():
                for packet in way.hand_on(now):
                    _write(way.target, packet)

    def _patience_s(self) -> float | None:
        due = [each for each in (way.due_s() for way in self.ways.values()) if each is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _obey(self, line: bytes) -> bool:
        if not line:
            return False
        for name, wanted in json.loads(line).items():
            self.ways[name].way = Way(**wanted)
        told = {
            name: {**asdict(way.way), "passed": way.passed, "dropped": way.dropped}
            for name, way in self.ways.items()
        }
        _answer(told)
        return True


def _answer(told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _take_all(way: Direction) -> None:
    now = time.monotonic()
    for _ in range(_AT_ONCE):
        try:
            packet = os.read(way.source, _LONGEST_PACKET)
        except OSError:  # none left, or the device is down for now
            return
        way.take(packet, now)


def _write(device: int, packet: bytes) -> None:
    try:
        os.write(device, packet)
    except OSError:  # a device that is down loses packets, as cables do
        return


def main(arguments: Sequence[str] | None = None) -> None:
    """Join two new devices until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m verify.faults.relay")
    parser.add_argument("near", help="device of one end")
    parser.add_argument("far", help="device of the other end")
    parser.add_argument("--seed", type=int, default=0, help="fixes which packets are lost")
    found = parser.parse_args(arguments)
    near, far = open_tun(found.near), open_tun(found.far)
    cable = Cable(
        {
            "to_far": Direction(near, far, random.Random(found.seed)),
            "to_near": Direction(far, near, random.Random(~found.seed)),
        }
    )
    _answer({})
    cable.run(sys.stdin.fileno())


if __name__ == "__main__":
    main()
