"""Golden values: the Handbook's own columns, for all payments of some customers and terminals."""

from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from features.catalogue import CARD_FEATURES, MERCHANT_FEATURES, slot
from features.windows import DAY_MS
from tests.unit.features.factories import label, payment
from tests.unit.features.singly import pay_at, pay_by, tell_at

DATA: Final = Path(__file__).resolve().parents[4] / "shared" / "data"
SAMPLES: Final = DATA / "samples"
WINDOWS: Final = {"1DAY": "24h", "7DAY": "7d", "30DAY": "30d"}


def read(path: Path, column: str, keys: list[int] | None = None) -> list[dict[str, Any]]:
    """Return the rows of a file whose column is among the keys (None: all), in its order."""
    if not path.exists():
        pytest.skip(f"{path.name} is not there: the data sets are not part of the repository")
    table = pq.read_table(path)
    if keys is not None:
        table = table.filter(pc.is_in(table[column], value_set=pc.unique(pc.cast(keys, "int64"))))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def epoch_ms(row: dict[str, Any]) -> int:
    return int(np.datetime64(row["TX_DATETIME"], "ms").astype("int64"))


def same_within_each_second(
    got: dict[tuple[int, int], list[Any]], expected: dict[tuple[int, int], list[Any]]
) -> None:
    """Compare the vectors of each entity and second as sets: their order is not defined."""
    assert got.keys() == expected.keys()
    for key, vectors in expected.items():
        np.testing.assert_allclose(sorted(got[key]), sorted(vectors), rtol=1e-6, err_msg=str(key))


def test_card_windows_equal_the_handbook() -> None:
    golden = read(SAMPLES / "handbook_customer_windows.parquet", "CUSTOMER_ID")
    customers = sorted({row["CUSTOMER_ID"] for row in golden})
    expected, got = defaultdict(list), defaultdict(list)
    for row in golden:
        columns = [f"CUSTOMER_ID_{kind}_{w}_WINDOW" for w in WINDOWS for kind in KINDS]
        expected[row["CUSTOMER_ID"], epoch_ms(row)].append([row[c] for c in columns])
    slots = [slot(CARD_FEATURES, f"card_{a}_{w}") for w in WINDOWS.values() for a in KINDS.values()]
    states: dict[int, bytes] = {}
    for row in read(DATA / "handbook.parquet", "CUSTOMER_ID", customers):
        customer, amount = row["CUSTOMER_ID"], round(100 * row["TX_AMOUNT"])
        one = payment(epoch_ms(row), row["TRANSACTION_ID"], amount_minor=amount)
        step = pay_by(states.get(customer), one)
        states[customer] = step.state
        got[customer, epoch_ms(row)].append(list(step.values[slots]))
    assert sum(map(len, got.values())) == len(golden) > 7_000
    same_within_each_second(got, expected)


def test_merchant_windows_equal_the_handbook() -> None:
    golden = read(SAMPLES / "handbook_terminal_windows.parquet", "TERMINAL_ID")
    terminals = sorted({row["TERMINAL_ID"] for row in golden})
    expected, got = defaultdict(list), defaultdict(list)
    for row in golden:
        columns = [f"TERMINAL_ID_{kind}_{w}_WINDOW" for w in WINDOWS for kind in ("NB_TX", "RISK")]
        expected[row["TERMINAL_ID"], epoch_ms(row)].append([row[c] for c in columns])
    slots = [
        slot(MERCHANT_FEATURES, f"merchant_delayed_{a}_{w}")
        for w in WINDOWS.values()
        for a in ("count", "fraud_share")
    ]
    states: dict[int, bytes] = {}
    for row in read(DATA / "handbook.parquet", "TERMINAL_ID", terminals):
        terminal, time_ms = row["TERMINAL_ID"], epoch_ms(row)
        amount = round(100 * row["TX_AMOUNT"])
        one = payment(time_ms, row["TRANSACTION_ID"], amount_minor=amount, currency="USD")
        step = pay_at(states.get(terminal), one)
        got[terminal, time_ms].append(list(step.values[slots]))
        told = label(
            time_ms,
            row["TRANSACTION_ID"],
            is_fraud=bool(row["TX_FRAUD"]),
            label_time_ms=time_ms + 7 * DAY_MS,
        )
        states[terminal] = tell_at(step.state, told).state
    assert sum(map(len, got.values())) == len(golden) > 3_500
    same_within_each_second(got, expected)


KINDS: Final = {"NB_TX": "count", "AVG_AMOUNT": "mean"}
