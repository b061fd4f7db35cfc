"""Stored states: those of every version are read, unknown and damaged ones are refused."""

from pathlib import Path
from typing import Final

import numpy as np
import pytest

from features.card.state import EMPTY, HEAD_COUNTS, counts_of
from features.catalogue import CARD_FEATURES, slot
from features.state import StateError, of_unit, upgraded
from features.windows import HOUR_MS, MAX_CARD_EVENTS
from tests.unit.features.factories import NOON_MS, RATES, payment
from tests.unit.features.singly import AtCard, pay_by

STATES: Final = Path(__file__).parent / "states"


def stored(name: str) -> bytes:
    return bytes.fromhex((STATES / f"{name}.hex").read_text())


def card_of_five() -> bytes:
    """Return the state that card_v4.hex holds: five payments, the third out of order."""
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
        state = pay_by(state, one).state
    assert state is not None
    return state


def test_a_card_stored_in_version_1_goes_on() -> None:
    step = pay_by(stored("card_v1"), payment(NOON_MS + 40 * HOUR_MS, merchant_id="m1"))
    assert step.sequence == 6
    assert step.values[slot(CARD_FEATURES, "card_count_24h")] == 3
    assert step.values[slot(CARD_FEATURES, "card_sum_30d")] == 160
    assert step.values[slot(CARD_FEATURES, "card_new_merchant_30d")] == 0


def test_a_card_of_version_1_gets_the_last_place_as_its_home() -> None:
    there = payment(NOON_MS + 40 * HOUR_MS, lat=48.25, lon=20.5)
    values = pay_by(stored("card_v1"), there).values
    assert values[slot(CARD_FEATURES, "card_from_home_km")] == 0
    assert values[slot(CARD_FEATURES, "card_usual_amount_30d")] == 30


@pytest.mark.parametrize("version", [1, 2])
def test_ids_of_an_older_version_end_repeats_and_show_other_payments(version: int) -> None:
    """What a row holds of the content is compared, the amount as if it had been paid in EUR."""
    state = stored(f"card_v{version}")
    newest = {"amount_minor": 5_000, "merchant_id": "m0"}
    assert pay_by(state, payment(NOON_MS + 30 * HOUR_MS, 4, **newest)).repeated
    other = pay_by(state, payment(NOON_MS + 30 * HOUR_MS, 4, amount_minor=1))
    assert other.reused and other.differing == ("amount with currency", "merchant_id")


def after_version_2(seconds: int, **given: object) -> AtCard:
    """Return the step of p1025, or of another, at a card whose older payments were compacted."""
    fields = {"identity": f"p{seconds}"} | given
    return pay_by(stored("card_v2_compacted"), payment(NOON_MS + 1_000 * seconds, **fields))


def test_buckets_of_version_2_count_on_in_the_finer_unit() -> None:
    step = after_version_2(1_025, amount_minor=4)
    assert step.sequence == 1_026 and step.compacted and not step.unchecked
    values = {f.name: step.values[i] for i, f in enumerate(CARD_FEATURES)}
    rows = [1.00, 101, 1.02]  # 100 + i % 7, odd payments in JPY
    buckets = [1_662.44, 1_663.52]
    assert values["card_count_1h"] == 32 + 32 + 3 + 1
    assert values["card_sum_1h"] == pytest.approx(sum(buckets) + sum(rows) + 0.04, rel=1e-6)
    assert values["card_max_1h"] == 106


def test_what_version_2_forgot_is_marked_and_what_it_knew_is_known() -> None:
    assert after_version_2(500).accepted and after_version_2(500).unchecked
    assert after_version_2(1_024, amount_minor=102).repeated
    assert after_version_2(1_024, amount_minor=103).reused
    state = after_version_2(1_025).state
    for i in range(1_026, 2 * MAX_CARD_EVENTS + 26):
        state = pay_by(state, payment(NOON_MS + 1_000 * i, f"p{i}")).state
    assert pay_by(state, payment(NOON_MS + 1_024_000, "p1024", amount_minor=102)).repeated
    assert pay_by(state, payment(NOON_MS + 1_025_000, "p1024", amount_minor=102)).reused


