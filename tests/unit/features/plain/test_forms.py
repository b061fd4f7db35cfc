"""Which payments are plain, form by form; each is held against the ordinary way as well."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from events.timestamps import EARLIEST_MS, LATEST_MS, MAX_AHEAD_MS, format_ms
from events.wire import MAX_EVENT_BYTES
from tests.unit.events.samples import CARD, NOW_MS, full_payment, payment
from tests.unit.features.plain.rule import Case, is_plain, read, written
from tests.unit.features.plain.spellings import RFC_3339

LARGEST_EUR_MINOR = 17_592_186
"""An amount beyond is rounded to be stored, which is not done in compiled code."""


def with_tokens(**tokens: str) -> bytes:
    return written(payment(), **tokens)


def placed(lat: str, lon: str = "7.25") -> bytes:
    return with_tokens(lat=lat, lon=lon)


FULL = full_payment(city="Koeln", attributes=..., time_zone=...)
SPACED = json.dumps(FULL).encode()
WHOLE = with_tokens()
HEAD, TAIL = WHOLE[:1], WHOLE[1:]

PLAIN = {
    "least": WHOLE,
    "full": written(FULL),
    "a blank behind each mark": SPACED,
    "indented": json.dumps(FULL, indent=2).encode(),
    "blanks around": b" \t\r\n" + WHOLE + b" \n",
    "another order": written(dict(reversed(FULL.items()))),
    "nulls": written(FULL | dict.fromkeys(["city", "lat", "lon", "time_zone", "home_country"])),
    "longest texts": with_tokens(merchant_id=f'"{"m" * 128}"', city=f'"{"c" * 128}"'),
    "longest id": with_tokens(transaction_id=f'"{"t" * (127 - len(CARD))}"'),
    "city with the hash of none": with_tokens(city='"city-29784"'),
    "id and card with the hash of none": with_tokens(transaction_id='"tx-6559785"'),
    "every other mark": with_tokens(city='"!#$%&()*+,-./:;<=>?@^_`|~\'"'),
    "delete, a separator of digits": with_tokens(city='"a\x7fb"'),
    "11 digits": with_tokens(device_id='"device-12345678901"'),
    "11 digits, a letter, 11 digits": with_tokens(city='"12345678901x12345678901"'),
    "11 digits, a colon, 11 digits": with_tokens(city='"12345678901:12345678901"'),
    "digits of two texts": with_tokens(city='"12345678901"', channel='"12345678901"'),
    "digits of text and time": with_tokens(merchant_id='"12345678901"'),
    "letters of a code apart": with_tokens(city='"c1v2c"', channel='"cv"', country='"c"'),
    "letters of a code turned": with_tokens(city='"vcv x cvx ccv x v"'),
    "earliest time": with_tokens(timestamp=str(EARLIEST_MS)),
    "latest time": with_tokens(timestamp=str(NOW_MS + MAX_AHEAD_MS)),
    "RFC 3339": with_tokens(timestamp='"2024-05-01T11:59:59Z"'),
    "RFC 3339 with an offset": with_tokens(timestamp='"2024-05-01T13:59:59.123456+02:00"'),
    "RFC 3339 with nine digits": with_tokens(timestamp='"2024-05-01T11:59:59.123999999Z"'),
    "RFC 3339 without seconds' zero": with_tokens(timestamp='"2024-05-01T11:59:59.5-00:30"'),
    "earliest time of RFC 3339": with_tokens(timestamp='"2000-01-01T00:00:00Z"'),
    "leap day": with_tokens(timestamp='"2024-02-29T00:00:00Z"'),
    "leap day of 2000": with_tokens(timestamp='"2000-02-29T23:59:59.999Z"'),
    "largest without a rate": with_tokens(amount="10995116277.75", currency='"IRR"'),
    "no amount": with_tokens(amount="0"),
    "whole amount": with_tokens(amount="12"),
    "one decimal": with_tokens(amount="12.5"),
    "zeros behind": with_tokens(amount="12.3400"),
    "amount in quotes": with_tokens(amount='"12.34"'),
    "yen with decimals": with_tokens(amount="12.00", currency='"JPY"'),
    "dinar": with_tokens(amount="1.234", currency='"KWD"'),
    "largest amount": with_tokens(amount=f"{LARGEST_EUR_MINOR / 100:.2f}"),
    "without a rate": with_tokens(amount="12", currency='"XAF"'),
    "integers as degrees": placed("-90", "180"),
    "degrees of 15 digits": placed("51.3518412345678", "-12.4000612345678"),
    "degrees of a double": placed("51.351841234567893", "-172.40006123456789"),
    "degrees of 18 digits": placed("51.3518412345678931"),
    "degrees with one blank": placed(" 51.3518412345678 "[:-1]),
    "zero degrees": placed("0", "0.000"),
    "country without a zone": with_tokens(home_country='"BV"'),
    "Kosovo": with_tokens(home_country='"XK"'),
}

NOT_PLAIN = {
    "empty": b"",
    "nothing in it": b"{}",
    "cut": WHOLE[:-1],
    "no brace": TAIL,
    "another mark than the brace": b"(" + TAIL,
    "another mark than the closing brace": WHOLE[:-1] + b"]",
    "another mark than the colon": WHOLE.replace(b":", b"=", 1),
    "list": b"[" + WHOLE + b"]",
    "more behind": WHOLE + b"{}",
    "byte 0 behind": WHOLE + b"\0",
    "comma behind the last": WHOLE[:-1] + b",}",
    "comma in front": HEAD + b"," + TAIL,
    "form feed": b"\f" + WHOLE,
    "byte order mark": b"\xef\xbb\xbf" + WHOLE,
    "no colon": WHOLE.replace(b":", b"", 1),
    "too large": WHOLE + b" " * MAX_EVENT_BYTES,
    "field twice": HEAD + b'"currency":"USD",' + TAIL,
    "null and field": HEAD + b'"city":null,"city":"x",' + TAIL,
    "unknown field": HEAD + b'"loyalty":"x",' + TAIL,
    "attributes": HEAD + b'"attributes":null,' + TAIL,
    "escape in a name": WHOLE.replace(b"card_id", b"card_i\\u0064"),
    **{f"{odd} for null": with_tokens(city=odd) for odd in ("aull", "nall", "nukl", "nulk")},
    "null cut": with_tokens(city="nul"),
    "null for a card": with_tokens(card_id="null"),
    "null for a time": with_tokens(timestamp="null"),
    "number for a text": with_tokens(city="1"),
    "text for a coordinate": placed('"51"'),
    "time zone": with_tokens(time_zone='"Europe/Berlin"'),
    **{f"without {name}": written(payment(**{name: ...})) for name in payment()},
    "empty text": with_tokens(city='""'),
    "129 characters": with_tokens(city=f'"{"c" * 129}"'),
    "id and card too long": with_tokens(transaction_id=f'"{"t" * (128 - len(CARD))}"'),
    "another script": with_tokens(city='"Köln"'),
    "escape": with_tokens(city='"K\\u00f6ln"'),
    "escaped quote": with_tokens(city='"K\\"ln"'),
    "control character": with_tokens(city='"K\x1fln"'),
    **{f"{mark} in a text": with_tokens(city=f'"a{mark}b"') for mark in "{}[]"},
    "12 digits": with_tokens(device_id='"device-123456789012"'),
    "12 digits apart": with_tokens(city='"1 2-3_4.5,6/7|8~9\'0`1*2"'),
    "12 digits with a plus and a delete": with_tokens(city='"123456+789\x7f012"'),
    "letters of a code": with_tokens(city='"my cvv"'),
    "letters of a code in capitals": with_tokens(city='"CVC2"'),
    "letters of a code apart": with_tokens(city='"a c-v.c"'),
    "letters of a code twice begun": with_tokens(city='"cccvv"'),
    "card in the transaction's id": with_tokens(transaction_id='"4111111111111111"'),
    "one before the earliest": with_tokens(timestamp=str(EARLIEST_MS - 1)),
    "one behind the latest": with_tokens(timestamp=str(NOW_MS + MAX_AHEAD_MS + 1)),
    "seconds": with_tokens(timestamp="1714564800"),
    "negative time": with_tokens(timestamp="-1714564800000"),
    "time with a zero in front": with_tokens(timestamp="01714564800000"),
    "time with a fraction": with_tokens(timestamp="1714564799000.0"),
    "digits of a time with a fraction": with_tokens(timestamp="171456479900.0"),
    "time with an exponent": with_tokens(timestamp="1714564799000e0"),
    "time in quotes": with_tokens(timestamp='"1714564799000"'),
    "RFC 3339 without a zone": with_tokens(timestamp='"2024-05-01T11:59:59"'),
    "RFC 3339 with a small t": with_tokens(timestamp='"2024-05-01t11:59:59Z"'),
    "RFC 3339 of a card's length": with_tokens(timestamp='"2024-05-01T11:59:59.12345678+00:00"'),
    "no fraction": with_tokens(timestamp='"2024-05-01T11:59:59.Z"'),
    "offset without colon": with_tokens(timestamp='"2024-05-01T11:59:59+0200"'),
    "offset with a dash": with_tokens(timestamp='"2024-05-01T11:59:59+02-00"'),
    "offset without a sign": with_tokens(timestamp='"2024-05-01T11:59:59 02:00"'),
    "digit behind an offset": with_tokens(timestamp='"2024-05-01T11:59:59+02:000"'),
    "offset of a day": with_tokens(timestamp='"2024-05-01T11:59:59+24:00"'),
    "offset of 60 minutes": with_tokens(timestamp='"2024-05-01T11:59:59+01:60"'),
    "offset in letters": with_tokens(timestamp='"2024-05-01T11:59:59+0x:00"'),
    "no such month": with_tokens(timestamp='"2023-13-01T11:59:59Z"'),
    "month zero": with_tokens(timestamp='"2023-00-01T11:59:59Z"'),
    "no such day": with_tokens(timestamp='"2023-04-31T11:59:59Z"'),
    "day zero": with_tokens(timestamp='"2023-04-00T11:59:59Z"'),
    "no leap year": with_tokens(timestamp='"2023-02-29T11:59:59Z"'),
    "hour 24": with_tokens(timestamp='"2023-04-30T24:00:00Z"'),
    "minute 60": with_tokens(timestamp='"2023-04-30T23:60:00Z"'),
    "leap second": with_tokens(timestamp='"2016-12-31T23:59:60Z"'),
    **{
        f"{mark} in a time": with_tokens(
            timestamp='"' + "2024-05-01T11:59:59Z".replace(*mark, 1) + '"'
        )
        for mark in (
            ("-", "/"),
            ("-01", "/01"),
            ("T", " "),
            (":", "."),
            (":59Z", ".59Z"),
            ("0", "o"),
        )
    },
    "negative amount": with_tokens(amount="-1"),
    "amount with a zero in front": with_tokens(amount="012.34"),
    "amount without a whole": with_tokens(amount=".5"),
    "amount with a bare point": with_tokens(amount="5."),
    "amount with an exponent": with_tokens(amount="1e2"),
    "amount with two points": with_tokens(amount="1.2.3"),
    "amount with a comma": with_tokens(amount='"12,34"'),
    "amount with another quote": with_tokens(amount='"12.34`'),
    "amount with half a quote": with_tokens(amount='"12.34'),
    "blank in an amount": with_tokens(amount='"12.34 "'),
    "12 digits in quotes": with_tokens(amount='"1234567890.12"', currency='"IRR"'),
    "12 digits in a whole amount": with_tokens(amount="123456789012", currency='"XAF"'),
    "too many decimals": with_tokens(amount="12.345"),
    "decimals of yen": with_tokens(amount="12.5", currency='"JPY"'),
    "beyond what is stored exactly": with_tokens(amount=f"{(LARGEST_EUR_MINOR + 1) / 100:.2f}"),
    "whole beyond what is stored exactly": with_tokens(amount=f"{LARGEST_EUR_MINOR // 100 + 1}"),
    "an amount beyond an int64": with_tokens(amount="1844674407370955.2", currency='"CLF"'),
    "over the largest without a rate": with_tokens(amount="10995116277.76", currency='"IRR"'),
    "unknown currency": with_tokens(currency='"ZZZ"'),
    "nothing in an unknown currency": with_tokens(amount="0", currency='"ZZZ"'),
    "small letters": with_tokens(currency='"eur"'),
    "mark before A": with_tokens(currency='"B@N"'),
    "letter behind Z": with_tokens(currency='"EU["'),
    "two letters": with_tokens(currency='"EU"'),
    "four letters": with_tokens(currency='"EURO"'),
    "latitude alone": with_tokens(lat="51.5"),
    "longitude alone": with_tokens(lon="51.5"),
    "latitude and null": placed("51.5", "null"),
    "off the globe": placed("90.00001"),
    "off the globe in the south": placed("-90.00001"),
    "beyond the date line": placed("1", "180.0001"),
    "beyond the date line in the west": placed("1", "-180.0001"),
    "minus zero": placed("-0"),
    "minus zero with decimals": placed("-0.00"),
    "minus alone": placed("-"),
    "plus": placed("+1"),
    "degrees with an exponent": placed("1e1"),
    "degrees of 19 digits": placed("51.35184123456789312"),
    "long degrees behind two blanks": placed("  51.3518412345678"),
    "long degrees with a blank behind": placed("51.3518412345678 "),
    "long degrees before two blanks": with_tokens(lat="51.3518412345678", lon="7").replace(
        b',"lon"', b',  "lon"'
    ),
    "degrees with a last bit in doubt": placed("1.5844052215989054"),
    "degrees with a last bit in the same doubt": placed("8.4797305451005629"),
    "country in small letters": with_tokens(home_country='"de"'),
    "country with a mark before A": with_tokens(home_country='"B@"'),
    "no such country": with_tokens(home_country='"UK"'),
    "country of three letters": with_tokens(home_country='"DEU"'),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain(name: str) -> None:
    assert is_plain(PLAIN[name])


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_left_to_the_ordinary_way(name: str) -> None:
    assert not is_plain(NOT_PLAIN[name])


@pytest.mark.parametrize("key", [None, b"", b"card-471", b"card-47111", b"card-4712", b"xard-4711"])
def test_the_key_is_the_card(key: bytes | None) -> None:
    assert not is_plain(WHOLE, key=key)


@pytest.mark.parametrize(
    ("record_ms", "last_ms"),
    [
        (-1, LATEST_MS),
        (EARLIEST_MS - 1, LATEST_MS),
        (EARLIEST_MS, EARLIEST_MS + MAX_AHEAD_MS),
        (LATEST_MS - MAX_AHEAD_MS, LATEST_MS),
        (LATEST_MS, LATEST_MS),
        (2**63 - 1, LATEST_MS),
        (-(2**63), LATEST_MS),
    ],
)
def test_a_payment_leads_its_record_by_a_day_at_most(record_ms: int, last_ms: int) -> None:
    latest = with_tokens(timestamp=f'"{format_ms(last_ms)}"')
    assert is_plain(latest, time_ms=record_ms)
    if last_ms < LATEST_MS:
        later = with_tokens(timestamp=f'"{format_ms(last_ms + 1)}"')
        assert not is_plain(later, time_ms=record_ms)


@pytest.mark.parametrize(
    ("day", "exists"),
    [("2096-02-29", True), ("2100-02-29", False), ("2100-03-01", True), ("2400-02-29", True)],
)
def test_years_of_a_century_have_no_leap_day(day: str, exists: bool) -> None:
    assert is_plain(with_tokens(timestamp=f'"{day}T00:00:00Z"'), time_ms=-1) is exists


@given(RFC_3339)
def test_times_of_rfc_3339_are_plain(text: str) -> None:
    assert is_plain(with_tokens(timestamp=f'"{text}"'))


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_doubles_as_degrees_are_nearly_all_plain(lat: float, lon: float) -> None:
    """One of some hundreds with 17 digits is in doubt."""
    read([Case(placed(f"{lat:.{digits}f}", f"{lon:.{digits}f}")) for digits in range(18)])


def test_the_hashes_of_none() -> None:
    assert xxh3_64_intdigest("city-29784") >> 48 == 0
    assert xxh3_64_intdigest(f"{CARD}\ntx-6559785") >> 40 == 0


def test_no_record_is_no_payment() -> None:
    assert read([]) == []
    assert read([Case(None), Case(WHOLE), Case(None, None)]) == [False, True, False]
