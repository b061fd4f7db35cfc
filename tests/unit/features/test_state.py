"""Stored states: those of every version are read, unknown and damaged ones are refused."""

from pathlib import Path
from typing import Final

import numpy as np
import pytest

from features import card
from features.card_state import EMPTY, HEAD_EVENTS, HEAD_IDS
from features.definition import CARD_FEATURES, slot
from features.state import StateError, upgraded
from features.windows import HOUR_MS
from tests.unit.features.factories import NOON_MS, payment

STATES: Final = Path(__file__).parent / "states"


def stored(name: str) -> bytes:
    return bytes.fromhex((STATES / f"{name}.hex").read_text())


def card_of_five() -> bytes:
    """Return the state that card_v2.hex holds: five payments, the third out of order."""
    state = None
    for i, hours in enumerate([0, 5, 3, 30, 30]):
        one = payment(
            NOON_MS + hours * HOUR_MS,
            i,
            amount_minor=1_000 * (i + 1),
            merchant_id=f"m{i % 2}",
            city=["Wien", None][i % 2],
            country="AT",
            device_id=f"d{i}",
            lat=48.25,
            lon=16.5 + i,
        )
        state = card.advance(state, one).state
    assert state is not None
    return state


def test_a_card_stored_in_version_1_goes_on() -> None:
    step = card.advance(stored("card_v1"), payment(NOON_MS + 40 * HOUR_MS, merchant_id="m1"))
    assert step.sequence == 6
    assert step.values[slot(CARD_FEATURES, "card_count_24h")] == 3
    assert step.values[slot(CARD_FEATURES, "card_sum_30d")] == 160
    assert step.values[slot(CARD_FEATURES, "card_new_merchant_30d")] == 0


def test_a_card_of_version_1_gets_the_last_place_as_its_home() -> None:
    there = payment(NOON_MS + 40 * HOUR_MS, lat=48.25, lon=20.5)
    values = card.advance(stored("card_v1"), there).values
    assert values[slot(CARD_FEATURES, "card_from_home_km")] == 0
    assert values[slot(CARD_FEATURES, "card_usual_amount_30d")] == 30


def test_the_layout_has_not_moved() -> None:
    assert card_of_five() == stored("card_v2")


@pytest.mark.parametrize("version", [0, 3, 255])
def test_an_unknown_version_is_refused_with_both_sides_named(version: int) -> None:
    foreign = bytes([version]) + card_of_five()[1:]
    with pytest.raises(StateError, match=f"card state has schema version {version}.*reads 1, 2"):
        card.advance(foreign, payment())


@pytest.mark.parametrize("cut", [0, 1, 95, 120])
def test_a_damaged_state_is_refused(cut: int) -> None:
    with pytest.raises(StateError, match="card state"):
        card.advance(card_of_five()[:cut], payment())


def test_older_versions_pass_through_one_transition_each() -> None:
    upgrades = {1: lambda s: b"\x02" + s[1:] + b"b", 2: lambda s: b"\x03" + s[1:] + b"c"}
    assert upgraded(b"\x01a", "card", 3, upgrades) == b"\x03abc"
    assert upgraded(b"\x02a", "card", 3, upgrades) == b"\x03ac"


def test_a_card_with_more_payments_than_it_can_keep_is_refused() -> None:
    """Compacting it would write past the end of the next state."""
    head = np.frombuffer(EMPTY, "<i8").copy()
    head[HEAD_EVENTS] = 2_000
    state = head.tobytes() + b"\0" * 20 * 2_000
    with pytest.raises(StateError, match="does not have the rows that its header says"):
        card.advance(state, payment(NOON_MS))


def test_a_card_whose_newest_payments_lack_their_ids_is_refused() -> None:
    """The id of a payment between them would be written into the header, or before the state."""
    state = card_of_five()
    head = np.frombuffer(state[:96], "<i8").copy()
    ids = int(head[HEAD_IDS])
    head[HEAD_IDS] = 0
    without_ids = head.tobytes() + state[96 + 8 * ids :]
    with pytest.raises(StateError, match="does not have the rows that its header says"):
        card.advance(without_ids, payment(NOON_MS + 29 * HOUR_MS, "between"))


@pytest.mark.parametrize("length", [1, 7, 9, 70, 71])
def test_a_state_of_version_1_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(StateError, match="card state"):
        card.advance(stored("card_v1")[:length], payment())
