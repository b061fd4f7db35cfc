"""The README's figures: ten at most, each with its target and a sentence that says what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.figures.cells import MISSING, at, count, figures
from benchmarks.figures.job_tables import BENCH, OLDER, PEERS, SOAK, latency_verdict, verdict
from benchmarks.figures.job_tables import COMMANDS as JOB_COMMANDS
from benchmarks.figures.model_tables import AIMS, HANDBOOK
from benchmarks.figures.model_tables import COMMANDS as MODEL_COMMANDS
from benchmarks.figures.state_tables import COLUMNS as STATE_COLUMNS
from benchmarks.figures.state_tables import TEN_MILLION
from benchmarks.figures.table import Results, Row, Table
from jobs.settings import DEFAULT_ENGINE
from training.metrics.figures import AUC, AVERAGE_PRECISION, CARD_PRECISION

README_ROWS: Final = 10
PARITY: Final = "parity"

_COMMANDS: Final = {
    **JOB_COMMANDS,
    **MODEL_COMMANDS,
    TEN_MILLION: STATE_COLUMNS[TEN_MILLION][1],
    PARITY: "./cardwatch parity --record",
}

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Highlight:
    """One figure of the README: its run, its value and its target from the result, a sentence."""

    name: str
    run: str
    measured: Callable[[Found], str]
    sentence: str
    target: Callable[[Found], str] = lambda _: ""

    def row(self, found: Found) -> Row:
        """Return the row; a dash for the value of a run that is not recorded."""
        value = f"{self.measured(found)}{_older(found)}" if found else MISSING
        target = self.target(found) if found else ""
        command = _COMMANDS[self.run].partition(" --")[0]
        return self.name, value, target, self.sentence, f"`{command}`"


def _older(found: Found) -> str:
    """Say of a record from before the engines that its job was an older one."""
    return " (older job)" if OLDER in (at(found, "throughput_tx_per_s") or {}) else ""


def _of_the_job(found: Found, group: str) -> float | None:
    """Return a figure of the batch engine, or the one that the older job had in its place."""
    key = OLDER if _older(found) else DEFAULT_ENGINE
    value: float | None = at(found, group, key)
    return value


def _throughput(found: Found) -> float | None:
    return _of_the_job(found, "throughput_tx_per_s")


def _cpu(found: Found) -> float | None:
    return _of_the_job(found, "cpu_us_per_payment")


def _early(rate: int) -> Callable[[Found], str]:
    return lambda found: _p50_p99(at(found, "provisional_latency_ms", str(rate)))


def _early_target(rate: int) -> Callable[[Found], str]:
    return lambda found: latency_verdict(found, "provisional", str(rate))


def _p50_p99(found: Found | None) -> str:
    return figures((at(found or {}, name) for name in ("p50", "p99")), "ms")


_WITHOUT_STATE: Final = ("job", "bare", "java")
"""The job itself, and peers that lose their state or do part of the work."""


def _best_other(found: Found) -> tuple[str, float]:
    """Return the fastest Python peer that keeps its state, with its payments a second."""
    others = {
        name: one["tx_per_s"] or 0.0
        for name, one in found["peers"].items()
        if name not in _WITHOUT_STATE
    }
    return max(others.items(), key=lambda item: item[1], default=(MISSING, 0.0))


def _beside_peers(found: Found) -> str:
    name, rate = _best_other(found)
    return f"{count(at(found, 'peers', 'job', 'tx_per_s'))} and {count(rate)} payments/s ({name})"


def _ahead(found: Found) -> str:
    own, (_, other) = at(found, "peers", "job", "tx_per_s"), _best_other(found)
    return "" if own is None else "ahead: reached" if own > other else "ahead: missed"


def _hour(found: Found) -> str:
    counts = ", ".join(count(found[name]) for name in ("lost", "duplicated"))
    return f"{counts} of {count(found['payments'])}, at {count(found['tx_per_s'])}/s"


def _ten_million(found: Found) -> str:
    rate = count(at(found, "steady", "tx_per_s"))
    took = count(at(found, "checkpoints", "duration_ms_median"))
    counts = ", ".join(count(found[name]) for name in ("lost", "doubled"))
    return f"{rate} payments/s, {took} ms; {counts} of {count(found['payments'])}"


def _parity(found: Found) -> str:
    names = ("lost", "doubled", "features_differing", "scores_differing")
    return f"{', '.join(count(found[name]) for name in names)} of {count(found['payments'])}"


_MODEL_FIGURES: Final = (AUC, AVERAGE_PRECISION, CARD_PRECISION)


def _models(found: Found) -> str:
    return ", ".join(count(_mean(found, name), 3) for name in _MODEL_FIGURES)


def _models_target(found: Found) -> str:
    told = (AIMS[HANDBOOK][name].verdict(_mean(found, name)) for name in _MODEL_FIGURES)
    return ", ".join(told)


def _mean(found: Found, name: str) -> float:
    mean: float = found["models"]["ensemble"][name]["mean"]
    return mean


HIGHLIGHTS: Final = (
    Highlight(
        "throughput of the job",
        BENCH,
        lambda found: f"{count(_throughput(found))} payments/s",
        "Broker, cluster and sender share the cores, and each payment gets one committed decision.",
        lambda found: verdict("throughput, batch engine", _throughput(found)),
    ),
    Highlight(
        "CPU of the job for a payment",
        BENCH,
        lambda found: f"{count(_cpu(found))} us",
        "The cost of a payment at full load, without the broker's.",
        lambda found: verdict("CPU of the job, batch engine", _cpu(found)),
    ),
    Highlight(
        "early latency at 500/s: p50, p99",
        BENCH,
        _early(500),
        "Time from the scheduled send until a read_uncommitted subscriber has the decision.",
        _early_target(500),
    ),
    Highlight(
        "early latency at 2,000/s: p50, p99",
        BENCH,
        _early(2_000),
        "Early latency at four times the rate of the row above.",
        _early_target(2_000),
    ),
    Highlight(
        "committed latency at 500/s: p50, p99",
        BENCH,
        lambda found: _p50_p99(at(found, "committed_latency_ms", "500")),
        "A decision is committed with the checkpoint, which comes once a second.",
        lambda found: latency_verdict(found, "committed", "500"),
    ),
    Highlight(
        "the job beside the fastest Python peer that keeps its state",
        PEERS,
        _beside_peers,
        "The same payments, features and model in Quix Streams, Bytewax, Spark and PyFlink.",
        _ahead,
    ),
    Highlight(
        "an hour at 70 % of the capacity: lost, doubled",
        SOAK,
        _hour,
        "Sender and subscribers share the cores; memory and latency over the hour are plotted.",
    ),
    Highlight(
        "ten million cards: throughput, checkpoint; lost, doubled",
        TEN_MILLION,
        _ten_million,
        "The payments are spread over all cards, and a checkpoint is taken each second.",
    ),
    Highlight(
        "stream against offline replay: lost, doubled, features and scores that differ",
        PARITY,
        _parity,
        "The payments come out of order, late and twice, and their labels late and taken back.",
    ),
    Highlight(
        "Handbook's test weeks: AUC, average precision, card precision at 100",
        HANDBOOK,
        _models,
        "One ensemble on the features of the stream, judged by the Handbook's own protocol.",
        _models_target,
    ),
)
"""The figures in the order of the table."""


def _rows(results: Results) -> Iterator[Row]:
    yield from (one.row(results[one.run]) for one in HIGHLIGHTS)


README_TABLE: Final = Table(
    ("figure", "measured", "target", "what it is", "command"),
    {one.run: _COMMANDS[one.run] for one in HIGHLIGHTS},
    _rows,
    notes=False,
)
