"""The Handbook's baseline gives its figures, so protocol, features and metrics are right."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from producer.files.data_sets import LAYOUTS
from producer.files.mapping import read
from producer.values.rejects import refuse_first
from producer.values.tokens import KEY_BYTES, Tokenizer
from training.data.replay import replay
from training.data.split import DAY_MS
from training.evaluation.candidates import baseline
from training.evaluation.protocol import TEST_STARTS, handbook_folds
from training.evaluation.run import Question, evaluate
from training.metrics.figures import AUC, AVERAGE_PRECISION, CARD_PRECISION

DATA = Path(__file__).resolve().parents[5] / "shared" / "data" / "handbook.parquet"
FIRST_MS = 1_529_193_600_000
"""2018-06-17: 38 days before training, which is what windows of 30 days behind 7 reach."""
END_MS = FIRST_MS + 59 * DAY_MS


def test_the_check_model_gives_the_published_figures_on_the_first_fold() -> None:
    if not DATA.exists():
        pytest.skip("handbook.parquet is not there: the data sets are not part of the repository")
    batches = read(DATA, LAYOUTS["handbook"], Tokenizer(bytes(KEY_BYTES)), refuse_first)
    table = pa.Table.from_batches(batches)
    times = table["timestamp_ms"]
    needed = pc.and_(pc.greater_equal(times, FIRST_MS), pc.less(times, END_MS))
    history = replay(table.filter(needed), 7 * DAY_MS)
    folds = handbook_folds(history, TEST_STARTS[:1])
    found = evaluate(history, [baseline(history, folds, jobs=1)], Question("t", "p", resamples=20))
    (figures,) = found.models[0].folds
    assert found.folds[0].test_payments == 58_264
    assert figures[AUC] == pytest.approx(0.8725, abs=5e-5)
    assert figures[AVERAGE_PRECISION] == pytest.approx(0.6827, abs=5e-5)
    assert figures[CARD_PRECISION] == pytest.approx(0.2957, abs=5e-5)
