"""The comparison as rows of a table, and as an object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from benchmarks.peers.catalogue import PEERS
from benchmarks.peers.measure import PeerResult

COLUMNS = (
    "peer",
    "payments/s",
    "CPU us",
    "provisional ms p50, p99, p99.9",
    "committed ms p50, p99, p99.9",
    "MiB",
    "start s",
    "recovery s",
    "lost",
    "doubled",
    "wrong",
)


def rows(results: Sequence[PeerResult]) -> list[tuple[str, ...]]:
    """Return a row for each peer; a dash where there is no figure."""
    return [(one.name, *cells(msgspec.to_builtins(one))) for one in results]


def cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the cells behind a peer's name, from its figures as `to_json` names them."""
    found = one["verdict"] or {}
    return (
        _number(one["tx_per_s"]),
        _number(one["cpu_us_per_payment"]),
        _latencies(one["provisional_ms"]),
        _latencies(one["committed_ms"]),
        _number(one["memory_mib"]),
        _number(one["start_s"], 1),
        _number(one["recovery_s"], 1),
        *(_number(found.get(name)) for name in ("lost", "doubled", "wrong")),
    )


def remarks(results: Sequence[PeerResult]) -> list[str]:
    """Return a line for each peer: guarantee, configuration, batches, and what went wrong."""
    lines = []
    for one in results:
        peer = PEERS[one.name]
        reduced = f" Not the whole work: {peer.reduced}." if peer.reduced else ""
        problem = f" PROBLEM: {one.problem}" if one.problem else ""
        lines.append(
            f"{one.name}: {peer.about}; {peer.guarantee}. {peer.configuration}. "
            f"Batches: {peer.batches}.{reduced}{problem}"
        )
    return lines


def to_json(results: Sequence[PeerResult]) -> dict[str, Any]:
    """Return the figures of each peer under its name."""
    return {
        one.name: {
            **{name: value for name, value in msgspec.to_builtins(one).items() if name != "name"},
            "about": PEERS[one.name].about,
            "guarantee": PEERS[one.name].guarantee,
            "configuration": PEERS[one.name].configuration,
            "batches": PEERS[one.name].batches,
            "reduced": PEERS[one.name].reduced,
        }
        for one in results
    }


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _latencies(found: Mapping[str, float]) -> str:
    """Return p50, p99 and p99.9 in ms.

    >>> _latencies({"p50": 3.14, "p99": 1234.5, "p999": 2000.0})
    '3.14, 1,234, 2,000'
    """
    if not found:
        return "-"
    return ", ".join(f"{one:.3g}" if one < 100 else f"{one:,.0f}" for one in found.values())
