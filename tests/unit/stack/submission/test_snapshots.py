"""A job resumes from the newest complete snapshot, whichever kind it is."""

from __future__ import annotations

import os
from pathlib import Path

from stack.settings import Layout
from stack.submission.snapshots import newest_snapshot


def _snapshot(folder: Path, age_s: int, *, complete: bool = True) -> Path:
    folder.mkdir(parents=True)
    if complete:
        metadata = folder / "_metadata"
        metadata.touch()
        time = 1_700_000_000 - age_s
        os.utime(metadata, (time, time))
    return folder


def test_there_may_be_none(tmp_path: Path) -> None:
    assert newest_snapshot(Layout(tmp_path)) is None


def test_the_newest_counts_whether_savepoint_or_checkpoint(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    _snapshot(layout.checkpoints / "job-1" / "chk-7", age_s=30)
    savepoint = _snapshot(layout.savepoints / "savepoint-1", age_s=20)
    assert newest_snapshot(layout) == savepoint
    checkpoint = _snapshot(layout.checkpoints / "job-2" / "chk-2", age_s=10)
    assert newest_snapshot(layout) == checkpoint


def test_an_incomplete_one_is_left_out(tmp_path: Path) -> None:
    """Flink writes the metadata last."""
    layout = Layout(tmp_path)
    whole = _snapshot(layout.checkpoints / "job" / "chk-1", age_s=30)
    _snapshot(layout.checkpoints / "job" / "chk-2", age_s=0, complete=False)
    assert newest_snapshot(layout) == whole
