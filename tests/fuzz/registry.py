"""The targets: what each reads, what it is judged by, and how it is run."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, cast

ROOT: Final = Path(__file__).parents[2]

INTERPRETED: Final = {"NUMBA_DISABLE_JIT": "1"}
"""Kernels as plain Python, so that coverage and NumPy's checks of bounds reach into them."""

CHECKED: Final = {"NUMBA_BOUNDSCHECK": "1"}
"""Kernels compiled with checks of bounds; their machine code needs a cache of its own."""


class TargetModule(Protocol):
    """What a module in `targets` offers."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]


@dataclass(frozen=True)
class Target:
    """One thing that reads bytes.

    ``instrument`` names the packages whose branches guide the fuzzer, ``environment`` is set
    before they are imported, ``share`` is this target's part of the whole time. ``json_from`` is
    where JSON begins in an input, if it is JSON.
    """

    about: str
    instrument: tuple[str, ...]
    max_bytes: int
    share: int
    environment: Mapping[str, str] = field(default_factory=dict)
    json_from: int | None = None


TARGETS: Final[dict[str, Target]] = {
    "payment": Target("records of the transactions topic", ("events",), 65536, 8, json_from=1),
    "label": Target("records of the labels topic", ("events",), 2048, 4, json_from=0),
    "amount": Target("amounts and times in any notation", ("events",), 256, 4),
    "own_event": Target(
        "decisions, alerts, dead letters, receipts", ("events",), 4096, 5, json_from=1
    ),
    "hand_over": Target("what the stages hand each other", ("scoring.messages",), 2048, 2),
    "table": Target("tables of payments", ("events",), 1024, 4),
    "csv_file": Target(
        "CSV files of the producer and of training", ("events", "producer"), 4096, 7
    ),
    "parquet_file": Target(
        "Parquet files of the producer and of training", ("events", "producer"), 8192, 7
    ),
    "mapping": Target("--map, --constant and their kind", ("producer.files.layouts",), 512, 2),
    "card_state": Target(
        "a card's state, compiled kernel",
        ("features.card.transition", "features.state"),
        4096,
        16,
        CHECKED,
    ),
    "card_state_interpreted": Target(
        "a card's state, kernel as Python", ("features",), 2048, 8, INTERPRETED
    ),
    "merchant_state": Target(
        "a merchant's state, compiled kernels",
        ("features.merchant.transition", "features.state"),
        4096,
        12,
        CHECKED,
    ),
    "merchant_state_interpreted": Target(
        "a merchant's state, kernels as Python", ("features",), 2048, 6, INTERPRETED
    ),
    "manifest": Target("a bundle's manifest", ("scoring",), 16384, 8, CHECKED, 0),
    "bundle_file": Target(
        "a bundle's graph, covers and golden rows", ("scoring",), 16384, 8, CHECKED
    ),
    "trees": Target("trees of a graph, and their covers", ("scoring",), 2048, 8, CHECKED),
    "rates_file": Target("files of exchange rates", ("features.money",), 2048, 4),
    "settings_file": Target(
        "JSON that stack/ and tune keep, and what Flink answers",
        ("stack.settings", "stack.clients.flink", "training.evaluation.chosen"),
        4096,
        3,
        json_from=1,
    ),
}


def load(name: str) -> TargetModule:
    """Import a target's module, and with it what it reads with."""
    return cast(TargetModule, importlib.import_module(f"tests.fuzz.targets.{name}"))
