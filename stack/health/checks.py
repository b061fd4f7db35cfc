"""Checks of `doctor` on the machine and the stack, one function for each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stack import ports, prerequisites
from stack.clients.topics import is_serving
from stack.errors import StackError
from stack.health.job_report import summary
from stack.health.look import Health, look
from stack.services import memory
from stack.services.embedded import Stack
from stack.services.problems import full_disks
from stack.settings import Layout, load

_DISK_MB = 4096


@dataclass(frozen=True)
class Check:
    """The answer to one question.

    Attributes:
        name: What was looked at.
        level: ok; note: nothing is wrong, but it is not there now; problem.
        told: What was found, in a few words or a sentence.
        next_step: What to do about it; empty when ok.
    """

    name: str
    level: Literal["ok", "note", "problem"]
    told: str
    next_step: str = ""


def run(stack: Stack, check_bundle: Callable[[], str]) -> Iterator[Check]:
    """Answer every question in turn.

    Args:
        stack: The stack to look at, running or not.
        check_bundle: Loads the model bundle and returns its name; raises where it cannot.
    """
    yield _python()
    for found in (prerequisites.libpython(), prerequisites.java(), prerequisites.maven()):
        yield _prerequisite(found)
    yield _jars(stack)
    yield _bundle(check_bundle)
    yield _memory(stack)
    yield _disk(stack.settings.folder)
    running = stack.status().state not in ("stopped", "orphaned")
    yield _ports(stack, running=running)
    yield _broker(stack, running=running)
    yield _cluster(stack)
    if running:
        yield from _health(look(stack, broker_serves=stack.status().broker_serves))


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", "ok", f"{version}, {sys.executable}")


def _prerequisite(found: prerequisites.Prerequisite) -> Check:
    if found.found:
        return Check(found.name, "ok", str(found.found))
    return Check(found.name, "problem", found.problem, f"install it with: {found.fix}")


def _jars(stack: Stack) -> Check:
    try:
        stack.install.check_jars()
    except StackError as error:
        return Check("Java artefacts", "problem", str(error), "./cardwatch up fetches them")
    return Check("Java artefacts", "ok", str(stack.install.jars))


def _bundle(check_bundle: Callable[[], str]) -> Check:
    try:
        return Check("Model bundle", "ok", check_bundle())
    except (ValueError, OSError) as error:
        return Check("Model bundle", "problem", str(error), "make one with ./cardwatch train")


def _memory(stack: Stack) -> Check:
    if stack.status().processes:
        return Check("Memory", "ok", f"{memory.available_mb()} MiB free beside the running stack")
    try:
        memory.check(stack.settings)
    except StackError as error:
        return Check("Memory", "problem", str(error), "stop other programs")
    told = f"{memory.available_mb()} MiB free, the stack may take {stack.settings.memory_mb}"
    return Check("Memory", "ok", told)


def _disk(folder: Path) -> Check:
    place = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(place).free >> 20
    told = f"{free} MiB free at {place}"
    full = " ".join(full_disks(Layout(folder)))
    if full:
        return Check("Disk", "problem", full, "make room there")
    if free < _DISK_MB:
        return Check("Disk", "problem", told, f"free {_DISK_MB - free} MiB, or choose --folder")
    return Check("Disk", "ok", told)


def _ports(stack: Stack, *, running: bool) -> Check:
    known = load(stack.settings.folder)
    if running or known is None:
        return Check("Ports", "ok", "chosen by the stack, on the loopback address")
    taken = [port for port in vars(known[1]).values() if not ports.is_free(port)]
    if not taken:
        return Check("Ports", "ok", "those of the last run are free")
    told = f"{', '.join(map(str, taken))} of the last run are taken; others will be chosen"
    return Check("Ports", "note", told)


def _broker(stack: Stack, *, running: bool) -> Check:
    if not running:
        return Check("Kafka", "note", "does not run", "start it with ./cardwatch up")
    if is_serving(stack.kafka):
        return Check("Kafka", "ok", stack.kafka)
    told = f"does not answer at {stack.kafka}"
    return Check("Kafka", "problem", told, f"see {stack.layout.logs}/broker.log")


def _cluster(stack: Stack) -> Check:
    status = stack.status()
    if status.state == "stopped":
        return Check("Flink", "note", "does not run", "start it with ./cardwatch up")
    told = f"{status.state}, {status.taskmanagers} TaskManagers, {status.flink_ui}"
    if status.state == "running":
        return Check("Flink", "ok", told)
    step = "./cardwatch down, then up" if status.state == "orphaned" else f"see {status.logs}"
    return Check("Flink", "problem", told, step)


def _health(health: Health) -> Iterator[Check]:
    """Check the job, its topics and its lag, each with everything that is wrong with it."""
    job = health.job
    yield _sentences("Job", health.job_problems, summary(job) if job else "none was submitted")
    partitions = sorted(set(health.partitions.values()))
    told = f"{len(health.partitions)}, of {', '.join(map(str, partitions))} partitions"
    yield _sentences("Topics", health.topic_problems, told)
    yield _sentences("Lag", health.lag_problems, f"up to {health.waiting:,} records")
    for sentence in health.notes:
        yield Check("Worth knowing", "note", sentence)


def _sentences(name: str, wrong: Sequence[str], told: str) -> Check:
    return Check(name, "problem", " ".join(wrong)) if wrong else Check(name, "ok", told)
