"""The scorer: the same bits at every batch size, and clear errors for a wrong shape."""

import numpy as np
import pytest

from scoring.bundle.tensors import Matrix
from scoring.loader import Bundle, load_bundle
from scoring.model.scorer import Scores
from tests.unit.training.samples import NAMES, random_history, random_registry


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(random_registry() / "ensemble" / "1")


@pytest.fixture(scope="module")
def features() -> Matrix:
    return random_history().features


@pytest.fixture(scope="module")
def whole(bundle: Bundle, features: Matrix) -> Scores:
    return bundle.scorer.score(features)


def test_one_row_has_the_bits_of_the_batch(bundle: Bundle, features: Matrix, whole: Scores) -> None:
    rows = np.array([bundle.scorer.score_row(row) for row in features], dtype=np.float32)
    assert rows[:, 0].tobytes() == whole.probability.tobytes()
    for place, name in enumerate(bundle.scorer.models, start=1):
        assert rows[:, place].tobytes() == whole.models[name].tobytes()


@pytest.mark.parametrize("size", [1, 2, 50, 64, 1_000])
def test_every_batch_size_has_the_same_bits(
    bundle: Bundle, features: Matrix, whole: Scores, size: int
) -> None:
    parts = [
        bundle.scorer.score(features[start : start + size]).probability
        for start in range(0, len(features), size)
    ]
    assert np.concatenate(parts).tobytes() == whole.probability.tobytes()


def test_rows_and_batches_may_alternate(bundle: Bundle, features: Matrix, whole: Scores) -> None:
    first = bundle.scorer.score_row(features[0])
    bundle.scorer.score(features[:7])
    bundle.scorer.score_row(features[1])
    assert bundle.scorer.score_row(features[0]) == first


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
    assert bundle.scorer.score_row(wide[3])[0] == whole.probability[3]
    np.testing.assert_array_equal(wide, before)


def test_no_row_gives_no_score(bundle: Bundle, features: Matrix) -> None:
    assert bundle.scorer.score(features[:0]).probability.shape == (0,)


def test_a_vector_of_another_width_is_refused(bundle: Bundle, features: Matrix) -> None:
    with pytest.raises(ValueError, match=rf"wants float32\[n, {len(NAMES)}\]"):
        bundle.scorer.score(features[:, :-1])
    with pytest.raises(ValueError, match="wants one row"):
        bundle.scorer.score_row(features[0, :-1])


def test_float64_is_refused(bundle: Bundle, features: Matrix) -> None:
    with pytest.raises(ValueError, match="float32 and got float64"):
        bundle.scorer.score(features.astype(np.float64))
