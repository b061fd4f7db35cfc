"""Table of what a bundle's thresholds are expected to do."""

from __future__ import annotations

from cli.console import Output
from scoring.bundle.manifest import Costs, Expectation, Interval, Thresholds

MONEY = "in major units of the reference currency"


def show_expectations(thresholds: Thresholds, out: Output) -> None:
    """Print a line for each level with 95 % intervals, and what its money figures mean."""
    if not thresholds.expected:
        _show_old(thresholds, out)
        return
    columns = ("level", "goal", "from", "alerts a day", "precision", "recall", "saved a day")
    rows = [
        _row(level, thresholds.goals[level], expected)
        for level, expected in thresholds.expected.items()
    ]
    title = "Expected by validation, at or above each level, with 95 % intervals"
    out.table(columns, rows, title=title)
    if thresholds.costs is not None:
        out.say(f"Saved: {_saved(thresholds.costs)}; {MONEY}.")


def _row(level: str, goal: str, expected: Expectation) -> tuple[str, ...]:
    return (
        level,
        goal,
        f"{expected.threshold:.4f}",
        _range(expected.alerts_a_day, ",.1f"),
        _range(expected.precision, ".2f"),
        _range(expected.recall, ".2f"),
        _range(expected.saved_a_day, ",.0f"),
    )


def _range(interval: Interval | None, form: str) -> str:
    """Write a figure with its interval; - where it is not known."""
    if interval is None:
        return "-"
    return f"{interval.value:{form}} ({interval.low:{form}} to {interval.high:{form}})"


def _saved(costs: Costs) -> str:
    """Say what was added and subtracted."""
    lost = "" if costs.missed_share == 1 else f"{costs.missed_share:.0%} of "
    if not (costs.review or costs.block):
        return f"{lost}the frauds' amounts at the level or above, before any cost"
    return (
        f"{lost}the frauds' amounts at the level or above, less {costs.review:g} for each review "
        f"and {costs.block:g} for each good payment blocked"
    )


def _show_old(thresholds: Thresholds, out: Output) -> None:
    """Print what bundles hold that were written before expectations were."""
    rows = [
        (level, f"{edge:.4f}", f"{thresholds.alert_share[level]:.2%}", f"{precision:.2f}")
        for level, edge in thresholds.by_level.items()
        if (precision := thresholds.precision.get(level)) is not None
    ]
    out.table(("level", "from", "alerts on validation", "precision there"), rows)
