"""Tables of the job on one machine: throughput, latency, CPU, an hour of it, and its peers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from benchmarks.figures.cells import at, change, count, figure, percent, percentiles
from benchmarks.figures.table import Results, Row, Table
from benchmarks.peers.report import cells
from benchmarks.threads import shown
from harness.targets import TARGETS
from jobs.settings import ENGINES

BENCH: Final = "bench"
HOT_PATH: Final = "bench hot-path"
THREADS: Final = "bench threads"
SOAK: Final = "bench soak"
PEERS: Final = "bench peers"

COMMANDS: Final = {
    BENCH: "./cardwatch bench --payments 200000 --warm-up 400000 --record",
    HOT_PATH: "./cardwatch bench hot-path --record",
    THREADS: "./cardwatch bench threads --record",
    SOAK: "./cardwatch bench soak --warm-up 200000 --record",
    PEERS: "./cardwatch bench peers --payments 60000 --warm-up 300000 --record",
}
"""The run of each name, with the command that records it."""

_MILLION: Final = 1e6


OLDER: Final = "latency"
"""Key of the older job's figures: records from before the engines have profiles in their place."""


def _words(key: str) -> str:
    """Return the words for an engine, or for a profile of the older job.

    >>> _words("batch"), _words("latency")
    ('batch engine', 'latency profile')
    """
    return f"{key} engine" if key in ENGINES else f"{key} profile"


def verdict(name: str, value: float | None) -> str:
    """Say how far a value is from the target of that name; nothing without target or value."""
    target = TARGETS.get(name)
    return "" if target is None or value is None else target.verdict(value)


def _job(results: Results) -> Iterator[Row]:
    """Yield the rows of the figures that the run has."""
    found = results[BENCH]
    for key in at(found, "throughput_tx_per_s") or {}:
        yield from _at_full_load(found, key)
    yield from _bare_loop(found)
    for rate in sorted(at(found, "provisional_latency_ms") or {}, key=int):
        yield from _latency(found, rate)
    size = at(found, "state_bytes_per_card")
    if size is not None:
        name = "state of a card with 60 payments"
        yield f"{name} in 30 days", f"{count(size)} bytes", verdict(name, size)


def _at_full_load(found: Mapping[str, Any], key: str) -> Iterator[Row]:
    """Yield throughput, CPU and price of the job under one key of the record."""
    words = _words(key)
    rate, name = at(found, "throughput_tx_per_s", key), f"throughput, {words}"
    yield name, f"{count(rate)} payments/s", verdict(name, rate)
    for process, group in (("job", "cpu_us_per_payment"), ("broker", "broker_cpu_us_per_payment")):
        used, name = at(found, group, key), f"CPU of the {process}, {words}"
        if used is not None:
            yield name, f"{count(used)} us a payment", verdict(name, used)
    paid = at(found, "payments_per_dollar", key)
    if paid is not None:
        price = figure(at(found, "core_hour_usd"))
        name = f"payments for a dollar, {words}, at {price} $ a core hour"
        yield name, f"{paid / _MILLION:,.0f} million", ""


def _bare_loop(found: Mapping[str, Any]) -> Iterator[Row]:
    bare = at(found, "ceiling_tx_per_s")
    if bare is None:
        return
    used = at(found, "ceiling_run", "cpu_us_per_payment")
    yield (
        "bare Kafka loop, same code, one process",
        f"{count(bare)} payments/s, {count(used)} us of CPU",
        "",
    )
    for key, rate in (at(found, "throughput_tx_per_s") or {}).items():
        name = f"share of the bare loop, {_words(key)}"
        yield name, count(rate / bare, 2), verdict(name, rate / bare)


def _latency(found: Mapping[str, Any], rate: str) -> Iterator[Row]:
    """Yield early and committed latency at one rate."""
    for kind in ("provisional", "committed"):
        measured = at(found, f"{kind}_latency_ms", rate)
        name = f"{kind} latency at {int(rate):,}/s: p50, p99, p99.9"
        yield name, percentiles(measured, "ms"), latency_verdict(found, kind, rate)


