"""A payment, as the transactions topic carries it and as the rest of the code sees it."""

from typing import Annotated, Final

import msgspec

from events.card import check_card
from events.errors import EventError, refuse, show
from events.money import EXPONENTS, currency_exponent, format_amount, parse_amount
from events.timestamps import epoch_ms, latest_payment_ms
from events.wire import Text, check_printable, is_plain, read_input

MAX_ATTRIBUTES: Final = 256
MAX_ATTRIBUTE_NAME: Final = 64
MAX_FLOAT32: Final = 3.4028234663852886e38

_Latitude = Annotated[float, msgspec.Meta(ge=-90.0, le=90.0)]
_Longitude = Annotated[float, msgspec.Meta(ge=-180.0, le=180.0)]
_Attributes = Annotated[
    dict[
        Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ATTRIBUTE_NAME)],
        Annotated[float, msgspec.Meta(ge=-MAX_FLOAT32, le=MAX_FLOAT32)],
    ],
    msgspec.Meta(max_length=MAX_ATTRIBUTES),
]


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """One validated payment. Times in epoch milliseconds, money in integer minor units.

    Latitude and longitude are in degrees, both or neither. `attributes` are finite and within
    float32. Nothing is checked here: `parse_transaction` and `events.table` check.
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
    attributes: dict[str, float] = msgspec.field(default_factory=dict)

    @property
    def amount(self) -> float:
        """The amount in major units, rounded to the nearest float."""
        return self.amount_minor / 10.0 ** EXPONENTS[self.currency]


class _Wire(msgspec.Struct, gc=False, omit_defaults=True):
    """The payment's JSON form; unknown fields are allowed and skipped."""

    transaction_id: Text
    card_id: Text
    timestamp: int | str
    amount: msgspec.Raw
    currency: str
    merchant_id: Text
    merchant_category: Text | None = None
    channel: Text | None = None
    country: Text | None = None
    city: Text | None = None
    lat: _Latitude | None = None
    lon: _Longitude | None = None
    customer_id: Text | None = None
    device_id: Text | None = None
    ip_token: Text | None = None
    attributes: _Attributes | None = None


_decoder: Final = msgspec.json.Decoder(_Wire)
_encoder: Final = msgspec.json.Encoder()


def parse_transaction(value: bytes | None, key: bytes | None, record_ms: int) -> Transaction:
    """Return the payment in a record of the transactions topic.

    `key` is the record's key and must be the card; `record_ms` is the record's Kafka time, which
    the payment may lead by 24 hours at most. A Kafka time that can be none does not count against
    the payment (`latest_payment_ms`). Unknown fields are accepted. EventError says why not.

    >>> value = (
    ...     b'{"transaction_id":"t1","card_id":"c1","timestamp":"2024-05-01T12:00:00Z",'
    ...     b'"amount":12.34,"currency":"EUR","merchant_id":"m1"}'
    ... )
    >>> parse_transaction(value, b"c1", record_ms=1714564800000).amount_minor
    1234
    """
    wire = read_input(_decoder, value, "payment")
    exponent = EXPONENTS.get(wire.currency)
    if exponent is None:
        exponent = currency_exponent(wire.currency)
    check_card(wire.card_id, key)
    if (wire.lat is None) != (wire.lon is None):
        raise _lone_coordinate(wire)
    if not is_plain(value):  # type: ignore[arg-type]  # read_input refused None
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
        wire.attributes or {},
    )


def encode_transaction(payment: Transaction) -> bytes:
    """Return the payment as JSON, the amount with all its decimals and absent fields left out.

    `parse_transaction` makes an equal payment of it.
    """
    amount = format_amount(payment.amount_minor, currency_exponent(payment.currency))
    wire = _Wire(
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
        payment.attributes or None,
    )
    return _encoder.encode(wire)


def _lone_coordinate(wire: _Wire) -> EventError:
    got = f"lat {show(wire.lat)}, lon {show(wire.lon)}"
    return refuse("bad_coordinates", "`lat`, `lon`", "both or neither", got, "send the pair")


def _check_texts(wire: _Wire) -> None:
    check_printable((name, getattr(wire, name)) for name in _TEXT_FIELDS)
    names = (("attributes", name) for name in wire.attributes or ())
    check_printable(names, code="bad_attributes")


_TEXT_FIELDS: Final = tuple(
    name
    for name in Transaction.__struct_fields__
    if name not in ("timestamp_ms", "amount_minor", "lat", "lon", "attributes")
)
