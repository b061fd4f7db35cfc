"""Curves rise strictly, are the same in the graph, and keep rounding small."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.bundle.tensors import INPUT, PROBABILITY
from scoring.model.scorer import open_session
from tests.unit.training.samples import floats
from training.arrays import Floats
from training.fit_settings import Targets
from training.onnx_graph.curve import (
    HIGHEST,
    STEEPEST,
    STEEPEST_RANK,
    Curve,
    centred_isotonic,
    log_odds_curve,
    rank_curve,
)
from training.onnx_graph.graph import Graph


def scored(share: float = 0.05, rows: int = 4_000, seed: int = 2) -> tuple[Floats, Targets]:
    """Scores whose chance of a fraud is their square root times a factor."""
    random = np.random.default_rng(seed)
    scores = random.beta(0.3, 5, rows).astype(np.float32)
    chances = np.minimum(1.0, share * np.sqrt(scores) / np.sqrt(scores).mean())
    return scores, (random.random(rows) < chances).astype(np.int8)


def in_graph(curve: Curve, scores: Floats) -> Floats:
    graph = Graph()
    curve.add_to(graph, INPUT, "curve", PROBABILITY)
    session = open_session(graph.model([PROBABILITY], 1).SerializeToString())
    values: Floats = session.run(None, {INPUT: scores.reshape(-1, 1)})[0]
    return values.reshape(-1)


def awkward(curve: Curve) -> Floats:
    """Every point, the float32 on both sides of it, and numbers between."""
    sides = [np.nextafter(curve.x, np.float32(to)) for to in (-np.inf, np.inf)]
    grid = np.linspace(0, 1, 5_001, dtype=np.float32)
    scores: Floats = np.unique(np.clip(np.concatenate([curve.x, *sides, grid]), 0, 1))
    return scores


CURVES = {
    "isotonic": centred_isotonic(*scored()),
    "few frauds": centred_isotonic(*scored(0.002)),
    "rank": rank_curve(scored()[0]),
    "log-odds": log_odds_curve(),
    "straight": Curve.through([0, 1], [0, 1]),
}


@pytest.mark.parametrize("name", CURVES)
def test_a_higher_score_never_gets_a_lower_value(name: str) -> None:
    curve = CURVES[name]
    values = curve(awkward(curve))
    assert (np.diff(values) >= 0).all()
    apart = curve(np.linspace(0, 1, 501, dtype=np.float32))
    assert (np.diff(apart) > 0).all()


@pytest.mark.parametrize("name", CURVES)
def test_the_graph_has_the_bits_of_numpy(name: str) -> None:
    curve = CURVES[name]
    scores = awkward(curve)
    assert in_graph(curve, scores).tobytes() == curve(scores).tobytes()


@pytest.mark.parametrize("name", ["isotonic", "few frauds", "rank"])
def test_a_score_that_rounding_brought_above_1_stays_a_probability(name: str) -> None:
    above = np.nextafter(np.float32(1), np.float32(2))
    assert CURVES[name](floats([1.0, above])).max() <= 1.0


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=2, max_size=60).filter(
        lambda rows: len({fraud for _, fraud in rows}) == 2
    )
)
def test_an_isotonic_curve_rises_from_0_to_1_and_is_not_too_steep(
    rows: list[tuple[float, bool]],
) -> None:
    curve = centred_isotonic(floats([s for s, _ in rows]), np.array([f for _, f in rows], np.int8))
    assert curve.x[0] == 0 and curve.x[-1] == 1
    assert curve.y.min() >= 0 and curve.y.max() <= 1
    assert (np.diff(curve.x) > 0).all() and (np.diff(curve.y) > 0).all()
    assert curve.slopes.max() <= STEEPEST * 1.001


def test_an_isotonic_curve_gives_the_share_of_frauds() -> None:
    scores, targets = scored()
    values = centred_isotonic(scores, targets)(scores)
    assert values.mean() == pytest.approx(targets.mean(), rel=0.02)
    for low, high in ((0, 0.3), (0.3, 0.7), (0.7, 1)):
        band = (scores >= np.quantile(scores, low)) & (scores <= np.quantile(scores, high))
        assert values[band].mean() == pytest.approx(targets[band].mean(), abs=0.01)


def test_tail_ranks_give_each_decade_the_same_room() -> None:
    scores = np.linspace(0.01, 1, 10_000, dtype=np.float32)
    curve = rank_curve(scores)
    top = [scores[-round(share * len(scores))] for share in (0.1, 0.01)]
    # The curve's points are a tenth apart in score, so the top per cent is only near its rank.
    assert curve(floats(top))[0] == pytest.approx(0.25, abs=0.03)
    assert curve(floats(top))[1] == pytest.approx(0.5, abs=0.3)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.3, 3.0]), st.booleans())
def test_no_line_of_a_rank_is_so_steep_that_rounding_shows(
    seed: int, shape: float, saturated: bool
) -> None:
    scores = np.random.default_rng(seed).beta(shape, 1.0, 2_000)
    curve = rank_curve((1 - scores * 1e-4 if saturated else scores).astype(np.float32))
    assert curve.slopes.max() <= STEEPEST_RANK * 1.001
    assert curve.x[-1] == 1 and curve.y[-1] == np.float32(HIGHEST)


def test_log_odds_are_close_to_the_function() -> None:
    scores = np.linspace(0.03, 0.97, 500, dtype=np.float32)
    exact = np.log(scores / (1 - scores))
    np.testing.assert_allclose(log_odds_curve()(scores), exact, atol=0.04)
