"""The table of payments that are accepted or refused, read by the parser's and schema's tests.

A refused case names its reason code; `SCHEMA` says whether the JSON Schema can refuse it too.
"""

from typing import Any, Final, NamedTuple

from tests.unit.events.samples import NOW_MS, full_payment, payment


class Bad(NamedTuple):
    """A payment that is refused for `code`; `in_schema` where the schema refuses it as well."""

    code: str
    fields: Any
    in_schema: bool = True


GOOD: Final[dict[str, dict[str, Any]]] = {
    "least": payment(),
    "full": full_payment(),
    "nulls": full_payment(city=None, lat=None, lon=None, attributes=None, device_id=None),
    "unknown fields": payment(loyalty={"points": [1, 2, {"x": None}]}),
    "zero amount": payment(amount=0),
    "integer amount": payment(amount=12),
    "amount as text": payment(amount="12.34"),
    "amount with exponent": payment(amount="1e2"),
    "no minor unit": payment(amount=1234, currency="JPY"),
    "three decimals": payment(amount=1.234, currency="KWD"),
    "time in UTC": payment(timestamp="2024-05-01T11:59:59Z"),
    "time with fraction and offset": payment(timestamp="2024-05-01T13:59:59.123456789+02:00"),
    "time with blank": payment(timestamp="2024-05-01 11:59:59z"),
    "a little ahead": payment(timestamp=NOW_MS + 86_400_000),
    "first accepted moment": payment(timestamp=946_684_800_000),
    "longest identifier": payment(transaction_id="é" * 128),
    "corner of the globe": payment(lat=-90, lon=180.0),
    "no attributes": payment(attributes={}),
    "time zone alone": payment(time_zone="Asia/Kathmandu"),
    "older name of a zone": payment(time_zone="US/Eastern"),
    "home country alone": payment(home_country="NP"),
    "country in which nobody lives": payment(home_country="BV"),
    "Kosovo": payment(home_country="XK"),
    "zone of another country": payment(time_zone="Asia/Tokyo", home_country="DE"),
    "neither zone nor home": payment(time_zone=None, home_country=None),
    "whole number attribute": payment(attributes={"n": 3}),
    "most attributes": payment(attributes={f"a{i}": i for i in range(256)}),
}

