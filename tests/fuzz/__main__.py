"""The fuzzer's command line: `python -m tests.fuzz [TARGET ...]`; docs/fuzzing.md has it in full.

Targets run one after the other, each in a process of its own, in slices: a crash ends one slice of
one target, and what it found is kept and told.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import click

from cli.console import Output, fail
from tests.fuzz.corpus import keep
from tests.fuzz.registry import ROOT, TARGETS, Target

WORK: Final = ROOT / ".cardwatch" / "fuzz"
SLICE_S: Final = 230
HANG_S: Final = 30
"""Seconds on the clock after which an input is ended; the oracle counts those of the processor."""
RSS_MB: Final = 4096
KEPT_BYTES: Final = 10_000
"""Size of a target's corpus in the tree."""

_EXECUTED: Final = re.compile(r"stat::number_of_executed_units: (\d+)")
_EDGES: Final = re.compile(r"\bcov: (\d+)")
_PEAK: Final = re.compile(r"stat::peak_rss_mb: +(\d+)")


@dataclass
class Result:
    """What fuzzing one target came to."""

    target: str
    executions: int = 0
    edges: int = 0
    seconds: float = 0.0
    peak_rss_mb: int = 0
    findings: int = 0


@click.command("fuzz")
@click.argument("targets", nargs=-1, type=click.Choice(list(TARGETS)))
@click.option("--seconds", default=600, show_default=True, help="For all targets together.")
@click.option("--json", "json_path", help="Write the results to this file, - for standard output.")
@click.option("--keep", "keeps", is_flag=True, help="Write the corpus of the tree anew.")
def command(targets: Sequence[str], seconds: int, json_path: str | None, keeps: bool) -> None:
    """Fuzz every target, or those named, and end with 1 where one is found wanting."""
    out = Output()
    names = targets or tuple(TARGETS)
    whole = sum(TARGETS[name].share for name in names)
    results = []
    for name in names:
        its_seconds = max(1, round(seconds * TARGETS[name].share / whole))
        results.append(fuzz(name, its_seconds, out))
        if keeps:
            minimised(name)
    if json_path:
        out.json(json_path, [asdict(result) for result in results])
    if json_path != "-":
        rows = [tuple(asdict(result).values()) for result in results]
        out.table(list(asdict(Result(""))), rows)
    found = [result.target for result in results if result.findings]
    if found:
        fail(f"found wanting: {', '.join(found)}; the inputs are in {WORK / 'found'}")
        sys.exit(1)


def fuzz(name: str, seconds: int, out: Output) -> Result:
    """Fuzz one target in slices, on from what earlier ones left behind."""
    result = Result(name)
    while result.seconds < seconds:
        out.say(f"{name}: {result.seconds:.0f} of {seconds} s, {TARGETS[name].about}")
        limit = max(1, min(SLICE_S, round(seconds - result.seconds)))
        began = time.monotonic()
        done = _worker(name, [f"-max_total_time={limit}"], _folder("corpus", name))
        result.seconds += time.monotonic() - began
        log = done.stdout
        result.executions += _last(_EXECUTED, log)
        result.edges = max(result.edges, _last(_EDGES, log))
        result.peak_rss_mb = max(result.peak_rss_mb, _last(_PEAK, log))
        if done.returncode:
            result.findings += 1
            (_folder("found", name) / "log.txt").write_text(log, encoding="utf-8")
            out.say(log[-3000:])
            break
    result.seconds = round(result.seconds, 1)
    return result


def minimised(name: str) -> int:
    """Keep in the tree the fewest inputs that reach what the whole corpus reaches."""
    folder = _folder("minimised", name)
    for path in folder.iterdir():
        path.unlink()
    _worker(name, ["-merge=1", str(folder)], _folder("corpus", name))
    return keep(name, (path.read_bytes() for path in folder.iterdir()), KEPT_BYTES)


def _worker(name: str, options: Sequence[str], corpus: Path) -> subprocess.CompletedProcess[str]:
    """Run the worker of one target with libFuzzer's options; its log is in `stdout`."""
    target: Target = TARGETS[name]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(WORK / "atheris")]),
        "NUMBA_CACHE_DIR": str(WORK / "numba"),
        **target.environment,
    }
    bounds = [f"-max_len={target.max_bytes}", f"-timeout={HANG_S}", f"-rss_limit_mb={RSS_MB}"]
    found = f"-artifact_prefix={_folder('found', name)}{os.sep}"
    line = [sys.executable, "-m", "tests.fuzz.worker", name, *bounds, found]
    return subprocess.run(
        [*line, "-print_final_stats=1", *options, str(corpus)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def _folder(kind: str, name: str) -> Path:
    path = WORK / kind / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def _last(pattern: re.Pattern[str], log: str) -> int:
    found = pattern.findall(log)
    return int(found[-1]) if found else 0


if __name__ == "__main__":
    command()
