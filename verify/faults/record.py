"""The record of all runs of the fault suite, and the rows that docs/faults.md makes of it."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from harness.machine import Provenance
from verify.faults.catalogue import FAULTS, find_fault
from verify.faults.fault import Expectation
from verify.faults.results import FaultResult

Runs = dict[str, dict[str, Any]]
"""A fault's name, or the name with CONTROL behind it, to seed to what became of the run."""

FAULTS_RECORD: Final = "docs/faults.json"
"""A file of its own: runs of a fault add up over seeds, commits and machines, and none replaces
another, whereas docs/figures.json has the newest run under each name."""

CONTROL = ", control"
COLUMNS: Final = (
    "fault",
    "runs",
    "payments",
    "lost",
    "doubled",
    "out of order",
    "features, scores differing",
    "open transactions",
    "recovery s, median and max",
    "fails in less than",
    "dates",
    "machine",
)
_CONFIDENCE = 0.95


def bound(runs: int) -> float:
    """Return the failure rate that n runs without a failure exclude at 95 %: 1 - 0.05 ** (1 / n).

    >>> round(bound(20), 3)
    0.139
    """
    return float(1 - (1 - _CONFIDENCE) ** (1 / runs))


def read_faults(path: Path) -> Runs:
    """Read the record; no runs where there is no file yet."""
    found: Runs = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def with_runs(known: Runs, result: FaultResult, where: Provenance) -> Runs:
    """Return the record with the runs of a result; one of the same fault and seed is replaced."""
    name = result.name + (CONTROL if result.control else "")
    machine = f"{where.machine.processor}, {where.machine.cores} cores"
    runs = {
        str(run.seed): {**run.to_json(), "machine": machine, "commit": (where.commit or "")[:10]}
        for run in result.runs
    }
    return {**known, name: {**known.get(name, {}), **runs}} if runs else known


def rows(known: Runs) -> list[tuple[str, ...]]:
    """Return a row for each fault of a record, as in the catalogue, with the controls behind."""
    order = [fault.name for fault in FAULTS]
    names = sorted(
        known, key=lambda name: (name.endswith(CONTROL), order.index(name.removesuffix(CONTROL)))
    )
    return [_row(name, list(known[name].values())) for name in names]


def _row(name: str, runs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    failed = [run for run in runs if run["problems"]]
    times = [run["recovery_s"] for run in runs if run["recovery_s"] is not None]
    dates = sorted({run["date"][:10] for run in runs})
    cells = (
        name,
        len(runs) if not failed or name.endswith(CONTROL) else f"{len(runs)}, {len(failed)} failed",
        f"{_sum(runs, 'payments'):,}",
        _sum(runs, "lost"),
        _doubled(name, runs, failed=bool(failed)),
        _sum(runs, "out_of_order"),
        f"{_sum(runs, 'features_differing')}, {_sum(runs, 'scores_differing')}",
        sum(bool(run["open_transactions"]) for run in runs),
        f"{statistics.median(times):.1f}, {max(times):.1f}" if times else "-",
        "-" if failed else f"{bound(len(runs)):.0%}",
        dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}",
        "; ".join(sorted({run["machine"] for run in runs})),
    )
    return tuple(map(str, cells))


def _doubled(name: str, runs: Sequence[Mapping[str, Any]], *, failed: bool) -> str:
    """Return how many decisions were doubled; repeats that a fault foretells are said to be."""
    count = f"{_sum(runs, 'duplicated') + _sum(runs, 'unknown'):,}"
    control = name.endswith(CONTROL)
    foretold = not control and find_fault(name).expects is Expectation.COUNTED_REPEATS
    return f"{count}, as foretold" if foretold and not failed else count


def _sum(runs: Sequence[Mapping[str, Any]], count: str) -> int:
    return sum(int(run.get(count, 0)) for run in runs)
