"""Cells of tables: figures with the digits that they deserve, and a dash for a missing one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

MISSING: Final = "-"


def at(figures: Mapping[str, Any], *keys: str) -> Any:
    """Return the value below keys, one for each level; None where a level is missing.

    >>> at({"a": {"b": 1}}, "a", "b"), at({"a": None}, "a", "b")
    (1, None)
    """
    value: Any = figures
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def count(value: float | None, digits: int = 0) -> str:
    """Return a number with commas.

    >>> count(12345.6), count(0.456, 2), count(None)
    ('12,346', '0.46', '-')
    """
    return MISSING if value is None else f"{value:,.{digits}f}"


def figure(value: float | None) -> str:
    """Return a measured value with three digits, or with all digits before the point.

    >>> figure(3.14159), figure(14), figure(1234.5), figure(None)
    ('3.14', '14', '1,234', '-')
    """
    if value is None:
        return MISSING
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def figures(values: Iterable[float | None], unit: str = "") -> str:
    """Return values with commas between them and the unit behind; a dash where there is none.

    >>> figures([3.8, 14, 31], "ms"), figures([None, None])
    ('3.8, 14, 31 ms', '-')
    """
    told = [figure(value) for value in values]
    if all(one == MISSING for one in told):
        return MISSING
    return f"{', '.join(told)} {unit}".strip()


def percentiles(found: Mapping[str, Any] | None, unit: str = "") -> str:
    """Return p50, p99 and p99.9.

    >>> percentiles({"p50": 4.1, "p99": 15.7, "p999": 24}, "ms")
    '4.1, 15.7, 24 ms'
    """
    return figures((at(found or {}, name) for name in ("p50", "p99", "p999")), unit)


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share as a percentage.

    >>> percent(0.107, 1), percent(None)
    ('10.7 %', '-')
    """
    return MISSING if share is None else f"{100 * share:.{digits}f} %"


def change(share: float | None) -> str:
    """Return a change with its sign as a percentage.

    >>> change(0.109), change(-0.5), change(0.0)
    ('+10.9 %', '-50.0 %', '+0.0 %')
    """
    return MISSING if share is None else f"{100 * share:+.1f} %"


def size(value: float | None) -> str:
    """Return a number of bytes with a unit.

    >>> size(312), size(4_500), size(1_234_567_890), size(None)
    ('312 bytes', '4.5 kB', '1.23 GB', '-')
    """
    if value is None:
        return MISSING
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= scale:
            return f"{figure(value / scale)} {unit}"
    return f"{value:,.0f} bytes"
