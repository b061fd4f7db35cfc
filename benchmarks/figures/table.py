"""A generated table: columns, the recorded runs that it needs, and its rows as a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.figures.record import Entry
from verify.faults.record import Runs as FaultRuns

Row = tuple[str, ...]
Results = Mapping[str, Mapping[str, Any]]
"""The results of the recorded runs by name; a run that is not recorded is an empty one."""


@dataclass(frozen=True)
class Recorded:
    """Everything that is recorded: runs by name, and the fault suite's runs by fault and seed."""

    runs: Mapping[str, Entry]
    faults: FaultRuns


@dataclass(frozen=True)
class Table:
    """A generated table.

    Attributes:
        columns: The titles.
        runs: Name of each run that the rows need, with the command that records it.
        rows: Function from results by the name of the run to rows.
        notes: Whether the notes of the runs stand below the table.
    """

    columns: tuple[str, ...]
    runs: Mapping[str, str]
    rows: Callable[[Results], Iterable[Row]]
    notes: bool = True

    def lines(self, recorded: Recorded) -> Iterator[str]:
        """Yield the Markdown of the table and of where its figures come from."""
        known = {name: recorded.runs[name] for name in self.runs if name in recorded.runs}
        if known:
            results = {name: known[name].result if name in known else {} for name in self.runs}
            yield from markdown(self.columns, self.rows(results))
            yield ""
            yield from dict.fromkeys(map(self._source, known.values()))
        missing = dict.fromkeys(self.runs[name] for name in self.runs if name not in known)
        yield from (f"- Not recorded yet: `{command}`." for command in missing)

    def _source(self, entry: Entry) -> str:
        note = f"\n  {entry.note}" if entry.note and self.notes else ""
        return f"- {source(entry)}{note}"


def markdown(columns: Iterable[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a table.

    >>> list(markdown(("a", "b"), [("1", "2")]))
    ['| a | b |', '| --- | --- |', '| 1 | 2 |']
    """
    titles = tuple(columns)
    for cells in (titles, ("---",) * len(titles), *rows):
        yield f"| {' | '.join(cells)} |"


def source(entry: Entry) -> str:
    """Say in one sentence which command, day, commit and machine a run has."""
    machine = entry.machine
    place = (
        f"{machine.cores} cores of {machine.processor} with {machine.memory_gib:.0f} GiB of memory"
    )
    of = "written down in commit" if entry.imported else "commit"
    loop_ms = entry.result.get("calibration_ms")
    loop = "" if loop_ms is None else f", calibration loop {loop_ms:.0f} ms"
    return f"`{entry.command}`, measured {entry.date}, {of} {entry.commit}, on {place}{loop}."
