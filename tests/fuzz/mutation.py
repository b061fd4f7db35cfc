"""Changes to JSON that keep it JSON: random bytes seldom get past a decoder."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any, Final

_ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 0.5, -0.0, 1e308, 1e-320,
    "", " ", "\0", "\x85", "\u2028", "é" * 129, "x" * 129, "4111111111111111", "../x", "NaN",
    "1e999", "2024-02-30T00:00:00Z", "0001-01-01T00:00:00+23:59", [], {}, [[]], {"": {}},
)  # fmt: skip
_DEEP: Final = 200


def mutate_json(data: bytes, prefix: int, draw: random.Random) -> bytes | None:
    """Return the document behind `prefix` bytes with one to three places changed.

    None where it is no JSON.
    """
    try:
        document = json.loads(data[prefix:])
    except (ValueError, RecursionError):
        return None
    for _ in range(draw.randint(1, 3)):
        document = _changed(document, draw)
    text = json.dumps(document, ensure_ascii=draw.random() < 0.5, separators=(",", ":"))
    if draw.random() < 0.02:
        text = text.replace("null", "[" * _DEEP + "]" * _DEEP, 1)
    return data[:prefix] + text.encode(errors="surrogatepass")


def _changed(value: Any, draw: random.Random) -> Any:
    """Return the value with one place in it changed, the deeper ones as likely as the others."""
    if not value or not isinstance(value, dict | list) or draw.random() < 0.1:
        return _other(value, draw)
    if isinstance(value, list):
        at = draw.randrange(len(value))
        return _LIST_CHANGES[draw.randrange(len(_LIST_CHANGES))](list(value), at, draw)
    name = draw.choice(list(value))
    rest = dict(value)
    kind = draw.randrange(8)
    if kind == 0:
        del rest[name]
    elif kind == 1:
        rest[draw.choice(("", "x", name + "\n", "é" * 70))] = rest.pop(name)
    else:
        rest[name] = _changed(value[name], draw)
    return rest


def _other(value: Any, draw: random.Random) -> Any:
    if isinstance(value, str) and draw.random() < 0.5:
        at = draw.randrange(len(value) + 1)
        return (
            value[:at] + chr(draw.choice((0, 10, 34, 92, 47, 0x85, 0x2028, 0x1F600))) + value[at:]
        )
    if isinstance(value, int | float) and draw.random() < 0.5:
        return draw.choice((-value, value + 1, value * 1000, value / 7))
    return draw.choice(_ODD)


_LIST_CHANGES: Final[tuple[Callable[[list[Any], int, random.Random], Any], ...]] = (
    lambda items, at, _: items[:at] + items[at + 1 :],
    lambda items, at, _: [*items, items[at]],
    lambda items, at, draw: [*items[:at], _changed(items[at], draw), *items[at + 1 :]],
    lambda items, at, draw: [*items[:at], _changed(items[at], draw), *items[at + 1 :]],
    lambda items, _, draw: draw.sample(items, len(items)),
)
