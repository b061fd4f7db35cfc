"""Ids for rows that have none: the digest of their file's content, and the row's number."""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from producer.files.form import BrokenOffError
from producer.files.unpacking import packing_of, unpacked

_DIGEST_BYTES: Final = 8


def file_digest(path: Path) -> str:
    """Return a text that stands for the content of a file, unpacked where it is packed.

    64 bits of BLAKE2b: a file gives the same text under every name, another file another one. Of
    a file that breaks off it is the digest of what can be read.
    """
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    with suppress(BrokenOffError):
        for block in unpacked(path, packing_of(path)):
            digest.update(block)
    return f"f{digest.hexdigest()}"


def row_ids(digest: str, rows: npt.NDArray[np.int64]) -> pa.Array:
    """Return string[n]: the id of each row of a file.

    >>> row_ids("f0a1b", np.array([1, 2])).to_pylist()
    ['f0a1b-1', 'f0a1b-2']
    """
    return pc.binary_join_element_wise(digest, pa.array(rows).cast(pa.string()), "-")
