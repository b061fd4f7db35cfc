"""Summary of the demo: payments, alerts, their precision and recall, and latency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cli.console import Output
from events.levels import ALERT_LEVELS, HIGH
from harness.latency import LatencyProbe, percentiles
from producer.sending.feed import Progress
from verify.reading import read_alerts


@dataclass(frozen=True)
class DemoSummary:
    """Counts of the demo's present; latencies in milliseconds from every decision.

    `precision` and `recall` are of MEDIUM and HIGH together and of HIGH alone, None where there
    was no alert or no fraud.
    """

    sent: int
    decided: int
    frauds: int
    alerts: dict[str, int]
    precision: dict[str, float | None]
    recall: dict[str, float | None]
    provisional_ms: dict[str, float]
    committed_ms: dict[str, float]

    def show(self, out: Output) -> None:
        """Print the summary as two tables."""
        out.results.print()
        out.table(
            ("payments", "decided", "frauds", *ALERT_LEVELS),
            [
                (
                    f"{self.sent:,}",
                    f"{self.decided:,}",
                    self.frauds,
                    *(self.alerts[level] for level in ALERT_LEVELS),
                )
            ],
        )
        out.results.print()
        out.table(
            ("alerts", "precision", "recall"),
            [
                (level, _share(self.precision[level]), _share(self.recall[level]))
                for level in self.precision
            ],
        )
        out.results.print()
        out.table(
            ("latency", "p50", "p99", "p99.9"),
            [
                (name, *(f"{found[key]:,.1f} ms" for key in ("p50", "p99", "p999")))
                for name, found in (
                    ("provisional (read_uncommitted)", self.provisional_ms),
                    ("committed (read_committed)", self.committed_ms),
                )
            ],
        )


def summarise(
    bootstrap: str,
    truth: Mapping[str, bool],
    progress: Progress,
    early: LatencyProbe,
    committed: LatencyProbe,
) -> DemoSummary:
    """Account for the payments that `committed` saw decided, against the labels in `truth`."""
    decided = set(committed.seen)
    levels = {name: level for name, level in _levels(bootstrap).items() if name in decided}
    frauds = {name for name in decided if truth.get(name)}
    high = {n for n in levels if levels[n] == HIGH}
    raised = {" and ".join(ALERT_LEVELS): set(levels), HIGH: high}
    return DemoSummary(
        sent=progress.payments,
        decided=len(decided),
        frauds=len(frauds),
        alerts={level: list(levels.values()).count(level) for level in ALERT_LEVELS},
        precision={name: _ratio(len(ids & frauds), len(ids)) for name, ids in raised.items()},
        recall={name: _ratio(len(ids & frauds), len(frauds)) for name, ids in raised.items()},
        provisional_ms=percentiles(early.latencies_ms()),
        committed_ms=percentiles(committed.latencies_ms()),
    )


def _levels(bootstrap: str) -> dict[str, str]:
    """Return the committed alerts' levels by transaction."""
    return {alert.transaction_id: alert.risk_level for alert in read_alerts(bootstrap)}


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
