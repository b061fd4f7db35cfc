"""A record that could not be used, kept with its bytes, card data masked, and the reason."""

import base64
import re
from typing import Final

import msgspec

from events import fields
from events.card_data.masking import masked_record
from events.errors import EventError, refuse, show
from events.topics import MIB
from events.wire import decode_event

DEAD_LETTER_VERSION: Final = 1

MAX_KEPT_BYTES: Final = MIB
"""How much of a key, and of a value, a dead letter keeps: all that our own topics take. A topic of
somebody else may hold records that would not fit the topic of dead letters."""
_LOOK_BEYOND: Final = 4_096
"""Bytes behind the cut that are searched for card data too, so that no part of a number stays."""


class DeadLetter(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One refused record: where it stood, its bytes (null where there were none), and why.

    `masked` says that card data in the key or the value was replaced by asterisks, `cut_bytes` how
    many bytes of both were left out at their ends (`MAX_KEPT_BYTES`).
    """

    topic: fields.Topic
    partition: fields.Partition
    offset: fields.Offset
    key_base64: fields.KeyBase64
    value_base64: fields.ValueBase64
    code: fields.RefusalCode
    sentence: fields.RefusalSentence
    time_ms: fields.RecordTimeMs
    masked: fields.Masked = False
    cut_bytes: fields.CutBytes = 0
    schema_version: fields.SchemaVersion = DEAD_LETTER_VERSION

    @property
    def key(self) -> bytes | None:
        """The record's key, card data masked."""
        return None if self.key_base64 is None else base64.b64decode(self.key_base64)

    @property
    def value(self) -> bytes | None:
        """The record's value, card data masked."""
        return None if self.value_base64 is None else base64.b64decode(self.value_base64)


_CARD_DATA: Final = frozenset({"card_number", "card_data"})
_ANY_DIGIT: Final = re.compile(rb"[0-9]")
_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(DeadLetter)


def dead_letter(
    error: EventError,
    *,
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    time_ms: int,
) -> DeadLetter:
    """Return the dead letter for a record that was refused with `error`, without its card data."""
    whole = len(key or b"") + len(value or b"")
    key, value = _beginning(key, _LOOK_BEYOND), _beginning(value, _LOOK_BEYOND)
    hidden_key, hidden_value = masked_record(key, value)
    if error.code in _CARD_DATA and (hidden_key, hidden_value) == (key, value):
        # Refused for what the mask does not find: then no digit may stay.
        hidden_value = None if value is None else _ANY_DIGIT.sub(b"*", value)
    kept_key, kept_value = _beginning(hidden_key), _beginning(hidden_value)
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=offset,
        key_base64=_in_base64(kept_key),
        value_base64=_in_base64(kept_value),
        code=error.code,
        sentence=error.sentence,
        time_ms=time_ms,
        masked=(hidden_key, hidden_value) != (key, value),
        cut_bytes=max(0, whole - len(kept_key or b"") - len(kept_value or b"")),
    )


def _beginning(text: bytes | None, more: int = 0) -> bytes | None:
    return None if text is None else text[: MAX_KEPT_BYTES + more]


def _in_base64(text: bytes | None) -> str | None:
    return None if text is None else base64.b64encode(text).decode("ascii")


def encode_dead_letter(letter: DeadLetter) -> bytes:
    """Return the dead letter as JSON: four bytes for three of the original, and the rest."""
    return _encoder.encode(letter)


def decode_dead_letter(value: bytes) -> DeadLetter:
    """Return the dead letter that `value` holds; EventError where it does not hold one."""
    letter = decode_event(_decoder, value, "dead letter", DEAD_LETTER_VERSION)
    for field, text in (("key_base64", letter.key_base64), ("value_base64", letter.value_base64)):
        try:
            base64.b64decode(text or "")
        except ValueError:
            step = "read it with the release that wrote it"
            raise refuse("bad_value", f"`{field}`", "base64", show(text), step) from None
    return letter
