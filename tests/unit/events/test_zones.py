"""Time zones and countries: what exists, whose zone is whose, and clocks of every zone."""

import re
import struct
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.timestamps import EARLIEST_MS, LATEST_MS
from events.zones import ZONE_OF_COUNTRY, ZONES, utc_offset_ms, zone_rules

TABLES = resources.files("tzdata.zoneinfo")
MINUTE_MS = 60_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rows(name: str) -> Iterator[list[str]]:
    """Yield the rows of a table of tzdata."""
    lines = TABLES.joinpath(name).read_text(encoding="utf-8").splitlines()
    return (line.split("\t") for line in lines if not line.startswith("#"))


IN_COUNTRY: dict[str, list[str]] = {}
for country, _place, its_zone, *_ in rows("zone.tab"):
    IN_COUNTRY.setdefault(country, []).append(its_zone)
NOBODY_LIVES_THERE = {"BV", "HM"}


def test_every_country_that_has_a_zone_has_one_of_its_own() -> None:
    countries = {code for code, _ in rows("iso3166.tab")}
    assert set(ZONE_OF_COUNTRY) == countries | {"XK"}
    assert {code for code, zone in ZONE_OF_COUNTRY.items() if zone is None} == NOBODY_LIVES_THERE
    assert countries - NOBODY_LIVES_THERE == set(IN_COUNTRY)
    for code in IN_COUNTRY:
        assert ZONE_OF_COUNTRY[code] in IN_COUNTRY[code], code
    assert set(ZONE_OF_COUNTRY.values()) - {None} <= ZONES


def test_the_zone_is_the_one_with_the_most_people_and_not_the_first_of_the_table() -> None:
    """Lord Howe Island is the first zone of Australia, Fernando de Noronha that of Brazil."""
    chosen = {code for code, zones in IN_COUNTRY.items() if ZONE_OF_COUNTRY[code] != zones[0]}
    assert chosen == {"AU", "BR", "CA", "CD", "PS", "RU", "UA", "UZ"}
    assert ZONE_OF_COUNTRY["AU"] == "Australia/Sydney"
    assert ZONE_OF_COUNTRY["BR"] == "America/Sao_Paulo"
    assert ZONE_OF_COUNTRY["US"] == "America/New_York"


def test_a_name_that_is_no_zone_has_no_rules() -> None:
    for name in ("Factory", "europe/berlin", "../zone.tab", "", "CEST"):
        assert name not in ZONES
        with pytest.raises(KeyError):
            zone_rules(name)


def test_a_clock_changes_at_a_whole_minute_and_once_a_day_at_most() -> None:
    """So a day has two offsets and one change: read from the bytes of the rules themselves."""
    for zone in sorted(ZONES):
        changes, rule = changes_and_rule(TABLES.joinpath(zone).read_bytes())
        changes = [change for change in changes if change * 1000 >= EARLIEST_MS]
        assert all(change % 60 == 0 for change in changes), zone
        assert all(later - earlier > 2 * 86_400 for earlier, later in pairwise(changes)), zone
        assert rule and not re.search(r":\d+:", rule), f"seconds in the rule {rule!r} of {zone}"


def test_an_offset_changes_in_the_millisecond_that_the_rules_name() -> None:
    """Every change that tzdata lists since 2000."""
    seen = 0
    for zone in sorted(ZONES):
        changes, _ = changes_and_rule(TABLES.joinpath(zone).read_bytes())
        rules = zone_rules(zone)
        for time_ms in (change * 1000 for change in changes if change * 1000 > EARLIEST_MS):
            for moment in (time_ms - 1, time_ms, time_ms + 1):
                assert utc_offset_ms(zone, moment) == by_the_library(rules, moment), (zone, moment)
            seen += 1
    assert seen > 5_000


def test_an_offset_follows_the_rule_behind_the_listed_changes() -> None:
    """Every hour of a year, for a zone of each rule that there is."""
    zones = {changes_and_rule(TABLES.joinpath(zone).read_bytes())[1]: zone for zone in ZONES}
    first_ms = 2_524_608_000_000
    for zone in zones.values():
        rules = zone_rules(zone)
        for time_ms in range(first_ms, first_ms + 366 * 86_400_000, 3_600_000):
            assert utc_offset_ms(zone, time_ms) == by_the_library(rules, time_ms), (zone, time_ms)


def by_the_library(rules: ZoneInfo, time_ms: int) -> int:
    """Return an offset in ms as the standard library computes it."""
    offset = (EPOCH + timedelta(milliseconds=time_ms)).astimezone(rules).utcoffset()
    assert offset is not None
    return offset // timedelta(milliseconds=1)


def changes_and_rule(data: bytes) -> tuple[list[int], str]:
    """Return the listed changes (s) and the rule behind them, by RFC 8536."""
    at = 0
    for width in (4, 8):
        isut, isstd, leap, times, types, chars = struct.unpack(">6l", data[at + 20 : at + 44])
        first = at + 44
        at = first + times * (width + 1) + types * 6 + chars + leap * (width + 4) + isstd + isut
    changes = list(struct.unpack(f">{times}q", data[first : first + 8 * times]))
    return changes, data[at:].decode().strip()


@given(st.sampled_from(sorted(ZONES)), st.integers(EARLIEST_MS, LATEST_MS - 3 * 86_400_000))
def test_an_offset_is_that_of_the_standard_library(zone: str, time_ms: int) -> None:
    with TABLES.joinpath(zone).open("rb") as file:
        rules = ZoneInfo.from_file(file)
    assert utc_offset_ms(zone, time_ms) == by_the_library(rules, time_ms)


def test_the_first_and_the_last_moment_have_an_offset() -> None:
    """The local time of the last one may be in the year 10000, which datetime does not hold."""
    for zone in sorted(ZONES):
        assert abs(utc_offset_ms(zone, EARLIEST_MS)) <= 15 * 60 * MINUTE_MS, zone
        a_year_before = LATEST_MS - 365 * 86_400_000
        assert utc_offset_ms(zone, LATEST_MS) == utc_offset_ms(zone, a_year_before), zone


def test_the_rules_are_those_of_the_package_and_not_of_the_machine(tmp_path: Path) -> None:
    """A machine with other rules gives the same bits."""
    name = "Asia/Kathmandu"
    (tmp_path / "Asia").mkdir()
    (tmp_path / name).write_bytes(TABLES.joinpath("UTC").read_bytes())
    zone_rules.cache_clear()
    zoneinfo.reset_tzpath([tmp_path])
    try:
        assert EPOCH.astimezone(ZoneInfo.no_cache(name)).utcoffset() == timedelta(0)
        assert utc_offset_ms(name, EARLIEST_MS + 7 * MINUTE_MS) == 345 * MINUTE_MS
    finally:
        zoneinfo.reset_tzpath()
