"""Rates files: the European Central Bank's as they are downloaded, and our own JSON form.

The Bank publishes eurofxref-daily.xml and eurofxref.csv (in eurofxref.zip) on each working day.
Our own form says the reference currency too; a bundle carries it.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from events.errors import one_line
from events.money import EXPONENTS
from features.money.rates import Rates, RatesError

ECB: Final = "European Central Bank, euro foreign exchange reference rates"
MAX_BYTES: Final = 1024**2
_FETCH: Final = (
    "download eurofxref-daily.xml of the European Central Bank again, or name another file"
)
_MEND: Final = "mend the file, or download it again"
_SHOWN: Final = 60
_DECIMAL: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_RATE_NAMES: Final = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
_CSV_DAY: Final = "%d %B %Y"
_NOT_QUOTED: Final = "N/A"


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    """Our own form: `rates` are units of a currency for one unit of `base`."""

    reference: str
    base: str
    date: str
    source: str
    rates: msgspec.Raw


class _Pairs(list[tuple[str, Any]]):
    """The names and values of a JSON object, in their order."""


def read_rates(path: Path) -> Rates:
    """Return the rates in a file of the Bank's or of our own form; RatesError says why not."""
    where = str(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        got = error.strerror or str(error)
        raise RatesError("No rates", where, "a file that can be read", got, _FETCH) from None
    return parse_rates(content, where)


def parse_rates(content: bytes, where: str) -> Rates:
    """Return the rates in the bytes of a file; ``where`` names the file in a RatesError."""
    if len(content) > MAX_BYTES:
        raise RatesError("No rates", where, f"at most {MAX_BYTES} bytes", "more", _FETCH)
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise _no_rates(where, f"bytes that are no UTF-8 ({error.reason})") from None
    if text.startswith("<"):
        return _of_xml(text, where)
    if text.startswith("{"):
        return _of_json(text, where)
    return _of_csv(text, where)


def encode_rates(rates: Rates) -> bytes:
    """Return rates in our own form; `parse_rates` makes equal rates of it."""
    quoted = msgspec.Raw(msgspec.json.encode(dict(rates.published)))
    table = _Table(rates.reference, rates.base, rates.date, rates.source, quoted)
    return msgspec.json.format(msgspec.json.encode(table), indent=2) + b"\n"


def _of_xml(text: str, where: str) -> Rates:
    """Read eurofxref-daily.xml; a file of several days is refused, since one day is meant."""
    if "<!" in text.replace("<!--", ""):
        raise _no_rates(where, "a document type, which rates have none of")
    try:
        cubes = list(ET.fromstring(text).iter(_RATE_NAMES))  # noqa: S314  # no entities: see above
    except ET.ParseError as error:
        raise _no_rates(where, f"XML that ends or breaks ({error})") from None
    days = [cube.attrib["time"] for cube in cubes if "time" in cube.attrib]
    quoted = [(one.get("currency", ""), one.get("rate", "")) for one in cubes if _is_quote(one)]
    if not quoted:
        raise _no_rates(where, "XML without a rate")
    if len(days) != 1:
        got = "none" if not days else f"{len(days)} days"
        raise RatesError("No single date", where, "the rates of one day", got, _FETCH)
    return _checked("EUR", "EUR", days[0], ECB, quoted, where)


def _is_quote(cube: ET.Element) -> bool:
    return "currency" in cube.attrib or "rate" in cube.attrib


def _of_csv(text: str, where: str) -> Rates:
    """Read eurofxref.csv: a line of names and a line of values, each with a comma at its end."""
    lines = [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if line]
    if not lines or lines[0][0] != "Date":
        got = repr(one_line(text, _SHOWN)) if text else "an empty file"
        raise _no_rates(where, got)
    if len(lines) != 2 or len(lines[0]) != len(lines[1]):
        got = f"{len(lines) - 1} lines below the names"
        if len(lines) == 2:
            got = f"{len(lines[1])} values for {len(lines[0])} names"
        raise RatesError("No single date", where, "the rates of one day", got, _FETCH)
    names, values = lines
    quoted = [(n, v) for n, v in zip(names[1:], values[1:], strict=True) if n or v]
    day = values[0]
    with suppress(ValueError):  # `_checked` says what is wrong with it
        day = datetime.strptime(day, _CSV_DAY).date().isoformat()  # noqa: DTZ007  # a day alone
    return _checked("EUR", "EUR", day, ECB, [q for q in quoted if q[1] != _NOT_QUOTED], where)


def _of_json(text: str, where: str) -> Rates:
    try:
        table = msgspec.json.decode(text, type=_Table)
        quoted = json.loads(bytes(table.rates), object_pairs_hook=_Pairs)  # keeps equal names
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _no_rates(where, one_line(error, 2 * _SHOWN)) from None
    if not isinstance(quoted, _Pairs) or not all(isinstance(rate, str) for _, rate in quoted):
        raise _no_rates(where, "`rates` that are no object of decimals in quotes")
    return _checked(table.reference, table.base, table.date, table.source, quoted, where)


def _checked(
    reference: str,
    base: str,
    day: str,
    source: str,
    quoted: Iterable[tuple[str, str]],
    where: str,
) -> Rates:
    """Return rates whose currencies, decimals and date have been looked at."""
    published: dict[str, str] = {}
    for code in (reference, base):
        _check_currency(code, where)
    for code, rate in quoted:
        _check_currency(code, where)
        if code in published or code == base:
            got = f"a rate of {code} twice" if code in published else f"a rate of {base} to itself"
            raise RatesError("A rate too many", where, "each currency once", got, _MEND)
        if not _DECIMAL.fullmatch(rate) or not float(rate):
            got = repr(one_line(rate, _SHOWN))
            what = f"An impossible rate of {code}"
            raise RatesError(what, where, "a decimal above 0, such as 1.1269", got, _MEND)
        published[code] = rate
    try:
        when = date.fromisoformat(day)
    except ValueError:
        got = repr(one_line(day, _SHOWN)) if day else "none"
        raise RatesError("No date", where, "a day such as 2026-10-06", got, _MEND) from None
    try:
        return Rates(reference, base, when, source, published)
    except RatesError as error:
        raise error.at(where) from None


def _check_currency(code: str, where: str) -> None:
    if code not in EXPONENTS:
        got = repr(one_line(code, _SHOWN))
        raise RatesError("An unknown currency", where, "an ISO 4217 code such as USD", got, _MEND)


def _no_rates(where: str, got: str) -> RatesError:
    wanted = "eurofxref-daily.xml, eurofxref.csv or Cardwatch's own JSON"
    return RatesError("No rates", where, wanted, got, _FETCH)
