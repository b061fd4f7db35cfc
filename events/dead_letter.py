"""A record that could not be used, kept with its original bytes and the reason."""

import base64
from typing import Final

import msgspec

from events.errors import EventError, refuse, show
from events.wire import decode_event

DEAD_LETTER_VERSION: Final = 1


class DeadLetter(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One refused record: where it stood, its bytes (null where there were none), and why."""

    topic: str
    partition: int
    offset: int
    key_base64: str | None
    value_base64: str | None
    code: str
    sentence: str
    time_ms: int
    schema_version: int = DEAD_LETTER_VERSION

    @property
    def key(self) -> bytes | None:
        """The original key."""
        return None if self.key_base64 is None else base64.b64decode(self.key_base64)

    @property
    def value(self) -> bytes | None:
        """The original value."""
        return None if self.value_base64 is None else base64.b64decode(self.value_base64)


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
    """Return the dead letter for a record that was refused with `error`."""
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=offset,
        key_base64=None if key is None else base64.b64encode(key).decode("ascii"),
        value_base64=None if value is None else base64.b64encode(value).decode("ascii"),
        code=error.code,
        sentence=error.sentence,
        time_ms=time_ms,
    )


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
