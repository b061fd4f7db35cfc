"""Reading JSON events: the limits of the wire, and the way from bytes to a checked structure.

The fast path is one decode; what it refuses is looked at again, slowly, for the exact sentence.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Final, Protocol, TypeVar

from msgspec import DecodeError, Meta, ValidationError
from msgspec.json import Decoder

from events.errors import EventError, refuse, show
from events.explain import explain_invalid, explain_malformed

MAX_EVENT_BYTES: Final = 64 * 1024
"""The largest payment or label."""
MAX_DEPTH: Final = 32
"""How deeply JSON may nest, so that every consumer can follow with an ordinary stack."""
MAX_TEXT: Final = 128
"""The longest identifier or text field, in Unicode characters."""

PRINTABLE: Final = r"^[^\u0000-\u001f\u0080-\u009f]*$"
"""The pattern of a text without control characters, for JSON Schemas."""

Text = Annotated[
    str, Meta(min_length=1, max_length=MAX_TEXT, extra_json_schema={"pattern": PRINTABLE})
]

# A text that never ends is taken up to the end of the value: to give it up and look for another
# from each of its quotes would take the square of its length.
_BRACKET: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?+|([\[{])|([\]}])', re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x80-\x9f]")

S = TypeVar("S")


class Versioned(Protocol):
    """An event that carries the version of its schema."""

    @property
    def schema_version(self) -> int:
        """The version that the event was written with."""


V = TypeVar("V", bound=Versioned)


def read_input(
    decoder: Decoder[S], value: bytes | None, what: str, wider: Decoder[S] | None = None
) -> S:
    """Return what `decoder` makes of a value from outside; EventError for everything else.

    What `decoder` refuses is read with `wider`, where that is given. A field given twice counts
    with its last value, as in most JSON readers.
    """
    if not value:
        raise _empty(what)
    if len(value) > MAX_EVENT_BYTES:
        got, step = f"{len(value)} bytes", "send what belongs to the event only"
        raise refuse("too_large", what, f"at most {MAX_EVENT_BYTES} bytes", got, step)
    _check_text(value, what, MAX_DEPTH)
    return _read(decoder, value, what, wider)


def decode_event(
    decoder: Decoder[V], value: bytes, what: str, version: int, max_depth: int = MAX_DEPTH
) -> V:
    """Return an event that this system wrote, of any size, in schema version `version`."""
    if not value:
        raise _empty(what)
    _check_text(value, what, max_depth)
    event = _read(decoder, value, what)
    if event.schema_version != version:
        step = "read it with the release that wrote it"
        got = show(event.schema_version)
        raise refuse("bad_version", f"{what} `schema_version`", str(version), got, step)
    return event


def is_plain(value: bytes) -> bool:
    """Say whether no text in this JSON can hold a control character: a cheap sufficient test."""
    return value.find(b"\\") < 0 and value.isascii()


def check_printable(texts: Iterable[tuple[str, str | None]], code: str = "bad_identifier") -> None:
    """Refuse a control character in any (field, text), so that none reaches a screen or a log."""
    for field, text in texts:
        if text is not None and _CONTROL.search(text):
            step = "remove the control characters at the source"
            raise refuse(code, f"`{field}`", "printable text", show(text), step)


def _check_text(value: bytes, what: str, max_depth: int) -> None:
    if not value.isascii():
        _check_utf8(value, what)
    # Two braces (an event and its attributes) and no bracket: nothing to count. Four scans at
    # memory speed, where counting would cost as much as the decode.
    if value.find(b"[") >= 0 or value.find(b"{", value.find(b"{", 1) + 1) > 0:
        _check_depth(value, what, max_depth)


def _read(decoder: Decoder[S], value: bytes, what: str, wider: Decoder[S] | None = None) -> S:
    try:
        return decoder.decode(value)
    except ValidationError as error:
        if wider is not None:
            return _read(wider, value, what)
        raise explain_invalid(error, value, what) from None
    except DecodeError as error:
        raise explain_malformed(error, value, what) from None
    except RecursionError:
        raise _too_deep(what, MAX_DEPTH, "a caller's stack that is almost full") from None


def _empty(what: str) -> EventError:
    return refuse("empty", what, "a JSON object", "nothing", "send a value with every record")


def _check_utf8(value: bytes, what: str) -> None:
    try:
        value.decode()
    except UnicodeDecodeError as error:
        got = f"byte 0x{value[error.start]:02x} at offset {error.start}"
        raise refuse("not_utf8", what, "UTF-8", got, "encode the value as UTF-8") from None


def _check_depth(value: bytes, what: str, max_depth: int) -> None:
    if value.count(b"{") + value.count(b"[") <= max_depth:
        return
    depth = 0
    for bracket in _BRACKET.finditer(value):
        if bracket[1]:
            depth += 1
            if depth > max_depth:
                raise _too_deep(what, max_depth, f"more at offset {bracket.start()}")
        elif bracket[2]:
            depth -= 1


def _too_deep(what: str, max_depth: int, got: str) -> EventError:
    step = "flatten the event at the source"
    return refuse("too_deep", what, f"at most {max_depth} levels of nesting", got, step)
