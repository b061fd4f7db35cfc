"""The lines of a text file in UTF-8, whatever encoding and line ends it has."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from events.errors import show
from producer.files.form import BrokenOffError
from producer.files.layouts import LayoutError

LONGEST_LINE: Final = 16 * 1024 * 1024
_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with BOM"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_LOOKED_AT: Final = 4096


@dataclass(frozen=True, slots=True)
class Encoding:
    """Encoding of a text: the codec, bytes of a mark in front of the text, and a name."""

    codec: str
    mark: int
    named: str


def encoding_of(path: Path, head: bytes, given: str | None) -> Encoding:
    """Return the encoding of a file from its byte order mark or from what is given, else UTF-8.

    Raises LayoutError where mark and option contradict each other, and for UTF-16 without a mark.
    """
    wanted = None if given is None else codec_named(given)
    for mark, codec, named in _BOMS:
        if head.startswith(mark):
            if wanted is not None and wanted.split("-")[:2] != codec.split("-")[:2]:
                raise LayoutError(
                    f"{path}: expected text in {given}, got the byte order mark of {named}; leave "
                    "out --encoding"
                )
            return Encoding(codec, len(mark), named)
    if wanted is not None:
        codec = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(wanted, wanted)
        return Encoding(codec, 0, "UTF-8" if codec == "utf-8" else codec)
    start = head[:_LOOKED_AT]
    for first, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(start) > 1 and start[first::2].count(0) > 0.4 * len(start) / 2:
            raise LayoutError(
                f"{path}: expected UTF-8, got text that looks like {codec} without a byte order "
                f"mark; say --encoding {codec}"
            )
    return Encoding("utf-8", 0, "UTF-8")


def codec_named(name: str) -> str:
    """Return Python's name of an encoding of text; LayoutError for another name.

    >>> codec_named("Latin-1")
    'iso8859-1'
    """
    try:
        found = codecs.lookup(name)
        "".encode(found.name)
    except (LookupError, ValueError):
        raise LayoutError(
            f"--encoding: expected a name such as utf-8, utf-16, latin-1 or cp1252, got "
            f"{show(name)}; correct the name"
        ) from None
    return found.name.removesuffix("-sig")


def lines_in_blocks(path: Path, parts: Iterator[bytes], encoding: Encoding) -> Iterator[bytes]:
    r"""Yield blocks of whole lines in UTF-8, each line with one \n behind it.

    UTF-8 itself is passed on unchecked: only a value that is used has to be text. Raises
    BrokenOffError behind the last whole line.
    """
    rest = b""
    try:
        for part in _in_utf8(path, parts, encoding):
            rest += part
            whole = rest if not rest.endswith(b"\r") else rest[:-1]
            end = max(whole.rfind(b"\n"), whole.rfind(b"\r")) + 1
            if end:
                yield _same_ends(rest[:end])
                rest = rest[end:]
            if len(rest) > LONGEST_LINE:
                raise BrokenOffError(
                    f"{path}: expected lines of at most {LONGEST_LINE:,} bytes, got a longer one; "
                    "check that it is a text file"
                )
    except BrokenOffError:
        if rest.endswith((b"\r", b"\n")):
            yield _same_ends(rest)
        raise
    if rest:
        yield _same_ends(rest if rest.endswith((b"\r", b"\n")) else rest + b"\n")


def _same_ends(lines: bytes) -> bytes:
    if b"\r" in lines:
        return lines.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return lines


def _in_utf8(path: Path, parts: Iterator[bytes], encoding: Encoding) -> Iterator[bytes]:
    """Yield the text behind the byte order mark in UTF-8."""
    if encoding.codec == "utf-8":
        mark = encoding.mark
        for part in parts:
            yield part[mark:]
            mark = 0
        return
    decoder = codecs.getincrementaldecoder(encoding.codec)("strict")
    mark = encoding.mark
    try:
        for part in parts:
            yield decoder.decode(part[mark:]).encode()
            mark = 0
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding.codec, errors="ignore")
        yield before.encode()
        shown = bytes(error.object[error.start : error.start + 8])
        place = f" behind {show(before[-30:])}" if before else ""
        raise BrokenOffError(
            f"{path}: expected text in {encoding.named}, got the bytes {shown!r}{place}; say the "
            "right --encoding, or mend the file"
        ) from None
