"""Fitting: seeds repeat, missing values are filled, rare frauds can be weighed or multiplied."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.samples import SMALL, floats, narrow_history, random_fit, rows_of
from training.data.balance import oversample, rebalance
from training.ensemble.fit import combine, fit
from training.errors import TrainingError
from training.fit_settings import Balance
from training.models.base import impute


def test_the_same_seed_gives_the_same_scores() -> None:
    history = narrow_history()
    first, second = (fit(history.features, history.targets, SMALL) for _ in range(2))
    one, other = (each.predict(history.features).probability for each in (first, second))
    assert one.tobytes() == other.tobytes()


def test_another_number_of_threads_gives_the_same_scores() -> None:
    history = narrow_history()
    fitted = [fit(history.features, history.targets, replace(SMALL, jobs=n)) for n in (1, 2)]
    one, other = (each.predict(history.features).probability for each in fitted)
    assert one.tobytes() == other.tobytes()


def test_impute_fills_medians_and_bounds_infinities() -> None:
    got = impute(floats([[np.nan, np.inf, -np.inf, 2]]), floats([5, 5, 5, 5]))
    largest = np.finfo(np.float32).max
    np.testing.assert_array_equal(got, floats([[5, largest, -largest, 2]]))


@pytest.mark.parametrize("balance", ["weights", "smote", "undersample"])
def test_balancing_raises_the_scores_of_frauds(balance: Balance) -> None:
    history = narrow_history()
    plain = fit(history.features, history.targets, SMALL)
    balanced = fit(history.features, history.targets, replace(SMALL, balance=balance))
    frauds = history.features[history.targets == 1]
    before, after = (each.predict(frauds).probability.mean() for each in (plain, balanced))
    assert after > before


def test_synthetic_frauds_lie_between_frauds_and_originals_stay() -> None:
    history = narrow_history()
    columns = impute(history.features, np.zeros(history.features.shape[1], np.float32))
    rows, classes = oversample(columns, history.targets, seed=1)
    frauds = columns[history.targets == 1]
    made = rows[len(columns) :]
    np.testing.assert_array_equal(rows[: len(columns)], columns)
    assert classes.mean() == pytest.approx(0.1 / 1.1, rel=0.02)
    assert (made >= frauds.min(axis=0) - 1e-4).all() and (made <= frauds.max(axis=0) + 1e-4).all()


def test_smote_with_too_few_frauds_says_what_to_do() -> None:
    targets = np.zeros(100, np.int8)
    targets[:3] = 1
    with pytest.raises(TrainingError, match="`balance` to weights"):
        fit(np.ones((100, 2), np.float32), targets, replace(SMALL, balance="smote"))


def test_the_weight_that_is_given_is_kept() -> None:
    history = narrow_history()
    settings = replace(SMALL, weights=(0.25, 0.75))
    fitted = combine(fit(history.features, history.targets, settings), rows_of(history), settings)
    assert fitted.combination.shares() == [0.25, 0.75]


def test_importance_is_a_share_and_finds_the_signal() -> None:
    history = narrow_history()
    importance = fit(history.features, history.targets, SMALL).importance()
    assert importance.sum() == pytest.approx(1.0)
    assert set(np.argsort(-importance)[:4]) >= {0, 10}


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ([], "No payment of the training part has a label"),
        ([1] * 3 + [0] * 90, "has 3 frauds and 90 good payments"),
        ([1] * 50, "has 50 frauds and 0 good payments"),
        ([0] * 50, "has 0 frauds and 50 good payments"),
    ],
)
def test_labels_to_learn_nothing_from_get_one_sentence(known: list[int], sentence: str) -> None:
    targets = np.array(known + [-1] * (100 - len(known)), np.int8)
    columns = np.ones((100, 2), np.float32)
    with pytest.raises(TrainingError, match=sentence) as caught:
        fit(columns, targets, SMALL)
    assert "--models isolation_forest" in str(caught.value)


@pytest.mark.parametrize("label", [0, 1])
def test_validation_of_one_class_gets_one_sentence(label: int) -> None:
    same = replace(narrow_history().rows(slice(50)), targets=np.full(50, label, np.int8))
    with pytest.raises(TrainingError, match="give a longer history"):
        combine(random_fit(), rows_of(same), SMALL)


def test_unknown_labels_are_left_out() -> None:
    history = narrow_history()
    half = history.targets.copy()
    half[1_500:] = -1
    got = fit(history.features, half, SMALL).predict(history.features)
    expected = fit(history.features[:1_500], half[:1_500], SMALL).predict(history.features)
    assert got.probability.tobytes() == expected.probability.tobytes()


def test_undersampling_keeps_every_fraud_and_ten_good_payments_each() -> None:
    history = narrow_history()
    settings = replace(SMALL, balance="undersample")
    rare = np.where(np.cumsum(history.targets) > 20, 0, history.targets).astype(np.int8)
    columns, targets = rebalance(history.features, rare, settings)
    assert (targets.sum(), len(targets)) == (20, 220)
    np.testing.assert_array_equal(columns[targets == 1], history.features[rare == 1])
