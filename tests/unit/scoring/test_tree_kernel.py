"""The vectors that the kernel computes with are single numbers side by side, to the bit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numba import njit

from scoring.reasons.contributions import quadrature
from scoring.reasons.tree_kernel import LANES, Doubles, load, spread, store


@njit(error_model="numpy")
def _each_operator(first: Doubles, second: Doubles, number: float, out: Doubles) -> None:
    one, other = load(first, 1), load(second, 0)
    store(out, 0, one * other + spread(number))
    store(out, 1, one / other - spread(number))


def test_lanes_round_as_single_numbers_do() -> None:
    """A multiplication and an addition fused into one, or numbers added in another order, would
    make reasons that differ from machine to machine."""
    random = np.random.default_rng(0)
    fused = 0
    for _ in range(200):
        first, second = random.normal(size=(2, LANES)), random.normal(size=(1, LANES))
        number = float(random.normal())
        out = np.full((3, LANES), 7.0)
        _each_operator(first, second, number, out)
        np.testing.assert_array_equal(out[0], first[1] * second[0] + number)
        np.testing.assert_array_equal(out[1], first[1] / second[0] - number)
        np.testing.assert_array_equal(out[2], 7.0)
        for one, other, made in zip(first[1], second[0], out[0], strict=True):
            fused += float(Fraction(one) * Fraction(other) + Fraction(number)) != made
    assert fused, "no case in which a fused operation differs"


@pytest.mark.parametrize("columns", [0, 1, 2, 7, 8, 9, 87])
def test_the_points_are_exact_for_polynomials_of_a_degree_below_the_columns(columns: int) -> None:
    points = quadrature(columns)
    on, off, weights = points.transpose(1, 0, 2).reshape(3, -1)
    assert points.shape[2] == LANES and (off > 0).all() and (on > 0).all()
    np.testing.assert_allclose(on + off, 1.0, rtol=1e-15)
    for degree in range(max(columns, 1)):
        assert weights @ on**degree == pytest.approx(1 / (degree + 1), rel=1e-12)