BAD: Final[dict[str, Bad]] = {
    "null": Bad("not_an_object", None),
    "list": Bad("not_an_object", [payment()]),
    "text": Bad("not_an_object", "payment"),
    "number": Bad("not_an_object", 5),
    **{f"without {name}": Bad("missing_field", payment(**{name: ...})) for name in payment()},
    "numeric card": Bad("wrong_type", payment(card_id=4711)),
    "null card": Bad("wrong_type", payment(card_id=None)),
    "list as city": Bad("wrong_type", payment(city=["Köln"])),
    "number as currency": Bad("wrong_type", payment(currency=978)),
    "true as time": Bad("wrong_type", payment(timestamp=True)),
    "fractional time": Bad("wrong_type", payment(timestamp=1.5)),
    "null time": Bad("wrong_type", payment(timestamp=None)),
    "true as amount": Bad("wrong_type", payment(amount=True)),
    "null amount": Bad("wrong_type", payment(amount=None)),
    "object as amount": Bad("wrong_type", payment(amount={"value": 1})),
    "text as latitude": Bad("wrong_type", payment(lat="50", lon="7")),
    "empty card": Bad("bad_identifier", payment(card_id="")),
    "empty city": Bad("bad_identifier", payment(city="")),
    "oversized identifier": Bad("bad_identifier", payment(transaction_id="x" * 129)),
    "escape sequence": Bad("bad_identifier", payment(merchant_id="m\u001b[2J")),
    "C1 control": Bad("bad_identifier", payment(merchant_id="m\u009b2J")),
    "negative amount": Bad("bad_amount", payment(amount=-0.01)),
    "negative text amount": Bad("bad_amount", payment(amount="-12.34")),
    "NaN as text": Bad("bad_amount", payment(amount="NaN")),
    "infinity as text": Bad("bad_amount", payment(amount="Infinity")),
    "comma": Bad("bad_amount", payment(amount="12,34")),
    "underscore": Bad("bad_amount", payment(amount="1_000")),
    "empty amount": Bad("bad_amount", payment(amount="")),
    "huge amount": Bad("bad_amount", payment(amount=1e300)),
    "too many decimals": Bad("bad_amount", payment(amount=12.345), in_schema=False),
    "decimals of yen": Bad("bad_amount", payment(amount=12.5, currency="JPY"), in_schema=False),
    "over the largest": Bad("bad_amount", payment(amount="10995116277.76"), in_schema=False),
    "huge text amount": Bad("bad_amount", payment(amount="1e400"), in_schema=False),
    "tiny text amount": Bad("bad_amount", payment(amount="1e-999999999"), in_schema=False),
    "unknown currency": Bad("bad_currency", payment(currency="EURO")),
    "small letters": Bad("bad_currency", payment(currency="eur")),
    "no code": Bad("bad_currency", payment(currency="ZZZ")),
    "unknown zone": Bad("bad_time_zone", payment(time_zone="Europe/Atlantis")),
    "zone in small letters": Bad("bad_time_zone", payment(time_zone="europe/berlin")),
    "offset as zone": Bad("bad_time_zone", payment(time_zone="+02:00")),
    "zone that nobody has set": Bad("bad_time_zone", payment(time_zone="Factory")),
    "path as zone": Bad("bad_time_zone", payment(time_zone="../zone.tab")),
    "empty zone": Bad("bad_time_zone", payment(time_zone="")),
    "number as zone": Bad("wrong_type", payment(time_zone=2)),
    "country in small letters": Bad("bad_home_country", payment(home_country="de")),
    "country of three letters": Bad("bad_home_country", payment(home_country="DEU")),
    "no such country": Bad("bad_home_country", payment(home_country="UK")),
    "empty country": Bad("bad_home_country", payment(home_country="")),
    "number as country": Bad("wrong_type", payment(home_country=276)),
    "seconds": Bad("bad_timestamp", payment(timestamp=NOW_MS // 1000)),
    "negative time": Bad("bad_timestamp", payment(timestamp=-1)),
    "before 2000": Bad("bad_timestamp", payment(timestamp=946_684_799_999)),
    "far future": Bad("bad_timestamp", payment(timestamp=NOW_MS + 86_400_001), in_schema=False),
    "integer of 30 digits": Bad("bad_timestamp", payment(timestamp=10**29)),
    "integer in quotes": Bad("bad_timestamp", payment(timestamp=str(NOW_MS))),
    "no zone": Bad("bad_timestamp", payment(timestamp="2024-05-01T12:00:00")),
    "only a date": Bad("bad_timestamp", payment(timestamp="2024-05-01")),
    "no such day": Bad("bad_timestamp", payment(timestamp="2024-02-30T12:00:00Z"), in_schema=False),
    "leap second": Bad("bad_timestamp", payment(timestamp="2016-12-31T23:59:60Z"), in_schema=False),
    "no such zone": Bad("bad_timestamp", payment(timestamp="2024-05-01T12:00:00+0200")),
    "off the globe": Bad("bad_coordinates", payment(lat=90.01, lon=0)),
    "beyond the date line": Bad("bad_coordinates", payment(lat=0, lon=-180.5)),
    "latitude alone": Bad("bad_coordinates", payment(lat=50.0)),
    "longitude with null": Bad("bad_coordinates", payment(lat=None, lon=7.0)),
    "attributes as list": Bad("bad_attributes", payment(attributes=[1.0])),
    "text attribute": Bad("bad_attributes", payment(attributes={"V1": "1.0"})),
    "null attribute": Bad("bad_attributes", payment(attributes={"V1": None})),
    "attribute beyond float32": Bad("bad_attributes", payment(attributes={"V1": 1e39})),
    "attribute without name": Bad("bad_attributes", payment(attributes={"": 1.0})),
    "attribute with long name": Bad("bad_attributes", payment(attributes={"x" * 65: 1.0})),
    "attribute with control": Bad("bad_attributes", payment(attributes={"V\u0007": 1.0})),
    "too many attributes": Bad(
        "bad_attributes", payment(attributes={f"a{i}": i for i in range(257)})
    ),
    "card number": Bad("card_number", payment(card_id="4111111111111111"), in_schema=False),
    "spaced card number": Bad(
        "card_number", payment(card_id="4111 1111 1111 1111"), in_schema=False
    ),
}
