"""Folds: who is learnt from, who is judged, and who is known by then."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from training.data.history import UNKNOWN, History
from training.data.split import DAY_MS
from training.errors import TrainingError
from training.evaluation.protocol import (
    TEST_STARTS,
    VALIDATION_STARTS,
    handbook_folds,
    summarise,
    time_folds,
)

DATA = Path(__file__).resolve().parents[5] / "shared" / "data"
START = date(2020, 1, 10)
START_MS = int(datetime(2020, 1, 10, tzinfo=UTC).timestamp()) * 1000


def history(payments: list[tuple[float, int, int]]) -> History:
    """Payments as (days after the start, card, target), in order of time."""
    days, cards, targets = zip(*payments, strict=True)
    return History(
        names=("amount",),
        features=np.zeros((len(payments), 1), dtype=np.float32),
        targets=np.array(targets, dtype=np.int8),
        times_ms=START_MS + (np.array(days) * DAY_MS).astype(np.int64),
        cards=np.array(cards, dtype=np.int64),
    )


def three_weeks(frauds: list[tuple[float, int]]) -> History:
    """A payment of each of ten cards at noon of every day, and the frauds at one o'clock."""
    good = [(day + 0.5, card, 0) for day in range(21) for card in range(10)]
    return history(sorted(good + [(day + 13 / 24, card, 1) for day, card in frauds]))


def judged(payments: History) -> list[tuple[int, int]]:
    """Card and day of the test payments of the first fold."""
    (fold,) = handbook_folds(payments, [START])
    days = (payments.times_ms[fold.test] - START_MS) // DAY_MS
    return sorted(set(zip(payments.cards[fold.test].tolist(), days.tolist(), strict=True)))


def test_a_fold_is_a_week_to_learn_a_week_of_delay_and_a_week_to_judge() -> None:
    payments = three_weeks([(0, 0), (15, 1)])
    (fold,) = handbook_folds(payments, [START])
    summary = summarise(payments, fold)
    assert summary.train_days == ("2020-01-10", "2020-01-16")
    assert summary.test_days == ("2020-01-24", "2020-01-30")
    assert summary.train_payments == 71 and summary.train_frauds == 1


def test_cards_with_a_fraud_in_training_are_not_judged() -> None:
    assert 0 not in {card for card, _ in judged(three_weeks([(6, 0), (15, 1)]))}


def test_a_fraud_of_the_delay_week_is_known_seven_days_later() -> None:
    days = [day for card, day in judged(three_weeks([(0, 0), (9, 2), (15, 1)])) if card == 2]
    assert days == [14, 15, 16]


def test_a_fraud_of_the_test_week_is_never_known() -> None:
    days = [day for card, day in judged(three_weeks([(0, 0), (14, 1)])) if card == 1]
    assert days == list(range(14, 21))


def test_longer_training_changes_nothing_of_what_is_judged() -> None:
    earlier = [(-30 + day + 0.5, 3, 1 if day == 4 else 0) for day in range(30)]
    payments = three_weeks([(0, 0), (15, 1)])
    days = ((payments.times_ms - START_MS) / DAY_MS).tolist()
    rows = list(zip(days, payments.cards.tolist(), payments.targets.tolist(), strict=True))
    whole = history(earlier + rows)
    (short,) = handbook_folds(whole, [START])
    (long,) = handbook_folds(whole, [START], train_days=35)
    assert np.array_equal(short.test, long.test)
    assert long.train[-1] == short.train[-1] and len(long.train) == len(short.train) + 28
    with pytest.raises(TrainingError, match="fewer --train-days"):
        handbook_folds(whole, [START], train_days=60)


def test_payments_without_a_label_are_neither_learnt_from_nor_judged() -> None:
    payments = three_weeks([(0, 0), (15, 1)])
    hidden = payments.targets.copy()
    hidden[[1, 150]] = UNKNOWN
    (fold,) = handbook_folds(replace(payments, targets=hidden), [START])
    assert 1 not in fold.train and 150 not in fold.test


def test_a_fold_without_frauds_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"train part of the fold 2020-01-10 .* no fraud"):
        handbook_folds(three_weeks([(15, 1)]), [START])
    with pytest.raises(TrainingError, match="test part"):
        handbook_folds(three_weeks([(0, 1)]), [START])


def test_a_division_by_time_leaves_the_label_delay_between() -> None:
    payments = three_weeks([(day, 0) for day in range(21)])
    folds = time_folds(payments, 2 * DAY_MS, test_share=0.25, parts=2)
    whole = np.concatenate([fold.test for fold in folds])
    assert np.array_equal(whole, np.arange(whole[0], len(payments.times_ms)))
    for fold in folds:
        first = payments.times_ms[fold.test[0]]
        assert first - payments.times_ms[fold.train[-1]] > 2 * DAY_MS - DAY_MS
        assert payments.times_ms[fold.train[-1]] < first - 2 * DAY_MS + DAY_MS / 2
    assert len(folds[1].train) > len(folds[0].train)


def test_what_a_division_by_time_cannot_use_is_refused() -> None:
    with pytest.raises(TrainingError, match="1 frauds and 3 folds"):
        time_folds(three_weeks([(0, 0), (20, 1)]), DAY_MS, 0.25, 3)
    with pytest.raises(TrainingError, match="nothing is left to learn from"):
        time_folds(three_weeks([(0, 0), (20, 1)]), 20 * DAY_MS, 0.25)
    with pytest.raises(TrainingError, match="no fraud among them"):
        time_folds(three_weeks([(20, 1)]), DAY_MS, 0.25)


def test_the_handbooks_counts_hold() -> None:
    path = DATA / "handbook.parquet"
    if not path.exists():
        pytest.skip("handbook.parquet is not there: the data sets are not part of the repository")
    table = pq.read_table(path, columns=["TX_DATETIME", "CUSTOMER_ID", "TX_FRAUD"])
    payments = History(
        names=(),
        features=np.empty((table.num_rows, 0), dtype=np.float32),
        targets=np.asarray(table["TX_FRAUD"]).astype(np.int8),
        times_ms=np.asarray(table["TX_DATETIME"]).astype("datetime64[ms]").astype(np.int64),
        cards=np.asarray(table["CUSTOMER_ID"]).astype(np.int64),
    )
    folds = [summarise(payments, fold) for fold in handbook_folds(payments, TEST_STARTS)]
    assert (folds[0].train_payments, folds[0].train_frauds) == (67_240, 598)
    assert (folds[0].test_payments, folds[0].test_frauds) == (58_264, 385)
    assert [fold.test_payments for fold in folds] == [58_264, 57_937, 58_337, 57_604]
    first_judged = int(np.datetime64(folds[0].test_days[0], "ms").astype(np.int64))
    assert len(handbook_folds(payments.before(first_judged), VALIDATION_STARTS)) == 4
