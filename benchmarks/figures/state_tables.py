"""Tables of state: many cards on each backend, long histories of one, and other loads on paper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from benchmarks.figures.cells import MISSING, at, count, figures, size
from benchmarks.figures.table import Results, Row, Table
from benchmarks.state.report import need_value

HISTORY: Final = "bench state history"
SIZING: Final = "bench state sizing"
LOADS: Final = (1_000, 10_000, 100_000)


def state_run(backend: str, cards: int) -> str:
    """Return the name of the run of one backend with so many cards.

    >>> state_run("heap", 1_000_000)
    'bench state heap 1000000'
    """
    return f"bench state {backend} {cards}"


TEN_MILLION: Final = state_run("changelog", 10_000_000)
_TEN: Final = "./cardwatch bench state --cards 10000000 --backend"
COLUMNS: Final = {
    state_run("heap", 1_000_000): ("heap", "./cardwatch bench state --record"),
    state_run("rocksdb", 1_000_000): ("rocksdb", "./cardwatch bench state --record"),
    state_run("changelog", 1_000_000): ("changelog", "./cardwatch bench state --record"),
    TEN_MILLION: ("changelog, ten million", f"{_TEN} changelog --record"),
    state_run("heap", 10_000_000): ("heap, ten million", f"{_TEN} heap --record"),
}
"""The runs side by side: title of the column, and the command that records the run."""

Found = Mapping[str, Any]


def _rate(one: Found | None) -> str:
    if not one:
        return MISSING
    return f"{count(one['tx_per_s'])}/s, {count(at(one, 'cpu_us_per_payment', 'job'))} us"


def _up_to(cards: int) -> Callable[[Found], str]:
    def cell(found: Found) -> str:
        rates = (one for one in at(found, "fill") or () if one["known_cards"] == cards)
        return _rate(next(rates, None))

    return cell


def _written(found: Found) -> str:
    one = at(found, "checkpoints") or {}
    return f"{size(at(one, 'written_bytes_median'))}, {size(at(one, 'written_bytes_worst'))}"


def _takes(found: Found) -> str:
    one = at(found, "checkpoints") or {}
    return figures((at(one, "duration_ms_median"), at(one, "duration_ms_worst")), "ms")


def _done(found: Found) -> str:
    one = at(found, "checkpoints") or {}
    return f"{count(at(one, 'completed'))}, {count(at(one, 'delayed'))}"


def _restore(found: Found) -> str:
    names = ("restore_empty", "restore_full")
    return figures((at(found, name, "first_decision_s") for name in names), "s")


def _first_checkpoint(found: Found) -> str:
    written = size(at(found, "restore_full", "first_checkpoint_bytes"))
    took_ms = at(found, "restore_full", "first_checkpoint_ms")
    return written if took_ms is None else f"{written} in {took_ms / 1000:.1f} s"


def _memory(found: Found) -> str:
    held = at(found, "resident_mb") or {}
    return figures((held.get(name) for name in ("taskmanager-1", "taskmanager-2")), "MiB")


def _disk(found: Found) -> str:
    held = at(found, "topic_bytes_per_payment") or {}
    return figures((held.get(name) for name in ("transactions", "decisions")), "bytes")


def _lost(found: Found) -> str:
    lost, doubled, payments = (count(at(found, name)) for name in ("lost", "doubled", "payments"))
    return f"{lost}, {doubled} of {payments}"


_FIGURES: Final[dict[str, Callable[[Found], str]]] = {
    "up to 10,000 cards": _up_to(10_000),
    "up to 100,000 cards": _up_to(100_000),
    "up to 1,000,000 cards": _up_to(1_000_000),
    "up to 10,000,000 cards": _up_to(10_000_000),
    "over all of them": lambda found: _rate(at(found, "steady")),
    "state in a checkpoint": lambda found: size(at(found, "checkpoints", "full_bytes")),
    "written by a checkpoint: median, worst": _written,
    "written a second": lambda found: size(at(found, "checkpoints", "written_bytes_per_s")),
    "a checkpoint takes: median, worst": _takes,
    "checkpoints done, too late to begin": _done,
    "card stage's checkpoint, a card": lambda found: size(at(found, "checkpoint_bytes_per_card")),
    "restore, first decision: without state, with it": _restore,
    "first checkpoint after the restore": _first_checkpoint,
    "resident memory of the TaskManagers": _memory,
    "disk of a payment and its decision": _disk,
    "lost, doubled": _lost,
}


def _backends(results: Results) -> Iterator[Row]:
    for name, cell in _FIGURES.items():
        yield name, *(cell(results[run]) if results[run] else MISSING for run in COLUMNS)


def _history(results: Results) -> Iterator[Row]:
    by_payments: dict[int, dict[str, Found]] = defaultdict(dict)
    for one in at(results[HISTORY], "history") or ():
        by_payments[one["payments"]][one["entity"]] = one
    for payments, entities in by_payments.items():
        compacted = any(one["compacted"] for one in entities.values())
        cells = (
            cell
            for entity in ("card", "merchant")
            for cell in (
                count(at(entities, entity, "state_bytes")),
                count(at(entities, entity, "step_us"), 1),
            )
        )
        yield f"{payments:,}{', compacted' if compacted else ''}", *cells


def _sizing(results: Results) -> Iterator[Row]:
    needs = at(results[SIZING], "needs") or {}
    for each in zip(*(needs[str(load)] for load in LOADS), strict=True):
        values = (need_value(one["value"], one["unit"]) for one in each)
        yield each[0]["name"], *values, each[0]["formula"]


STATE_TABLES: Final = {
    "state": Table(
        ("figure", *(title for title, _ in COLUMNS.values())),
        {run: command for run, (_, command) in COLUMNS.items()},
        _backends,
    ),
    "history": Table(
        ("payments", "card, bytes", "card, us", "merchant, bytes", "merchant, us"),
        {HISTORY: "./cardwatch bench state --history --record"},
        _history,
    ),
    "sizing": Table(
        (
            "a billion cards, ten million merchants",
            *(f"{load:,}/s" for load in LOADS),
            "formula",
        ),
        {SIZING: "./cardwatch bench state --sizing --record"},
        _sizing,
    ),
}
