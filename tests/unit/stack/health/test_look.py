"""Topics and lag: what is wrong with them, by what the broker tells."""

from __future__ import annotations

from pathlib import Path

from events.topics import TOPICS
from stack.clients.topic_ranges import Range, TopicRanges
from stack.health.foreign_senders import compaction_problems, held_back
from stack.health.look import Health, Lag, lag_problems, lags, no_job, topic_notes, topic_problems

ALL = {
    topic.name: TopicRanges("A", {n: Range(0, 0) for n in range(topic.partitions)})
    for topic in TOPICS
}


def partitions(count: int) -> TopicRanges:
    return TopicRanges("A", {number: Range(0, 0) for number in range(count)})


def test_topics_as_declared_are_well() -> None:
    assert list(topic_problems(ALL, parallelism=6)) == []
    assert list(topic_notes(ALL)) == []


def test_a_missing_topic_is_a_problem_whichever_it_is() -> None:
    for topic in TOPICS:
        found = {name: each for name, each in ALL.items() if name != topic.name}
        [sentence] = topic_problems(found, 1)
        assert sentence.startswith(f"Topic {topic.name} is missing: ./cardwatch up creates it")


def test_fewer_partitions_than_subtasks_is_a_problem() -> None:
    """Others than declared are worth knowing: somebody else made the topic."""
    found = ALL | {"transactions": partitions(2)}
    [sentence] = topic_problems(found, 3)
    assert "2 partitions for a job of parallelism 3" in sentence
    assert "--parallelism 2" in sentence
    assert list(topic_problems(found, 2)) == []
    assert "has 2 partitions, and 6 are declared" in next(topic_notes(found))


def test_lag_is_what_lies_between_the_commit_and_the_end() -> None:
    topics = {"transactions": TopicRanges("A", {0: Range(5, 9), 1: Range(0, 4), 2: Range(3, 3)})}
    found = list(lags(topics, {("transactions", 0): 7, ("transactions", 2): 3}))
    assert [one.records for one in found] == [2, 4, 0]
    assert Health(lag=found).waiting == 6


def test_what_is_deleted_in_front_of_the_job_is_a_problem() -> None:
    topics = {"transactions": TopicRanges("A", {0: Range(8, 9), 1: Range(8, 8)})}
    found = list(lags(topics, {("transactions", 0): 5, ("transactions", 1): 7}))
    assert found[0] == Lag("transactions", 0, records=1, deleted=3)
    assert found[1].deleted == 0, "in front of an empty partition a marker may lie"
    [sentence] = lag_problems(found)
    assert sentence.startswith("transactions, partition 0: up to 3 records were deleted before")


def test_what_waits_for_a_senders_transaction_is_told_of_its_partition_only() -> None:
    committed = {"transactions": TopicRanges("A", {0: Range(0, 5), 1: Range(0, 9)})}
    written = {"transactions": TopicRanges("A", {0: Range(0, 8), 1: Range(0, 9)})}
    [sentence] = held_back(committed, written)
    assert sentence.startswith("transactions, partition 0: up to 3 records are in a sender's open")
    assert list(held_back(written, written)) == []


def test_a_compacted_topic_is_a_problem_with_the_setting_that_mends_it() -> None:
    [sentence] = compaction_problems(["labels"])
    assert sentence.startswith("Topic labels is compacted") and "cleanup.policy" in sentence


def test_json_has_the_same_keys_whether_a_job_is_there_or_not() -> None:
    assert set(Health().to_json()) == {"job", "topics", "lag", "notes"}


def test_a_stack_to_which_no_job_was_submitted_is_well() -> None:
    problems, [note] = no_job(waiting=5, snapshot=None)
    assert problems == []
    assert "start it with ./cardwatch submit" in note


def test_records_that_wait_for_a_job_that_was_there_are_a_problem() -> None:
    """After `down` and `up` the cluster knows of no job, and the checkpoint is on the disk."""
    [problem], notes = no_job(waiting=5, snapshot=Path("checkpoints/0/chk-7"))
    assert notes == []
    assert problem.startswith("No job runs: ./cardwatch submit goes on from chk-7. Up to 5 records")
    problems, [note] = no_job(waiting=0, snapshot=Path("checkpoints/0/chk-7"))
    assert problems == []
    assert "nothing waits" in note
