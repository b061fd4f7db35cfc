"""The scorer: the same bits at every batch size, and clear errors for a wrong shape."""

from copy import copy
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.bundle.tensors import Matrix
from scoring.loader import Bundle, load_bundle
from scoring.model.row_kernel import ROWS
from scoring.model.scorer import Scorer, Scores
from tests.unit.training.samples import NAMES, random_history, random_registry


@cache
def load_bundle_once() -> Bundle:
    return load_bundle(random_registry() / "ensemble" / "1")


def without_steps(scorer: Scorer) -> Scorer:
    """The scorer as it is for a graph that there are no steps for."""
    found = copy(scorer)
    found.steps = None
    return found


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle_once()


@pytest.fixture(scope="module")
def features() -> Matrix:
    return random_history().features


@pytest.fixture(scope="module")
def whole(bundle: Bundle, features: Matrix) -> Scores:
    return bundle.scorer.score(features)


@pytest.mark.parametrize("size", [1, 2, ROWS - 1, ROWS, ROWS + 1, 64, 1_000])
@pytest.mark.parametrize("steps", [True, False])
def test_every_batch_size_has_the_same_bits(
    bundle: Bundle, features: Matrix, whole: Scores, size: int, steps: bool
) -> None:
    """By the graph's steps and by ONNX Runtime, the scores of the models too."""
    scorer = bundle.scorer if steps else without_steps(bundle.scorer)
    starts = range(0, len(features), size)
    parts = [scorer.outputs(features[start : start + size]) for start in starts]
    wanted = np.stack([whole.probability, *whole.models.values()])
    assert np.concatenate(parts, axis=1).tobytes() == wanted.tobytes()


@given(st.lists(st.integers(0, 200), max_size=8))
def test_every_cut_of_a_batch_has_the_same_bits(cuts: list[int]) -> None:
    """A scorer keeps nothing of a batch for the next one."""
    scorer = load_bundle_once().scorer
    rows = random_history().features[:200]
    parts = [scorer.outputs(part) for part in np.split(rows, sorted(cuts))]
    assert np.concatenate(parts, axis=1).tobytes() == scorer.outputs(rows).tobytes()


def test_the_bits_are_those_of_onnx_runtime(
    bundle: Bundle, features: Matrix, whole: Scores
) -> None:
    asked = bundle.scorer.score_columns(bundle.scorer.own_columns(features))
    assert bundle.scorer.steps is not None
    assert whole.probability.tobytes() == asked.probability.tobytes()
    assert list(whole.models) == list(asked.models)
    assert all(
        whole.models[name].tobytes() == asked.models[name].tobytes() for name in asked.models
    )


def test_probability_is_the_calibrated_weighted_average(bundle: Bundle, whole: Scores) -> None:
    weights = {member.name: member.weight for member in bundle.manifest.members}
    average = sum(weights[name] * scores for name, scores in whole.models.items())
    assert bundle.manifest.calibration is not None
    points = bundle.manifest.calibration.parameters
    expected = np.interp(average, points["x"], points["y"])
    np.testing.assert_allclose(whole.probability, expected, atol=1e-6)


def test_columns_are_chosen_by_name(bundle: Bundle, features: Matrix, whole: Scores) -> None:
    places = [NAMES.index(name) for name in bundle.manifest.feature_names]
    own = bundle.scorer.score_columns(features[:, places])
    assert own.probability.tobytes() == whole.probability.tobytes()


def test_an_unused_column_does_not_matter(bundle: Bundle, features: Matrix, whole: Scores) -> None:
    unused = [i for i, name in enumerate(NAMES) if name not in bundle.manifest.feature_names]
    changed = features.copy()
    changed[:, unused] = 1e9
    assert unused
    assert bundle.scorer.score(changed).probability.tobytes() == whole.probability.tobytes()


def test_input_stays_untouched_and_may_be_strided(
    bundle: Bundle, features: Matrix, whole: Scores
) -> None:
    wide = np.repeat(features, 2, axis=1)[:, ::2]
    before = wide.copy()
    assert bundle.scorer.score(wide).probability.tobytes() == whole.probability.tobytes()
    np.testing.assert_array_equal(wide, before)


def test_no_row_gives_no_score(bundle: Bundle, features: Matrix) -> None:
    assert bundle.scorer.score(features[:0]).probability.shape == (0,)


def test_a_vector_of_another_width_is_refused(bundle: Bundle, features: Matrix) -> None:
    with pytest.raises(ValueError, match=rf"wants float32\[n, {len(NAMES)}\]"):
        bundle.scorer.score(features[:, :-1])
    with pytest.raises(ValueError, match=rf"wants float32\[n, {len(NAMES)}\]"):
        bundle.scorer.score(features[0])


def test_float64_is_refused(bundle: Bundle, features: Matrix) -> None:
    with pytest.raises(ValueError, match="float32 and got float64"):
        bundle.scorer.score(features.astype(np.float64))
    with pytest.raises(ValueError, match="float32 and got float64"):
        bundle.scorer.score_columns(bundle.scorer.own_columns(features).astype(np.float64))
