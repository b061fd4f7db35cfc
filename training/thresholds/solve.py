"""Solve the thresholds of MEDIUM and HIGH on validation, for what a fraud team has to keep to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from events.levels import ALERT_LEVELS, HIGH, MEDIUM, AlertLevel
from scoring.bundle.manifest import Costs, Thresholds
from training.arrays import Floats
from training.data.prepare import Part
from training.errors import TrainingError
from training.thresholds.expectation import expect
from training.thresholds.ranking import Ranking

Kind = Literal["share", "budget", "precision", "recall", "cost"]
GOALS = "share:X, precision:X or recall:X with X between 0 and 1, budget:N alerts a day, or cost"
_WITHOUT_LABELS = ("share", "budget")


@dataclass(frozen=True)
class Goal:
    """Goal that a threshold is solved for.

    A share of payments alerted, a budget of alerts a day, a precision or a recall of the alerts;
    or that it pays, which has no value of its own: MEDIUM where a review pays, HIGH where blocking
    does.
    """

    kind: Kind
    value: float = 0.0

    def __str__(self) -> str:
        return {
            "share": f"{self.value:.3%} of payments",
            "budget": f"at most {self.value:g} alerts a day",
            "precision": f"a precision of {self.value:.2f}",
            "recall": f"a recall of {self.value:.2f}",
            "cost": "the lowest cost",
        }[self.kind]

    @property
    def text(self) -> str:
        """The goal as the command line takes it."""
        return "cost" if self.kind == "cost" else f"{self.kind}:{self.value:g}"


DEFAULT_MEDIUM = Goal("share", 0.01)
DEFAULT_HIGH = Goal("share", 0.003)


@dataclass(frozen=True)
class Goals:
    """The goal of each level, and the costs that ``cost`` weighs and that savings subtract."""

    medium: Goal = DEFAULT_MEDIUM
    high: Goal = DEFAULT_HIGH
    costs: Costs = field(default_factory=Costs)

    def __post_init__(self) -> None:
        """Raise TrainingError where a goal lacks the costs that it weighs."""
        costs, kinds = self.costs, (self.medium.kind, self.high.kind)
        if "cost" in kinds and not 0 < costs.review < costs.block:
            raise TrainingError(
                "The goal cost needs --review-cost and --block-cost, the second above the first "
                f"and both above 0, and got {costs.review:g} and {costs.block:g}."
            )

    def of(self, level: AlertLevel) -> Goal:
        """Return the goal of a level."""
        return self.medium if level == MEDIUM else self.high


def parse_goal(text: str) -> Goal:
    """Read ``share:0.01``, ``budget:200``, ``precision:0.9``, ``recall:0.8`` or ``cost``.

    >>> parse_goal("precision:0.9")
    Goal(kind='precision', value=0.9)

    Raises TrainingError for anything else.
    """
    kind, _, number = text.partition(":")
    try:
        value = float(number or "nan")
    except ValueError:
        value = float("nan")
    largest = {"share": 1.0, "precision": 1.0, "recall": 1.0, "budget": 1e9}.get(kind, 0.0)
    if text == "cost":
        return Goal("cost")
    for known in get_args(Kind):
        if kind == known and 0 < value <= largest and not (kind == "share" and value == 1):
            return Goal(known, value)
    raise TrainingError(
        f"A threshold's goal is {GOALS}, not {text!r}; share:0.01 alerts on 1 % of payments."
    )


def solve_thresholds(part: Part, scores: Floats, goals: Goals, seed: int = 0) -> Thresholds:
    """Return thresholds that meet the goals on a validation part and its scores float32[n].

    Each lies halfway in the widest gap between scores near the place that the goal asks for, so
    that no rounding moves a payment over it. The seed is that of the intervals. A part whose
    targets are all -1 has no labels, and only shares and budgets can be met on it. Raises
    TrainingError where a goal is out of reach or HIGH would not lie above MEDIUM.
    """
    ranking = Ranking(part, scores)
    cuts: dict[str, int] = {level: _cut(ranking, goals, level) for level in ALERT_LEVELS}
    values = {level: ranking.middle(cut) for level, cut in cuts.items()}
    if not values[HIGH] > values[MEDIUM]:
        raise TrainingError(_wrong_order(goals))
    labelled = ranking.labelled
    return Thresholds(
        medium=values[MEDIUM],
        high=values[HIGH],
        method=f"solved on validation: MEDIUM for {goals.medium}, HIGH for {goals.high}",
        alert_share={level: cut / len(scores) for level, cut in cuts.items()},
        precision={k: ranking.precision_at(cut) for k, cut in cuts.items()} if labelled else {},
        goals={level: goals.of(level).text for level in ALERT_LEVELS},
        costs=goals.costs,
        expected=expect(part, scores, values, goals.costs, seed),
    )


def _cut(ranking: Ranking, goals: Goals, level: AlertLevel) -> int:
    """Return the cut of a level."""
    goal = goals.of(level)
    if not ranking.labelled and goal.kind not in _WITHOUT_LABELS:
        raise TrainingError(
            f"{level} for {goal} needs labels and validation has none: ask for share:X or budget:N "
            f"with --{level.lower()}."
        )
    match goal.kind:
        case "share":
            return ranking.share(goal.value)
        case "budget":
            return ranking.budget(goal.value)
        case "precision":
            return ranking.precision(goal.value)
        case "recall":
            return ranking.recall(goal.value)
        case "cost":
            pays = ranking.review if level == MEDIUM else ranking.block
            return pays(goals.costs)


def _wrong_order(goals: Goals) -> str:
    """Say what to change where HIGH does not lie above MEDIUM."""
    if goals.medium.kind == goals.high.kind == "cost":
        return (
            "On validation blocking pays wherever a review does, so no payment is left for "
            "MEDIUM: give a higher --block-cost, a lower --review-cost, or another goal."
        )
    return (
        f"HIGH ({goals.high}) does not lie above MEDIUM ({goals.medium}) on validation: let more "
        "payments be alerts with --medium or fewer with --high, or give a longer history."
    )
