"""Long states in parts: a value that each change writes, and numbered pages beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

Page = tuple[str, int]
"""Key of an entity, and number of one of its pages."""


class Changes(NamedTuple):
    """The parts of a batch's states to write.

    Attributes:
        values: The next value of each key whose value changes.
        pages: The pages to write, None for a page to delete.
    """

    values: dict[str, bytes]
    pages: dict[Page, bytes | None]


class Parts(Protocol):
    """The way in which one kind of entity keeps long states.

    For each batch `wanted` is called first, then `join`, then `split`. What `split` says is written
    before the next batch; where that fails, the object is not used again.
    """

    def wanted(self, values: Mapping[str, bytes]) -> Sequence[Page]:
        """Return the pages that the states of a batch need beside their values."""

    def join(self, values: Mapping[str, bytes], pages: Mapping[Page, bytes]) -> dict[str, bytes]:
        """Return whole states by key; StateError where a page is missing or damaged."""

    def split(self, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Changes:
        """Return what has changed from the states that `join` gave to those of now.

        A state that is the same object has not changed.
        """
