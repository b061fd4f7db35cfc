"""The rows of a file before they are payments, and what every reader of a kind of file offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from producer.files.form import Account
from producer.files.layouts import Layout
from producer.values.rejects import RejectHandler

SAMPLE_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Columns of a file under the names of their fields, and the rows' numbers, from 1."""

    columns: Mapping[str, pa.Array]
    rows: npt.NDArray[np.int64]


class Rows(Protocol):
    """A file of one kind, opened and found to fit its layout.

    Attributes:
        described: What the file was recognised as, such as "CSV: delimiter ;".
        layout: The layout as it fits this file.
        semicolons: Whether values are separated as where decimals have a comma.
    """

    described: str
    layout: Layout
    semicolons: bool

    def sample(self) -> Mapping[str, pa.Array]:
        """Return columns of the first rows, to find out how numbers are written."""

    def batches(
        self, batch_rows: int, account: Account, on_reject: RejectHandler
    ) -> Iterator[RawBatch]:
        """Yield every row once: in a batch, or to on_reject. BrokenOffError where it ends."""
