"""The hour and the weekend of a payment are read from the clock of the cardholder's home."""

from datetime import datetime
from typing import Any, NamedTuple

import pytest

from features.catalogue import CARD_FEATURES, slot
from tests.unit.features.factories import payment
from tests.unit.features.singly import pay_by

HOUR, NIGHT, WEEKEND = (
    slot(CARD_FEATURES, name) for name in ("hour_of_day", "is_night", "is_weekend")
)


class Clock(NamedTuple):
    """What the features say of a moment."""

    hour: int
    night: bool
    weekend: bool


def clock(moment: str, **given: Any) -> Clock:
    """Return the hour, the night and the weekend of a payment at an RFC 3339 time."""
    time_ms = int(datetime.fromisoformat(moment).timestamp()) * 1000
    values = pay_by(None, payment(time_ms, **given)).values
    return Clock(int(values[HOUR]), bool(values[NIGHT]), bool(values[WEEKEND]))


def test_without_a_home_the_clock_is_that_of_utc() -> None:
    assert clock("2024-05-03T23:30:00Z") == Clock(23, night=False, weekend=False)
    assert clock("2024-05-03T23:30:00Z", country="JP") == clock("2024-05-03T23:30:00Z")
    assert clock("2024-05-03T23:30:00Z", home_country="BV") == clock("2024-05-03T23:30:00Z")


def test_the_weekend_begins_at_midnight_at_home() -> None:
    """Friday evening in UTC is Saturday in Berlin, and Friday afternoon in New York."""
    friday = "2024-05-03T22:30:00Z"
    assert clock(friday, home_country="DE") == Clock(0, night=True, weekend=True)
    assert clock(friday, home_country="US") == Clock(18, night=False, weekend=False)
    assert clock("2024-05-06T02:00:00Z", home_country="US").weekend, "Sunday, 22:00"


def test_a_zone_of_the_payment_counts_before_the_home_country() -> None:
    """A cardholder of Germany who lives in Tokyo: both are taken, and the zone is the nearer."""
    both = {"time_zone": "Asia/Tokyo", "home_country": "DE"}
    assert clock("2024-05-03T22:30:00Z", **both).hour == 7
    assert clock("2024-05-03T22:30:00Z", home_country="DE").hour == 0


@pytest.mark.parametrize(
    ("moment", "hour"),
    [
        ("2024-03-31T00:59:59Z", 1),
        ("2024-03-31T01:00:00Z", 3),
        ("2024-10-27T00:30:00Z", 2),
        ("2024-10-27T01:30:00Z", 2),
        ("2024-10-27T02:00:00Z", 3),
    ],
)
def test_an_hour_that_is_skipped_or_comes_twice_is_read_as_the_clock_shows_it(
    moment: str, hour: int
) -> None:
    assert clock(moment, time_zone="Europe/Berlin").hour == hour


@pytest.mark.parametrize(
    ("zone", "before", "after", "hours"),
    [
        ("Asia/Kathmandu", "2024-05-01T18:14:59Z", "2024-05-01T18:15:00Z", (23, 0)),
        ("Asia/Kolkata", "2024-05-01T18:29:59Z", "2024-05-01T18:30:00Z", (23, 0)),
        ("America/St_Johns", "2010-03-14T03:30:59Z", "2010-03-14T03:31:00Z", (0, 1)),
        ("Australia/Lord_Howe", "2024-04-06T14:59:59Z", "2024-04-06T15:00:00Z", (1, 1)),
        ("Pacific/Kiritimati", "2024-05-01T09:59:59Z", "2024-05-01T10:00:00Z", (23, 0)),
        ("Pacific/Pago_Pago", "2024-05-01T10:59:59Z", "2024-05-01T11:00:00Z", (23, 0)),
    ],
)
def test_zones_of_half_hours_and_quarters_and_of_the_date_line(
    zone: str, before: str, after: str, hours: tuple[int, int]
) -> None:
    got = clock(before, time_zone=zone).hour, clock(after, time_zone=zone).hour
    assert got == hours


def test_one_moment_is_three_dates() -> None:
    """At 10:30 UTC on a Saturday it is Sunday on Kiritimati and still Friday on Samoa."""
    saturday = "2024-05-04T10:30:00Z"
    assert clock(saturday, time_zone="Pacific/Kiritimati") == Clock(0, night=True, weekend=True)
    assert clock(saturday, time_zone="Pacific/Pago_Pago") == Clock(23, night=False, weekend=False)
