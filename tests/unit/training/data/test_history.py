"""What a history must have before anything can be learnt from it."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.training.samples import CONSTANT, NAMES, floats, payments_table, random_history
from training.data.history import UNKNOWN, refuse_infinities, table_sha256, varying_columns
from training.data.profiles import column_profile
from training.data.segments import Segments
from training.errors import TrainingError


def test_unlabelled_payments_are_left_out() -> None:
    history = random_history()
    targets = history.targets.copy()
    targets[::3] = UNKNOWN
    labelled = replace(history, targets=targets).labelled()
    assert len(labelled.targets) == (targets != UNKNOWN).sum()
    assert (labelled.times_ms == history.times_ms[targets != UNKNOWN]).all()


def test_labels_that_had_not_arrived_are_forgotten() -> None:
    history = random_history()
    end, delay = int(history.times_ms[-1]), 1_000_000
    known = history.known_at(end, delay)
    late = history.times_ms > end - delay
    assert late.any() and (known.targets[late] == UNKNOWN).all()
    assert (known.targets[~late] == history.targets[~late]).all()


def test_no_label_at_all_says_what_to_do() -> None:
    history = random_history()
    unknown = replace(history, targets=np.full_like(history.targets, UNKNOWN))
    with pytest.raises(TrainingError, match="is_fraud column"):
        unknown.labelled()


@pytest.mark.parametrize(("value", "word"), [(0, "good payments"), (1, "frauds")])
def test_one_class_says_what_to_do(value: int, word: str) -> None:
    history = random_history()
    with pytest.raises(TrainingError, match=f"are {word}: .*longer history"):
        replace(history, targets=np.full_like(history.targets, value)).labelled()


def test_constant_and_missing_columns_are_left_out() -> None:
    nan = np.nan
    features = floats([[1, 5, nan, 7], [1, 6, nan, nan], [1, 5, nan, 7]])
    assert varying_columns(features).tolist() == [1]
    chosen = varying_columns(random_history().features)
    assert NAMES.index(CONSTANT) not in chosen and len(chosen) == len(NAMES) - 1


def test_infinite_values_are_named() -> None:
    with pytest.raises(TrainingError, match="Infinite values in b:"):
        refuse_infinities(("a", "b"), floats([[0, np.inf], [np.nan, 0]]))


def test_hash_is_of_the_values_and_not_of_the_chunks() -> None:
    table = payments_table(["a", "b", "a"], ["m", "m", "n"], [1, 2, 3], [True, None, False])
    chunked = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    assert table_sha256(chunked) == table_sha256(table)
    for other in (
        payments_table(["a", "b", "b"], ["m", "m", "n"], [1, 2, 3], [True, None, False]),
        payments_table(["a", "b", "a"], ["m", "m", "n"], [1, 2, 4], [True, None, False]),
        payments_table(["a", "b", "a"], ["m", "m", "n"], [1, 2, 3], [True, False, False]),
    ):
        assert table_sha256(other) != table_sha256(table)


def test_profile_counts_every_present_value_once() -> None:
    values = np.append(np.random.default_rng(0).normal(size=999), np.nan).astype(np.float32)
    profile = column_profile(values)
    assert sum(profile.counts) == 999 and len(profile.edges) == len(profile.counts) + 1
    assert max(profile.counts) < 1.2 * min(profile.counts)
    assert profile.missing_share == pytest.approx(0.001)
    assert profile.quantiles["0.5"] == pytest.approx(np.nanmedian(values))


def test_profile_of_a_flag_has_a_bin_for_each_value() -> None:
    profile = column_profile(floats([0] * 97 + [1] * 3))
    assert profile.counts == [97, 3]
    assert profile.edges == [0.0, 0.0, 1.0]


def test_the_payments_before_a_time_are_kept_whole() -> None:
    history = random_history()
    earlier = history.before(int(history.times_ms[100]))
    assert len(earlier.targets) == len(earlier.cards) == 100 and earlier.names == history.names
    assert np.array_equal(earlier.features, history.features[:100], equal_nan=True)


def test_kinds_of_payments_are_cut_with_their_payments() -> None:
    history = random_history()
    codes = (np.arange(len(history.targets)) % 2).astype(np.int8)
    divided = replace(history, segments=(Segments("Channel", ("web", "pos"), codes),))
    earlier = divided.before(int(history.times_ms[100]))
    assert np.array_equal(earlier.segments[0].codes, codes[:100])
    assert np.array_equal(earlier.rows(slice(-7, None)).segments[0].codes, codes[93:100])
