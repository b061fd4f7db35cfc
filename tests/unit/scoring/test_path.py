"""The path: a batch of payments visits its entities in order, and a further entity is one entry."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from events.decision import Decision, decode_decision, encode_decision
from events.errors import EventError
from events.transaction import Transaction, encode_transaction
from features.catalogue import FEATURE_NAMES
from features.money.shipped import SHIPPED
from features.windows import ALLOWED_LATENESS_MS
from scoring.decision.decide import decide
from scoring.messages import ScoringRequest, pack, unpack_hand_over
from scoring.path import Entity, Path, Refusal, Repeated, States, payment_path, visit
from scoring.steps import receive, walk
from tests.unit.events.samples import CARD, NOW_MS, full_payment
from tests.unit.features.factories import NOON_MS, label, payment
from tests.unit.scoring.scene import HOUR_MS, new_states, shipped
from tests.unit.training.samples import payments_table
from training.data.replay import replay
from verify.parity.replay import follow_sequences, follow_topic

DAY_MS = 24 * HOUR_MS


class CountryStep(NamedTuple):
    """What one payment made of a country: the count of its payments is the only feature."""

    values: npt.NDArray[np.float32]
    sequence: int
    late: bool = False
    compacted: bool = False


def advance_country(
    _: Sequence[Transaction], keys: Sequence[str], states: States
) -> list[CountryStep | Refusal]:
    """Count the payments of each country."""
    steps: list[CountryStep | Refusal] = []
    for key in keys:
        count = 1 + (struct.unpack("<q", states[key])[0] if key in states else 0)
        states[key] = struct.pack("<q", count)
        steps.append(CountryStep(np.array([count], np.float32), count))
    return steps


COUNTRY = Entity[CountryStep](
    name="country",
    key=lambda paid: paid.country or "",
    advance=advance_country,
    features=("country_payments",),
)
CARD_ENTITY, MERCHANT_ENTITY = payment_path(SHIPPED).entities
WITH_COUNTRY = (
    Path((CARD_ENTITY, COUNTRY, MERCHANT_ENTITY), SHIPPED),
    Path((CARD_ENTITY, MERCHANT_ENTITY, COUNTRY), SHIPPED),
)
COUNTRIES = ("AT", "DE", "AT", "AT", "DE")
CARDS = ("a", "a", "b", "a", "b")


def paid() -> list[Transaction]:
    """Return five payments of two cards in two countries."""
    return [
        payment(NOON_MS + i * HOUR_MS, i, card_id=card, country=country)
        for i, (card, country) in enumerate(zip(CARDS, COUNTRIES, strict=True))
    ]


def states_of(path: Path) -> dict[str, dict[str, bytes]]:
    """Return no states yet, of each entity of a path."""
    return {entity.name: {} for entity in path.entities}


def requests(path: Path, payments: list[Transaction]) -> list[ScoringRequest | Refusal]:
    """Take payments along a path, all in one batch."""
    received = [((one, encode_transaction(one)), one.timestamp_ms) for one in payments]
    return walk(path, received, states_of(path))


def test_the_products_path_gives_the_features_in_the_order_of_the_catalogue() -> None:
    assert payment_path(SHIPPED).features == FEATURE_NAMES


@pytest.mark.parametrize("entity", payment_path(SHIPPED).entities, ids=lambda one: one.name)
def test_a_batch_gives_what_its_payments_give_one_by_one(entity: Entity[CountryStep]) -> None:
    """Payments of one key in a batch see each other."""
    at_once: dict[str, bytes] = {}
    steps = visit(entity, paid(), at_once)
    singly: dict[str, bytes] = {}
    for payment_, step in zip(paid(), steps, strict=True):
        (alone,) = visit(entity, [payment_], singly)
        assert not isinstance(step, Repeated | EventError)
        assert not isinstance(alone, Repeated | EventError)
        assert step.values.tobytes() == alone.values.tobytes()
        assert step.sequence == alone.sequence
    assert at_once == singly


def test_a_refused_payment_is_a_value_in_its_place() -> None:
    """A repeat and a reused id leave the rest of the batch, and their states, alone."""
    first, second, *_ = paid()
    again, reused = first, payment(NOON_MS, 0, card_id="a", amount_minor=1)
    found = requests(payment_path(SHIPPED), [first, again, reused, second])
    assert [type(one) for one in found] == [ScoringRequest, Repeated, EventError, ScoringRequest]
    assert isinstance(found[2], EventError) and found[2].code == "id_reused"
    without = requests(payment_path(SHIPPED), [first, second])
    assert (found[0], found[3]) == (without[0], without[1])


def test_a_bad_record_is_a_value_in_its_place() -> None:
    good = encode_transaction(receive_good())
    records = [("transactions", NOW_MS, CARD.encode(), value) for value in (good, b"{", good)]
    found = receive(records)
    assert found[0] == found[2] == (receive_good(), good)
    assert isinstance(found[1], EventError) and found[1].code == "not_json"


def receive_good() -> Transaction:
    """Return the payment of a good record."""
    value = json.dumps(full_payment()).encode()
    ((found, _),) = receive([("transactions", NOW_MS, CARD.encode(), value)])  # type: ignore[misc]
    assert isinstance(found, Transaction)
    return found


def test_flags_stand_in_the_order_that_decisions_always_had_them_in() -> None:
    """Though the card raises its own before the merchant does."""
    states = new_states()
    newest, late = payment(NOON_MS), payment(NOON_MS - ALLOWED_LATENESS_MS - 1, "late")
    received = [((one, b"{}"), NOON_MS) for one in (newest, late)]
    _, request = walk(payment_path(SHIPPED), received, states)
    assert isinstance(request, ScoringRequest)
    assert request.flags == ["late", "late_merchant"]


@pytest.mark.parametrize(
    ("entities", "what"),
    [
        ((CARD_ENTITY, COUNTRY, COUNTRY, MERCHANT_ENTITY), "share a name"),
        ((CARD_ENTITY, replace(CARD_ENTITY, name="device"), MERCHANT_ENTITY), "share a name"),
        ((CARD_ENTITY, COUNTRY), "has to learn"),
    ],
)
def test_a_path_that_cannot_be_walked_is_refused(
    entities: tuple[Entity[CountryStep], ...], what: str
) -> None:
    with pytest.raises(ValueError, match=what):
        Path(entities, SHIPPED)


@pytest.mark.parametrize("path", WITH_COUNTRY, ids=["in the middle", "at the end"])
class TestAFurtherEntity:
    """One entry brings an entity into requests, decisions and both replays."""

    def test_the_request_carries_its_features_and_its_number(self, path: Path) -> None:
        plain = requests(payment_path(SHIPPED), paid())
        for one, alone, count in zip(requests(path, paid()), plain, (1, 1, 2, 3, 2), strict=True):
            assert isinstance(one, ScoringRequest) and isinstance(alone, ScoringRequest)
            values = np.frombuffer(one.features, np.float32)
            place = path.columns["country"]
            assert values[place].tolist() == [count]
            assert np.delete(values, place).tobytes() == alone.features
            assert one.sequences == alone.sequences | {"country": count}
            assert unpack_hand_over(pack(one)) == one

    def test_the_replay_of_training_computes_its_features(self, path: Path) -> None:
        times = [NOON_MS + i * HOUR_MS for i in range(5)]
        labels: list[bool | None] = [True, False, True, None, False]
        table = payments_table(list(CARDS), ["shop"] * 5, times, labels)
        plain = replay(table, HOUR_MS)
        found = replay(table, HOUR_MS, path=path)
        assert found.names == path.features
        place = path.columns["country"]
        assert found.features[:, place].ravel().tolist() == [1, 2, 3, 4, 5]
        assert np.delete(found.features, place, axis=1).tobytes() == plain.features.tobytes()

    def test_the_replay_of_parity_follows_its_numbers(self, path: Path) -> None:
        """In any order of the decisions; a wrong number of the entity is found."""
        decisions = [decided(one) for one in requests(path, paid())]
        payments = {one.transaction_id: one for one in paid()}
        found = follow_sequences(decisions[::-1], payments, [], [label(NOON_MS)], path)
        assert found.broken == []
        expected = [one.features for one in requests(path, paid())]  # type: ignore[union-attr]
        assert [row.tobytes() for row in found.features[::-1]] == expected
        assert follow_topic(decisions, paid(), path).misplaced == 0
        wrong = [*decisions[:-1], replaced(decisions[-1], country=9)]
        assert follow_sequences(wrong, payments, [], [], path).broken == ["country DE"]


def decided(request: ScoringRequest | Refusal) -> Decision:
    """Return the decision on a request as a reader of the topic has it."""
    assert isinstance(request, ScoringRequest)
    members = [0.0] * len(shipped().manifest.members)
    values = np.frombuffer(request.features, np.float32)
    bundle = shipped()
    scores = [[0.0, *members]]
    verdicts = bundle.policy.judge([request], values[None], scores)
    [made] = decide(
        [request], values[None], scores, verdicts, bundle.manifest, bundle.policy, NOON_MS
    )
    return decode_decision(encode_decision(made))


def replaced(decision: Decision, **sequences: int) -> Decision:
    """Return a decision with other numbers of further entities."""
    return msgspec.structs.replace(decision, sequences=sequences)
