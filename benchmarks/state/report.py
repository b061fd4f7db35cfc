"""The figures of the backends as rows of tables, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from benchmarks.state.checkpoints import Checkpoints
from benchmarks.state.history import Compaction, HistoryCost
from benchmarks.state.results import StateResult

HISTORY_COLUMNS = ("entity", "payments", "bytes", "CPU us a payment", "compacted")


def rows(results: Sequence[StateResult]) -> list[tuple[str, ...]]:
    """Return a row for each figure, with a column for each backend."""
    named = [dict(_figures(one)) for one in results]
    names = list(dict.fromkeys(name for each in named for name in each))
    return [(name, *(each.get(name, "") for each in named)) for name in names]


def _figures(one: StateResult) -> Iterator[tuple[str, str]]:
    for rate in one.fill:
        used = rate.cpu_us_per_payment.get("job", 0)
        shown = f"{rate.tx_per_s:,.0f} payments/s, {used:.0f} us"
        yield f"up to {rate.known_cards:,} known cards", shown
    used = one.steady.cpu_us_per_payment.get("job", 0)
    yield (
        f"over all {one.steady.known_cards:,} cards",
        f"{one.steady.tx_per_s:,.0f} payments/s, {used:.0f} us",
    )
    if one.checkpoints is not None:
        yield from _checkpoint_figures(one.checkpoints)
    if one.checkpoint_bytes_per_card is not None:
        yield "card stage's checkpoint, a card", f"{one.checkpoint_bytes_per_card:.0f} bytes"
    for name, restore in (
        ("restore without state", one.restore_empty),
        ("restore", one.restore_full),
    ):
        yield (
            name,
            f"tasks run after {restore.tasks_running_s:.1f} s, "
            f"first decision after {restore.first_decision_s:.1f} s",
        )
    first = one.restore_full
    yield (
        "first checkpoint after the restore",
        f"{_bytes(first.first_checkpoint_bytes)} in {first.first_checkpoint_ms:,} ms",
    )
    yield "what the state adds to a restore", f"{one.restore_state_s:.1f} s"
    yield (
        "resident memory",
        ", ".join(f"{name} {mb:,} MiB" for name, mb in sorted(one.resident_mb.items())),
    )
    yield (
        "disk of the topics, a payment",
        ", ".join(f"{name} {size:.0f} bytes" for name, size in one.topic_bytes_per_payment.items()),
    )
    shares = ", ".join(f"{name} {one.alert_share[name]:.1%}" for name in ("fill", "steady"))
    yield "alerts", shares
    yield "lost, doubled", f"{one.lost:,}, {one.doubled:,} of {one.payments:,}"


def _checkpoint_figures(found: Checkpoints) -> Iterator[tuple[str, str]]:
    yield "state in a checkpoint", _bytes(found.full_bytes)
    yield (
        "written by a checkpoint: median, worst",
        f"{_bytes(found.written_bytes_median)}, {_bytes(found.written_bytes_worst)}",
    )
    yield "written a second", _bytes(found.written_bytes_per_s)
    yield (
        "a checkpoint takes: median, worst",
        f"{found.duration_ms_median:,.0f} ms, {found.duration_ms_worst:,.0f} ms",
    )
    yield (
        "checkpoints done, failed, too late to begin",
        f"{found.completed}, {found.failed}, {found.delayed}",
    )


def _bytes(size: float) -> str:
    """Return a size with a unit.

    >>> _bytes(312), _bytes(4_500), _bytes(1_234_567_890)
    ('312 B', '4.5 kB', '1.2 GB')
    """
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:,.1f} {unit}"
    return f"{size:.0f} B"


def to_json(results: Sequence[StateResult]) -> dict[str, Any]:
    """Return the figures of each backend, units in the names."""
    return {
        one.backend: {
            **msgspec.to_builtins(one),
            "restore_state_s": round(one.restore_state_s, 2),
        }
        for one in results
    }


def history_rows(costs: Sequence[HistoryCost]) -> list[tuple[str, ...]]:
    """Return a row for each number of payments."""
    return [
        (
            one.entity,
            f"{one.payments:,}",
            f"{one.state_bytes:,}",
            f"{one.step_us:.1f}",
            "yes" if one.compacted else "",
        )
        for one in costs
    ]


def compaction_sentence(one: Compaction) -> str:
    """Say where compaction begins."""
    return (
        f"A {one.entity}'s history is compacted at its payment number {one.payment:,}, which takes "
        f"{one.step_us:.0f} us."
    )


def need_value(value: float, unit: str) -> str:
    """Return a figure of a sizing with its unit.

    >>> need_value(0.46, ""), need_value(1_234.5, "GB"), need_value(3, "")
    ('0.5', '1,234 GB', '3')
    """
    digits = 0 if value >= 10 or value == int(value) else 1
    return f"{value:,.{digits}f} {unit}".strip()
