"""A label: the later finding that a payment was fraud or not."""

from typing import Final

import msgspec

from events import fields
from events.card_data.rules import check_key, refuse_card_data
from events.errors import refuse
from events.fields import Time
from events.timestamps import LATEST_MS, epoch_ms, format_ms, is_milliseconds
from events.wire import Text, check_printable, is_plain, read_input


class Label(msgspec.Struct, frozen=True, gc=False):
    """One label. `timestamp_ms` is the event time of the payment, `label_time_ms` of the label.

    The payment's time may be cut to the second, the minute, the hour or the date.
    """

    transaction_id: str
    card_id: str
    merchant_id: str
    timestamp_ms: int
    is_fraud: bool
    label_time_ms: int
    source: str


class LabelJson(msgspec.Struct, gc=False):
    """The label's JSON form; unknown fields are allowed, looked at and skipped."""

    transaction_id: fields.TransactionId[Text]
    card_id: fields.CardId[Text]
    merchant_id: fields.MerchantId[Text]
    timestamp: fields.LabelledTime[Time]
    is_fraud: fields.IsFraud
    label_time: fields.LabelTime[Time]
    source: fields.Source[Text]


class _Strict(LabelJson, gc=False, forbid_unknown_fields=True):
    """The same without unknown fields, as nearly all labels are."""


_decoder: Final = msgspec.json.Decoder(LabelJson)
_strict_decoder: Final[msgspec.json.Decoder[LabelJson]] = msgspec.json.Decoder(_Strict)
_encoder: Final = msgspec.json.Encoder()


def parse_label(value: bytes | None, key: bytes | None) -> Label:
    """Return the label in a record of the labels topic, keyed by card like its payment.

    A label may lie in the future (a data set's labels are delayed), never before its `timestamp`.
    """
    wire = read_input(_strict_decoder, value, "label", _decoder)
    assert value is not None
    times = is_milliseconds(wire.timestamp) + is_milliseconds(wire.label_time)
    refuse_card_data(value, times, names=not isinstance(wire, _Strict))
    check_key(wire.card_id, key)
    if not is_plain(value):
        _check_texts(wire)
    timestamp_ms = epoch_ms(wire.timestamp, "timestamp", LATEST_MS)
    label_time_ms = epoch_ms(wire.label_time, "label_time", LATEST_MS)
    if label_time_ms < timestamp_ms:
        expected, got = f"a time from {format_ms(timestamp_ms)}", format_ms(label_time_ms)
        step = "check that the two times are not swapped"
        raise refuse("bad_timestamp", "`label_time`", expected, got, step)
    return Label(
        wire.transaction_id,
        wire.card_id,
        wire.merchant_id,
        timestamp_ms,
        wire.is_fraud,
        label_time_ms,
        wire.source,
    )


def encode_label(label: Label) -> bytes:
    """Return the label as JSON; `parse_label` makes an equal label of it."""
    wire = LabelJson(
        label.transaction_id,
        label.card_id,
        label.merchant_id,
        label.timestamp_ms,
        label.is_fraud,
        label.label_time_ms,
        label.source,
    )
    return _encoder.encode(wire)


def _check_texts(wire: LabelJson) -> None:
    names = ("transaction_id", "card_id", "merchant_id", "source")
    check_printable((name, getattr(wire, name)) for name in names)
