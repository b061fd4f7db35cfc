"""Summary of a re-scoring: how many decisions change their level, and by how much at most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from events.levels import LEVELS, LOW
from scoring.rescoring import Rescored

_decoder: Final = msgspec.json.Decoder(Rescored)


class Change(msgspec.Struct, frozen=True):
    """The number of decisions that have gone from one level to another."""

    before: str
    now: str
    decisions: int


class Summary(msgspec.Struct, frozen=True):
    """A re-scoring in numbers.

    `gained` counts the alerts of decisions that were LOW and are not, `lost` the reverse. `changes`
    has every pair of different levels that occurs. `largest_difference` is that of a probability,
    at the decision on `largest_at`. `problems` counts what could not be scored, by its sentence.
    """

    decisions: int
    gained: int
    lost: int
    changes: list[Change]
    largest_difference: float
    largest_at: str | None
    models_before: list[str]
    model: str | None
    problems: dict[str, int]


def read_rescored(folder: Path) -> Iterator[Rescored]:
    """Yield what a re-scoring has written to a folder."""
    for path in sorted(folder.rglob("part-*")):
        with path.open("rb") as lines:
            yield from map(_decoder.decode, lines)


def summarise(rescored: Iterable[Rescored]) -> Summary:
    """Return the summary of a re-scoring."""
    pairs: dict[tuple[str, str], int] = {}
    problems: dict[str, int] = {}
    before: set[str] = set()
    decisions, largest, largest_at, model = 0, 0.0, None, None
    for one in rescored:
        if one.problem is not None:
            problems[one.problem] = problems.get(one.problem, 0) + 1
            continue
        assert one.probability is not None and one.probability_before is not None
        decisions, model = decisions + 1, one.model
        before.add(str(one.model_before))
        pair = str(one.risk_level_before), str(one.risk_level)
        pairs[pair] = pairs.get(pair, 0) + 1
        difference = abs(one.probability - one.probability_before)
        if difference > largest:
            largest, largest_at = difference, one.transaction_id
    changed = [(old, new) for old in LEVELS for new in LEVELS if old != new and (old, new) in pairs]
    return Summary(
        decisions=decisions,
        gained=sum(pairs[pair] for pair in changed if pair[0] == LOW),
        lost=sum(pairs[pair] for pair in changed if pair[1] == LOW),
        changes=[Change(*pair, pairs[pair]) for pair in changed],
        largest_difference=largest,
        largest_at=largest_at,
        models_before=sorted(before),
        model=model,
        problems=problems,
    )
