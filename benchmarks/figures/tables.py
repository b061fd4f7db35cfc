"""Every generated table by the name that a page's mark gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from benchmarks.figures.job_tables import JOB_TABLES
from benchmarks.figures.model_tables import MODEL_TABLES
from benchmarks.figures.readme_table import README_TABLE
from benchmarks.figures.state_tables import STATE_TABLES
from benchmarks.figures.table import Recorded, markdown
from benchmarks.figures.tests_table import TESTS_TABLES
from verify.faults import record as faults


class Generated(Protocol):
    """A part of a page that is made from the records."""

    def lines(self, recorded: Recorded) -> Iterator[str]:
        """Yield the lines of Markdown."""


@dataclass(frozen=True)
class FaultTable:
    """The table of the fault suite, whose rows name dates and machines themselves."""

    def lines(self, recorded: Recorded) -> Iterator[str]:
        """Yield a row for each fault."""
        yield from markdown(faults.COLUMNS, faults.rows(recorded.faults))


TABLES: Final[dict[str, Generated]] = {
    "readme": README_TABLE,
    **JOB_TABLES,
    **STATE_TABLES,
    **MODEL_TABLES,
    **TESTS_TABLES,
    "faults": FaultTable(),
}
