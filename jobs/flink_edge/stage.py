"""Shared parts of the keyed stages: rows from a value."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction

Fields = tuple[Any, ...]
"""The fields of one row, in order."""


class Stage(KeyedProcessFunction):  # type: ignore[misc]  # pyflink ships no types
    """A keyed process function as a function from a value to rows."""

    def process_element(self, value: Any, _: KeyedProcessFunction.Context) -> Iterator[Row]:
        """Hand on the rows of one value."""
        for fields in self.rows(value):
            yield Row(*fields)

    @abstractmethod
    def rows(self, value: Any) -> Sequence[Fields]:
        """Return the rows to hand on, as tuples of their fields."""
