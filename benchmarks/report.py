"""The figures of a run as rows of a table, with the targets beside them."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.results import Results
from harness.targets import TARGETS

COLUMNS = ("figure", "measured", "unit", "target", "loop ms")

Row = tuple[str, str, str, str, str]


def rows(results: Results) -> list[Row]:
    """Return a row for each figure; the last column is the calibration loop around it."""
    return [
        (name, _shown(value), unit, _verdict(name, value), _loop(results, around))
        for name, value, unit, around in _figures(results)
    ]


def _figures(results: Results) -> Iterator[tuple[str, float, str, str]]:
    """Yield name, value, unit, and the measurement that it came from."""
    for engine, run in results.throughput.items():
        around = f"throughput {engine}"
        yield f"throughput, {engine} engine", run.tx_per_s, "payments/s", around
        for group, used_us in run.cpu_us_per_payment.items():
            yield f"CPU of the {group}, {engine} engine", used_us, "us a payment", around
        price = f"at {results.core_hour_usd:g} $ a core hour"
        yield (
            f"payments for a dollar, {engine} engine",
            results.payments_per_dollar(engine),
            price,
            around,
        )
    if results.ceiling is not None:
        ceiling = results.ceiling
        yield "bare loop, one process", ceiling.tx_per_s, "payments/s", "ceiling"
        yield "CPU of the bare loop", ceiling.cpu_us_per_payment, "us a payment", "ceiling"
        for engine, run in results.throughput.items():
            share = run.tx_per_s / ceiling.tx_per_s
            yield f"share of the bare loop, {engine} engine", share, "", "ceiling"
    for rate, latency in sorted(results.latency.items()):
        kinds = {"provisional": latency.provisional_ms, "committed": latency.committed_ms}
        for kind, found in kinds.items():
            for name, value in found.items():
                shown = "p99.9" if name == "p999" else name
                yield f"{kind} {shown} at {rate}/s", value, "ms", f"latency {rate}/s"
    if results.state_bytes_per_card is not None:
        yield "state of a card with 60 payments", results.state_bytes_per_card, "bytes", ""
    if results.checkpoint_bytes_per_card is not None:
        yield "card stage's checkpoint, a card", results.checkpoint_bytes_per_card, "bytes", ""


def _shown(value: float) -> str:
    """Return a figure with the digits that it deserves.

    >>> _shown(12345.6), _shown(3.14159), _shown(0.5)
    ('12,346', '3.1', '0.50')
    """
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _verdict(name: str, value: float) -> str:
    target = TARGETS.get(name)
    return "" if target is None else target.verdict(value)


def _loop(results: Results, figure: str) -> str:
    """Return the loop's milliseconds before and after a measurement."""
    pair = results.calibrations.loops_ms.get(figure)
    return "" if pair is None else " ".join(f"{one:.0f}" for one in pair)
