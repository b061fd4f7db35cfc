"""Where the cases lie, the command line as a user calls it, and the job that stream cases share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result
from confluent_kafka import Producer

from cli.main import cardwatch
from cli.stack.submit import ROOT
from events.dead_letter import DeadLetter, decode_dead_letter
from events.decision import Decision, decode_decision
from events.topics import DEAD_LETTERS, DECISIONS, TRANSACTIONS
from stack.clients.reading import read_topic
from tests.running import RunningJob
from tests.waiting import PATIENCE_S

CASES = ROOT.parent / "shared" / "cases"
PLAIN = (
    "--map=card_id=card", "--map=timestamp=at", "--map=amount=amount", "--map=merchant_id=shop",
)  # fmt: skip
EURO = "--constant=currency=EUR"


def call(*arguments: object) -> Result:
    """Run `./cardwatch ARGUMENTS` in this process."""
    return CliRunner().invoke(cardwatch, [str(argument) for argument in arguments])


def produce(path: Path, *arguments: object) -> Result:
    """Run `./cardwatch produce file PATH`, with the columns that most cases have, or a layout's."""
    columns = () if "--layout" in arguments else PLAIN
    return call("produce", "file", path, *columns, *arguments)


def written(path: Path) -> list[dict[str, object]]:
    """Return the payments of a file of JSON lines that `--to-file` wrote; none where it is not."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def read(path: Path, *arguments: object) -> tuple[Result, list[dict[str, object]]]:
    """Produce a case's file to a file, and return what was printed and what was written."""
    target = Path(f"{path.stem}.out.jsonl")
    result = produce(path, *arguments, "--to-file", target, "--rejects", "rejects.jsonl")
    return result, written(target)


def rejects() -> list[dict[str, object]]:
    """Return the refused rows of the last call of `read`."""
    return written(Path("rejects.jsonl"))


@dataclass(frozen=True)
class Answers:
    """What the job has written so far."""

    decisions: Sequence[Decision]
    letters: Sequence[DeadLetter]

    def of(self, transaction_id: str) -> list[Decision]:
        """Return the decisions of one payment."""
        return [one for one in self.decisions if one.transaction_id == transaction_id]


@dataclass
class Ground:
    """The one job of the stream cases, each of which has cards and merchants of its own."""

    job: RunningJob

    @property
    def kafka(self) -> str:
        """The broker's address."""
        return self.job.stack.kafka

    @property
    def folder(self) -> Path:
        """The folder of the stack."""
        return self.job.stack.settings.folder

    def send(self, topic: str, key: str, *events: bytes | Mapping[str, object]) -> None:
        """Send events under one key, in their order."""
        producer = Producer({"bootstrap.servers": self.kafka})
        for event in events:
            value = event if isinstance(event, bytes) else json.dumps(event).encode()
            producer.produce(topic, key=key.encode(), value=value)
        producer.flush()

    def pay(self, card: str, *payments: Mapping[str, object]) -> None:
        """Send payments of a card."""
        self.send(TRANSACTIONS.name, card, *({"card_id": card, **each} for each in payments))

    def answers(self, enough: Callable[[Answers], bool]) -> Answers:
        """Wait until what is committed is enough, and return it."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = Answers(
                [decode_decision(m.value() or b"") for m in self._records(DECISIONS.name)],
                [decode_dead_letter(m.value() or b"") for m in self._records(DEAD_LETTERS.name)],
            )
            if enough(found):
                return found
            assert time.monotonic() < deadline, f"not within {PATIENCE_S:.0f} s: {found}"
            time.sleep(0.5)

    def decided(self, *transaction_ids: str) -> Answers:
        """Wait until each of these payments has a decision."""
        return self.answers(lambda found: all(map(found.of, transaction_ids)))

    def _records(self, topic: str):  # type: ignore[no-untyped-def]  # confluent's messages
        return read_topic(self.kafka, topic)


def payment(transaction_id: str, merchant: str, at: object, **others: object) -> dict[str, object]:
    """Return a payment of 10 EUR without its card."""
    return {
        "transaction_id": transaction_id,
        "timestamp": at,
        "amount": 10,
        "currency": "EUR",
        "merchant_id": merchant,
        **others,
    }
