"""Strategies of payments as bytes: usual in all their fields, or odd in one of them."""

import json
from datetime import datetime, timedelta, timezone
from typing import Final

from hypothesis import strategies as st

from events.money import EXPONENTS
from events.timestamps import EARLIEST_MS, LATEST_MS, MAX_AHEAD_MS
from events.zones import ZONE_OF_COUNTRY
from features.categories import GROUP_NUMBERS
from features.plain.fields import NAMES, REQUIRED
from tests.unit.events.samples import CARD, NOW_MS
from tests.unit.events.spellings import ISSUED
from tests.unit.features.plain.rule import Case

Texts = st.SearchStrategy[str]


def _quoted(texts: Texts) -> Texts:
    return st.builds(json.dumps, texts, ensure_ascii=st.booleans())


_ODD_TEXTS: Final = st.one_of(
    ISSUED,
    st.text(st.sampled_from("cCvV-_. 0123456789"), max_size=30),
    st.text(st.sampled_from("0123456789 -_.,/\\|~'`*+:;\"{}[]()#\x7f\x00"), max_size=40),
    st.integers(120, 131).map("x".__mul__),
    st.sampled_from(["cvv 123", "c-v-c", "card cvc", "cvx", "vcv", "null", "Köln", "a\u200bb"]),
    st.text(max_size=5),
)
_TEXTS: Final = st.from_regex(r"[a-z]{1,12}-[0-9]{1,9}", fullmatch=True)

_TWO: Final = st.integers(0, 61).map("{:02d}".format)
_DATES: Final = st.builds(
    "{}-{:02d}-{:02d}".format,
    st.sampled_from(["2000", "2004", "2023", "2024", "2024", "1999", "1900", "9999", "0000"]),
    st.integers(0, 13),
    st.integers(0, 32),
)
_ZONES: Final = st.one_of(
    st.just("Z"),
    st.builds("{}{}:{}".format, st.sampled_from("+-"), _TWO, _TWO),
    st.sampled_from(["z", "", "+0200", "-00:00", "+24:00", "+05:75", "+02:00:00", "02:00", "ZZ"]),
)
_FRACTIONS: Final = st.one_of(
    st.just(""), st.integers(0, 10**10).map(".{}".format), st.sampled_from([".", ".000", ".0019"])
)
_ODD_RFC_3339: Final = st.builds(
    "{}{}{}:{}:{}{}{}".format,
    _DATES,
    st.sampled_from(["T", "T", "T", "t", " ", "_"]),
    st.integers(0, 25).map("{:02d}".format),
    _TWO,
    _TWO,
    _FRACTIONS,
    _ZONES,
)
_OFFSETS: Final = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_FIRST, _LAST = (datetime.fromisoformat(day) for day in ("2000-01-02", "2024-05-01"))
RFC_3339: Final = st.builds(
    datetime.isoformat,
    st.datetimes(_FIRST, _LAST, timezones=_OFFSETS),
    timespec=st.sampled_from(["seconds", "milliseconds", "microseconds"]),
).map(lambda text: text.replace("+00:00", "Z"))
"""Times of payments by RFC 3339, as libraries write them."""

_TIMES: Final = st.integers(EARLIEST_MS, NOW_MS + MAX_AHEAD_MS).map(str) | _quoted(RFC_3339)
_ODD_TIMES: Final = st.one_of(
    _quoted(_ODD_RFC_3339),
    st.integers(EARLIEST_MS - 3, EARLIEST_MS).map(str),
    st.integers(NOW_MS + MAX_AHEAD_MS, NOW_MS + MAX_AHEAD_MS + 3).map(str),
    st.integers(0, 2 * LATEST_MS).map(str),
    st.sampled_from(["1714564800000.0", "1.7e12", "-1", "0", "01714564800000", "true", "null"]),
)

_DECIMALS: Final = st.builds(
    "{}.{}".format,
    st.integers(0, 200),
    st.text("0123456789", min_size=1, max_size=18),
)
_ODD_NUMBERS: Final = st.sampled_from(
    ["-0", "-0.0", "0", "0.0", "00.5", ".5", "5.", "1e1", "1E-1", "+1", "--1", "-", "1.2.3", "NaN",
     "1,5", "9007199254740993", "900719925474099.3", "123456789012", "1234567890123456789012",
     "0.000000000000000000001", '"1.5"', '""', '"1', "null", "nul", "{}", "true"]
)  # fmt: skip

AMOUNTS: Final = st.one_of(
    st.integers(0, 10**7).map(str),
    st.decimals(0, 10**6, places=2).map("{:f}".format),
    st.decimals(0, 10**5, places=2).map('"{:f}"'.format),
)
_ODD_AMOUNTS: Final = st.one_of(
    _ODD_NUMBERS,
    _DECIMALS,
    st.integers(0, 2**41).map(str),
    st.decimals(0, 10**10, places=3).map("{:f}".format),
    st.from_regex(r'"?[0-9]{1,13}(\.[0-9]{1,6})?"?', fullmatch=True),
)