def latency_verdict(found: Mapping[str, Any], kind: str, rate: str) -> str:
    """Say how far p50 and p99 of a latency are from their targets, where they have one."""
    told = (
        (name, verdict(f"{kind} {name} at {rate}/s", at(found, f"{kind}_latency_ms", rate, name)))
        for name in ("p50", "p99")
    )
    return ", ".join(f"{name} {verdict}" for name, verdict in told if verdict)


def _hot_path(results: Results) -> Iterator[Row]:
    found = results[HOT_PATH]
    each = at(found, "steps_us_each_time") or {}
    for step, used in (at(found, "steps_us_per_payment") or {}).items():
        yield step, count(used, 1), count(each.get(step), 1)
    yield "**together**", f"**{count(at(found, 'us_per_payment'), 1)}**", ""


def _threads(results: Results) -> Iterator[Row]:
    paces = at(results[THREADS], "paces") or {}
    shares = {
        pace: {(one["process"], one["thread"]): one["share"] for one in use["threads"]}
        for pace, use in paces.items()
    }
    for process, thread, each in shown(shares):
        yield process, thread, *(percent(share, 1) for share in each)
    uses = list(paces.values())
    yield "all others", "", *(percent(_rest(use), 1) for use in uses)
    yield "not of this system", "", *(percent(use["elsewhere_share"], 1) for use in uses)
    yield "idle", "", *(percent(use["idle_share"], 1) for use in uses)
    turns = (count(at(use, "turns_per_s")) for use in uses)
    yield "turns of a thread on a core, a second", "", *turns


def _rest(use: Mapping[str, Any]) -> float:
    """Return the share of the threads of this system that are too small for a row."""
    told = sum(one["share"] for one in use["threads"])
    rest: float = 1.0 - told - use["idle_share"] - use["elsewhere_share"]
    return max(0.0, rest)


def _soak(results: Results) -> Iterator[Row]:
    found = results[SOAK]
    for name, one in (at(found, "trends") or {}).items():
        between = f"{change(one['low'])} and {change(one['high'])}"
        yield _spelt(name), figure(one["median"]), change(one["change"]), between


_SPELT: Final = {
    "_mib": ", MiB",
    "_ms": ", ms",
    "cpu_us_per_payment": "CPU of the job, us a payment",
    "_native": " beside the heap",
    "_per_s": " a second",
    "_": " ",
}
"""Parts of the names of a soak's figures, with the words for readers."""


def _spelt(name: str) -> str:
    """Return the name of a soak's figure in words, with its unit.

    >>> _spelt("broker_native_mib"), _spelt("provisional_p99_ms"), _spelt("cpu_us_per_payment")
    ('broker beside the heap, MiB', 'provisional p99, ms', 'CPU of the job, us a payment')
    """
    for part, words in _SPELT.items():
        name = name.replace(part, words)
    return name


def _peers(results: Results) -> Iterator[Row]:
    for name, one in (at(results[PEERS], "peers") or {}).items():
        yield f"`{name}`", *cells(one)


_PEER_COLUMNS = (
    *("peer", "payments/s", "CPU us", "provisional ms", "committed ms"),
    *("MiB", "start s", "recovery s", "lost", "doubled", "wrong"),
)

JOB_TABLES: Final = {
    "job": Table(("figure", "measured", "target"), {BENCH: COMMANDS[BENCH]}, _job),
    "hot-path": Table(
        ("step", "CPU us a payment", "CPU us each time"), {HOT_PATH: COMMANDS[HOT_PATH]}, _hot_path
    ),
    "threads": Table(
        ("process", "thread", "backlog", "500/s", "2,000/s", "10,000/s"),
        {THREADS: COMMANDS[THREADS]},
        _threads,
    ),
    "soak": Table(
        ("figure", "median", "change over the run", "between, at 95 %"),
        {SOAK: COMMANDS[SOAK]},
        _soak,
    ),
    "peers": Table(_PEER_COLUMNS, {PEERS: COMMANDS[PEERS]}, _peers),
}
