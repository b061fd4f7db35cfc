"""What is expected of thresholds: the figures themselves, and intervals that cover the truth."""

import time

import numpy as np
import pytest

from scoring.bundle.manifest import Costs, Expectation
from training.arrays import Floats, Ints
from training.data.prepare import Part
from training.data.split import DAY_MS
from training.thresholds.expectation import expect

EDGES = {"MEDIUM": 0.5, "HIGH": 0.6}
COSTS = Costs(review=5.0, block=40.0, missed_share=0.8)


def population(cards: Ints, random: np.random.Generator) -> tuple[Part, Floats]:
    """Payments whose cards share a leaning: scores and frauds of one card go together."""
    rows = len(cards)
    leaning = random.beta(1, 6, cards.max() + 1)[cards]
    scores = np.clip(leaning + random.normal(0, 0.2, rows), 0, 1).astype(np.float32)
    part = Part(
        columns=np.empty((rows, 0), dtype=np.float32),
        targets=(random.random(rows) < scores**2).astype(np.int8),
        cards=cards,
        times_ms=np.linspace(0, 10 * DAY_MS, rows).astype(np.int64),
        amounts=random.gamma(2, 20, rows).astype(np.float32),
    )
    return part, scores


def sample(seed: int, cards: int = 300, payments: int = 8) -> dict[str, Expectation]:
    random = np.random.default_rng(seed)
    part, scores = population(np.repeat(np.arange(cards), payments), random)
    return expect(part, scores, EDGES, COSTS, seed)


def test_the_figures_are_those_of_plain_counting() -> None:
    part, scores = population(np.arange(4_000) % 300, np.random.default_rng(1))
    told = expect(part, scores, EDGES, COSTS, 1)
    caught = lost = blocked_good = 0.0
    high = np.float32(EDGES["HIGH"])
    alerts = {"MEDIUM": 0, "HIGH": 0}
    frauds_at = {"MEDIUM": 0, "HIGH": 0}
    for score, fraud, amount in zip(scores, part.targets, part.amounts, strict=True):
        for level, edge in EDGES.items():
            alerts[level] += score >= np.float32(edge)
            frauds_at[level] += score >= np.float32(edge) and fraud
        caught += float(amount) * 0.8 if fraud and score >= 0.5 else 0.0
        lost += 5.0 if 0.5 <= score < high else 0.0
        blocked_good += 40.0 if score >= high and not fraud else 0.0
    for level in EDGES:
        one = told[level]
        assert one.threshold == EDGES[level]
        assert one.alerts_a_day.value == pytest.approx(alerts[level] / 10)
        assert one.precision is not None and one.recall is not None
        assert one.precision.value == pytest.approx(frauds_at[level] / alerts[level])
        assert one.recall.value == pytest.approx(frauds_at[level] / part.targets.sum())
    saved = told["MEDIUM"].saved_a_day
    assert saved is not None
    assert saved.value == pytest.approx((caught - lost - blocked_good) / 10)


@pytest.mark.parametrize("name", ["alerts_a_day", "precision", "recall", "saved_a_day"])
@pytest.mark.parametrize("level", ["MEDIUM", "HIGH"])
def test_intervals_cover_the_truth_about_as_often_as_they_say(
    name: str, level: str, samples: list[dict[str, Expectation]]
) -> None:
    """The truth is the mean of very many cards; 95 % of intervals hold it, give or take."""
    truth = getattr(sample(0, cards=90_000)[level], name).value
    # The large sample has as many days as a small one, so its daily sums are 300 times theirs.
    truth /= 300 if name.endswith("a_day") else 1
    intervals = [getattr(told[level], name) for told in samples]
    covered = np.mean([one.low <= truth <= one.high for one in intervals])
    assert 0.88 <= covered <= 0.99


@pytest.fixture(scope="module")
def samples() -> list[dict[str, Expectation]]:
    return [sample(seed) for seed in range(1, 201)]


def test_payments_of_one_card_do_not_count_as_many() -> None:
    """Twenty copies of each payment, on the same card, tell no more than one."""
    random = np.random.default_rng(4)
    part, scores = population(np.arange(500), random)
    copies = Part(*(np.repeat(getattr(part, name), 20, axis=0) for name in Part.__match_args__))
    once = expect(part, scores, EDGES, COSTS, 1)["MEDIUM"].precision
    often = expect(copies, np.repeat(scores, 20), EDGES, COSTS, 1)["MEDIUM"].precision
    assert once is not None and often is not None
    assert often.high - often.low == pytest.approx(once.high - once.low, rel=0.02)


def test_a_level_of_frauds_alone_keeps_a_lower_bound() -> None:
    """Seven cards of seven caught do not prove that all would be."""
    scores = np.array([0.9] * 7 + [0.1] * 993, dtype=np.float32)
    part = Part(
        columns=np.empty((1_000, 0), dtype=np.float32),
        targets=(np.arange(1_000) < 20).astype(np.int8),
        cards=np.arange(1_000),
        times_ms=np.arange(1_000) * 1_000_000,
        amounts=np.full(1_000, np.nan, dtype=np.float32),
    )
    high = expect(part, scores, EDGES, COSTS, 1)["HIGH"]
    assert high.precision is not None
    assert high.precision.high == 1
    assert high.precision.low == pytest.approx(0.025 ** (1 / 7))
    assert high.saved_a_day is None


def test_a_level_without_alerts_has_no_precision() -> None:
    part, scores = population(np.arange(100), np.random.default_rng(1))
    told = expect(part, scores, {"MEDIUM": 0.5, "HIGH": 2.0}, COSTS, 1)["HIGH"]
    assert told.precision is None
    assert told.alerts_a_day.value == told.alerts_a_day.high == 0


def test_the_same_seed_gives_the_same_intervals() -> None:
    assert sample(3) == sample(3)


def test_three_hundred_thousand_payments_take_less_than_a_second() -> None:
    random = np.random.default_rng(1)
    part, scores = population(random.integers(0, 50_000, 300_000), random)
    started = time.process_time()
    expect(part, scores, EDGES, COSTS, 1)
    assert time.process_time() - started < 1
