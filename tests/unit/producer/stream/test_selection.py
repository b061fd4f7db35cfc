import numpy as np
import pytest

from producer.stream.selection import Selection, select, times_of, until
from tests.unit.producer.samples import batch

HOUR = 3_600_000
T0 = 1_700_000_000_000


def _sent(selection: Selection, delay: int | None, *starts: range) -> list[int]:
    found = select((batch(times) for times in starts), selection, delay)
    return [int(t) for piece in found for t in times_of(piece.batch)[piece.sent]]


def test_from_is_included_and_until_is_not() -> None:
    assert _sent(Selection(20, 40), None, range(0, 60, 10)) == [20, 30]


def test_earlier_payments_come_along_for_their_labels() -> None:
    pieces = list(select(iter([batch(range(0, 60, 10))]), Selection(20, 40), 10))
    assert [times_of(piece.batch).tolist() for piece in pieces] == [[10, 20, 30]]
    assert pieces[0].sent.tolist() == [False, True, True]


def test_times_move_so_that_the_first_payment_sent_happens_then() -> None:
    moved = Selection(20, start_ms=T0)
    assert _sent(moved, 30, range(0, 20, 10), range(20, 50, 10)) == [T0, T0 + 10, T0 + 20]
    pieces = list(select(iter([batch([0, 10]), batch([20])]), moved, 30))
    assert [times_of(piece.batch).tolist() for piece in pieces] == [[T0 - 20, T0 - 10], [T0]]


def test_an_ordered_source_ends_where_the_selection_does() -> None:
    found = list(until(iter([batch([0, 10]), batch([20]), batch([30])]), Selection(0, 20)))
    assert len(found) == 1


def test_a_selection_that_is_empty_by_its_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="until"):
        Selection(20, 20)


def test_two_runs_that_follow_each_other_send_each_payment_once() -> None:
    times = np.sort(np.random.default_rng(0).integers(0, 1_000, 200))
    whole = _sent(Selection(), None, times)  # type: ignore[arg-type]  # any times will do
    halves = [_sent(Selection(until_ms=500), None, times)]  # type: ignore[arg-type]
    halves += [_sent(Selection(from_ms=500), None, times)]  # type: ignore[arg-type]
    assert halves[0] + halves[1] == whole
