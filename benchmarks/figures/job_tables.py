"""Tables of the job on one machine: throughput, latency, CPU, an hour of it, and its peers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from benchmarks.figures.cells import at, change, count, figure, percent, percentiles
from benchmarks.figures.table import Results, Row, Table
from benchmarks.peers.report import cells
from benchmarks.threads import shown
from harness.targets import TARGETS

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


def verdict(name: str, value: float | None) -> str:
    """Say how far a value is from the target of that name; nothing without target or value."""
    target = TARGETS.get(name)
    return "" if target is None or value is None else target.verdict(value)


def _job(results: Results) -> Iterator[Row]:
    """Yield the rows of the figures that the run has."""
    found = results[BENCH]
    for profile in ("latency", "throughput"):
        yield from _profile(found, profile)
    yield from _bare_loop(found)
    for rate in sorted(at(found, "provisional_latency_ms") or {}, key=int):
        yield from _latency(found, rate)
    size = at(found, "state_bytes_per_card")
    if size is not None:
        name = "state of a card with 60 payments"
        yield f"{name} in 30 days", f"{count(size)} bytes", verdict(name, size)


def _profile(found: Mapping[str, Any], profile: str) -> Iterator[Row]:
    rate = at(found, "throughput_tx_per_s", profile)
    if rate is not None:
        name = f"throughput, {profile} profile"
        yield name, f"{count(rate)} payments/s", verdict(name, rate)
    for process, key in (("job", "cpu_us_per_payment"), ("broker", "broker_cpu_us_per_payment")):
        used = at(found, key, profile)
        if used is not None:
            name = f"CPU of the {process}, {profile} profile"
            yield name, f"{count(used)} us a payment", verdict(name, used)
    paid = at(found, "payments_per_dollar", profile)
    if paid is not None:
        price = figure(at(found, "core_hour_usd"))
        name = f"payments for a dollar, {profile} profile, at {price} $ a core hour"
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
    rate = at(found, "throughput_tx_per_s", "latency")
    share = None if rate is None else rate / bare
    name = "share of the bare loop, latency profile"
    yield name, count(share, 2), verdict(name, share)


def _latency(found: Mapping[str, Any], rate: str) -> Iterator[Row]:
    """Yield early and committed latency at one rate, with the verdict on the p99."""
    shown_rate = f"{int(rate):,}/s"
    early = at(found, "provisional_latency_ms", rate)
    p99 = verdict(f"provisional p99 at {rate}/s", at(early, "p99"))
    name = f"provisional latency at {shown_rate}: p50, p99, p99.9"
    yield name, percentiles(early, "ms"), _of_p99(p99)
    committed = at(found, "committed_latency_ms", rate)
    p99 = verdict(f"committed p99 at {rate}/s", at(committed, "p99"))
    name = f"committed latency at {shown_rate}: p50, p99, p99.9"
    yield name, percentiles(committed, "ms"), _of_p99(p99)


def _of_p99(told: str) -> str:
    return f"p99 {told}" if told else ""


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
        ("process", "thread", "backlog", "500/s", "2,000/s"),
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
