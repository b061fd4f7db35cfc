"""Reading the files of a bundle: bounded in size, and refused in a sentence whatever they hold."""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from events.errors import one_line

MAX_MANIFEST_BYTES: Final = 16 * 1024**2
MAX_FILE_BYTES: Final = 1024**3
"""The largest graph or archive, packed or not; the shipped ones take less than a megabyte."""

RETRAIN: Final = (
    "train it again with `./cardwatch train`, or use the release that it was trained with"
)
RESTORE: Final = "restore the folder from where it came, or train it again with `./cardwatch train`"
_SHOWN: Final = 300

Arrays = dict[str, npt.NDArray[np.float32]]


class BundleError(ValueError):
    """A bundle that must not score: what is wrong, where, what was wanted, got, and what to do.

    What comes from the bundle is cut to one short line, since nothing vouches for it.
    """

    def __init__(self, what: str, where: Path, wanted: object, got: object, next_step: str) -> None:
        self.what = what
        self.where = where
        self.wanted = one_line(wanted, _SHOWN)
        self.got = one_line(got, _SHOWN)
        self.next_step = next_step
        super().__init__(f"{what} in {where}: wanted {self.wanted}, got {self.got}; {next_step}.")


def is_file_name(name: str) -> bool:
    """Say whether a manifest may name a file so: in the bundle's own folder, and plain to read.

    >>> is_file_name("ensemble.onnx"), is_file_name("../ensemble.onnx"), is_file_name("/etc/passwd")
    (True, False, False)
    """
    plain = name.replace("-", "_").replace(".", "_").replace("_", "a")
    return len(name) <= 128 and plain.isascii() and plain.isalnum() and name not in (".", "..")


def read_file(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """Return the bytes of a file; BundleError where it is larger than the limit, or unreadable."""
    _check_size(path, limit)
    return path.read_bytes()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checked_sha256(path: Path) -> str:
    """Return the SHA-256 of a file of a bundle; BundleError where it is too large to be one."""
    _check_size(path, MAX_FILE_BYTES)
    return file_sha256(path)


def read_arrays(path: Path) -> Arrays:
    """Return the float32 arrays of one or two dimensions in an .npz archive, by name.

    Nothing is allocated by what a header says alone. BundleError where the archive holds anything
    else, or unpacks to more than a file may have.
    """
    raw = read_file(path)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            if size > MAX_FILE_BYTES:
                raise ValueError(f"{size} bytes when unpacked, of {MAX_FILE_BYTES} at most")
            return {
                entry.filename.removesuffix(".npy"): _array(archive.read(entry))
                for entry in entries
            }
    except Exception as error:  # unpacking alone raises a dozen kinds, of four libraries
        wanted = "an archive of float32 arrays"
        got = f"{type(error).__name__}: {error}"
        raise BundleError("Unreadable arrays", path, wanted, got, RESTORE) from error


def _array(content: bytes) -> npt.NDArray[np.float32]:
    """Return the array in the content of an .npy file."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)  # type: ignore[no-untyped-call]
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, in_columns, dtype = read[version](stream)  # type: ignore[no-untyped-call]
    rest = content[stream.tell() :]
    if dtype != np.float32 or not 1 <= len(shape) <= 2 or min(shape) < 0:
        raise ValueError(f"an array {dtype}{list(shape)}")
    if math.prod(shape) * dtype.itemsize != len(rest):
        raise ValueError(f"{len(rest)} bytes for an array {dtype}{list(shape)}")
    return np.frombuffer(rest, np.float32).reshape(shape, order="F" if in_columns else "C")


def _check_size(path: Path, limit: int) -> None:
    """Refuse a file that is too large to be what it is taken for."""
    size = path.stat().st_size
    if size > limit:
        raise BundleError("Oversized file", path, f"at most {limit} bytes", size, RESTORE)
