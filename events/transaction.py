"""A payment, as the transactions topic carries it and as the rest of the code sees it."""

from collections.abc import Collection
from typing import Annotated, Any, Final

import msgspec

from events import fields
from events.card_data.names import card_data_named
from events.card_data.rules import check_key, refuse_card_data
from events.errors import EventError, refuse, show
from events.fields import Time
from events.money import EXPONENTS, currency_exponent, format_amount, parse_amount
from events.timestamps import epoch_ms, is_milliseconds, latest_payment_ms
from events.wire import PRINTABLE, Text, check_printable, is_plain, read_input
from events.zones import ZONE_OF_COUNTRY, ZONES, unknown_text

MAX_ATTRIBUTES: Final = 256
MAX_ATTRIBUTE_NAME: Final = 64
MAX_FLOAT32: Final = 3.4028234663852886e38

_Latitude = Annotated[float, msgspec.Meta(ge=-90.0, le=90.0)]
_Longitude = Annotated[float, msgspec.Meta(ge=-180.0, le=180.0)]
_Attributes = Annotated[
    dict[
        Annotated[
            str,
            msgspec.Meta(
                min_length=1,
                max_length=MAX_ATTRIBUTE_NAME,
                extra_json_schema={"pattern": PRINTABLE},
            ),
        ],
        Annotated[float, msgspec.Meta(ge=-MAX_FLOAT32, le=MAX_FLOAT32)],
    ],
    msgspec.Meta(max_length=MAX_ATTRIBUTES),
]