@pytest.mark.parametrize("cut", [1, 8, 24, 95, 96, 97, 240])
def test_a_state_of_version_2_cut_anywhere_is_refused(cut: int) -> None:
    """Also by the bytes of its ids, which a reader of another layout might not miss."""
    with pytest.raises(StateError, match="card state"):
        pay_by(stored("card_v2_compacted")[:-cut], payment())


def test_a_card_of_version_3_is_taken_over_as_if_paid_in_the_reference_currency() -> None:
    later = payment(NOON_MS + 40 * HOUR_MS)
    assert pay_by(stored("card_v3"), later).state == (pay_by(stored("card_v4"), later).state)
    in_yen = RATES.based_on("JPY")
    values = pay_by(stored("card_v3"), later, in_yen).values
    assert values[slot(CARD_FEATURES, "card_usual_amount_30d")] == 30


def test_a_card_of_another_reference_currency_is_refused() -> None:
    with pytest.raises(StateError, match=r"card state holds amounts in EUR; .* for USD\. Start"):
        pay_by(card_of_five(), payment(), RATES.based_on("USD"))


@pytest.mark.parametrize("letters", [b"\0\0\0", b"eur", b"\xffUR"])
def test_a_card_without_a_reference_currency_is_damaged(letters: bytes) -> None:
    state = card_of_five()
    with pytest.raises(StateError, match="does not have the rows"):
        pay_by(state[:1] + letters + state[4:], payment())


def test_the_layout_has_not_moved() -> None:
    assert card_of_five() == stored("card_v4")


@pytest.mark.parametrize("version", [0, 5, 255])
def test_an_unknown_version_is_refused_with_both_sides_named(version: int) -> None:
    foreign = bytes([version]) + card_of_five()[1:]
    with pytest.raises(
        StateError, match=f"card state has schema version {version}.*reads 1, 2, 3, 4"
    ):
        pay_by(foreign, payment())


@pytest.mark.parametrize("cut", [0, 1, 95, 120])
def test_a_damaged_state_is_refused(cut: int) -> None:
    with pytest.raises(StateError, match="card state"):
        pay_by(card_of_five()[:cut], payment())


def test_older_versions_pass_through_one_transition_each() -> None:
    upgrades = {1: lambda s, _: b"\x02" + s[1:] + b"b", 2: lambda s, _: b"\x03" + s[1:] + b"c"}
    assert upgraded(b"\x01a", "card", 3, upgrades, RATES.unit) == b"\x03abc"
    assert upgraded(b"\x02a", "card", 3, upgrades, RATES.unit) == b"\x03ac"


def test_a_card_with_more_payments_than_it_can_keep_is_refused() -> None:
    """Compacting it would write past the end of the next state."""
    head = np.frombuffer(of_unit(EMPTY, RATES.unit), "<i8").copy()
    head[HEAD_COUNTS] = 2_000
    state = head.tobytes() + b"\0" * 20 * 2_000
    with pytest.raises(StateError, match="does not have the rows that its header says"):
        pay_by(state, payment(NOON_MS))


def test_a_card_whose_newest_payments_lack_their_ids_is_refused() -> None:
    """The id of a payment between them would be written into the header, or before the state."""
    state = card_of_five()
    head = np.frombuffer(state[:96], "<i8").copy()
    events, ids, _, _ = counts_of.py_func(head)  # type: ignore[attr-defined]
    head[HEAD_COUNTS] = events
    without_ids = head.tobytes() + state[96 + 8 * ids :]
    with pytest.raises(StateError, match="does not have the rows that its header says"):
        pay_by(without_ids, payment(NOON_MS + 29 * HOUR_MS, "between"))


@pytest.mark.parametrize("length", [1, 7, 9, 70, 71])
def test_a_state_of_version_1_cut_anywhere_is_refused(length: int) -> None:
    with pytest.raises(StateError, match="card state"):
        pay_by(stored("card_v1")[:length], payment())
