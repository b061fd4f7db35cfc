"""Kinds of payments that a model is judged on one by one: amount, category, channel, new card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.catalogue import name_of
from features.windows import DAY_MS
from training.arrays import Floats, Ints

MISSING = "not given"
OTHER = "all others"
MOST_VALUES = 12
NEW_CARD_PAYMENTS = 5
_AMOUNT_EDGES = (10.0, 50.0, 100.0, 500.0, 1_000.0)
_COLUMNS = {"merchant_category": "Merchant category", "channel": "Channel"}

Codes = npt.NDArray[np.int8]
Rows = npt.NDArray[np.bool_] | Ints | slice


@dataclass(frozen=True)
class Segments:
    """One way to divide n payments: payment i is of kind ``values[codes[i]]``, codes int8[n]."""

    name: str
    values: tuple[str, ...]
    codes: Codes

    def __getitem__(self, rows: Rows) -> Segments:
        """Keep some payments: a mask, row numbers or a slice."""
        return Segments(self.name, self.values, self.codes[rows])


def table_segments(table: pa.Table) -> tuple[Segments, ...]:
    """Divide payments by those columns of a table in the form of events.table that hold a value.

    >>> table_segments(pa.table({"channel": ["web", None, "pos"]}))[0].values
    ('web', 'pos', 'not given')
    """
    return tuple(
        _by_column(title, table[name])
        for name, title in _COLUMNS.items()
        if name in table.column_names and table[name].null_count < table.num_rows
    )


def feature_segments(names: tuple[str, ...], features: Floats) -> tuple[Segments, ...]:
    """Divide payments by the named columns of float32[n, f]: amount band, new or known card."""
    makers: dict[str, Callable[[Floats], Segments]] = {
        name_of("payment", "amount"): _amount_bands,
        name_of("card", "count", 30 * DAY_MS): _new_cards,
    }
    return tuple(
        make(features[:, names.index(name)]) for name, make in makers.items() if name in names
    )


def _by_column(title: str, column: pa.ChunkedArray) -> Segments:
    """Divide by the values of a text column: the most frequent by name, the rest as one."""
    coded = column.combine_chunks().dictionary_encode()
    codes = np.asarray(coded.indices.fill_null(len(coded.dictionary)), dtype=np.int64)
    values = [*coded.dictionary.to_pylist(), MISSING]
    counts = np.bincount(codes, minlength=len(values))
    order = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code]]
    kept, rest = order[:MOST_VALUES], order[MOST_VALUES:]
    renumber = np.full(len(values), len(kept), dtype=np.int8)
    renumber[kept] = np.arange(len(kept))
    labels = [values[code] for code in kept] + ([OTHER] if rest else [])
    return Segments(title, tuple(labels), renumber[codes])


def _amount_bands(amounts: Floats) -> Segments:
    """Divide by amount in major units; each band ends below its upper edge."""
    labels = [f"below {_AMOUNT_EDGES[0]:,.0f}"]
    labels += [f"{low:,.0f} to {high:,.0f}" for low, high in pairwise(_AMOUNT_EDGES)]
    labels.append(f"{_AMOUNT_EDGES[-1]:,.0f} and more")
    bands = np.searchsorted(_AMOUNT_EDGES, amounts, side="right").astype(np.int8)
    return Segments("Amount, in major units of the reference currency", tuple(labels), bands)


def _new_cards(counts_30d: Floats) -> Segments:
    """Divide by the card's payments in 30 days, of which the payment itself is one."""
    few = f"new: fewer than {NEW_CARD_PAYMENTS} earlier payments in 30 days"
    known = f"known: {NEW_CARD_PAYMENTS} or more"
    return Segments("Card", (few, known), (counts_30d > NEW_CARD_PAYMENTS).astype(np.int8))
