"""A network of its own for the TaskManagers, with one cable from it to the broker.

The TaskManagers run in a network namespace. They reach the JobManager, ZooKeeper and each other by
a pair of virtual devices that nothing happens to, and the broker by a cable (`relay.py`) whose two
directions can be cut, slowed down and made to lose packets. Everything else, the producer and the
readers too, stands beside the broker.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from harness.errors import BenchmarkError
from stack.installation import ROOT
from stack.settings import BROKER, JOBMANAGER, ZOOKEEPER, StackSettings, is_taskmanager
from verify.faults.ground import UnfitError, need_root, run
from verify.faults.relay import Way

# 198.18.0.0/15 is set aside for measuring between networks (RFC 2544).
_NETWORKS = [f"198.{second}.{third}" for second in (18, 19) for third in range(256)]

# Frames as on a fast local network: with 1 % of them lost and 400 ms there and back, TCP moves
# some 250 KB/s in frames of this size.
_MTU = "9000"
_OPEN = Way()

Counted = dict[str, dict[str, float]]
"""For each direction its settings, and how many packets have `passed` and been `dropped`."""


@dataclass(frozen=True)
class Cable:
    """The cable between the TaskManagers and the broker."""

    relay: subprocess.Popen[str]

    def set(self, *, to_broker: Way = _OPEN, from_broker: Way = _OPEN) -> Counted:
        """Change both directions; the default lets everything pass. Return what was counted."""
        wanted = {"to_far": asdict(to_broker), "to_near": asdict(from_broker)}
        counted = _ask(self.relay, wanted)
        return {"to_broker": counted["to_far"], "from_broker": counted["to_near"]}


_CABLES: dict[Path, Cable] = {}


def cable(folder: Path) -> Cable:
    """Return the cable of the stack in `folder`, which `behind_a_cable` has laid."""
    return _CABLES[folder]


@contextmanager
def behind_a_cable(settings: StackSettings) -> Iterator[StackSettings]:
    """Make the network and return settings that put the TaskManagers into it.

    Raises:
        UnfitError: This takes root, iproute2 and the kernel's TUN device.
    """
    _check()
    name = f"cw{hashlib.sha256(str(settings.folder).encode()).hexdigest()[:6]}"
    _clear(name)  # a killed run may have left it
    network = _free_network()
    with ExitStack() as at_end:
        at_end.callback(_clear, name)
        _ip("netns", "add", name)
        _inside(name, "link", "set", "lo", "up")
        _lay_quiet_link(name, network)
        relay = at_end.enter_context(_relay(f"{name}n", f"{name}f"))
        _lay_cable(name, network)
        _CABLES[settings.folder] = Cable(relay)
        at_end.callback(_CABLES.pop, settings.folder)
        yield _placed(settings, name, network)


def _check() -> None:
    need_root("A network of its own")
    if shutil.which("ip") is None:
        raise UnfitError("A network of its own takes the command ip: apt-get install iproute2.")
    if not Path("/dev/net/tun").exists():
        raise UnfitError("A network of its own takes /dev/net/tun: load the kernel module tun.")


def _clear(name: str) -> None:
    """Remove the network.

    The kernel takes a namespace apart some time after it is deleted, and a pair of devices with it;
    until then another run could not make a pair of that name.
    """
    if f" {name}a@" in _ip("-o", "link"):
        _ip("link", "del", f"{name}a")
    if name in _ip("netns", "list").split():
        _ip("netns", "del", name)


def _free_network() -> str:
    told = _ip("-4", "-o", "address")
    free = [each for each in _NETWORKS if f"{each}." not in told]
    return random.SystemRandom().choice(free)


def _lay_quiet_link(name: str, network: str) -> None:
    here, there = f"{name}a", f"{name}b"
    _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name)
    _ip("address", "add", f"{network}.1/30", "dev", here)
    _ip("link", "set", here, "up")
    _inside(name, "address", "add", f"{network}.2/30", "dev", there)
    _inside(name, "link", "set", there, "up")


def _lay_cable(name: str, network: str) -> None:
    near, far = f"{name}n", f"{name}f"
    _ip("link", "set", near, "netns", name)
    _inside(name, "address", "add", f"{network}.10", "peer", f"{network}.9", "dev", near)
    _inside(name, "link", "set", near, "mtu", _MTU, "up")
    _ip("address", "add", f"{network}.9", "peer", f"{network}.10", "dev", far)
    _ip("link", "set", far, "mtu", _MTU, "up")


def _placed(settings: StackSettings, name: str, network: str) -> StackSettings:
    workers = [each for each in settings.programs if is_taskmanager(each)]
    into = ("ip", "netns", "exec", name)
    return replace(
        settings,
        hosts={
            **settings.hosts,
            BROKER: f"{network}.9",
            JOBMANAGER: f"{network}.1",
            ZOOKEEPER: f"{network}.1",
            **dict.fromkeys(workers, f"{network}.2"),
        },
        prefixes={
            **settings.prefixes,
            **{each: (*into, *settings.prefixes.get(each, ())) for each in workers},
        },
    )


@contextmanager
def _relay(near: str, far: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "verify.faults.relay", near, far]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            _answer(process)
            yield process
        finally:
            process.kill()


def _ask(relay: subprocess.Popen[str], wanted: object) -> Counted:
    assert relay.stdin is not None
    relay.stdin.write(json.dumps(wanted) + "\n")
    relay.stdin.flush()
    return _answer(relay)


def _answer(relay: subprocess.Popen[str]) -> Counted:
    assert relay.stdout is not None
    line = relay.stdout.readline()
    if not line:
        raise BenchmarkError("The cable to the broker has ended: was its process killed?")
    told: Counted = json.loads(line)
    return told


def _inside(name: str, *words: str) -> str:
    return _ip("-n", name, *words)


def _ip(*words: str) -> str:
    return run("ip", *words)
