"""One message at which our own code fails costs no other one its answer."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import EventError
from features.state import StateError
from jobs.stages.contained import contained

messages = st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=12)


def take(bodies: Sequence[bytes], states: dict[str, bytes]) -> list[str]:
    """Count the messages of each key in its state; fail at one that says so, having counted it."""
    outputs = []
    for body in bodies:
        key, fails = body[:1].decode(), body[1:] == b"!"
        states[key] = states.get(key, b"") + b"."
        if fails:
            raise RuntimeError("4111111111111111 is no number of ours")
        outputs.append(f"{key}{len(states[key])}")
    return outputs


def failed(body: bytes, error: EventError) -> list[str]:
    return [f"{body.decode()} {error.code}"]


@given(messages)
def test_the_others_get_what_they_would_get_without_it(given: list[tuple[str, bool]]) -> None:
    bodies = [key.encode() + (b"!" if fails else b"") for key, fails in given]
    sound = [key for key, fails in given if not fails]
    states: dict[str, bytes] = {}
    got = contained(take, bodies, states, failed)
    alone: dict[str, bytes] = {}
    assert [one for one in got if "!" not in one] == take([key.encode() for key in sound], alone)
    assert states == alone
    assert [one for one in got if "!" in one] == [
        f"{key}! internal_error" for key, fails in given if fails
    ]


def test_the_refusal_says_what_failed_without_card_data() -> None:
    told = []
    contained(take, [b"a!"], {}, lambda _, error: told.append(error.sentence) or [])  # type: ignore[func-returns-value]
    assert "got RuntimeError: [16 characters of digits] is no number of ours;" in told[0]


def test_a_damaged_state_ends_the_batch() -> None:
    """What came after it would be wrong, so the job has to stop."""

    def damaged(_: Sequence[bytes], __: dict[str, bytes]) -> list[str]:
        raise StateError("damaged")

    with pytest.raises(StateError):
        contained(damaged, [b"a", b"b"], {}, failed)
