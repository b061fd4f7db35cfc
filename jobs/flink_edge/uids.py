"""Stable uids and readable names for the operators that tables bring into the graph.

A savepoint finds an operator's state by its uid. PyFlink sets uids on DataStream operators only,
and those that the table planner can generate carry the number of a plan node, which differs
between graphs: a savepoint of one engine would not fit the other.
"""

from collections.abc import Iterator
from typing import Any, Final

from pyflink.datastream import StreamExecutionEnvironment

SOURCE: Final = "payments-and-labels"
SINK: Final = "answers"
_ENDS: Final = (("SourceTransformation", SOURCE), ("SinkTransformation", SINK))


def name_table_operators(env: StreamExecutionEnvironment) -> None:
    """Give the one source and the one sink their uid, and the stateless rest a number.

    Call it when the graph is complete. RuntimeError where there is not one of each.
    """
    found = list(_transformations(env))
    for kind, uid in _ENDS:
        ends = [each for each in found if each.getClass().getSimpleName() == kind]
        if len(ends) != 1:
            raise RuntimeError(f"expected one {kind} in the graph, got {len(ends)}")
        ends[0].setUid(uid)
        ends[0].setName(uid)
    for number, each in enumerate(found):
        is_operator = each.getClass().getSimpleName() == "OneInputTransformation"
        if is_operator and each.getUid() is None:
            each.setUid(f"stateless-{number}")


def _transformations(env: StreamExecutionEnvironment) -> Iterator[Any]:
    """Yield every transformation of the graph once."""
    seen: set[int] = set()
    for root in env._j_stream_execution_environment.getTransformations():
        for each in root.getTransitivePredecessors():
            if each.getId() not in seen:
                seen.add(each.getId())
                yield each