def _degrees(most: int) -> Texts:
    return st.one_of(
        st.floats(-most, most).map(repr).filter(lambda number: "e" not in number),
        st.integers(-most, most).map(str),
        st.decimals(-most, most, places=5).map("{:f}".format),
        st.decimals(-most, most, places=13).map("{:f}".format),
    )


_ODD_DEGREES: Final = st.one_of(_ODD_NUMBERS, st.floats(-181, 181).map(str), _DECIMALS)

_USUAL: Final[dict[str, Texts]] = dict.fromkeys(NAMES, _quoted(_TEXTS)) | {
    "card_id": st.just(json.dumps(CARD)),
    "timestamp": _TIMES,
    "amount": AMOUNTS,
    "currency": _quoted(st.sampled_from(["EUR", "USD", "JPY", "KWD", "CLF", *EXPONENTS])),
    "merchant_category": _quoted(st.sampled_from([*filter(None, GROUP_NUMBERS), "54111", "foo"])),
    "lat": _degrees(90),
    "lon": _degrees(180),
    "time_zone": st.just("null"),
    "home_country": _quoted(st.sampled_from(sorted(ZONE_OF_COUNTRY))),
}
_ODD_VALUES: Final = st.sampled_from(["null", "1", '"x"', "[]", "{}", "true", "", '"', "nulll"])
_ODD: Final[dict[str, Texts]] = dict.fromkeys(NAMES, _quoted(_ODD_TEXTS) | _ODD_VALUES) | {
    "timestamp": _ODD_TIMES,
    "amount": _ODD_AMOUNTS,
    "currency": _quoted(st.sampled_from(["ZZZ", "eur", "EURO", "EU", "", "A@A", "A[A", "???"])),
    "lat": _ODD_DEGREES,
    "lon": _ODD_DEGREES,
    "time_zone": _quoted(st.sampled_from(["Europe/Berlin", "Berlin"])),
    "home_country": _quoted(st.sampled_from(["de", "UK", "D", "DEU", "", "[A", "é", "A"])),
}
_UNKNOWN: Final = st.sampled_from(['"x"', '"attributes"', '"City"', '"cvv"', '""', '"lat "', "lat"])
_BLANKS: Final = st.text(" \t\n\r", max_size=3)
_ODD_BLANKS: Final = st.sampled_from(["\f", "x", "\x00", "\u00a0", ",", "}"])
_ODD_KEYS: Final = st.none() | st.binary(max_size=12) | st.sampled_from([b"", CARD[:-1].encode()])
_ODD_RECORD_TIMES: Final = st.sampled_from(
    [-(2**63), -1, 0, EARLIEST_MS - 1, EARLIEST_MS, LATEST_MS - MAX_AHEAD_MS, LATEST_MS, 2**63 - 1]
)
_WHERE: Final = (*NAMES, "twice", "missing", "unknown", "blank", "key", "time")


@st.composite
def payments(draw: st.DrawFn) -> Case:
    """Return a record whose value is a payment, usual but for one place at most."""
    odd = draw(st.none() | st.sampled_from(_WHERE))
    optional = draw(st.sets(st.sampled_from(NAMES[REQUIRED:])))
    if optional & {"lat", "lon"}:
        optional |= {"lat", "lon"}
    names = [*NAMES[:REQUIRED], *(name for name in NAMES if name in optional)]
    if draw(st.booleans()):
        names = draw(st.permutations(names))
    if odd == "twice":
        names.insert(draw(st.integers(0, len(names))), draw(st.sampled_from(NAMES)))
    elif odd == "missing":
        names.pop(draw(st.integers(0, len(names) - 1)))
    members = [(f'"{name}"', draw((_ODD if name == odd else _USUAL)[name])) for name in names]
    if odd == "unknown":
        members.insert(draw(st.integers(0, len(names))), (draw(_UNKNOWN), draw(_ODD_VALUES)))
    blanks = draw(st.lists(_BLANKS, min_size=4, max_size=4) | st.just([""] * 4))
    if odd == "blank":
        blanks[draw(st.integers(0, 3))] = draw(_ODD_BLANKS)
    first, second, third, fourth = blanks
    inner = f"{first},{second}".join(f"{name}{third}:{fourth}{value}" for name, value in members)
    text = f"{first}{{{second}{inner}{third}}}{fourth}"
    key = draw(_ODD_KEYS) if odd == "key" else CARD.encode()
    time_ms = draw(_ODD_RECORD_TIMES) if odd == "time" else NOW_MS
    return Case(text.encode("utf-8", "replace"), key, time_ms)


_BYTES: Final = (
    b"",
    b'"',
    b"\\",
    b"0",
    b"-",
    b".",
    b" ",
    b",",
    b":",
    b"{",
    b"}",
    b"[",
    b"\0",
    b"\x7f",
)


@st.composite
def mutated(draw: st.DrawFn) -> Case:
    """Return a payment with some bytes replaced, added or removed."""
    case = draw(payments())
    value = bytearray(case.value or b"")
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(value)))
        new = draw(st.sampled_from(_BYTES) | st.binary(max_size=1))
        value[at : at + draw(st.integers(0, 1))] = new
    return case._replace(value=bytes(value))
