"""The rows and lines of a file counted a second time, without the reader.

Every test that reads a file of payments to its end is held to these counts: see the fixture in
tests/conftest.py.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest

from producer.files.reading import PaymentFile

_LARGEST = 32 * 1024 * 1024
_UNPACK = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ\0": lzma.decompress}
_BOMS = {
    b"\xff\xfe\0\0": "utf-32-le",
    b"\0\0\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"\xef\xbb\xbf": "latin-1",
}


def check_sums(file: PaymentFile) -> None:
    """Fail where a file that was read to its end has other rows or lines than its account."""
    account = file.account
    content = file.path.read_bytes()
    if content.startswith(b"PAR1"):
        assert account.rows == pq.ParquetFile(file.path).metadata.num_rows
        return
    assert account.lines == lines_in(content, file.form.encoding)
    assert account.lines == account.heading + account.blank + account.breaks + account.rows


def lines_in(content: bytes, encoding: str | None) -> int:
    """Return how many lines a text file has, the last one with or without its end."""
    unpack = next((one for magic, one in _UNPACK.items() if content.startswith(magic)), None)
    content = content if unpack is None else unpack(content)
    given = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding or "", encoding)
    codec = next((one for mark, one in _BOMS.items() if content.startswith(mark)), given)
    text = content.decode(codec or "latin-1").encode().removeprefix("\ufeff".encode())
    if content.startswith(b"\xef\xbb\xbf"):
        text = content[3:]
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return lines.count(b"\n") + (not lines.endswith(b"\n") and bool(lines))


def hold_every_file_to_its_sums(patch: pytest.MonkeyPatch) -> None:
    """Check the sums of every file behind its last batch."""
    batches = PaymentFile.batches

    def checked(file: PaymentFile, *arguments: Any) -> Iterator[Any]:
        yield from batches(file, *arguments)
        if file.path.stat().st_size <= _LARGEST:
            check_sums(file)

    patch.setattr(PaymentFile, "batches", checked)
