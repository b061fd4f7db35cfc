"""The record docs/figures.json: the newest run under each name, with commit, date and machine."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from harness.errors import BenchmarkError
from harness.machine import Machine, changed_since, commit_of, this_machine

RECORD: Final = "docs/figures.json"
PROVENANCE: Final = frozenset(
    {"machine", "date", "commit", "uncommitted_changes", "versions", "provenance"}
)
"""Keys of a result that its entry has under names of its own."""
_NO_CODE: Final = ("docs", "*.md")
"""What may differ from the commit: no page changes a figure, and a recorded run writes some."""
_SHOWN: Final = 5


class RecordingError(BenchmarkError):
    """A run cannot be recorded; the message says why and what to do."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One recorded run.

    Attributes:
        command: The command line as it was typed, without options for output.
        commit: The commit that was measured, ten digits.
        date: Day of the measurement, UTC, as YYYY-MM-DD.
        machine: The machine that the run had.
        imported: True for a run from before the record: `commit` is the one that wrote it down.
        note: A sentence on this run for its readers, or nothing.
        result: What the command's --json writes, without provenance and without bulky parts.
    """

    command: str
    commit: str
    date: str
    machine: Machine
    imported: bool = False
    note: str = ""
    result: dict[str, Any]


class Measuring:
    """A run that is to be recorded, from before its first step to its entry.

    RecordingError where the tree at `root` is no commit without changes, before anything runs.
    """

    def __init__(self, root: Path, command: str) -> None:
        self._root = root
        self._command = command
        self._date = datetime.now(UTC).date().isoformat()
        commit = commit_of(root)
        if commit is None:
            raise RecordingError(
                f"A figure is recorded with its commit, and {root} is no git checkout with one. "
                "Record from a clone, or take --json PATH in place of --record."
            )
        self._commit = commit
        self._check("A figure is recorded with its commit, but the tree has changes in")

    def entry(self, result: Mapping[str, Any]) -> Entry:
        """Return the entry of a result; RecordingError where the code has changed meanwhile."""
        self.check_unchanged()
        return Entry(
            command=self._command,
            commit=self._commit[:10],
            date=self._date,
            machine=this_machine(),
            result={key: value for key, value in result.items() if key not in PROVENANCE},
        )

    def check_unchanged(self) -> None:
        """Raise RecordingError where the code has changed since the run began."""
        self._check("The code has changed while it was measured, in")

    def _check(self, what: str) -> None:
        changed = changed_since(self._root, self._commit, _NO_CODE)
        if changed:
            names = ", ".join(changed[:_SHOWN]) + (" and others" if len(changed) > _SHOWN else "")
            raise RecordingError(f"{what} {names}: commit or undo the changes, then run again.")


def read_runs(path: Path) -> dict[str, Entry]:
    """Read the record; no runs where there is no file yet."""
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Entry]) if path.exists() else {}


def add_run(path: Path, name: str, entry: Entry) -> None:
    """Put a run under its name into the record; all other runs stay as they are."""

    def merged(known: dict[str, Any]) -> dict[str, Any]:
        return dict(sorted({**known, name: msgspec.to_builtins(entry)}.items()))

    update(path, merged)


def update(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Replace a JSON file by what `change` makes of it; readers see the old or the new one whole.

    Commands that record at the same time wait for each other.
    """
    with _locked(path.parent):
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        written = path.with_name(f".{path.name}.{os.getpid()}")
        written.write_text(json.dumps(change(known), indent=1) + "\n", encoding="utf-8")
        written.replace(path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which leaves no file behind."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
