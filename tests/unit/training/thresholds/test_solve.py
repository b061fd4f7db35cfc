"""Thresholds meet their goals, and lie where no rounding reaches them."""

from dataclasses import replace

import numpy as np
import pytest

from scoring.bundle.manifest import Costs
from tests.unit.training.samples import classes, floats
from training.arrays import Floats
from training.data.prepare import Part
from training.data.split import DAY_MS
from training.errors import TrainingError
from training.fit_settings import Targets
from training.thresholds.solve import Goal, Goals, parse_goal, solve_thresholds

RANDOM = np.random.default_rng(2)
ROWS, DAYS = 10_000, 20
SCORES = RANDOM.random(ROWS).astype(np.float32)
TARGETS = (RANDOM.random(ROWS) < SCORES**4).astype(np.int8)
COSTS = Costs(review=5.0, block=40.0, missed_share=0.8)


def part(targets: Targets, amounts: Floats | None = None) -> Part:
    """Payments of twenty days and a thousand cards, of 30.00 each where no amounts are given."""
    rows = len(targets)
    random = np.random.default_rng(3)
    return Part(
        columns=np.empty((rows, 0), dtype=np.float32),
        targets=targets,
        cards=random.integers(0, 1_000, rows),
        times_ms=np.linspace(0, DAYS * DAY_MS, rows).astype(np.int64),
        amounts=np.full(rows, 30.0, dtype=np.float32) if amounts is None else amounts,
    )


VALIDATION = part(TARGETS, RANDOM.gamma(2, 20, ROWS).astype(np.float32))
UNLABELLED = replace(VALIDATION, targets=np.full(ROWS, -1, dtype=np.int8))


def alerts(edge: float) -> Floats:
    return np.greater_equal(SCORES, np.float32(edge))


def goals(medium: str, high: str, costs: Costs = COSTS) -> Goals:
    return Goals(parse_goal(medium), parse_goal(high), costs)


def test_shares_are_met_within_two_percent() -> None:
    solved = solve_thresholds(VALIDATION, SCORES, Goals())
    medium, high = (alerts(edge).mean() for edge in (solved.medium, solved.high))
    assert medium == pytest.approx(0.01, rel=0.021)
    assert high == pytest.approx(0.003, rel=0.021)
    assert solved.alert_share == {"MEDIUM": medium, "HIGH": high}
    assert solved.goals == {"MEDIUM": "share:0.01", "HIGH": "share:0.003"}


def test_precision_is_met_and_told() -> None:
    solved = solve_thresholds(VALIDATION, SCORES, goals("precision:0.5", "precision:0.9"))
    for level, edge, wanted in (("MEDIUM", solved.medium, 0.5), ("HIGH", solved.high, 0.9)):
        reached = TARGETS[alerts(edge)].mean()
        assert reached >= wanted
        assert solved.precision[level] == pytest.approx(reached)


def test_recall_is_met_with_few_alerts_more_than_the_fewest() -> None:
    solved = solve_thresholds(VALIDATION, SCORES, goals("recall:0.8", "recall:0.3"))
    frauds = np.sort(SCORES[TARGETS > 0])[::-1]
    for edge, wanted in ((solved.medium, 0.8), (solved.high, 0.3)):
        assert TARGETS[alerts(edge)].sum() / TARGETS.sum() >= wanted
        fewest = (frauds[int(np.ceil(wanted * len(frauds))) - 1] <= SCORES).sum()
        assert fewest <= alerts(edge).sum() <= 1.02 * fewest


def test_a_budget_is_kept_and_nearly_used() -> None:
    solved = solve_thresholds(VALIDATION, SCORES, goals("budget:20", "budget:2.5"))
    for edge, wanted in ((solved.medium, 20), (solved.high, 2.5)):
        assert 0.98 * wanted <= alerts(edge).sum() / DAYS <= wanted


def test_costs_are_the_lowest_of_all_pairs_of_thresholds() -> None:
    rows = slice(0, 300)
    few = replace(
        VALIDATION, **{k: getattr(VALIDATION, k)[rows] for k in VALIDATION.__dataclass_fields__}
    )
    scores = SCORES[rows]

    def cost(medium: float, high: float) -> float:
        fraud, amounts = few.targets > 0, few.amounts.astype(float)
        blocked = scores >= np.float32(high)
        reviewed = (scores >= np.float32(medium)) & ~blocked
        missed = amounts[fraud & ~reviewed & ~blocked].sum() * COSTS.missed_share
        return float(
            missed + COSTS.review * reviewed.sum() + COSTS.block * (blocked & ~fraud).sum()
        )

    solved = solve_thresholds(few, scores, goals("cost", "cost"))
    edges = np.sort(scores)
    lowest = min(cost(low, high) for low in edges for high in edges if low < high)
    nothing_done = cost(2.0, 2.0)
    assert cost(solved.medium, solved.high) <= lowest + 0.002 * (nothing_done - lowest)
    assert lowest < 0.9 * nothing_done


