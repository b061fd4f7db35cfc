"""Garbage becomes dead letters with its bytes, card data is written nowhere, the job stays up."""

from __future__ import annotations

import base64
import json

from confluent_kafka import Producer

from events.dead_letter import DeadLetter, decode_dead_letter
from events.decision import decode_decision
from events.topics import DEAD_LETTERS, DECISIONS, LABELS, OUTPUTS, TRANSACTIONS
from stack.clients.reading import read_topic
from tests.running import RunningJob
from tests.unit.events.spellings import WHOLE, grouped
from tests.waiting import wait_for

GOOD = {
    "transaction_id": "good",
    "card_id": "tok_1",
    "timestamp": "2024-01-01T10:00:00Z",
    "amount": 12.5,
    "currency": "EUR",
    "merchant_id": "m1",
}
KEY = b"tok_1"


def _but(**changes: object) -> bytes:
    """Return the good payment with some fields changed, or left out where None."""
    fields = {**GOOD, "transaction_id": "bad", **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


TAKEN = {**GOOD, "transaction_id": "taken"}

GARBAGE: dict[str, tuple[str, bytes | None, bytes | None]] = {
    "broken UTF-8": ("not_utf8", KEY, b'{"transaction_id": "\xff\xfe"}'),
    "no value": ("empty", KEY, None),
    "an empty value": ("empty", KEY, b""),
    "not JSON": ("not_json", KEY, b"pay me"),
    "not an object": ("not_an_object", KEY, b"[1, 2]"),
    "a missing field": ("missing_field", KEY, _but(merchant_id=None)),
    "a wrong type": ("wrong_type", KEY, _but(merchant_id=7)),
    "NaN": ("bad_amount", KEY, _but(amount=float("nan"))),
    "infinity": ("bad_amount", KEY, _but(amount=float("inf"))),
    "a negative amount": ("bad_amount", KEY, _but(amount=-1)),
    "the far future": ("bad_timestamp", KEY, _but(timestamp="2199-01-01T00:00:00Z")),
    "another key": ("key_mismatch", b"tok_2", _but()),
    "no key": ("missing_key", None, _but()),
    "a key that is no UTF-8": ("key_mismatch", b"\xff", _but()),
    "another payment's id": ("id_reused", KEY, _but(transaction_id="taken", amount=13)),
    "a megabyte of nothing": ("too_large", KEY, b" " * 1_000_000),
}


NUMBER = "4929834521678815"
PAN = NUMBER.encode()
CARD_DATA: dict[str, tuple[str, bytes | None, bytes | None]] = {
    **{f"as {name}": ("card_number", KEY, _but(note=WHOLE[name](NUMBER))) for name in WHOLE},
    **{
        f"raw, as {name}": (
            "card_number",
            KEY,
            json.dumps({**GOOD, "city": WHOLE[name](NUMBER)}, ensure_ascii=False).encode(),
        )
        for name in WHOLE
    },
    "the card": ("card_number", PAN, _but(card_id=NUMBER)),
    "the key": ("card_number", PAN, _but()),
    "the key, grouped": ("card_number", grouped(NUMBER, "-").encode(), _but()),
    "a number": ("card_number", KEY, _but(n=int(NUMBER))),
    "an attribute": ("card_number", KEY, _but(attributes={"V1": float(NUMBER)})),
    "a name": ("card_number", KEY, _but(**{NUMBER: 1})),
    "inside of a text": ("card_number", KEY, _but(note=f"card {NUMBER} exp 12/27")),
    "given twice": ("card_number", KEY, b'{"city":"%b",' % PAN + _but(city="Wien")[1:]),
    "a track": ("card_data", KEY, _but(note=f"%B{NUMBER}^DOE/JOHN^27121010000000?")),
    "a code": ("card_data", KEY, _but(cvv="7395178264")),
    "no UTF-8": ("not_utf8", KEY, b'{"a":"%b \xff"}' % PAN),
    "UTF-16": ("not_utf8", KEY, json.dumps({"a": NUMBER}).encode("utf-16")),
    "no JSON": ("not_json", KEY, b"c1;%b;12,50" % PAN),
    "another currency": ("card_number", KEY, _but(currency="EURO", note=NUMBER)),
    "too large": ("too_large", KEY, PAN + b" " * 70_000),
}


def _letters(job: RunningJob) -> list[DeadLetter]:
    messages = read_topic(job.stack.kafka, DEAD_LETTERS.name)
    return [decode_dead_letter(message.value() or b"") for message in messages]


class _Sender:
    """Sends records and notes where each came to stand."""

    def __init__(self, job: RunningJob) -> None:
        settings = {"bootstrap.servers": job.stack.kafka, "message.max.bytes": 1_040_000}
        self.producer = Producer(settings)
        self.places: dict[tuple[str, int, int], tuple[str, bytes | None, bytes | None]] = {}

    def send(self, topic: str, sent: tuple[str, bytes | None, bytes | None]) -> None:
        def delivered(_: object, message: object) -> None:
            self.places[message.topic(), message.partition(), message.offset()] = sent  # type: ignore[attr-defined]

        self.producer.produce(topic, key=sent[1], value=sent[2], on_delivery=delivered)

    def letters(self, job: RunningJob) -> dict[tuple[str, int, int], DeadLetter]:
        """Wait for the dead letters of what was sent and return them by their places."""
        self.producer.flush()

        def found() -> dict[tuple[str, int, int], DeadLetter]:
            return {(each.topic, each.partition, each.offset): each for each in _letters(job)}

        wait_for(lambda: found().keys() >= self.places.keys(), "every dead letter")
        return {place: letter for place, letter in found().items() if place in self.places}


def test_garbage_becomes_dead_letters(job: RunningJob) -> None:
    """Each kind keeps its bytes, its place and a reason; good payments around it are decided."""
    sender = _Sender(job)
    sender.producer.produce(TRANSACTIONS.name, key=KEY, value=json.dumps(TAKEN).encode())
    for sent in GARBAGE.values():
        sender.send(TRANSACTIONS.name, sent)
    sender.send(LABELS.name, ("not_json", KEY, b"fraud!"))
    sender.producer.produce(TRANSACTIONS.name, key=KEY, value=json.dumps(GOOD).encode())
    found = sender.letters(job)
    job.wait_until_decided(2)
    decided = read_topic(job.stack.kafka, DECISIONS.name)
    assert [decode_decision(m.value() or b"").transaction_id for m in decided] == ["taken", "good"]
    assert len(sender.places) == len(GARBAGE) + 1
    for place, (code, key, value) in sender.places.items():
        letter = found[place]
        assert (letter.code, letter.key, letter.value) == (code, key, value), letter.sentence
        assert letter.sentence.endswith(".")
        assert not letter.masked


def test_card_data_is_written_nowhere(job: RunningJob) -> None:
    """Every spelling in every place ends as a masked dead letter; no file holds its digits."""
    sender = _Sender(job)
    for sent in CARD_DATA.values():
        sender.send(TRANSACTIONS.name, sent)
    label = {"is_fraud": True, "label_time": GOOD["timestamp"], "source": NUMBER}
    sender.send(LABELS.name, ("card_number", KEY, _but(**label)))
    found = sender.letters(job)
    assert len(found) == len(sender.places) == len(CARD_DATA) + 1
    for place, (code, _, value) in sender.places.items():
        assert found[place].code == code, (found[place].sentence, value)
        assert found[place].masked, value

    layout = job.stack.layout
    assert any(layout.checkpoints.rglob("_metadata")), "no checkpoint to search"
    assert list(job.stop().iterdir()), "no savepoint to search"
    assert job.stack.flink.exception(job.job_id) == ""
    wanted = _traces()
    for topic in OUTPUTS:
        for message in read_topic(job.stack.kafka, topic.name, committed=False):
            _hold(topic.name, (message.key() or b"") + b" " + (message.value() or b""), wanted)
    for letter in _letters(job):
        _hold("dead letter", (letter.key or b"") + b" " + (letter.value or b""), wanted)
    inputs = (f"{TRANSACTIONS.name}-", f"{LABELS.name}-")
    # The broker removes the files of the topics of earlier tests while this one reads.
    paths = (path for path in layout.folder.rglob("*") if "-delete" not in path.parent.name)
    files = [path for path in paths if path.is_file()]
    segments = [path for path in files if path.parent.name.startswith(inputs)]
    assert any(PAN in path.read_bytes() for path in segments), "the search finds nothing anywhere"
    for path in set(files) - set(segments):
        # Kafka's indexes are files of 10 MB with nothing in them; the last zero may be UTF-16's.
        _hold(str(path), path.read_bytes().rstrip(b"\0") + b"\0", wanted)


def _traces() -> list[bytes]:
    """Return the bytes of the number in every spelling, in other encodings, and of the code."""
    texts = {spell(NUMBER) for spell in WHOLE.values()}
    traces = {text.strip("\ufeff").encode() for text in texts}
    traces |= {json.dumps(text)[1:-1].encode() for text in texts}
    traces |= {NUMBER.encode("utf-16-le"), NUMBER.encode("utf-16-be"), b"7395178264"}
    # Base64 of the number at each of the three offsets, without the characters that touch others.
    traces |= {base64.b64encode(b"x" * offset + PAN)[4:20] for offset in range(3)}
    return sorted(traces)


def _hold(where: str, content: bytes, wanted: list[bytes]) -> None:
    """Fail where any trace of the number stands."""
    for trace in wanted:
        assert trace not in content, f"{where} holds {trace!r}"
