"""Choose ports on the loopback address."""

from __future__ import annotations

import random
import socket

from stack.errors import StackError
from stack.settings import HOST, Ports, StackSettings

# Below the range that Linux and macOS give to outgoing connections, so that no client takes a
# chosen port before its server binds it.
_FREE_RANGE = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Say whether a server could bind `port` on the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def is_listening(port: int, host: str = HOST) -> bool:
    """Say whether something accepts connections on `port` of an address of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


def accepts(host: str, port: int) -> bool:
    """Say whether a server accepts connections at a host's name or address, within a second."""
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:  # a name that nobody knows too
        return False
    return True


def _any_free(taken: set[int]) -> int:
    for port in random.sample(_FREE_RANGE, 200):
        if port not in taken and is_free(port):
            return port
    raise StackError(f"No free port between {_FREE_RANGE.start} and {_FREE_RANGE.stop}.")


def choose(settings: StackSettings, last: Ports | None) -> Ports:
    """Give each server a port: the wanted one, the one of the last run, or a free one.

    Raises:
        StackError: A wanted port is taken.
    """
    chosen: dict[str, int] = {}
    wanted = {"kafka": settings.kafka_port, "flink_ui": settings.flink_port}
    for name in Ports.__annotations__:
        port = wanted.get(name, 0)
        if port and not is_free(port):
            option = {"kafka": "--kafka-port", "flink_ui": "--flink-port"}[name]
            raise StackError(
                f"Port {port} is taken by another program: stop it, or choose with {option}."
            )
        previous = getattr(last, name) if last else 0
        if not port and previous and previous not in chosen.values() and is_free(previous):
            port = previous
        chosen[name] = port or _any_free(set(chosen.values()))
    return Ports(**chosen)
