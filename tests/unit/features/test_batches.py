"""A batch of payments gives what its payments give one by one, however the stream is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import cycle
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from events.transaction import Transaction
from features.card import transition as card
from features.card.state import VERSION as CARD_VERSION
from features.merchant import transition as merchant
from features.merchant.state import VERSION as MERCHANT_VERSION
from features.money.rates import Rates
from features.state import StateError
from features.windows import (
    CARD_HISTORY_MS,
    DAY_MS,
    HOUR_MS,
    MAX_CARD_EVENTS,
    MAX_MERCHANT_ROWS,
    MERCHANT_HISTORY_MS,
    SECOND_MS,
)
from tests.unit.features.factories import NOON_MS, RATES, payment
from tests.unit.features.test_state import stored

Advance = Callable[[Sequence[Transaction], Sequence[str], dict[str, bytes], Rates], Sequence[Any]]
Stream = list[tuple[str, int, int | None, int, str]]


class Kind(NamedTuple):
    """One kind of entity: its name, transition and version, and how many payments fill a state."""

    name: str
    advance: Advance
    full: int
    version: int


CARD: Final = Kind("card", card.advance, MAX_CARD_EVENTS, CARD_VERSION)
MERCHANT: Final = Kind("merchant", merchant.advance, MAX_MERCHANT_ROWS, MERCHANT_VERSION)
each_kind = pytest.mark.parametrize("kind", [CARD, MERCHANT], ids=["card", "merchant"])

JUMPS: Final = (0, DAY_MS, 30 * DAY_MS, -HOUR_MS, -DAY_MS - 1, -CARD_HISTORY_MS)
STREAMS: Final = st.lists(
    st.tuples(
        st.sampled_from(["new", "other", "full", "version 3", "version 1"]),
        st.one_of(st.integers(0, HOUR_MS), st.sampled_from([*JUMPS, -MERCHANT_HISTORY_MS])),
        st.one_of(st.none(), st.integers(0, 3)),
        st.sampled_from([1, 999, 2**40 - 1]),
        st.sampled_from(["EUR", "JPY", "KWD", "XOF"]),
    ),
    max_size=24,
)
"""Key, time after the newest, an id that may come again, amount, currency; XOF has no rate."""


@cache
def nearly_full(kind: Kind) -> bytes:
    """Return a state that takes one more payment before it has to be compacted."""
    states: dict[str, bytes] = {}
    paid = [payment(NOON_MS - (kind.full - n) * SECOND_MS, -n) for n in range(1, kind.full)]
    kind.advance(paid, ["full"] * len(paid), states, RATES)
    return states["full"]


def stored_states(kind: Kind) -> dict[str, bytes]:
    """Return a nearly full state and two of older versions."""
    older = {f"version {n}": stored(f"{kind.name}_v{n}") for n in (1, 3)}
    return {"full": nearly_full(kind), **older}


def payments_of(stream: Stream) -> list[Transaction]:
    """Return the payments of a stream; those with one id and time differ in amount at most."""
    newest_ms, paid = NOON_MS, []
    for number, (_, step_ms, identity, minor, currency) in enumerate(stream):
        time_ms = newest_ms + step_ms if identity is None else NOON_MS + identity // 2
        shown = 100 + number if identity is None else identity
        paid.append(payment(time_ms, shown, amount_minor=minor, currency=currency))
        newest_ms = max(newest_ms, time_ms)
    return paid


def facts(steps: Sequence[Any]) -> list[tuple[object, ...]]:
    """Return everything that steps say, the features as their bytes."""
    return [(step.values.tobytes(), *astuple(step)[1:]) for step in steps]


@each_kind
@settings(max_examples=150)
@given(stream=STREAMS, sizes=st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_any_cut_of_a_stream_gives_the_same_bits(
    kind: Kind, stream: Stream, sizes: list[int]
) -> None:
    """With repeats, reused ids, late payments, compaction and upgrades in mid-batch."""
    paid, keys = payments_of(stream), [key for key, *_ in stream]
    alone, singly = stored_states(kind), list[Any]()
    for one, key in zip(paid, keys, strict=True):
        singly += kind.advance([one], [key], alone, RATES)
    cut, together = stored_states(kind), list[Any]()
    first = 0
    for size in cycle(sizes):
        batch = slice(first, first + size)
        together += kind.advance(paid[batch], keys[batch], cut, RATES)
        first += size
        if first >= len(paid):
            break
    assert facts(together) == facts(singly)
    assert cut == alone


@each_kind
def test_a_batch_compacts_and_upgrades_between_its_payments(kind: Kind) -> None:
    """The third payment finds its state full, though the batch began with room in it."""
    states = stored_states(kind)
    paid = [payment(NOON_MS + n * SECOND_MS) for n in range(5)]
    keys = ["full", "version 1", "full", "version 3", "full"]
    steps = kind.advance(paid, keys, states, RATES)
    assert states.keys() == {*keys}
    assert {state[0] for state in states.values()} == {kind.version}
    before = len(nearly_full(kind))
    assert len(states["full"]) < before
    assert [step.compacted for step in steps][::4] == [False, True]


@each_kind
@pytest.mark.parametrize("place", range(4))
def test_a_damaged_state_leaves_all_states_as_they_were(kind: Kind, place: int) -> None:
    """Payments of the other keys can then come one by one, and lose nothing."""
    states = stored_states(kind) | {"damaged": nearly_full(kind)[:-1]}
    before = dict(states)
    keys = ["full", "version 1", "full"]
    keys.insert(place, "damaged")
    paid = [payment(NOON_MS + n * SECOND_MS) for n in range(4)]
    with pytest.raises(StateError, match=f"^{kind.name} state of"):
        kind.advance(paid, keys, states, RATES)
    assert states == before
    for one, key in zip(paid, keys, strict=True):
        if key != "damaged":
            assert kind.advance([one], [key], states, RATES)[0].sequence > 1
    assert states["damaged"] == before["damaged"]


@each_kind
def test_no_payment_changes_nothing(kind: Kind) -> None:
    states = stored_states(kind)
    assert kind.advance([], [], states, RATES) == []
    assert states == stored_states(kind)


def test_a_refused_payment_leaves_an_older_state_as_it_was() -> None:
    """The upgrade that the look at its ids took is not kept."""
    states: dict[str, bytes] = {"version 3": stored("card_v3")}
    kept = payment(NOON_MS + 30 * HOUR_MS, 4, amount_minor=1)
    first, new = card.advance([kept, payment()], ["version 3", "new"], states, RATES)
    assert first.reused and new.accepted
    assert states["version 3"] == stored("card_v3")


def test_a_repeat_at_a_card_that_the_batch_has_filled_does_not_compact_it() -> None:
    """The state was compacted to look at the repeat; what stays is the state before that."""
    filling = payment()
    alone, together = {"full": nearly_full(CARD)}, {"full": nearly_full(CARD)}
    card.advance([filling], ["full"], alone, RATES)
    steps = card.advance([filling, filling], ["full", "full"], together, RATES)
    assert [step.repeated for step in steps] == [False, True]
    assert together == alone


@pytest.mark.parametrize("keys", [1, 40])
def test_payments_of_one_key_see_each_other(keys: int) -> None:
    """Their numbers go on through the batch, whatever comes between them."""
    names = [f"key {n % keys}" for n in range(80)]
    steps = merchant.advance([payment(NOON_MS + n) for n in range(80)], names, {}, RATES)
    assert [step.sequence for step in steps] == [1 + n // keys for n in range(80)]
