"""The Java edge on a real cluster: one stream of words through both engines, a failure included.

The engine, the parallelism and the process change at savepoints, checkpoints and failures. At the
end every word has the number that one uninterrupted run would have given it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
from confluent_kafka import Producer

from cli.stack.submit import ROOT
from events.topics import ALERTS, DECISIONS, TRANSACTIONS, Topic
from scoring.loader import find_bundle
from stack.clients.reading import read_topic
from stack.clients.topic_ranges import committed_offsets, topic_ranges
from stack.services.embedded import Stack
from stack.submission.submit import submit
from tests.counters import counted
from tests.running import emptied
from tests.waiting import wait_for

JOB = Path(__file__).with_name("edge_job.py")
KEYS = ["", "card", "Karte ß", "\N{WHITE SMILING FACE} \N{GRINNING FACE}", "\udcff", *"abcdefgh"]
GROUP = "words"


class Written(NamedTuple):
    """A word as the job wrote it, with its number at its key and that of the word."""

    key: str
    number: int
    word: str
    seen: int


@dataclass
class Words:
    """A stack, the job on it, and what has been sent."""

    stack: Stack
    flag: Path
    job: str = ""
    sent: list[tuple[str, str]] = field(default_factory=list)

    def start(self, engine: str, parallelism: int, savepoint: str | None = None) -> None:
        bundle = find_bundle(ROOT / "onnx_models", "ensemble")
        ends = ["--bootstrap", self.stack.kafka, "--group-id", GROUP, "--bundle", str(bundle)]
        arguments = [engine, str(self.flag), *ends]
        self.job = submit(self.stack, JOB, arguments, savepoint=savepoint, parallelism=parallelism)

    def stop(self) -> str:
        return self.stack.flink.savepoint(self.job, stop=True)

    def send(self, words: Sequence[str]) -> None:
        """Send each word under each key, all keys' words mixed."""
        producer = Producer({"bootstrap.servers": self.stack.kafka})
        for word in words:
            for key in KEYS:
                raw = key.encode(errors="surrogateescape") or None
                partition = 0 if raw is None else -1  # one order at the key ""
                producer.produce(TRANSACTIONS.name, word.encode(), raw, partition)
                self.sent.append((raw.decode(errors="replace") if raw else "", word))
        producer.flush()

    def written(self, topic: Topic = DECISIONS) -> list[Written]:
        """Return what a topic has of committed words."""
        messages = read_topic(self.stack.kafka, topic.name)
        return [Written(*json.loads(message.value() or b"")) for message in messages]

    def wait(self) -> None:
        """Wait until everything that was sent is written and committed."""
        wanted = sum(copies(word) for _, word in self.sent)
        wait_for(lambda: len(self.written()) >= wanted, f"{wanted} words written")


def copies(word: str) -> int:
    """Return how often a word is written."""
    return {"none": 0, "two": 2}.get(word.partition(" ")[0], 1)


def several(name: str, number: int) -> list[str]:
    """Return words of every kind; most come again and again."""
    kinds = ["one \N{GRINNING FACE}", "two", "none", f"one {name}"]
    return [kinds[each % len(kinds)] for each in range(number)]


@pytest.fixture(scope="module")
def words(job_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Words]:
    """Run the words through all engines, parallelisms and interruptions."""
    with emptied(job_stack):
        yield Words(job_stack, tmp_path_factory.mktemp("edge") / "flag")


def test_words_are_numbered_as_in_one_run(words: Words) -> None:
    flink = words.stack.flink
    words.start("batch", 1)
    words.send(several("first", 40))
    words.wait()
    _counters_count_records(words)
    _offsets_are_committed(words)

    words.start("batch", 2, words.stop())
    words.send(several("second", 40))
    words.wait()
    words.flag.touch()
    words.send([*several("before", 40), "fail", *several("after", 40)])
    wait_for(lambda: bool(flink.exception(words.job)), "the job's exception")
    assert "no number for 'fail'" in flink.exception(words.job)
    words.wait()

    words.start("pyflink", 2, words.stop())
    words.send(several("pyflink", 40))
    words.wait()

    words.start("batch", 1, words.stop())
    words.send(several("last", 40))
    words.wait()
    flink.cancel(words.job)
    assert flink.state(words.job) == "CANCELED"
    check_numbers(words.sent, words.written())


def test_a_stream_that_ends_is_written_to_its_end(words: Words) -> None:
    """The same words, all at once, by two subtasks of each stage."""
    words.start("bounded", 2)
    assert words.stack.flink.wait_until_ended(words.job) == "FINISHED"
    check_numbers(words.sent, words.written(ALERTS))


def _counters_count_records(words: Words) -> None:
    """Check Flink's counters and ours: they count records, not batches."""
    flink, sent = words.stack.flink, len(words.sent)
    (vertex,) = flink.job(words.job)["vertices"]

    def shown(name: str) -> float:
        return flink.metrics(words.job, vertex["id"], [name]).get(name, 0)

    written = sum(copies(word) for _, word in words.sent)
    expected = {
        "Source__payments-and-labels.numRecordsOut": sent,
        "count.numRecordsIn": sent,
        "count.numRecordsOut": written,
        "count.cardwatch.opened": 1,
        "count.cardwatch.records": sent,
        "write.numRecordsIn": written,
        "answers__Writer.numRecordsIn": written,
    }
    wait_for(lambda: {name: shown(name) for name in expected} == expected, f"{expected}")
    kinds = {kind: shown(f"count.cardwatch.words.{kind}") for kind in ("one", "two", "none")}
    assert kinds == Counter(word.partition(" ")[0] for _, word in words.sent)
    sizes = counted(flink, words.job, "count", r"batch_size\..*")
    assert sent / 64 <= sizes < sent / 4, "batches of what a poll brought, of 64 at most"
    assert min(shown(f"count.cardwatch.{part}_us") for part in ("python", "java")) > 0


def _offsets_are_committed(words: Words) -> None:
    """Check that the group is at the end of each partition that has a record."""
    kafka = words.stack.kafka
    topics = topic_ranges(kafka, [TRANSACTIONS.name])
    partitions = topics[TRANSACTIONS.name].partitions.items()
    ends = {(TRANSACTIONS.name, number): each.end for number, each in partitions if each.end}

    def behind() -> dict[tuple[str, int], int]:
        committed = committed_offsets(kafka, GROUP, topics)
        return {place: end for place, end in ends.items() if committed.get(place) != end}

    wait_for(lambda: not behind(), lambda: f"offsets not committed: {behind()}")


def check_numbers(sent: Sequence[tuple[str, str]], written: Sequence[Written]) -> None:
    """Each word has its number at its key, and the numbers of a word have no gap."""
    wanted: Counter[tuple[str, int, str]] = Counter()
    numbers: Counter[str] = Counter()
    for key, word in sent:
        numbers[key] += 1
        wanted[key, numbers[key], word] += copies(word)
    assert Counter(each[:3] for each in written) == +wanted
    seen = defaultdict(list)
    for each in written:
        seen[each.word].append(each.seen)
    assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in seen.values())
