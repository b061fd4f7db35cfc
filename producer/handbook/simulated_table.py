"""Simulated days as record batches in the form of events.table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from events.table import table_schema
from producer.columns import conform
from producer.handbook.population import GeneratorSettings

CURRENCY = "EUR"
SCENARIO_COLUMN = "fraud_scenario"


@dataclass(slots=True)
class Day:
    """The n payments of one day, ordered by time; scenario is 0 for what is genuine."""

    second: npt.NDArray[np.int64]
    customer: npt.NDArray[np.int32]
    terminal: npt.NDArray[np.int32]
    amount_minor: npt.NDArray[np.int64]
    scenario: npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Names:
    """Names of simulated payments, cards and terminals: string[n] arrays by number.

    The seed stands in a payment's name, so that two simulations in one topic do not repeat
    each other.
    """

    payment_prefix: str
    cards: pa.StringArray
    merchants: pa.StringArray

    @classmethod
    def of(cls, settings: GeneratorSettings) -> Names:
        """Name the cards and terminals of a simulation."""
        cards = pa.array([f"card-{number}" for number in range(settings.customers)])
        merchants = pa.array([f"terminal-{number}" for number in range(settings.terminals)])
        return cls(f"sim{settings.seed}-", cards, merchants)


def to_batch(
    day: Day, names: Names, midnight_ms: int, first_row: int, with_scenario: bool
) -> pa.RecordBatch:
    """Return a day in the form of events.table; first_row numbers its first payment."""
    payments = len(day.second)
    schema = table_schema()
    if with_scenario:
        schema = schema.append(pa.field(SCENARIO_COLUMN, pa.int8()))
    rows = pa.array(np.arange(first_row, first_row + payments))
    columns = {
        "transaction_id": pc.binary_join_element_wise(
            names.payment_prefix, rows.cast(pa.string()), ""
        ),
        "card_id": names.cards.take(pa.array(day.customer)),
        "timestamp_ms": pa.array(midnight_ms + day.second * 1000),
        "amount_minor": pa.array(day.amount_minor),
        "currency": pa.repeat(CURRENCY, payments),
        "merchant_id": names.merchants.take(pa.array(day.terminal)),
        "is_fraud": pa.array(day.scenario > 0),
        SCENARIO_COLUMN: pa.array(day.scenario),
    }
    return conform(columns, schema, payments)
