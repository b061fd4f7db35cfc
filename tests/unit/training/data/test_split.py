"""The split is by time, and no part knows labels that had not arrived when it began."""

import numpy as np
import pytest

from training.data.split import DAY_MS, describe, split_by_time
from training.errors import TrainingError

TIMES = np.arange(0, 60 * DAY_MS, DAY_MS // 100, dtype=np.int64)
DELAY = 7 * DAY_MS


def test_training_ends_a_delay_before_validation_and_test_follows_at_once() -> None:
    split = split_by_time(TIMES, DELAY)
    train, validation, test = (TIMES[part] for part in split.parts().values())
    assert validation[0] - train[-1] >= DELAY
    assert split.validation.stop == split.test.start
    assert train[0] == TIMES[0] and test[-1] == TIMES[-1]


def test_shares_are_of_the_time_without_the_gap() -> None:
    split = split_by_time(TIMES, DELAY)
    lengths = [part.stop - part.start for part in split.parts().values()]
    assert np.array(lengths) / sum(lengths) == pytest.approx([0.6, 0.2, 0.2], abs=0.005)


def test_rows_of_one_time_are_not_divided() -> None:
    times = np.repeat(np.arange(20, dtype=np.int64), 5)
    for part in split_by_time(times, 2).parts().values():
        outside = np.delete(times, np.arange(part.start, part.stop))
        assert not set(times[part]) & set(outside)


def test_a_history_shorter_than_the_gap_says_what_to_do() -> None:
    with pytest.raises(TrainingError, match=r"spans 5\.0 days.*--label-delay"):
        split_by_time(TIMES[: 500 + 1], DELAY)


@pytest.mark.parametrize(("value", "missing"), [(0, "no fraud"), (1, "no good payment")])
def test_a_part_with_one_class_is_named(value: int, missing: str) -> None:
    targets = np.full(len(TIMES), value, np.int8)
    with pytest.raises(TrainingError, match=f"test part .*1970-01-01 to .*{missing}"):
        describe(TIMES, targets, slice(0, 300), "test")


def test_a_part_without_rows_is_named() -> None:
    with pytest.raises(TrainingError, match="empty"):
        describe(TIMES, np.zeros(len(TIMES), np.int8), slice(5, 5), "validation")
