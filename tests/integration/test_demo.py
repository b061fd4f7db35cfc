"""The README's first command: alerts on screen, an account at the end, nothing left behind."""

from __future__ import annotations

import subprocess

import psutil

from cli.stack.submit import ROOT

SMALL = ("--alerts", "3", "--cards", "300", "--history-days", "12", "--rate", "200")


def test_the_demo_ends_cleanly() -> None:
    """It shows as many alerts as asked for, and says how right and how soon they were."""
    told = subprocess.run(
        [str(ROOT / "cardwatch"), "demo", *SMALL], capture_output=True, text=True, timeout=500
    )
    assert told.returncode == 0, told.stderr
    heading, *rest = told.stdout.splitlines()
    assert heading.split()[:4] == ["time", "(UTC)", "level", "score"]
    assert sum(1 for each in rest if "MEDIUM" in each or "HIGH" in each) >= 3
    for word in ("payments", "precision", "recall", "read_uncommitted", "read_committed"):
        assert word in told.stdout
    assert "Flink web UI: http://127.0.0.1:" in told.stderr
    folder = ROOT / ".cardwatch" / "demo"
    assert not folder.exists()
    assert not [each for each in psutil.process_iter() if _belongs_to(each, str(folder))]


def _belongs_to(process: psutil.Process, folder: str) -> bool:
    """Tell whether a process was started for a stack; each carries its folder as a mark."""
    try:
        return bool(process.environ().get("CARDWATCH_STACK") == folder)
    except psutil.Error:
        return False
