"""Times of a file: zones, units, orders of day and month, and what a refusal says."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.values.checks import Checks
from producer.values.tally import Tally
from producer.values.time_spellings import calendar_ms
from producer.values.times import TimeRules, time_column
from producer.values.zones import to_utc

ISO = TimeRules()
BERLIN = TimeRules(zone="Europe/Berlin")


def read(values: pa.Array, rules: TimeRules = ISO) -> tuple[list[str | None], list[str], Tally]:
    checks, tally = Checks(len(values)), Tally()
    times = time_column(values, rules, "`timestamp`", checks, tally).to_pylist()
    shown = [
        datetime.fromtimestamp(time / 1000, UTC).isoformat() if good else None
        for time, good in zip(times, checks.good, strict=True)
    ]
    return shown, [sentence for _, sentence in checks.reasons.values()], tally


def test_a_time_without_an_offset_is_one_of_the_zone_that_is_given() -> None:
    texts = pa.array(["2024-07-01 00:30:00", "2024-07-01T00:30:00+02:00", "2024-01-01T00:30:00"])
    found, _, tally = read(texts, BERLIN)
    assert found[0] == found[1] == "2024-06-30T22:30:00+00:00"
    assert found[2] == "2023-12-31T23:30:00+00:00" and not tally.counts


def test_without_a_zone_a_time_is_utc_and_counted() -> None:
    found, _, tally = read(pa.array(["2024-07-01 00:30:00", "2024-07-01T00:30:00+02:00"]))
    assert found == ["2024-07-01T00:30:00+00:00", "2024-06-30T22:30:00+00:00"]
    assert tally.counts == {"no_offset": 1}


def test_the_hour_that_comes_twice_and_the_one_that_is_skipped_are_counted() -> None:
    texts = ["2024-10-27 01:59", "2024-10-27 02:00", "2024-10-27 02:59", "2024-10-27 03:00"]
    found, _, tally = read(pa.array([*texts, "2024-03-31 02:30", "2024-03-31 03:00"]), BERLIN)
    hours = [(time or "")[11:16] for time in found]
    assert hours == ["23:59", "00:00", "00:59", "02:00", "01:30", "01:00"]
    assert tally.counts == {"hour_comes_twice": 2, "hour_is_skipped": 1}


def test_times_of_a_parquet_file_without_a_zone_are_local_too() -> None:
    moment = datetime(2024, 7, 1, 0, 30)  # noqa: DTZ001  a column without a zone
    local = pa.array([moment], pa.timestamp("us"))
    zoned = pa.array([moment.replace(tzinfo=UTC)], pa.timestamp("us", "UTC"))
    assert read(local, BERLIN)[0] == ["2024-06-30T22:30:00+00:00"]
    assert read(zoned, BERLIN)[0] == ["2024-07-01T00:30:00+00:00"]


ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]


def test_a_clock_that_changes_at_one_past_midnight_is_followed_to_the_minute() -> None:
    """Newfoundland's went from 00:01 back to 23:01; from 00:01 on a local time comes once."""
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001  a local time
    moments = (datetime(2010, 11, 7, 0, 0, 30), datetime(2010, 11, 7, 0, 5))  # noqa: DTZ001
    local = np.array([(moment - epoch) // timedelta(milliseconds=1) for moment in moments])
    found = to_utc(local, "America/St_Johns")
    assert ((local - found.times_ms) / 3_600_000).tolist() == [-2.5, -3.5]
    assert (found.twice, found.skipped) == (1, 0)


@given(st.lists(st.datetimes(datetime(2000, 1, 2), datetime(2099, 1, 1))), st.sampled_from(ZONES))  # noqa: DTZ001  local times
def test_local_times_are_those_of_python(moments: list[datetime], zone: str) -> None:
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001  a local time
    local = [(moment - epoch) // timedelta(milliseconds=1) for moment in moments]
    found = to_utc(np.array(local, np.int64), zone).times_ms.tolist()
    expected = [
        int((moment.replace(tzinfo=ZoneInfo(zone)) - epoch.replace(tzinfo=UTC)).total_seconds())
        for moment in moments
    ]
    assert [time // 1000 for time in found] == expected


@pytest.mark.parametrize(
    ("unit", "value", "time"),
    [
        ("d", "1.5", "2017-12-02T12:00:00+00:00"),
        ("h", "25", "2017-12-02T01:00:00+00:00"),
        ("s", "86400", "2017-12-02T00:00:00+00:00"),
        ("s", "86400.0", "2017-12-02T00:00:00+00:00"),
        ("s", "86400,0", "2017-12-02T00:00:00+00:00"),
        ("ms", "1", "2017-12-01T00:00:00.001000+00:00"),
    ],
)
def test_numbers_count_from_a_start(unit: str, value: str, time: str) -> None:
    start_ms = int(datetime(2017, 12, 1, tzinfo=UTC).timestamp() * 1000)
    rules = TimeRules(unit, start_ms)  # type: ignore[arg-type]  # one of the units
    assert read(pa.array([value]), rules)[0] == [time]


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-13 10:05:07",
        "2024-05-13T10:05:07Z",
        "2024-05-13T12:05:07+0200",
        "2024-05-13 12:05:07 +02:00",
        "2024-05-13 10:05:07 UTC",
        "2024/05/13 10:05:07",
        "20240513 10:05:07",
        "13.05.2024 10:05:07",
        "13.5.2024 10:05:07",
        "2024-05-13 10:05:07 AM",
        "2024-05-13, 10:05:07,25",
    ],
)
def test_a_calendar_time_is_read_in_its_common_spellings(text: str) -> None:
    (found,), _, _ = read(pa.array([text, "x"])[:1])
    assert (found or "").startswith("2024-05-13T10:05:07")


@pytest.mark.parametrize(("order", "day"), [("day-first", "03"), ("month-first", "04")])
def test_an_order_says_which_number_is_the_day(order: str, day: str) -> None:
    rules = TimeRules(date_order=order)  # type: ignore[arg-type]  # one of the orders
    (found,), _, _ = read(pa.array(["03/04/2024 12:30 PM"]), rules)
    assert (found or "")[8:16] == f"{day}T12:30"


@pytest.mark.parametrize(
    ("unit", "value", "said"),
    [
        ("iso", "03/04/2024 10:00", "add --date-order day-first or month-first"),
        ("iso", "13/04/2024", "add --date-order day-first or month-first"),
        ("iso", "6/21/20 12:14", "write years with four digits"),
        ("iso", "1714557600", "this looks like seconds: add --timestamp-unit s"),
        ("iso", "1714557600000", "this looks like milliseconds: add --timestamp-unit ms"),
        ("iso", "45413.41", "a spreadsheet's day number"),
        ("s", "45413", "--timestamp-unit d --timestamp-start 1899-12-30"),
        ("s", "1714557600000", "this looks like milliseconds: add --timestamp-unit ms"),
        ("ms", "1714557600", "this looks like seconds: add --timestamp-unit s"),
        ("us", "1714557600000", "this looks like milliseconds: add --timestamp-unit ms"),
        ("ms", "1714557600000000000", "this looks like nanoseconds: add --timestamp-unit ns"),
        ("ms", "1.71456E+12", "scientific notation loses digits"),
        ("s", "86400", "add --timestamp-start"),
        ("s", "2024-05-01", "expected a number (s); --timestamp-unit names the unit"),
        ("iso", "1999-12-31", "a time from 2000-01-01T00:00:00.000Z to 9999-12-31"),
        ("iso", "2024-02-30 10:00", "expected a date and time as in 2018-04-01T12:00:00Z"),
        ("iso", "2024-05-01 24:30", "expected a date and time"),
        ("iso", "2024-05-01 13:30 PM", "expected a date and time"),
        ("iso", "20121005112", "expected a date and time"),
        ("iso", "soon", "check the column and its unit"),
    ],
)
def test_a_time_that_is_refused_says_what_it_looks_like(unit: str, value: str, said: str) -> None:
    found, sentences, _ = read(pa.array([value]), TimeRules(unit))  # type: ignore[arg-type]
    assert found == [None]
    assert said in sentences[0]


def test_a_spreadsheets_day_number_is_read_as_the_refusal_advises() -> None:
    start = datetime(1899, 12, 30, tzinfo=UTC)
    rules = TimeRules("d", int(start.timestamp() * 1000))
    assert read(pa.array(["45413.5"]), rules)[0] == ["2024-05-01T12:00:00+00:00"]


@given(st.text(alphabet="0123456789-/.:, TZ+APM", max_size=24))
def test_no_text_raises(text: str) -> None:
    calendar_ms(text, "day-first")


def test_local_times_beyond_every_calendar_are_refused() -> None:
    days = pa.array([-(2**40), 2**40, 19_800 * 86_400]).cast(pa.timestamp("s"))
    found, sentences, _ = read(days, BERLIN)
    assert found == [None, None, "2024-03-17T23:00:00+00:00"]
    assert "a time from 2000-01-01" in sentences[0]
