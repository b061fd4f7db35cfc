"""The direct return path: a stage's rows handed to Java without generators and their exceptions.

As PyFlink 2.3.0 ships, thread mode passes every record through four nested Python generators, two
row objects and, at the end of the outer generator, a Java exception with its stack trace. Java asks
only that what `process_element` returns has `hasNext`, `next` and `close`. So the operation's
`process_element` is replaced by a function that calls the stage with the fields as they came from
Java, puts its row into one Java iterator that lives as long as the task, and returns that iterator:
converters, collector, timestamps and timers stay where they are. This touches private parts of
PyFlink, so they are looked at when the task starts; where they differ from what is known, the
ordinary path stays and the log says why. The figures and the risk are in docs/adr/0018.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

KNOWN_VERSION: Final = "2.3.0"
"""The release of PyFlink whose private parts this module knows."""

Fields = tuple[Any, ...]
"""The values of a row, in order."""

Rows = Callable[[Any], Sequence[Fields]]
"""A stage's function: from a value (bytes, or the fields of a row) to the rows to hand on."""

_INSERT: Final = 0
_log = logging.getLogger(__name__)


class _OtherShapeError(Exception):
    """A private part of PyFlink is not as it is in the known version."""


def install(stage: str, rows: Rows) -> bool:
    """Let Java call `rows` directly for the stage that is being opened; say whether it does.

    Call it from the stage's `open`: the operation is the one whose `open` is running. Where the
    PyFlink at hand is another than the known one, one line in the log says what differs, and the
    stage keeps the ordinary path.
    """
    try:
        operation = opening_operation()
        unwrap = checked(operation)
        java = _JavaEnds()
    except _OtherShapeError as error:
        _log.warning("The %s keeps PyFlink's ordinary return path: %s", stage, error)
        return False
    operation.process_element = _process_element(rows, unwrap, java)
    return True


def opening_operation() -> Any:
    """Return the operation of PyFlink that is opening the caller."""
    frame = sys._getframe(1)
    while frame is not None:
        owner = frame.f_locals.get("self")
        if type(owner).__name__ == "OneInputFunctionOperation":
            return owner
        frame = frame.f_back  # type: ignore[assignment]  # None at the bottom ends the loop
    raise _OtherShapeError(
        "no OneInputFunctionOperation opens this stage; thread mode (python.execution-mode: "
        "thread) has one."
    )


def checked(operation: Any) -> Callable[[Any], Any]:
    """Return what takes the stage's value out of what Java hands over: see `_VALUE`.

    _OtherShapeError, as a sentence, where the operation is not what version 2.3.0 makes of a keyed
    process function whose rows are made of numbers, strings and bytes.
    """
    from pyflink.version import __version__ as version

    if version != KNOWN_VERSION:
        raise _OtherShapeError(f"it is known for PyFlink {KNOWN_VERSION}, got {version}.")
    try:
        chained = operation._chained_operations
        into = operation._input_data_converter._field_data_converters[1]
        out = operation._output_data_converter
        names = [type(one).__name__ for one in out._field_data_converters]
    except (AttributeError, IndexError, TypeError) as error:
        raise _OtherShapeError(f"its operation is built in another way ({error}).") from None
    if chained:
        raise _OtherShapeError(f"{len(chained)} more Python operators are chained behind it.")
    if type(out).__name__ != "RowDataConverter" or set(names) != {"IdentityDataConverter"}:
        raise _OtherShapeError(
            "its output type needs a conversion in Python; expected a row of plain fields, got "
            f"{type(out).__name__} of {', '.join(names)}."
        )
    kind = type(into).__name__
    if kind not in _VALUE:
        raise _OtherShapeError(f"its input needs a conversion in Python, by {kind}.")
    return _VALUE[kind]


# Java hands a row over as (row kind, fields); a keyed operator gets the row (key, value).
_VALUE: Final[dict[str, Callable[[Any], Any]]] = {
    "IdentityDataConverter": lambda row: row[1][1],
    "RowDataConverter": lambda row: row[1][1][1],
}


class _JavaEnds:
    """The one Java iterator of a task: `put` makes it hold a row, `iterator` is what Java gets.

    Flink's reflective adapter wants a public class with `hasNext`, `next` and `close`.
    """

    def __init__(self) -> None:
        try:
            from pemja import findClass

            holder = findClass("org.apache.flink.runtime.util.SingleElementIterator")()
            iterator = findClass("org.apache.flink.util.CloseableIterator").adapterForIterator(
                holder
            )
            adapt = getattr(
                findClass(
                    "org.apache.flink.streaming.api.operators.python.embedded."
                    "EmbeddedPythonIterator"
                ),
                "from",
            )
            empty = not adapt(iterator).hasNext()
            holder.set((_INSERT, (b"",)))
            adapted = adapt(iterator)
            taken = adapted.hasNext() and adapted.next()
            adapted.close()
        except Exception as error:  # whatever Java or pemja raises: the ordinary path is there
            raise _OtherShapeError(f"Java does not take its iterator ({error}).") from error
        if not empty or taken != (_INSERT, (b"",)):
            raise _OtherShapeError("Java's iterator does not give back what was put into it.")
        self.put: Callable[[tuple[int, Fields]], None] = holder.set
        self.iterator = iterator


def _process_element(
    rows: Rows, unwrap: Callable[[Any], Any], java: _JavaEnds
) -> Callable[[Any], Any]:
    """Return what Java calls for each record in place of the operation's own method."""
    put, iterator = java.put, java.iterator

    def process_element(value: Any) -> Any:
        found = rows(unwrap(value))
        if len(found) == 1:
            put((_INSERT, found[0]))
        elif found:
            return _several(found)
        return iterator

    return process_element


def _several(rows: Sequence[Fields]) -> Iterator[tuple[int, Fields]]:
    """Yield rows the ordinary way: one payment in fifty has two, a decision and its alert."""
    for fields in rows:
        yield _INSERT, fields
