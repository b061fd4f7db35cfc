"""Shared parts of the keyed stages: rows from a value, by either way back to Java."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from pyflink.common import Row
from pyflink.datastream import KeyedProcessFunction, RuntimeContext

from jobs.flink_edge.direct import Fields, install


class Stage(KeyedProcessFunction):  # type: ignore[misc]  # pyflink ships no types
    """A keyed process function as a function from a value to rows.

    The ordinary path wraps and unwraps its rows in PyFlink's; the direct one (`direct`) calls it
    with what Java handed over. Both give the same rows in the same order.
    """

    name: str

    def __init__(self, *, direct: bool) -> None:
        self._direct = direct

    def open(self, _: RuntimeContext) -> None:
        """Take the direct path, where it is asked for and PyFlink is the one that it knows."""
        if self._direct:
            install(self.name, self.rows)

    def process_element(self, value: Any, _: KeyedProcessFunction.Context) -> Iterator[Row]:
        """Hand on the rows of one value by the ordinary path."""
        for fields in self.rows(value):
            yield Row(*fields)

    @abstractmethod
    def rows(self, value: Any) -> Sequence[Fields]:
        """Return the rows to hand on, as tuples of their fields."""
