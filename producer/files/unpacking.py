"""The bytes of a file, unpacked: what it is comes from its first bytes, never from its name."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

from producer.files.form import BrokenOffError
from producer.files.layouts import LayoutError

BLOCK_BYTES: Final = 4 * 1024 * 1024
_READ_BYTES: Final = 16 * 1024
"""Packed bytes unpacked at once: what they can grow to stays bounded."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool:
        """Whether a member has been read to its end."""

    @property
    def unused_data(self) -> bytes:
        """The bytes behind a member's end."""

    def decompress(self, data: bytes, /) -> bytes:
        """Return what the next packed bytes hold."""


_PACKINGS: Final[dict[bytes, tuple[str, Callable[[], _Unpacker]]]] = {
    b"\x1f\x8b": ("gzip", lambda: zlib.decompressobj(31)),
    b"BZh": ("bzip2", bz2.BZ2Decompressor),
    b"\xfd7zXZ\0": ("xz", lzma.LZMADecompressor),
}
_UNPACK_ERRORS: Final = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)
PARQUET: Final = b"PAR1"
_REFUSED: Final[dict[bytes, tuple[str, str]]] = {
    b"PK\x03\x04": ("a zip archive", "unpack it first"),
    b"\x28\xb5\x2f\xfd": ("a file packed by zstd", "unpack it first"),
    b"\xd0\xcf\x11\xe0": ("an Excel workbook", "save the sheet as CSV UTF-8"),
    b"Obj\x01": ("an Avro file", "convert it to Parquet or CSV"),
    b"ORC": ("an ORC file", "convert it to Parquet or CSV"),
    b"SQLite format 3": ("an SQLite database", "export the table as CSV"),
}
_EXCEL: Final = (b"[Content_Types].xml", b"xl/", b"_rels/")


def packing_of(path: Path) -> str | None:
    """Return the name of a file's packing, None where it is not packed.

    Raises LayoutError for an archive and for what holds no rows of text.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    refuse_kinds(path, head)
    return next((name for magic, (name, _) in _PACKINGS.items() if head.startswith(magic)), None)


def refuse_kinds(path: Path, head: bytes) -> None:
    """Raise LayoutError where the first bytes are those of a file that holds no rows of text."""
    for magic, (what, step) in _REFUSED.items():
        if head.startswith(magic):
            if magic.startswith(b"PK") and any(name in head for name in _EXCEL):
                what, step = _REFUSED[b"\xd0\xcf\x11\xe0"]
            raise LayoutError(f"{path}: expected CSV, JSON lines or Parquet, got {what}; {step}")


def unpacked(path: Path, packing: str | None) -> Iterator[bytes]:
    """Yield the bytes of a file in blocks of some MB.

    Raises BrokenOffError, behind everything that could be unpacked, where it is damaged.
    """
    with path.open("rb") as file:
        parts = iter(lambda: file.read(BLOCK_BYTES if packing is None else _READ_BYTES), b"")
        if packing is not None:
            make = next(made for name, made in _PACKINGS.values() if name == packing)
            parts = _members(parts, make)
        block: list[bytes] = []
        try:
            for part in parts:
                block.append(part)
                if sum(map(len, block)) >= BLOCK_BYTES:
                    yield b"".join(block)
                    block = []
        except _UNPACK_ERRORS as error:
            yield b"".join(block)
            raise BrokenOffError(
                f"{path}: expected a whole file{f' of {packing}' if packing else ''}, got "
                f"{str(error) or 'an error of reading'}; fetch the file again"
            ) from None
        yield b"".join(block)


def _members(parts: Iterator[bytes], make: Callable[[], _Unpacker]) -> Iterator[bytes]:
    """Unpack every member of an archive; what follows the last one must be padding."""
    unpacker = make()
    for part in parts:
        data = part
        while data:
            if unpacker.eof:
                data = data.lstrip(b"\0")
                if not data:
                    break
                unpacker = make()
            yield unpacker.decompress(data)
            data = unpacker.unused_data if unpacker.eof else b""
    if not unpacker.eof:
        raise EOFError("an archive that ends too early")
