"""The one error of this package: a reason code for counting, a sentence for people."""

import reprlib
from typing import Final

from events.card_data.masking import masked_bytes, masked_line

REASONS: Final[dict[str, str]] = {
    "empty": "The record has no value, or only white space.",
    "too_large": "The value is longer than the limit for one event.",
    "not_utf8": "The value is not valid UTF-8.",
    "not_json": "The value is not one JSON document.",
    "too_deep": "The JSON is nested more deeply than any consumer should have to follow.",
    "not_an_object": "The JSON document is not an object.",
    "missing_field": "A required field is absent.",
    "wrong_type": "A field has a value of another JSON type than its own.",
    "bad_identifier": "A text is empty, too long, or holds control characters.",
    "bad_timestamp": "A time cannot be read, has no zone, or lies outside the accepted range.",
    "bad_currency": "The currency is not an ISO 4217 code.",
    "bad_amount": "The amount is not an exact, non-negative, payable number of minor units.",
    "bad_time_zone": "A time zone is not the name of an IANA zone.",
    "bad_home_country": "A home country is not an ISO 3166-1 code in capitals.",
    "bad_coordinates": "A coordinate is off the globe, or stands without its partner.",
    "bad_attributes": "A pass-through attribute has a bad name or a number beyond float32.",
    "card_number": "A text or a number anywhere in the record is a card number, not a token.",
    "card_data": "A verification code, a PIN or track data stands in the record.",
    "id_reused": "Another payment of the card has the same transaction_id.",
    "missing_key": "The record has no key, so its card's order in the topic is not kept.",
    "key_mismatch": "The record's key is not the card that the event names.",
    "bad_version": "The event has a schema version that this release does not read.",
    "bad_value": "A field has the right type and a value outside what it may hold.",
    "bad_features": "A feature vector holds an infinity or is not float32[f].",
    "internal_error": "The job failed at this record, by a fault of its own.",
    "bad_table": "A table of payments lacks a column or has one of another type.",
}
"""Every reason code with its meaning. Codes are stable: dashboards and alerts count them."""

_SHOWN: Final = 60
_LOOKED_AT: Final = 1000
_BRIEF: Final = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = _LOOKED_AT


class EventError(ValueError):
    """A refused event.

    `code` is one of REASONS; `sentence` says what, where, expected, got and the next step. It
    never repeats card data, nor a long run of digits, which might be a card number.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


def refuse(code: str, where: str, expected: str, got: str, next_step: str) -> EventError:
    """Return the error for one refusal; the caller raises it.

    >>> str(refuse("bad_currency", "`currency`", "an ISO 4217 code", "'EURO'", "send EUR"))
    "`currency`: expected an ISO 4217 code, got 'EURO'; send EUR."
    """
    if code not in REASONS:
        raise KeyError(f"{code!r} is not one of events.errors.REASONS; add it there first")
    return EventError(code, f"{where}: expected {expected}, got {got}; {next_step}.")


def one_line(text: object, longest: int) -> str:
    r"""Return a text that comes from outside as it may stand in an error: one line, cut, printable.

    >>> one_line("bad row:\n\x00" + "9" * 100, 20)
    'bad row: ?9999999999...'
    """
    line = " ".join(str(text)[: 4 * longest].split())
    line = "".join(one if one.isprintable() else "?" for one in line)
    return line if len(line) <= longest else f"{line[:longest]}..."


def show(value: object) -> str:
    """Return `value` as it may stand in a sentence: short, on one line, card data masked.

    >>> show("4111 1111 1111 1111")
    "'[19 characters of digits]'"
    """
    if isinstance(value, bytes):
        text = repr(masked_bytes(value[:_LOOKED_AT]))
    elif isinstance(value, str):
        text = repr(masked_line(value[:_LOOKED_AT]))
    else:
        text = _BRIEF.repr(value)
    text = masked_line(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
