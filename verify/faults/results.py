"""Results of a fault's runs: numbers for people, for JSON and for the table."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field

from verify.faults.judge import Verdict


@dataclass(frozen=True)
class RunResult:
    """Result of one run.

    Attributes:
        seed: Of payments, moment and victim.
        moment: When the fault struck, in words.
        notes: What it was done to.
        verdict: What came of it; None where the run did not come to an end.
        recovery_s: From the fault to the first committed decision on a payment sent after it; None
            where none came.
        held_back: Partitions that an open transaction still holds back after the grace time.
        error: Why the run did not come to an end, empty where it did.
        date: When it was made, ISO 8601.
    """

    seed: int
    moment: str
    notes: dict[str, object]
    verdict: Verdict | None
    recovery_s: float | None
    held_back: tuple[str, ...]
    error: str
    date: str

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that did not hold."""
        told = () if self.verdict is None else self.verdict.problems
        if self.held_back:
            told += (f"open transactions on {', '.join(self.held_back)}",)
        if self.verdict is not None and self.recovery_s is None:
            told += ("no committed output after the fault",)
        return (*told, self.error) if self.error else told

    def to_json(self) -> dict[str, object]:
        """Return the run as --json and the record write it."""
        verdict = {} if self.verdict is None else asdict(self.verdict)
        verdict.pop("problems", None)
        return {
            "seed": self.seed,
            "date": self.date,
            "moment": self.moment,
            "notes": self.notes,
            "recovery_s": self.recovery_s,
            "open_transactions": list(self.held_back),
            "problems": list(self.problems),
            **verdict,
        }


@dataclass
class FaultResult:
    """The runs of one fault, or of its control, whose runs have to be found wrong.

    `skipped` says what the machine lacks for it, where there are no runs for that reason.
    """

    name: str
    control: bool
    skipped: str = ""
    runs: list[RunResult] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether every run held; of a control, whether the judge found one wrong."""
        if self.skipped:
            return True
        if self.control:
            return any(run.verdict is not None and not run.verdict.held for run in self.runs)
        return bool(self.runs) and not any(run.problems for run in self.runs)

    @property
    def recoveries_s(self) -> list[float]:
        """The recovery times of the runs that recovered."""
        return [run.recovery_s for run in self.runs if run.recovery_s is not None]

    def total(self, count: str) -> int:
        """Sum up a number of the verdicts by its name, such as lost."""
        return sum(getattr(run.verdict, count) for run in self.runs if run.verdict is not None)

    def to_json(self) -> dict[str, object]:
        """Return what --json writes of one fault."""
        times = self.recoveries_s
        return {
            "runs": len(self.runs),
            "held": self.held,
            "skipped": self.skipped,
            "payments": self.total("payments"),
            "lost": self.total("lost"),
            "duplicated": self.total("duplicated") + self.total("unknown"),
            "out_of_order": self.total("out_of_order"),
            "features_differing": self.total("features_differing"),
            "scores_differing": self.total("scores_differing"),
            "labels_lost": self.total("labels_lost"),
            "labels_duplicated": self.total("labels_duplicated"),
            "open_transactions": sum(bool(run.held_back) for run in self.runs),
            "recovery_s": [run.recovery_s for run in self.runs],
            "recovery_median_s": round(statistics.median(times), 2) if times else None,
            "recovery_max_s": max(times, default=None),
            "each": [run.to_json() for run in self.runs],
        }
