"""What a job will never read follows from its snapshot, the topics, and what was there before."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.clients.topic_ranges import Range, TopicRanges
from stack.errors import StackError
from stack.settings import Layout
from stack.submission.unread import Gap, Remembered, find_gaps
from stack.submission.unread_record import (
    record_gaps,
    recorded_gaps,
    remember_topics,
    remembered_topics,
)


def gaps(
    at: int | None, start: int, end: int, *, known: Remembered | None = None, now: str = "A"
) -> list[tuple[str, int, int]]:
    """Return the gaps of one partition as (cause, first, last)."""
    goes_on = {} if at is None else {("t", 0): at}
    topics = {"t": TopicRanges(now, {0: Range(start, end)})}
    found = find_gaps(goes_on, topics, {"t": known} if known else {})
    return [(gap.cause, gap.first, gap.last) for gap in found]


def test_a_topic_that_begins_before_the_snapshot_has_no_gap() -> None:
    """Retention deletes what was read; the snapshot may stand at the very end."""
    assert gaps(7, 0, 9) == gaps(7, 7, 9) == gaps(7, 7, 7) == []


def test_what_was_deleted_behind_the_snapshot_is_named() -> None:
    assert gaps(7, 8, 9) == [("deleted", 7, 7)]
    assert gaps(7, 12, 12) == [("deleted", 7, 11)]


def test_a_partition_of_which_nothing_was_read_goes_on_where_the_topic_began() -> None:
    """Flink keeps -2, the earliest offset, for a partition without a record."""
    known = Remembered("A", {0: 100})
    assert gaps(-2, 100, 110, known=known) == []
    assert gaps(-2, 103, 110, known=known) == [("deleted", 100, 102)]
    assert gaps(-2, 3, 5) == [("deleted", 0, 2)], "nobody remembers: from the first offset"
    assert gaps(None, 3, 5) == [("deleted", 0, 2)], "a partition that was added meanwhile"


def test_a_topic_that_ends_before_the_snapshot_was_made_anew() -> None:
    """The job reads all of the new one; what the old one had unread is not known."""
    assert gaps(7, 0, 3) == [("made_anew", 7, 6)]


def test_records_of_a_topic_made_anew_are_passed_over() -> None:
    """By offsets alone nothing would be seen: the new topic has grown past the snapshot's."""
    known = Remembered("A", {0: 0})
    assert gaps(7, 0, 20, known=known, now="A") == []
    assert gaps(7, 0, 20, known=known, now="B") == [("passed_over", 0, 6)]
    assert gaps(7, 2, 20, known=known, now="B") == [("passed_over", 2, 6), ("deleted", 0, 1)]


@pytest.mark.parametrize(("before", "now"), [("", "B"), ("A", "")])
def test_an_unknown_id_says_nothing_about_a_topic(before: str, now: str) -> None:
    assert gaps(7, 0, 20, known=Remembered(before, {0: 0}), now=now) == []


@pytest.mark.parametrize(
    ("gap", "told"),
    [
        (Gap("t", 3, 100, 102, "deleted"), "t, partition 3: offsets 100 to 102 (up to 3 records)"),
        (Gap("t", 3, 0, 6, "passed_over"), "are passed over. The topic was deleted and made"),
        (Gap("t", 3, 7, 6, "made_anew"), "ends before offset 7, where the job goes on"),
    ],
)
def test_a_gap_is_one_sentence_with_its_place(gap: Gap, told: str) -> None:
    assert told in str(gap)
    assert str(gap).startswith("t, partition 3: ")
    assert str(gap).endswith(".")


def test_a_gap_of_unknown_size_counts_no_records() -> None:
    assert Gap("t", 3, 7, 6, "made_anew").records == 0
    assert Gap("t", 3, 7, 9, "deleted").records == 3


def test_gaps_are_kept_beside_the_checkpoints_and_counted_once(tmp_path: Path) -> None:
    """A submission that failed finds its gap again, perhaps a larger one: it counts once."""
    layout = Layout(tmp_path)
    assert recorded_gaps(layout) == []
    other = Gap("t", 1, 0, 0, "deleted")
    record_gaps(layout, [Gap("t", 0, 5, 7, "deleted"), other], tmp_path / "chk-3", 1)
    record_gaps(layout, [Gap("t", 0, 5, 9, "deleted")], tmp_path / "chk-3", 2)
    found = recorded_gaps(layout)
    assert [one.gap for one in found] == [Gap("t", 0, 5, 9, "deleted"), other]
    assert (found[0].found_ms, found[0].snapshot) == (2, "chk-3")
    assert list(tmp_path.iterdir()) == [layout.checkpoints]


def test_the_topics_of_the_last_job_are_remembered(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert remembered_topics(layout) == {}
    remember_topics(layout, {"t": TopicRanges("A", {0: Range(5, 9), 1: Range(0, 0)})})
    assert remembered_topics(layout) == {"t": Remembered("A", {0: 5, 1: 0})}


def test_a_broken_record_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    record_gaps(layout, [Gap("t", 0, 5, 7, "deleted")], tmp_path / "chk-3", 1)
    file = layout.checkpoints / "unread.jsonl"
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(StackError, match=r"unread\.jsonl cannot be read"):
        recorded_gaps(layout)
