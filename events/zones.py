"""Time zones and countries of cardholders: the names that exist, and the clocks of their zones.

Everything comes from the pinned package `tzdata` and nothing from the machine's own files, so that
the stream and a replay on another machine give the same bits (docs/adr/0035-home-time-zone.md).
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from events.errors import EventError, refuse, show

_MINUTE_MS: Final = 60_000
_DAY_MINUTES: Final = 1_440
_DAY_MS: Final = _DAY_MINUTES * _MINUTE_MS
"""Since 2000 every clock has changed at whole minutes, and once a day at most; a test reads all."""
_LAST_MINUTE: Final = 253_402_128_000 // 60
"""Two days before the year 10000, whose local times datetime cannot hold."""
_REMEMBERED_DAYS: Final = 8_192

_NO_ZONE: Final = "Factory"
"""What a machine says whose zone nobody has set."""

_LARGEST: Final = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Lubumbashi",
    "PS": "Asia/Hebron",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}
"""The zone with the most people, where it is not the first of its country in `zone.tab`."""

_BEYOND_ISO: Final = {"XK": "Europe/Belgrade"}
"""Kosovo, which has no code of ISO 3166-1; banks and the European Union write XK."""


def _rows(name: str) -> Iterator[list[str]]:
    """Yield the fields of each row of a table of tzdata."""
    text = resources.files("tzdata.zoneinfo").joinpath(name).read_text(encoding="utf-8")
    return (line.split("\t") for line in text.splitlines() if not line.startswith("#"))


def _zones_of_countries() -> dict[str, str | None]:
    zones: dict[str, str | None] = dict.fromkeys(code for code, _ in _rows("iso3166.tab"))
    for code, _, zone, *_ in _rows("zone.tab"):
        zones[code] = zones[code] or zone
    return dict(sorted((zones | _LARGEST | _BEYOND_ISO).items()))


ZONES: Final = frozenset(
    resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
) - {_NO_ZONE}
"""The names of all IANA time zones, older names included."""

ZONE_OF_COUNTRY: Final[Mapping[str, str | None]] = MappingProxyType(_zones_of_countries())
"""The zone in which most people of a country live, by its ISO 3166-1 alpha-2 code.

None for a country in which nobody lives and that has no zone.
"""


KNOWN_TEXTS: Final[Mapping[str, tuple[str, Collection[str], str]]] = MappingProxyType(
    {
        "time_zone": ("bad_time_zone", ZONES, "an IANA time zone such as Europe/Berlin"),
        "home_country": (
            "bad_home_country",
            ZONE_OF_COUNTRY,
            "an ISO 3166-1 code of two capitals such as DE",
        ),
    }
)
"""What the two fields may hold: the code of a refusal, the texts, and their description."""


@cache
def zone_rules(zone: str) -> ZoneInfo:
    """Return the rules of one of ZONES; KeyError for any other name."""
    if zone not in ZONES:
        raise KeyError(zone)
    with resources.files("tzdata.zoneinfo").joinpath(zone).open("rb") as file:
        return ZoneInfo.from_file(file, key=zone)


def utc_offset_ms(zone: str, time_ms: int) -> float:
    """Return by how many milliseconds a zone's clocks are ahead of UTC at an epoch time.

    >>> summer, winter = 1_720_000_000_000, 1_710_000_000_000
    >>> [utc_offset_ms("Europe/Berlin", time_ms) / 3_600_000 for time_ms in (summer, winter)]
    [2.0, 1.0]
    """
    before, change_ms, after = day_offsets_ms(zone, time_ms // _DAY_MS)
    return before if time_ms < change_ms else after


@lru_cache(_REMEMBERED_DAYS)
def day_offsets_ms(zone: str, day: int) -> tuple[float, int, float]:
    """Return a UTC day's offset before its change, when it changes (ms), and the one behind it.

    A day without a change has two equal offsets. `day` counts from 1970-01-01.

    >>> before, change_ms, after = day_offsets_ms("Europe/Berlin", 19_813)
    >>> before / 3_600_000, change_ms, after / 3_600_000
    (1.0, 1711846800000, 2.0)
    """
    minutes = range(day * _DAY_MINUTES, (day + 1) * _DAY_MINUTES + 1)
    before, after = _offset_ms(zone, minutes[0]), _offset_ms(zone, minutes[-1])
    if before == after:
        return before, 0, before
    first = bisect_left(minutes, True, key=lambda minute: _offset_ms(zone, minute) != before)
    return before, minutes[first] * _MINUTE_MS, after


def _offset_ms(zone: str, minute: int) -> float:
    moment = datetime.fromtimestamp(min(minute, _LAST_MINUTE) * 60, zone_rules(zone))
    return round((moment.utcoffset() or timedelta()).total_seconds()) * 1_000.0


def unknown_text(field: str, text: str) -> EventError:
    """Return the refusal of a text that KNOWN_TEXTS does not have for its field."""
    code, _, expected = KNOWN_TEXTS[field]
    step = "send it as the standard spells it, or leave the field out"
    return refuse(code, f"`{field}`", expected, show(text), step)
