"""Parquet files: damaged bytes of one, and whole ones whose columns are of any type."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from producer.files.layouts import TIMESTAMP_UNITS
from producer.values.times import TimeRules
from tests.fuzz.draws import Draws
from tests.fuzz.targets.csv_file import FOLDER, OWN, judge

_NAMES: Final = ("card", "at", "sum", "shop", "lat", "lon", "v", "city", "bad")
_MOMENT: Final = datetime(2024, 5, 1, 12, tzinfo=UTC)


def run(data: bytes) -> None:
    """Read a file that is the bytes, or one whose columns they describe."""
    path = FOLDER / "payments.parquet"
    draws = Draws(data)
    if draws.number(1) & 1:
        path.write_bytes(draws.rest())
        judge(path, OWN)
        return
    layout = replace(OWN, times=TimeRules(draws.choice(TIMESTAMP_UNITS)))
    try:
        table = _table(draws)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError):
        return  # no such column can be written
    pq.write_table(table, path)
    judge(path, layout)


def _table(draws: Draws) -> pa.Table:
    rows = draws.number(1) % 4
    columns = {}
    for name in _NAMES:
        kind, value = draws.choice(COLUMNS)
        cells = [value(draws) if draws.number(1) % 5 else None for _ in range(rows)]
        columns[name] = pa.array(cells, kind)
    return pa.table(columns)


def _real(draws: Draws) -> float:
    return draws.choice((0.0, -0.0, 12.34, 1e300, float("nan"), float("inf"), 1714564800.0, 48.5))


def _whole(draws: Draws) -> int:
    return draws.choice((0, 1, -1, 1714564800, 1714564800000, 2**63 - 1, -(2**63), 255))


def _small(draws: Draws) -> int:
    return draws.choice((0, 1, 127))


def _text(draws: Draws) -> str:
    return draws.choice(
        ("c1", "", "2024-05-01", "12.34", "EUR", "true", "\0", "é" * 129, "1e9")
    ) or (draws.text())


def _time(draws: Draws) -> Any:
    return _whole(draws)


COLUMNS: Final[tuple[tuple[pa.DataType, Callable[[Draws], Any]], ...]] = (
    (pa.string(), _text),
    (pa.string(), Draws.text),
    (pa.float64(), _real),
    (pa.int64(), _whole),
    (pa.float32(), lambda draws: draws.choice((0.0, 12.5, 1e30))),
    (pa.int8(), _small),
    (pa.uint64(), lambda draws: abs(_whole(draws))),
    (pa.bool_(), lambda draws: bool(draws.number(1) & 1)),
    (pa.large_string(), _text),
    (pa.binary(), lambda draws: draws.take(draws.number(1) % 8)),
    (pa.date32(), lambda _: _MOMENT.date()),
    (pa.timestamp("s"), _time),
    (pa.timestamp("ns"), _time),
    (pa.timestamp("us", "UTC"), _time),
    (pa.timestamp("ms", "Europe/Vienna"), _time),
    (pa.time64("us"), lambda draws: draws.number(4)),
    (pa.duration("s"), _small),
    (pa.decimal128(20, 2), lambda draws: Decimal(_small(draws))),
    (pa.decimal128(38, 0), lambda draws: Decimal(_whole(draws))),
    (pa.list_(pa.string()), lambda draws: ["c1"] * (draws.number(1) % 3)),
    (pa.struct([("a", pa.int64())]), lambda draws: {"a": draws.number(1)}),
    (pa.dictionary(pa.int32(), pa.string()), _text),
    (pa.null(), lambda _: None),
    (pa.float16(), lambda _: None),
)


def seeds() -> Iterator[bytes]:
    """A small file, and tables with each type in each place."""
    table = pa.table({name: ["1"] for name in _NAMES})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="none", write_statistics=False)
    yield b"\1" + sink.getvalue()
    for kind in range(len(COLUMNS)):
        yield b"\0" + bytes([kind % 5, 1]) + bytes([kind, 1, 1, 1]) * len(_NAMES)