def test_thresholds_are_float32_and_between_scores() -> None:
    for texts in (("share:0.01", "share:0.003"), ("cost", "cost"), ("budget:30", "recall:0.1")):
        solved = solve_thresholds(VALIDATION, SCORES, goals(*texts))
        for edge in (solved.medium, solved.high):
            assert float(np.float32(edge)) == edge
            assert edge not in SCORES


def test_ties_stay_together() -> None:
    scores = floats([0.9] * 30 + [0.5] * 100 + [0.1] * 870)
    tied = part(classes([1] * 30 + [0] * 970))
    solved = solve_thresholds(tied, scores, goals("share:0.12", "share:0.03"))
    assert (scores >= solved.medium).sum() == 130
    assert (scores >= solved.high).sum() == 30


def test_without_labels_shares_and_budgets_are_met_and_the_rest_is_not_known() -> None:
    solved = solve_thresholds(UNLABELLED, SCORES, goals("budget:20", "share:0.003"))
    assert solved.precision == {}
    assert solved.expected["MEDIUM"].alerts_a_day.value == pytest.approx(20, rel=0.02)
    high = solved.expected["HIGH"]
    assert (high.precision, high.recall, high.saved_a_day) == (None, None, None)


@pytest.mark.parametrize("text", ["precision:0.9", "recall:0.8", "cost"])
def test_without_labels_other_goals_are_refused(text: str) -> None:
    with pytest.raises(TrainingError, match=r"needs labels .* share:X or budget:N with --medium"):
        solve_thresholds(UNLABELLED, SCORES, goals(text, "share:0.003"))


def test_levels_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(TrainingError, match="more payments be alerts with --medium"):
        solve_thresholds(VALIDATION, SCORES, goals("share:0.01", "share:0.1"))
    cheap_blocks = Costs(review=30.0, block=30.1, missed_share=1.0)
    with pytest.raises(TrainingError, match="no payment is left for MEDIUM"):
        solve_thresholds(VALIDATION, SCORES, goals("cost", "cost", cheap_blocks))


def test_a_goal_out_of_reach_says_what_is_reachable() -> None:
    worst = replace(VALIDATION, targets=1 - TARGETS)
    with pytest.raises(TrainingError, match=r"precision of 1\.00 .* the best is 0\.[0-9]{3}"):
        solve_thresholds(worst, SCORES, goals("share:0.01", "precision:1"))
    with pytest.raises(TrainingError, match=r"100000 alerts a day: validation has 500\.0 pay"):
        solve_thresholds(VALIDATION, SCORES, goals("budget:100000", "share:0.003"))
    few = part(classes([0] * 990 + [1] * 10))
    scores = floats([0.9] * 10 + [0.1] * 990)
    with pytest.raises(TrainingError, match=r"recall of 0\.50 .* the most is 0\.000"):
        solve_thresholds(few, scores, goals("recall:0.5", "share:0.01"))
    with pytest.raises(TrainingError, match=r"0\.50 of them share the highest score"):
        solve_thresholds(few, scores, goals("share:0.01", "budget:0.1"))


def test_costs_at_which_nothing_pays_say_so() -> None:
    dear = Costs(review=1_000.0, block=1_001.0)
    with pytest.raises(TrainingError, match=r"1000 saves nothing .* lower --review-cost"):
        solve_thresholds(VALIDATION, SCORES, goals("cost", "share:0.003", dear))
    unpriced = replace(VALIDATION, amounts=np.full(ROWS, np.nan, dtype=np.float32))
    with pytest.raises(TrainingError, match="no validation payment has one"):
        solve_thresholds(unpriced, SCORES, goals("cost", "share:0.003"))
    never = part(classes([0] * 500 + [1] * 500))
    falling = np.linspace(1, 0, 1_000).astype(np.float32)
    with pytest.raises(TrainingError, match=r"88% of the blocked .* the best is 50%"):
        solve_thresholds(never, falling, goals("share:0.5", "cost"))


def test_the_goal_cost_needs_its_costs() -> None:
    for costs in (Costs(), Costs(review=5.0), Costs(review=5.0, block=4.0)):
        with pytest.raises(TrainingError, match="needs --review-cost and --block-cost"):
            goals("cost", "share:0.003", costs)


def test_equal_scores_are_refused() -> None:
    with pytest.raises(TrainingError, match="same score"):
        solve_thresholds(part(classes([0, 1])), floats([0.5, 0.5]), Goals())


def test_goals_are_read_from_text() -> None:
    for text in ("share:0.01", "budget:200", "precision:0.9", "recall:0.8", "cost"):
        assert parse_goal(text).text == text
    assert parse_goal("recall:1") == Goal("recall", 1.0)


@pytest.mark.parametrize(
    "text",
    ["", "share", "share:2", "share:1", "precision:0", "budget:0", "budget:nan", "share:x",
     "cost:3", "recall:1.1", "alerts:3"],
)  # fmt: skip
def test_other_goals_are_refused(text: str) -> None:
    with pytest.raises(TrainingError, match="budget:N alerts a day, or cost"):
        parse_goal(text)