class Transaction(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One validated payment. Times in epoch milliseconds, money in integer minor units.

    Latitude and longitude are in degrees, both or neither. `time_zone` and `home_country` are those
    of the cardholder's home: an IANA name, and an ISO 3166-1 alpha-2 code. `attributes` are finite
    and within float32. Nothing is checked here: `parse_transaction` and `events.table` check.
    """

    transaction_id: str
    card_id: str
    timestamp_ms: int
    amount_minor: int
    currency: str
    merchant_id: str
    merchant_category: str | None = None
    channel: str | None = None
    country: str | None = None
    city: str | None = None
    lat: float | None = None
    lon: float | None = None
    customer_id: str | None = None
    device_id: str | None = None
    ip_token: str | None = None
    time_zone: str | None = None
    home_country: str | None = None
    attributes: dict[str, float] = msgspec.field(default_factory=dict)

    @property
    def amount(self) -> float:
        """The amount in major units, rounded to the nearest float."""
        return self.amount_minor / 10.0 ** EXPONENTS[self.currency]


class TransactionJson(msgspec.Struct, gc=False, omit_defaults=True):
    """The payment's fields; unknown ones are allowed and skipped."""

    transaction_id: fields.TransactionId[Text]
    card_id: fields.CardId[Text]
    timestamp: fields.PaymentTime[Time]
    amount: fields.Amount[msgspec.Raw]
    currency: fields.Currency
    merchant_id: fields.MerchantId[Text]
    merchant_category: fields.MerchantCategory[Text | None] = None
    channel: fields.Channel[Text | None] = None
    country: fields.Country[Text | None] = None
    city: fields.City[Text | None] = None
    lat: fields.Latitude[_Latitude | None] = None
    lon: fields.Longitude[_Longitude | None] = None
    customer_id: fields.CustomerId[Text | None] = None
    device_id: fields.DeviceId[Text | None] = None
    ip_token: fields.IpToken[Text | None] = None
    time_zone: fields.TimeZone = None
    home_country: fields.HomeCountry = None
    attributes: fields.Attributes[_Attributes | None] = None


class _Strict(TransactionJson, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """The same without unknown fields, as nearly all payments are."""


_wide_decoder: Final = msgspec.json.Decoder(TransactionJson)
_strict_decoder: Final[msgspec.json.Decoder[TransactionJson]] = msgspec.json.Decoder(_Strict)
_token_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encoder: Final = msgspec.json.Encoder()
FIELDS: Final = frozenset(TransactionJson.__struct_fields__)
"""The names of a payment's own fields in its JSON."""


def parse_transaction(value: bytes | None, key: bytes | None, record_ms: int) -> Transaction:
    """Return the payment in a record of the transactions topic.

    `key` is the record's key and must be the card; `record_ms` is the record's Kafka time, which
    the payment may lead by 24 hours at most. A Kafka time that can be none does not count against
    the payment (`latest_payment_ms`). EventError says why not. Unknown fields are accepted, but
    card data is refused in them as everywhere.

    >>> value = (
    ...     b'{"transaction_id":"t1","card_id":"c1","timestamp":"2024-05-01T12:00:00Z",'
    ...     b'"amount":12.34,"currency":"EUR","merchant_id":"m1"}'
    ... )
    >>> parse_transaction(value, b"c1", record_ms=1714564800000).amount_minor
    1234
    """
    return _checked(
        read_input(_strict_decoder, value, "payment", _wide_decoder), value, key, record_ms
    )


def receive_transaction(
    value: bytes | None, key: bytes | None, record_ms: int, keep: Collection[str] = ()
) -> tuple[Transaction, bytes]:
    """Return the payment as `parse_transaction` does, and its JSON as a decision carries it.

    That is the value byte for byte, or, where it has unknown fields, the rest of it: the known
    fields and those that `keep` names, in their order, each with its value as it was written.
    """
    wire = read_input(_strict_decoder, value, "payment", _wide_decoder)
    payment = _checked(wire, value, key, record_ms)
    assert value is not None
    if isinstance(wire, _Strict):
        return payment, value
    return payment, _without_unknown(value, keep)


def _checked(
    wire: TransactionJson, value: bytes | None, key: bytes | None, record_ms: int
) -> Transaction:
    """Return the payment of a decoded value, which is looked at for card data first."""
    assert value is not None
    refuse_card_data(value, is_milliseconds(wire.timestamp), names=_has_names(wire, value))
    exponent = EXPONENTS.get(wire.currency)
    if exponent is None:
        exponent = currency_exponent(wire.currency)
    check_key(wire.card_id, key)
    if (wire.lat is None) != (wire.lon is None):
        raise _lone_coordinate(wire)
    if wire.time_zone is not None and wire.time_zone not in ZONES:
        raise unknown_text("time_zone", wire.time_zone)
    if wire.home_country is not None and wire.home_country not in ZONE_OF_COUNTRY:
        raise unknown_text("home_country", wire.home_country)
    if not is_plain(value):
        _check_texts(wire)
    return Transaction(
        wire.transaction_id,
        wire.card_id,
        epoch_ms(wire.timestamp, "timestamp", latest_payment_ms(record_ms)),
        parse_amount(bytes(wire.amount), exponent),
        wire.currency,
        wire.merchant_id,
        wire.merchant_category,
        wire.channel,
        wire.country,
        wire.city,
        wire.lat,
        wire.lon,
        wire.customer_id,
        wire.device_id,
        wire.ip_token,
        wire.time_zone,
        wire.home_country,
        wire.attributes or {},
    )


def encode_transaction(payment: Transaction) -> bytes:
    """Return the payment as JSON, the amount with all its decimals and absent fields left out.

    `parse_transaction` makes an equal payment of it.
    """
    amount = format_amount(payment.amount_minor, currency_exponent(payment.currency))
    wire = TransactionJson(
        payment.transaction_id,
        payment.card_id,
        payment.timestamp_ms,
        msgspec.Raw(amount),
        payment.currency,
        payment.merchant_id,
        payment.merchant_category,
        payment.channel,
        payment.country,
        payment.city,
        payment.lat,
        payment.lon,
        payment.customer_id,
        payment.device_id,
        payment.ip_token,
        payment.time_zone,
        payment.home_country,
        payment.attributes or None,
    )
    return _encoder.encode(wire)


def _has_names(wire: TransactionJson, value: bytes) -> bool:
    """Say whether the names in the payment have to be looked at one by one.

    That is so with unknown fields, with an attribute whose name gives card data away, and where
    the attributes may have been given twice: what came first is in the bytes only.
    """
    if not isinstance(wire, _Strict):
        return True
    if wire.attributes is None:
        return value.count(b"{") != 1
    return value.count(b"{") != 2 or any(map(card_data_named, wire.attributes))


def _without_unknown(value: bytes, keep: Collection[str]) -> bytes:
    """Return a payment's JSON with its own fields and those to keep, each value as it stands.

    A value that drops nothing comes back as it is; of a field given twice the last one stays.
    """
    fields: dict[str, Any] = _token_decoder.decode(value)
    kept = {name: token for name, token in fields.items() if name in FIELDS or name in keep}
    return value if len(kept) == len(fields) else _encoder.encode(kept)


def _lone_coordinate(wire: TransactionJson) -> EventError:
    got = f"lat {show(wire.lat)}, lon {show(wire.lon)}"
    return refuse("bad_coordinates", "`lat`, `lon`", "both or neither", got, "send the pair")


def _check_texts(wire: TransactionJson) -> None:
    check_printable((name, getattr(wire, name)) for name in _TEXT_FIELDS)
    names = (("attributes", name) for name in wire.attributes or ())
    check_printable(names, code="bad_attributes")


_TEXT_FIELDS: Final = tuple(
    name
    for name in Transaction.__struct_fields__
    if name not in ("timestamp_ms", "amount_minor", "lat", "lon", "attributes")
)
