"""Payments that come again under one id: true repeats, and other payments with a known id."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from producer.values.tally import Tally

Hashes = npt.NDArray[np.uint64]

MOST_IDS: Final = 16_000_000
"""Ids that are remembered, 16 bytes for each; later ones are compared with these only."""

_CONTENT: Final = ("card_id", "currency", "merchant_id", "amount_minor", "timestamp_ms")
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)


class Repeats:
    """Looks for ids that come twice, by 64-bit hashes of ids and contents.

    The content is card, time, amount, currency and merchant, which the job compares too. By
    chance one pair of ids in a file of sixteen million has the same hash once in 100,000 files.
    """

    def __init__(self, tally: Tally, most_ids: int = MOST_IDS) -> None:
        self._tally = tally
        self._most_ids = most_ids
        self._known: list[tuple[Hashes, Hashes]] = []

    def watch(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield batches as they are, and count what comes again in them."""
        for batch in batches:
            if batch.num_rows:
                self._look_at(batch)
            yield batch

    def _look_at(self, batch: pa.RecordBatch) -> None:
        ids = _text_hashes(batch.column("transaction_id"), unique=True)
        contents = _content_hashes(batch)
        ids, first, places = np.unique(ids, return_index=True, return_inverse=True)
        kept, new = contents[first], np.ones(len(ids), np.bool_)
        for known_ids, known_contents in self._known:
            at = np.minimum(np.searchsorted(known_ids, ids), len(known_ids) - 1)
            found = known_ids[at] == ids
            kept = np.where(found, known_contents[at], kept)
            new &= ~found
        again = ~new[places]
        again[np.setdiff1d(np.arange(len(places)), first[new], assume_unique=True)] = True
        same = contents == kept[places]
        self._tally.add("repeated", int((again & same).sum()))
        self._tally.add("reused", int((again & ~same).sum()))
        self._remember(ids[new], kept[new])

    def _remember(self, ids: Hashes, contents: Hashes) -> None:
        """Keep hashes in sorted runs, each longer than the next, so that few are searched."""
        left = self._most_ids - sum(len(known) for known, _ in self._known)
        ids, contents = ids[:left], contents[:left]
        while self._known and len(self._known[-1][0]) <= 2 * len(ids):
            more_ids, more_contents = self._known.pop()
            ids, contents = (
                np.concatenate((ids, more_ids)),
                np.concatenate((contents, more_contents)),
            )
        if len(ids):
            order = np.argsort(ids)
            self._known.append((ids[order], contents[order]))


def _content_hashes(batch: pa.RecordBatch) -> Hashes:
    """Return one hash of each payment's content, uint64[n]."""
    mixed = np.zeros(batch.num_rows, np.uint64)
    for name in _CONTENT:
        column = batch.column(name)
        if pa.types.is_string(column.type):
            part = _text_hashes(column, unique=False)
        else:
            part = np.asarray(column).view(np.uint64)
        mixed = (mixed ^ part) * _FACTOR
        mixed ^= mixed >> _SHIFT
    return mixed


def _text_hashes(column: pa.Array, unique: bool) -> Hashes:
    """Return a hash of each text, uint64[n]; of each distinct text once unless all are unique."""
    if unique:
        texts = column.to_numpy(zero_copy_only=False).tolist()
        return np.fromiter(map(hash, texts), np.int64, len(texts)).view(np.uint64)
    coded = pc.dictionary_encode(column)
    return np.take(_text_hashes(coded.dictionary, unique=True), np.asarray(coded.indices))
