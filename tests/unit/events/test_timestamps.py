"""Epoch milliseconds and RFC 3339."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import EventError
from events.timestamps import EARLIEST_MS, LATEST_MS, epoch_ms, format_ms

FIRST = datetime(2000, 1, 3)  # noqa: DTZ001  # hypothesis wants naive bounds and adds the zone
LAST = datetime(9999, 12, 29)  # noqa: DTZ001  # the same
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda m: timezone(timedelta(minutes=m)))


@given(st.datetimes(FIRST, LAST, timezones=OFFSETS))
def test_every_offset_and_microsecond(moment: datetime) -> None:
    """Microseconds are cut, never rounded up."""
    expected = (moment - EPOCH) // timedelta(milliseconds=1)
    assert epoch_ms(moment.isoformat(), "timestamp", LATEST_MS) == expected


@given(st.integers(EARLIEST_MS, LATEST_MS))
def test_format_is_read_back(time_ms: int) -> None:
    """What a sentence shows could be sent."""
    assert epoch_ms(format_ms(time_ms), "timestamp", LATEST_MS) == time_ms


@pytest.mark.parametrize(
    ("text", "millis"),
    [("", 0), (".1", 100), (".12", 120), (".9999999", 999), (".000" + "9" * 50, 0)],
)
def test_fractions_are_cut_to_milliseconds(text: str, millis: int) -> None:
    """A payment never moves into the next second."""
    base = epoch_ms("2024-05-01T12:00:00Z", "timestamp", LATEST_MS)
    assert epoch_ms(f"2024-05-01T12:00:00{text}Z", "timestamp", LATEST_MS) == base + millis


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2024-05-01T12:00Z",
        "2024-05-01T12:00:00.Z",
        "2024-05-01T24:00:01Z",
        "2024-05-01T12:00:00+24:00",
        "2024-W18-3T12:00:00Z",
        "20240501T120000Z",
        "0000-01-01T00:00:00Z",
        "2024-05-01T12:00:00Z ",
        "2024-05-01T12:00:00Z\n",
        "٢٠٢٤-05-01T12:00:00Z",
    ],
)
def test_what_is_not_rfc_3339(text: str) -> None:
    """ISO 8601 has more forms than RFC 3339."""
    with pytest.raises(EventError) as caught:
        epoch_ms(text, "timestamp", LATEST_MS)
    assert caught.value.code == "bad_timestamp"


def test_seconds_are_recognised() -> None:
    """The commonest mistake is named in the sentence."""
    with pytest.raises(EventError, match="looks like seconds"):
        epoch_ms(1_714_564_800, "timestamp", LATEST_MS)
    with pytest.raises(EventError, match="without quotes"):
        epoch_ms("1714564800000", "timestamp", LATEST_MS)
