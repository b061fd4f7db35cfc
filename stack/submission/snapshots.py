"""Find what a job can resume from: the newest savepoint or retained checkpoint of a stack."""

from __future__ import annotations

from pathlib import Path

from stack.settings import Layout

_METADATA = "_metadata"


def newest_snapshot(layout: Layout) -> Path | None:
    """Return the folder of the newest complete snapshot, None where there is none.

    A snapshot is complete once its metadata file is there, which Flink writes last.
    """
    found = [
        *layout.savepoints.glob(f"savepoint-*/{_METADATA}"),
        *layout.checkpoints.glob(f"*/chk-*/{_METADATA}"),
    ]
    if not found:
        return None
    return max(found, key=lambda path: path.stat().st_mtime_ns).parent
